"""Specs of steps and kernels: what a person writes after ``-k``."""

from __future__ import annotations

import os
import re
from functools import cache, lru_cache
from pathlib import Path

from imgconv.io.kernels.bank import ENVIRONMENT_VARIABLE, KernelBank
from imgconv.io.kernels.bank_entry import BankEntry
from imgconv.io.kernels.matrix_file import is_matrix_file, read_matrix
from imgconv.io.kernels.matrix_text import (
    LARGEST_TEXT,
    is_nested,
    is_sized,
    parse_matrix,
    quoted,
)
from imgconv.io.kernels.suggest import as_spec, known_form
from imgconv.model.errors import (
    ArgumentError,
    ImgconvError,
    KernelError,
    LimitError,
    UnknownKernelError,
)
from imgconv.model.kernel import Kernel, as_kernel
from imgconv.model.kernel_set import KernelSet, as_sums
from imgconv.model.steps.base import Step
from imgconv.model.steps.registry import built_in_step, installed_step

_IN_A_MATRIX = set("0123456789+-./;,eE \t\n")
_TURNS = (".T", ".flip", ".rot90", ".normalized")
_FILE = re.compile(r"(?P<path>.+\.ya?ml)(?:#(?P<name>.*))?")
_OPERATOR = re.compile(r"(?<=[\w)\]])([-+*@])(?=[\w(\[])")
_LIST = re.compile(r"convolution=|[-+\d., |]+:[-+\d]")
_OF_A_TOOL = re.compile(r"(im|vips|pil|ffmpeg|gimp):", re.IGNORECASE)


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
    if len(text) > LARGEST_TEXT:
        raise KernelError(f"a kernel of {len(text)} characters; at most {LARGEST_TEXT} are read")
    if bank is None and is_built_in(text):
        return _built_in(text)
    return _loaded(text, bank)


def is_built_in(spec: str) -> bool:
    """Return whether a spec depends on no files but those of the package."""
    from_file = _FILE.match(spec) or is_matrix_file(spec)
    return not from_file and not os.environ.get(ENVIRONMENT_VARIABLE)


def load_kernel(spec: str, bank: KernelBank | None = None) -> Kernel | KernelSet:
    """Return the kernel that a spec means.

    Parameters
    ----------
    spec : str
        A name of the bank (``"sharpen"``); a generator or a set with options
        (``"gaussian:sigma=1.4"``, ``"gaussian:1.4"``, ``"sobel:output=orientation"``); a matrix,
        rows apart by ``;`` (``"0 -1 0; -1 5 -1; 0 -1 0"``, ``"1/9 1/9 1/9"``) or after its size
        (``"3x3: 0,-1,0 -1,5,-1 0,-1,0"``) or in brackets (``"[[0, 1], [1, 0]]"``); what another
        tool writes or calls it (``"im:Sobel"``, ``"pil:EMBOSS"``, ``"ffmpeg:..."``; see
        `imgconv.io.kernels.tool_text`, `imgconv.io.kernels.tool_kernels`); a file
        (``"./mine.yaml#edge"``, ``"./k.csv"``; see `imgconv.io.kernels.matrix_file`); or an
        expression
        (``"2*identity - gaussian:sigma=1"``, ``"sobel_x @ gaussian:1"``, ``"emboss.T"``; see
        `imgconv.io.kernels.expression`).
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
        return _parsed(kind, options, text, bank)
    try:
        return _from_kernels(text, bank)
    except UnknownKernelError:
        kind = installed_step(name.strip()) or built_in_step(known_form(name))
        if kind is None:
            _suggest_spec(text, bank)
            raise
        return _parsed(kind, options, text, bank)
    except KernelError:
        _suggest_spec(text, bank)
        raise


def _suggest_spec(text: str, bank: KernelBank | None) -> None:
    """Name the right way to write ``gaussian(2)`` or ``blur+blur``, where there is one.

    Raises
    ------
    KernelError
    """
    called = as_spec(text)
    for meant, rule in (
        (called and called[1], "parameters are written after a colon"),
        (_OPERATOR.sub(r" \1 ", text), "operators are written between spaces"),
    ):
        if meant and meant != text and _loads(meant, bank):
            raise KernelError(f"{quoted(text)}: {rule}", hint=f"did you mean: {meant}") from None


def _loads(text: str, bank: KernelBank | None) -> bool:
    try:
        _loaded(text, bank)
    except ImgconvError:
        return False
    return True


def _parsed(kind: type[Step], options: str, text: str, bank: KernelBank | None) -> Step:
    try:
        step = kind.parse(options) if options.strip() else kind()
        if not step.kernel_spec:
            return step
        return step.with_kernel(load_single(step.kernel_spec, bank, "a footprint is a single one"))
    except (ArgumentError, LimitError) as error:
        raise KernelError(f"{quoted(text)}: {error.message}", error.hint) from None


def _from_kernels(text: str, bank: KernelBank | None) -> Step:
    if is_sized(text) or is_nested(text) or _is_matrix(text):
        return parse_matrix(text)
    if is_matrix_file(text):
        return read_matrix(text).named(text)
    if file := _FILE.fullmatch(text.partition(":")[0]) or _FILE.fullmatch(text):
        return _from_file(text, file)
    if kernel := _in_the_form_of_a_tool(text):
        return kernel
    bank = KernelBank.standard() if bank is None else bank
    if _is_expression(text):
        from imgconv.io.kernels.expression import evaluate

        known = bank
        why = "an expression is made of single ones"
        return evaluate(
            text, lambda name: as_kernel(_named(name, known), name, why), parse_matrix
        ).named(text)
    return _named(text, bank)


def _is_matrix(text: str) -> bool:
    return any(c.isdigit() for c in text) and _IN_A_MATRIX.issuperset(text)


def _in_the_form_of_a_tool(text: str) -> Kernel | None:
    """Read a text that only another tool's form can be: numbers after a prefix, or code."""
    if not (_OF_A_TOOL.match(text) or _LIST.match(text) or "(" in text or "-morphology" in text):
        return None
    from imgconv.io.kernels import tool_text

    return tool_text.read_form(text)


def _named(text: str, bank: KernelBank) -> Step:
    """Return what has a name, in the bank or in another tool."""
    prefix = _OF_A_TOOL.match(text)
    if prefix is None:
        return _from_bank(text, bank)
    from imgconv.io.kernels import tool_kernels

    tool = prefix[1].lower()
    if tool == "pil":
        return _from_bank(tool_kernels.pillow_name(text), bank)
    if tool == "vips":
        raise tool_kernels.vips_error(text)
    return tool_kernels.imagemagick_kernel(text)


def _is_expression(text: str) -> bool:
    """Return whether a spec is more than a name with options."""
    marked = any(mark in text for mark in ("*", "@", "(", ")", "[", " + ", " - "))
    return marked or text.startswith("-") or text.endswith(_TURNS)


def _from_bank(text: str, bank: KernelBank, prefix: str = "") -> Step:
    name, _, options = text.partition(":")
    entry = bank.entry(name.strip())
    given = _options(entry, options, text, bank)
    try:
        built = bank.build(entry, given)
    except ArgumentError as error:
        raise KernelError(f"{quoted(text)}: {error.message}", error.hint) from None
    changed = ",".join(f"{key}={value}" for key, value in given.items())
    return built.named(prefix + entry.name + (f":{changed}" if changed else ""))


def _options(entry: BankEntry, text: str, spec: str, bank: KernelBank) -> dict[str, str]:
    """Read ``key=value,...``; values without a key take the options in their order."""
    known = [option.name for option in entry.options()]
    given: dict[str, str] = {}
    for position, part in enumerate(text.split(",") if text.strip() else []):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals and position < len(known):
            key, value = known[position], key
        if key not in known:
            takes = ", ".join(str(option) for option in entry.options())
            hint = f"it takes {takes}" if takes else f"{entry.name} takes none"
            other = f"{entry.name}_{key}"  # unsharp with a threshold is another step
            if equals and other in list(bank):
                hint = f"use {other}, which has {key}"
            raise KernelError(
                f"{quoted(spec)}: {entry.name} has no option {quoted(key)}", hint=hint
            )
        if key in given:
            raise KernelError(f"{quoted(spec)}: {key} is given twice")
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
