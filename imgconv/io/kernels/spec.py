"""Specs of steps and kernels: what a person writes after ``-k``."""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from pathlib import Path

from imgconv.io.kernels.bank import ENVIRONMENT_VARIABLE, KernelBank
from imgconv.io.kernels.bank_entry import Entry
from imgconv.model.errors import ArgumentError, KernelError, UnknownKernelError
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.kernel_set import KernelSet, as_sums
from imgconv.model.steps.base import Step
from imgconv.model.steps.registry import built_in_step, installed_step

_IN_A_MATRIX = set("0123456789+-./;,eE \t\n")
_TURNS = (".T", ".flip", ".rot90", ".normalized")
_FILE = re.compile(r"(?P<path>.+\.ya?ml)(?:#(?P<name>.*))?")


def load_step(spec: str, bank: KernelBank | None = None) -> Step:
    """Return the step that a spec means.

    Parameters
    ----------
    spec : str
        A step kind with its options (``"gray:bt709"``, ``"binarize:otsu"``, ``"invert"``), or a
        kernel, as for `load_kernel`. Names are looked up among the built-in step kinds, then in the
        bank, then among the kinds that other packages add (entry point group ``imgconv.steps``).
    bank : KernelBank, optional
        Default the built-in one and those of ``IMGCONV_KERNELS``.

    Raises
    ------
    KernelError
        For an option that the step does not have, a matrix or a file that is wrong.
    UnknownKernelError
        When nothing has that name.

    Examples
    --------
    >>> load_step("binarize:otsu").name, load_step("sobel_x").name
    ('binarize:otsu', 'sobel_x')
    """
    if not isinstance(spec, str):
        raise ArgumentError(f"a step is written as text, not as {type(spec).__name__}")
    text = spec.strip()
    if bank is None and not os.environ.get(ENVIRONMENT_VARIABLE) and not _FILE.match(text):
        return _built_in(text)
    return _loaded(text, bank)


def load_kernel(spec: str, bank: KernelBank | None = None) -> Kernel | KernelSet:
    """Return the kernel that a spec means.

    Parameters
    ----------
    spec : str
        A name of the bank (``"sharpen"``); a generator or a set with options
        (``"gaussian:sigma=1.4"``, ``"gaussian:1.4"``, ``"sobel:output=orientation"``); a matrix,
        rows apart by ``;`` (``"0 -1 0; -1 5 -1; 0 -1 0"``, ``"1/9 1/9 1/9"``); a kernel of a
        file (``"./mine.yaml#edge"``); or an expression (``"2*identity - gaussian:sigma=1"``,
        ``"sobel_x @ gaussian:1"``, ``"emboss.T"``; see `imgconv.io.kernels.expression`).
    bank : KernelBank, optional
        Default the built-in one and those of ``IMGCONV_KERNELS``.

    Returns
    -------
    Kernel or KernelSet
        Named so that the name is a spec of the same kernel; a matrix has no name.

    Raises
    ------
    KernelError
        For a matrix or a file that is wrong, or an option that the kernel does not have.
    UnknownKernelError
        When no kernel has that name.

    Examples
    --------
    >>> load_kernel("1 2 1; 2 4 2; 1 2 1").sum
    16
    >>> load_kernel("gaussian:1.4")
    <Kernel gaussian:sigma=1.4 11x11 sum 1>
    """
    if not isinstance(spec, str):
        raise ArgumentError(f"a kernel's name is text, not {type(spec).__name__}")
    return as_sums(load_step(spec, bank), spec)


def load_single(spec: str, bank: KernelBank | None = None, why: str = "") -> Kernel:
    """Return the single kernel that a spec means (see `as_kernel`).

    Raises
    ------
    KernelError
        For a set of kernels, or another step.
    """
    return as_kernel(load_step(spec, bank), spec, why)


@lru_cache(maxsize=256)
def _built_in(text: str) -> Step:
    """Load what depends on nothing but the built-in bank; kept, with what engines find out."""
    return _loaded(text, _standard())


@cache
def _standard() -> KernelBank:
    return KernelBank.standard()


def _loaded(text: str, bank: KernelBank | None) -> Step:
    name, _, options = text.partition(":")
    if (kind := built_in_step(name.strip())) is not None:
        return _parsed(kind, options, text)
    try:
        return _from_kernels(text, bank)
    except UnknownKernelError:
        if (kind := installed_step(name.strip())) is None:
            raise
        return _parsed(kind, options, text)


def _parsed(kind: type[Step], options: str, text: str) -> Step:
    try:
        return kind.parse(options) if options.strip() else kind()
    except ArgumentError as error:
        raise KernelError(f"{_short(text)}: {error.message}", error.hint) from None


def _from_kernels(text: str, bank: KernelBank | None) -> Step:
    if any(c.isdigit() for c in text) and _IN_A_MATRIX.issuperset(text):
        return parse_matrix(text)
    if file := _FILE.fullmatch(text.partition(":")[0]) or _FILE.fullmatch(text):
        return _from_file(text, file)
    bank = KernelBank.standard() if bank is None else bank
    if _is_expression(text):
        from imgconv.io.kernels.expression import evaluate

        known = bank
        why = "an expression is made of single ones"
        return evaluate(
            text, lambda name: as_kernel(_from_bank(name, known), name, why), parse_matrix
        ).named(text)
    return _from_bank(text, bank)


def _is_expression(text: str) -> bool:
    """Return whether a spec is more than a name with options."""
    marked = any(mark in text for mark in ("*", "@", "(", ")", "[", " + ", " - "))
    return marked or text.startswith("-") or text.endswith(_TURNS)


def parse_matrix(text: str) -> Kernel:
    """Read a matrix: rows apart by ``;`` or line ends, weights by spaces or commas.

    Raises
    ------
    KernelError
        For a ragged matrix or something that is not a number.
    """
    lines = [line for line in re.split(r"[;\n]", text) if line.strip()]
    rows = [line.replace(",", " ").split() for line in lines]
    try:
        return Kernel(rows)
    except KernelError as error:
        raise KernelError(
            f"{_short(text)}: {error.message}",
            error.hint or "write a matrix as '0 -1 0; -1 5 -1; 0 -1 0'",
        ) from None


def _from_bank(text: str, bank: KernelBank, prefix: str = "") -> Step:
    name, _, options = text.partition(":")
    entry = bank.entry(name.strip())
    given = _options(entry, options, text)
    try:
        built = bank.build(entry, given)
    except ArgumentError as error:
        raise KernelError(f"{_short(text)}: {error.message}", error.hint) from None
    changed = ",".join(f"{key}={value}" for key, value in given.items())
    return built.named(prefix + entry.name + (f":{changed}" if changed else ""))


def _options(entry: Entry, text: str, spec: str) -> dict[str, str]:
    """Read ``key=value,...``; values without a key take the options in their order."""
    known = [option.name for option in entry.options()]
    given: dict[str, str] = {}
    for position, part in enumerate(text.split(",") if text.strip() else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals and position < len(known):
            key, value = known[position], key
        if key not in known:
            takes = ", ".join(str(option) for option in entry.options())
            raise KernelError(
                f"{_short(spec)}: {entry.name} has no option {key!r}",
                hint=f"it takes {takes}" if takes else f"{entry.name} takes none",
            )
        if key in given:
            raise KernelError(f"{_short(spec)}: {key} is given twice")
        given[key] = value
    return given


def _from_file(text: str, file: re.Match[str]) -> Step:
    path, name = file["path"], file["name"]
    bank = KernelBank([Path(path)])
    names = [entry.name for entry in bank.entries()]
    if not name:
        if len(names) != 1:
            raise KernelError(
                f"{path} holds {len(names)} kernels; say which one",
                hint=f"for example {path}#{names[0]}" if names else None,
            )
        name = names[0]
    rest = text[file.end() :]
    return _from_bank(name + rest, bank, prefix=f"{path}#")


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
