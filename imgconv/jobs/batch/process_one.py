"""Process one file: read, compare with what is known, filter and stage."""

from __future__ import annotations

import hashlib
import time
from pathlib import PurePath

from imgconv.io.images.formats import format_for
from imgconv.io.storage.opening import read_location
from imgconv.jobs.apply.filter_file import filter_bytes
from imgconv.jobs.batch.checks import check_item, row_of
from imgconv.jobs.batch.items import Item, ItemResult, RunSettings, failed, mark_of, with_output
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.jobs.batch.memory import need_of
from imgconv.model.errors import ImgconvError, LimitError, MissingDependencyError


def process_one(settings: RunSettings, item: Item) -> ItemResult:
    """Filter a file into a staged output; never raises.

    Parameters
    ----------
    settings : RunSettings
    item : Item

    Returns
    -------
    ItemResult
    """
    started = time.perf_counter()
    row = row_of(settings, item)
    try:
        result = _processed(settings, item, row)
    except Exception as error:
        result = ItemResult(item.number, failed(row, error, item.known))
    seconds = round(time.perf_counter() - started, 6)
    return result._replace(row=result.row._replace(seconds=seconds, finished=time.time()))


def _processed(settings: RunSettings, item: Item, row: ManifestRow) -> ItemResult:
    content = item.content
    if content is None:
        content = read_location(item.source)
    row, replace, expected, done = item.checked or check_item(settings, item, content)
    if done:
        return ItemResult(item.number, row)
    kind = format_for(settings.format, PurePath(item.target))
    need, header = need_of(content.data, settings.recipe, kind)
    if need > max(item.room, settings.room):
        return ItemResult(item.number, row, need=need)
    try:
        encoded, described = filter_bytes(
            content.data,
            settings.recipe,
            kind,
            source=item.key,
            target=item.target,
            threads=settings.threads,
            reading=settings.reading,
            encoding=settings.encoding,
            header=header,
            key=item.key,
        )
    except ImgconvError as error:
        final = not isinstance(error, LimitError | MissingDependencyError)
        return ItemResult(item.number, failed(row, error, item.known)._replace(final=final))
    row = row._replace(
        output_sha256=hashlib.sha256(encoded).hexdigest(),
        clipped_share=described.clipped_share,
        notes=described.notes,
    )
    mark = mark_of(row) if item.in_place else b""
    staged = settings.target.stage(encoded, item.target, mark)
    row = with_output(row, staged.stamp, row.output_sha256)
    return ItemResult(item.number, row, staged, replace, expected, item.in_place)
