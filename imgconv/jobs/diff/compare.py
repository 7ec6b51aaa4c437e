"""Compare two pictures, or the pictures of two folders."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from imgconv.io.images.decode import decode_picture, read_file
from imgconv.io.images.picture import Picture, Reading
from imgconv.io.storage.locations import Place, parse_place
from imgconv.jobs.diff.pairs import PicturePair, pair_paths
from imgconv.jobs.golden.ignored import counted_pixels
from imgconv.jobs.golden.pictures import compare_pictures, in_parallel
from imgconv.jobs.golden.result import DIFF, CaseFinding, CaseReport, CaseResult, Status
from imgconv.model.errors import GoldenMissingError, ImgconvError
from imgconv.model.tolerance import LOOKS_EXACT, ToleranceSpec, parse_tolerance
from imgconv.ops.compare.difference import Rectangle
from imgconv.system.cpus import usable_cpus

Image = NDArray[Any]
Watcher = Callable[[CaseFinding], None]
_PLAIN = Reading()


class DiffOptions(NamedTuple):
    """What a comparison tolerates and leaves out.

    Attributes
    ----------
    tolerance : ToleranceSpec
    ignore : sequence of Rectangle or Path
        Rectangles, and masks: pictures whose pixels above 0 do not count.
    reading : Reading
        The greatest number of pixels, and which page.
    """

    tolerance: ToleranceSpec = LOOKS_EXACT
    ignore: Sequence[Rectangle | Path] = ()
    reading: Reading = _PLAIN


def compare_paths(
    a: Place,
    b: Place,
    options: DiffOptions = DiffOptions(),  # noqa: B008
    *,
    jobs: int | None = None,
    watch: Watcher | None = None,
) -> CaseReport:
    """Compare two files, or two folders by relative path.

    Parameters
    ----------
    a, b : Path or Url
    options : DiffOptions, optional
    jobs : int, optional
        How many pairs are compared at a time; default the CPUs of this process.
    watch : callable, optional
        Is given every `CaseFinding`, with its pictures, in the thread that made it.

    Returns
    -------
    CaseReport
        Pictures that only one folder has are results too, with the status MISSING.

    Raises
    ------
    ImgconvError
        When a side is not there, when one is a file and the other a folder, or when neither folder
        has a picture.
    """
    pairs = pair_paths(a, b)
    alone = len(pairs) == 1

    def work(pair: PicturePair, threads: int | None) -> CaseResult:
        finding = compare_pair(pair, options, together=alone and threads is None)
        if watch is not None:
            watch(finding)
        return finding.result

    return CaseReport(b, tuple(in_parallel(work, pairs, jobs)), DIFF)


def diff_folders(
    a: str | os.PathLike[str],
    b: str | os.PathLike[str],
    *,
    tolerance: str | Mapping[str, object] | None = None,
    alpha: str = "look",
    jobs: int | None = None,
) -> CaseReport:
    """Compare the pictures of two folders by relative path.

    Parameters
    ----------
    a, b : path or URL
        Folders of what is expected and of what is there; two files are one pair.
    tolerance, alpha
        As for `diff`.
    jobs : int, optional
        How many pairs are compared at a time; default the CPUs of this process.

    Returns
    -------
    CaseReport
        Its ``results`` are in the order of the names, its ``exit_code`` is that of the command.

    Raises
    ------
    ImgconvError
        When a side is not there, or neither folder has a picture.
    """
    given = {"preset": tolerance} if isinstance(tolerance, str) else dict(tolerance or {})
    options = DiffOptions(parse_tolerance({"alpha": alpha, **given}))
    return compare_paths(_place(a), _place(b), options, jobs=jobs)


def _place(path: str | os.PathLike[str]) -> Place:
    return path if isinstance(path, Path) else parse_place(os.fspath(path))


def compare_pair(pair: PicturePair, options: DiffOptions, *, together: bool = False) -> CaseFinding:
    """Compare two files; an error is a result too, with its exit code.

    Parameters
    ----------
    pair : PicturePair
    options : DiffOptions
    together : bool, default False
        Whether the two are decoded at the same time.
    """
    started = time.perf_counter()
    try:
        finding = _compared(pair, options, together)
    except ImgconvError as error:
        finding = _failed(pair.name, str(error), error.hint, error.exit_code)
    result = replace(finding.result, file=pair.b or pair.a, seconds=time.perf_counter() - started)
    return finding._replace(result=result)


def _failed(name: str, reason: str, hint: str | None, code: int) -> CaseFinding:
    reasons = (reason, hint) if hint else (reason,)
    return CaseFinding(CaseResult(name=name, status=Status.FAILED, reasons=reasons, exit_code=code))


def _compared(pair: PicturePair, options: DiffOptions, together: bool) -> CaseFinding:
    if pair.problem and pair.unreadable:
        return _failed(pair.name, pair.problem, None, 4)
    if pair.a is None or pair.b is None:
        there = pair.a or pair.b
        result = CaseResult(
            name=pair.name,
            status=Status.MISSING,
            reasons=(pair.problem,),
            exit_code=GoldenMissingError.exit_code,
        )
        picture = None if there is None else _seen(there, options.reading)
        return CaseFinding(result, *((picture, None) if pair.a else (None, picture)))
    one, other = (read_file(path, options.reading) for path in (pair.a, pair.b))
    return compare_bytes(pair.name, (one, str(pair.a)), (other, str(pair.b)), options, together)


def _seen(path: Place, reading: Reading) -> Image | None:
    """Return a picture for a report; none where it cannot be read."""
    try:
        return decode_picture(read_file(path, reading), str(path), reading).pages[0]
    except ImgconvError:
        return None


def compare_bytes(
    name: str,
    a: tuple[bytes, str],
    b: tuple[bytes, str],
    options: DiffOptions,
    together: bool = False,
) -> CaseFinding:
    """Compare two encoded pictures, each given as its bytes and its name for messages.

    Raises
    ------
    ImgconvError
        When one cannot be decoded, or an ignored part does not fit.
    """
    decode = partial(_decode, reading=options.reading)
    if a[0] == b[0]:
        picture = decode(a)
        return compare_pages(name, picture, picture, options)
    if together and usable_cpus() > 1:
        with ThreadPoolExecutor(2) as pool:
            one, other = pool.map(decode, (a, b))
    else:
        one, other = decode(a), decode(b)
    return compare_pages(name, one, other, options)


def _decode(named: tuple[bytes, str], reading: Reading) -> Picture:
    return decode_picture(named[0], named[1], reading)


def compare_pages(name: str, a: Picture, b: Picture, options: DiffOptions) -> CaseFinding:
    """Compare two pictures page by page; the first page that differs is the result."""
    if len(a.pages) != len(b.pages):
        said = f"A has {len(a.pages)} pages, B has {len(b.pages)}"
        failed = _failed(name, said, "--page compares one of them", 1)
        return failed._replace(expected=a.pages[0], actual=b.pages[0])
    for number, (one, other) in enumerate(zip(a.pages, b.pages, strict=True), 1):
        finding = compare_images(name, one, other, options)
        if finding.result.status is not Status.PASSED and len(a.pages) > 1:
            first, *others = finding.result.reasons
            reasons = (f"page {number}: {first}", *others)
            return finding._replace(result=replace(finding.result, reasons=reasons))
    return finding


def compare_images(name: str, a: Image, b: Image, options: DiffOptions) -> CaseFinding:
    """Compare two decoded images.

    Raises
    ------
    ImgconvError
        When an ignored part does not fit.
    """
    finding = compare_pictures(
        name,
        a,
        b,
        options.tolerance,
        lambda shape: counted_pixels(options.ignore, shape, name),
        subject="B",
    )
    result = finding.result
    if result.status is not Status.PASSED:
        return finding
    change = result.change
    said = "every pixel is equal"
    if change is not None and change.unequal:
        said = f"{change.unequal} of {change.pixels} pixels differ, within the tolerance"
    elif options.ignore:
        said = "every pixel that counts is equal"
    return finding._replace(result=replace(result, reasons=(said,)))


def compare_stream(
    data: bytes, file: Place, options: DiffOptions, *, first: bool, watch: Watcher | None = None
) -> CaseReport:
    """Compare the bytes of a picture on stdin against a file.

    Parameters
    ----------
    data : bytes
    file : Path or Url
    options : DiffOptions
    first : bool
        Whether stdin is what is expected.
    watch : callable, optional
        As for `compare_paths`.
    """
    started = time.perf_counter()
    try:
        sides = (data, "stdin"), (read_file(file, options.reading), str(file))
        a, b = sides if first else sides[::-1]
        finding = compare_bytes(file.name, a, b, options, together=True)
    except ImgconvError as error:
        finding = _failed(file.name, str(error), error.hint, error.exit_code)
    result = replace(finding.result, file=file, seconds=time.perf_counter() - started)
    finding = finding._replace(result=result)
    if watch is not None:
        watch(finding)
    return CaseReport(file, (result,), DIFF)
