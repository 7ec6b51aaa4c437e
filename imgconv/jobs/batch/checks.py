"""Compare an input that was read with what is known of its output, before it is filtered."""

from __future__ import annotations

import hashlib

from imgconv.io.storage.files import Content
from imgconv.jobs.batch.items import Check, Item, RunSettings, mark_of, with_output
from imgconv.jobs.batch.manifest import ManifestRow
from imgconv.model.errors import OutputExistsError


def row_of(settings: RunSettings, item: Item) -> ManifestRow:
    """Return the row of an item as far as it is known before reading."""
    return ManifestRow(
        item.target,
        item.key,
        "ok",
        *(item.size, item.mtime_ns),
        recipe=item.recipe_hash or settings.recipe_hash,
        engine=settings.engine,
        input_version=item.version,
    )


def check_item(settings: RunSettings, item: Item, content: Content) -> Check:
    """Return the row of an input, whether its output holds, and whether it may be replaced.

    Raises
    ------
    OutputExistsError
        When the output is there and may not be replaced.
    """
    row = row_of(settings, item)._replace(
        input_size=content.stamp.size,
        input_mtime_ns=content.stamp.mtime_ns,
        input_sha256=hashlib.sha256(content.data).hexdigest(),
    )
    done = _unchanged(settings, item, row)
    if done is not None:
        return Check(done, done=True)
    if item.in_place:
        return Check(row, replace=True, expected=content.identity)
    return _may_replace(settings, item, row)


def _unchanged(settings: RunSettings, item: Item, row: ManifestRow) -> ManifestRow | None:
    """Return the row, with its stamps of now, of a file that only seemed to have changed."""
    known = item.known
    if item.in_place:
        done = with_output(row, row.input, row.input_sha256)
        if settings.target.mark(item.target) == mark_of(done):
            return done
    if known is None or known.recipe != row.recipe or not (known.status == "ok" or known.unsure):
        return None
    if item.in_place:
        if row.input_sha256 != known.output_sha256:
            return None
        output = row.input
    else:
        if (known.engine, known.input_sha256) != (row.engine, row.input_sha256):
            return None
        stamp = settings.target.stamp(item.target)
        there = settings.target.digest(item.target)
        if stamp is None or there is None or there.sha256 != known.output_sha256:
            return None
        output = stamp
    seen = row._replace(clipped_share=known.clipped_share)
    return with_output(seen, output, known.output_sha256)


def _may_replace(settings: RunSettings, item: Item, row: ManifestRow) -> Check:
    """Check that an output that is there may be replaced: it is known, or it was asked for.

    Raises
    ------
    OutputExistsError
        When it is there and may not.
    """
    if item.replace:
        return Check(row, replace=True)
    if not item.known_outputs or not settings.target.has(item.target):
        return Check(row)
    there = settings.target.digest(item.target)
    if there is not None and there.sha256 in item.known_outputs:
        return Check(row, replace=True, expected=there.identity)
    path = settings.target.path(item.target)
    raise OutputExistsError(
        f"{path} was changed since a run wrote it", hint="--overwrite replaces it"
    )
