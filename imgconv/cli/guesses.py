"""Answers to command lines that are wrong in a way that can be understood."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from imgconv.cli.command import Command

_PICTURE = re.compile(
    r".*\.(png|jpe?g|tiff?|webp|gif|bmp|avif|p[gpn]m|pam|pfm|hdr|hei[cf]|jxl|exr)", re.IGNORECASE
)
_OUTPUTS = ("--out", "--output", "-o", "--output-file", "--outfile", "--output-dir", "--outdir")
_SYNONYMS = {
    **dict.fromkeys(("--grey", "--grayscale", "--greyscale"), ("--gray", "--method")),
    **dict.fromkeys(("--gray", "--binarize"), ("--method",)),
    **dict.fromkeys(("--force", "--replace", "--yes", "-f", "-y"), ("--overwrite",)),
    **dict.fromkeys(("--boundary", "--border-mode", "--edge-mode", "--pad-mode"), ("--padding",)),
    **dict.fromkeys(("--workers", "--processes", "--parallel"), ("--jobs", "--threads")),
    **dict.fromkeys(("--jobs", "-j"), ("--threads",)),
    **dict.fromkeys(("--filter", "-f"), ("--kernel",)),
    **dict.fromkeys(("--bits", "--dtype"), ("--depth",)),
    **dict.fromkeys(("--negate", "--negative"), ("--invert",)),
    **dict.fromkeys(("--silent", "-s"), ("--quiet",)),
    "--threads": ("--jobs",),
}
"""Options as other tools call them, and what stands for them here, where a command has it."""


class UsageSuggestion(click.UsageError):
    """A wrong command line, and what is probably meant."""

    def __init__(self, message: str, hint: str, ctx: click.Context | None = None) -> None:
        super().__init__(message, ctx)
        self.hint = hint


def line(*words: str) -> str:
    """Return words as a command line, quoted where the shell needs it."""
    return shlex.join(("imgconv", *words))


def names_a_picture(word: str) -> bool:
    """Return whether a word is the name of a picture by its suffix."""
    return _PICTURE.fullmatch(word) is not None


def names_a_step(word: str) -> bool:
    """Return whether a word is something that ``-k`` takes by name."""
    from imgconv.io.kernels.spec import load_step
    from imgconv.model.errors import ImgconvError

    if not re.fullmatch(r"[A-Za-z_][\w-]*(:\S*)?", word):
        return False
    try:
        load_step(word)
    except ImgconvError:
        return False
    return True


def unknown_command(
    words: Sequence[str], known: Sequence[str], ctx: click.Context
) -> UsageSuggestion:
    """Return the answer to a first word that is not a command."""
    from difflib import get_close_matches

    word, rest = words[0], list(words[1:])
    where = ctx.command_path.split()[1:]
    said = f"no command is called {word!r}"
    if close := get_close_matches(word.lower(), known, n=1):
        return UsageSuggestion(said, f"did you mean: {line(*where, close[0], *rest)}", ctx)
    if not where and names_a_step(word):
        return UsageSuggestion(said, f"did you mean: {line('apply', *rest, '-k', word)}", ctx)
    if not where and (names_a_picture(word) or word == "-"):
        return UsageSuggestion(said, f"did you mean: {line('apply', *words)}", ctx)
    return UsageSuggestion(said, f"see: {ctx.command_path} --help", ctx)


def options_first(
    words: Sequence[str], known: Sequence[str], ctx: click.Context
) -> UsageSuggestion:
    """Return the answer to options before the command, or without one."""
    for place, word in enumerate(words):
        if word in known:
            meant = line(word, *words[place + 1 :], *words[:place])
            return UsageSuggestion("options come after the command", f"did you mean: {meant}", ctx)
    said = f"no command stands before {words[0]}"
    if ctx.parent is None and any(map(names_a_picture, words)):
        return UsageSuggestion(said, f"did you mean: {line('apply', *words)}", ctx)
    return UsageSuggestion(said, f"see: {ctx.command_path} --help", ctx)


def explained(
    error: click.UsageError, ctx: click.Context, command: Command, words: list[str]
) -> click.UsageError:
    """Return the error of a command with what is probably meant, or as it is."""
    if isinstance(error, click.NoSuchOption):
        return _unknown_option(error, ctx, command, words)
    if isinstance(error, click.BadOptionUsage):
        return _without_value(error, ctx)
    if isinstance(error, click.MissingParameter):
        arguments = [
            param.make_metavar(ctx)
            for param in command.params
            if isinstance(param, click.Argument) and param.required
        ]
        missing = arguments[len(_places_of_arguments(words, command)) :]
        source = ctx.params.get("source")
        if missing == ["OUT"] and source is not None:
            return missing_output(str(source), words, ctx)
        if isinstance(error.param, click.Argument) and missing:
            return missing_arguments(ctx, missing)
    found = re.search(r"unexpected extra arguments? \((.*)\)", error.message)
    if found and (extra := _as_words(found[1], words)):
        return _extra_arguments(error, ctx, words, extra)
    return error


def missing_arguments(ctx: click.Context, names: Sequence[str]) -> UsageSuggestion:
    """Return the answer to arguments that are not there, by their names."""
    said = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
    usage = ctx.command.get_usage(ctx).removeprefix("Usage: ")
    return UsageSuggestion(said, f"write: {' '.join(usage.split())}", ctx)


def missing_output(source: str, words: Sequence[str], ctx: click.Context) -> UsageSuggestion:
    """Return the answer to an input without an output."""
    if not names_a_picture(source):
        return missing_arguments(ctx, ["OUT"])
    stem, suffix = os.path.splitext(os.path.basename(source))  # noqa: PTH119, PTH122
    at = words.index(source) + 1 if source in words else len(words)
    meant = line(*_path(ctx), *words[:at], f"{stem}_new{suffix}", *words[at:])
    return UsageSuggestion("OUT is missing", f"give the output a name: {meant}", ctx)


def _as_words(text: str, words: Sequence[str]) -> list[str]:
    """Return the last words of a command line that click names in one text."""
    for count in range(1, len(words) + 1):
        for start in range(len(words) - count, -1, -1):
            some = list(words[start : start + count])
            if " ".join(some) == text:
                return some
    return text.split()


def _path(ctx: click.Context) -> list[str]:
    """Return the words of a command behind the program's name: ``kernels plot``."""
    return ctx.command_path.split()[1:]


def _without_value(error: click.BadOptionUsage, ctx: click.Context) -> click.UsageError:
    """Return the answer to an option whose value is missing."""
    for param in ctx.command.params:
        if error.option_name in param.opts and "requires an argument" in error.message:
            metavar = param.make_metavar(ctx)
            return click.UsageError(f"{error.option_name} needs a value: {metavar}", ctx)
    return error


def _unknown_option(
    error: click.NoSuchOption, ctx: click.Context, command: Command, words: list[str]
) -> UsageSuggestion:
    name = error.option_name
    value = _value_after(name, words)
    said = f"{ctx.command_path} has no option {name}"
    if name in _OUTPUTS and any(param.name == "target" for param in command.params):
        meant = line(*_path(ctx), *_with_output(_without(words, name), value or "OUT", command))
        return UsageSuggestion(said, f"the output is the last argument: {meant}", ctx)
    known = [known for param in command.params for known in param.opts if known[:2] == "--"]
    plain = name.lower().replace("_", "-")
    similar = [one for one in (plain, *_SYNONYMS.get(plain, ())) if one in known]
    if similar and (value or similar[0] != "--method"):
        return _other_option(said, similar[0], ctx, words, name)
    if spec := _parameter(name.lstrip("-").replace("-", "_"), value, words):
        return UsageSuggestion(
            said, f"a parameter belongs to its step: -k {shlex.quote(spec)}", ctx
        )
    if name.startswith("--") and names_a_step(name[2:]) and _takes_steps(ctx):
        spec = f"{name[2:]}:{value}" if value and _is_number(value) else name[2:]
        return UsageSuggestion(said, f"did you mean: -k {shlex.quote(spec)}", ctx)

    from difflib import get_close_matches

    if close := get_close_matches(plain, known, n=1, cutoff=0.75):
        return _other_option(said, close[0], ctx, words, name)
    return UsageSuggestion(said, f"see: {ctx.command_path} --help", ctx)


def _other_option(
    said: str, meant: str, ctx: click.Context, words: list[str], name: str
) -> UsageSuggestion:
    """Return the answer to an option that has another name here: the command line with that."""
    changed = [
        meant + word[len(name) :] if word == name or word.startswith(f"{name}=") else word
        for word in words
    ]
    return UsageSuggestion(said, f"did you mean: {line(*_path(ctx), *changed)}", ctx)


def _with_output(words: list[str], output: str, command: Command) -> list[str]:
    """Return the words with the output behind the inputs that the command takes."""
    places = _places_of_arguments(words, command)
    inputs = [param for param in command.params if isinstance(param, click.Argument)][:-1]
    if all(param.nargs == 1 for param in inputs):
        extra = places[len(inputs) :]
        words = [word for place, word in enumerate(words) if place not in extra]
        places = places[: len(inputs)]
    at = places[-1] + 1 if places else 0
    return [*words[:at], output, *words[at:]]


def _places_of_arguments(words: list[str], command: Command) -> list[int]:
    """Return where words are arguments: neither options nor their values."""
    takes_value = {
        name
        for param in command.params
        if isinstance(param, click.Option) and not param.is_flag and not param.count
        for name in param.opts
    }
    places, skip = [], False
    for place, word in enumerate(command.with_methods(words, len(words))):
        if not skip and (word == "-" or not word.startswith("-")):
            places.append(place)
        skip = not skip and word in takes_value
    return places


def _takes_steps(ctx: click.Context) -> bool:
    return any("-k" in param.opts for param in ctx.command.params)


def _value_after(name: str, words: list[str]) -> str | None:
    for place, word in enumerate(words):
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
        if word == name and place + 1 < len(words) and not words[place + 1].startswith("--"):
            return words[place + 1]
    return None


def _without(words: list[str], name: str) -> list[str]:
    """Return the words without an option and its value."""
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word == name:
            skip = True
        elif not word.startswith(f"{name}="):
            kept.append(word)
    return kept


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d+(\.\d*)?", text) is not None


def _parameter(name: str, value: str | None, words: list[str]) -> str | None:
    """Return the step with a parameter, of those that were named, or of the bank."""
    from imgconv.io.kernels.bank import KernelBank

    entries = KernelBank.standard().entries()
    takers = {
        known: entry.name
        for entry in entries
        if any(parameter.name == name for parameter in entry.parameters)
        for known in (entry.name, *entry.aliases)
    }
    given = [words[i + 1] for i in range(len(words) - 1) if words[i] in ("-k", "--kernel")]
    for spec in given:
        if spec.partition(":")[0].lower() in takers:
            joined = "," if ":" in spec else ":"
            return f"{spec}{joined}{name}={value or '...'}"
    preferred = {"sigma": "gaussian", "radius": "disk", "size": "box", "angle": "motion"}
    taker = preferred.get(name) or next(iter(takers.values()), None)
    return f"{taker}:{name}={value or '...'}" if taker and takers else None


def _extra_arguments(
    error: click.UsageError, ctx: click.Context, words: list[str], extra: list[str]
) -> click.UsageError:
    name = ctx.info_name or ""
    before = words[words.index(extra[0]) - 1] if extra[0] in words else ""
    two_before = words[words.index(extra[0]) - 2 :][0] if before and len(words) > 1 else ""
    if two_before in ("-k", "--kernel") and _is_number(extra[0]) and names_a_step(before):
        said = f"{before} and {extra[0]} are two arguments"
        return UsageSuggestion(said, f"did you mean: -k {before}:{extra[0]}", ctx)
    if before in ("--gray", "--binarize"):
        from imgconv.cli.choices import GRAYS, METHODS, one_of

        choices = one_of(GRAYS if before == "--gray" else METHODS)
        said = f"{error.message.rstrip('.')}; after {before} only a method may stand: {choices}"
        return click.UsageError(said, ctx)
    files = [word for word in words if names_a_picture(word)]
    if name == "compare" and len(files) > 1:
        return _two_pictures(files, ctx)
    if name == "apply" and len(files) > 2:
        rest = [word for word in words if word not in files]
        meant = line("batch", *files[:2], "...", "DST", *rest).replace("'...'", "...")
        return UsageSuggestion(
            f"apply filters one picture, and {len(files)} files are named",
            f"batch filters many into a folder: {meant}",
            ctx,
        )
    if names_a_step(extra[0]) and _takes_steps(ctx):
        return UsageSuggestion(
            f"unexpected argument {extra[0]!r}", f"did you mean: -k {extra[0]}", ctx
        )
    return error


def _two_pictures(files: list[str], ctx: click.Context) -> UsageSuggestion:
    root = ctx.find_root().command
    known = root.list_commands(ctx.find_root()) if isinstance(root, click.Group) else []
    said = "compare takes one picture and filters it here and in OpenCV"
    if "diff" in known:
        return UsageSuggestion(said, f"to compare two pictures: {line('diff', *files[:2])}", ctx)
    return UsageSuggestion(
        said, f"give one picture: {line('compare', files[0], '-k', 'sharpen')}", ctx
    )
