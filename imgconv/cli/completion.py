"""Shell completion: files, names of steps with their parameters, and choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    add_completion_class,
)

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_BREAKS = ":="  # bash gives these as words of their own, and replaces only what follows


def of_choices(choices: Iterable[str]) -> Complete:
    """Return a completion of fixed words."""
    words = list(choices)

    def complete(ctx: click.Context, param: click.Parameter, text: str) -> list[CompletionItem]:
        del ctx, param
        return [CompletionItem(word) for word in words if word.startswith(text.lower())]

    return complete


def of_files(ctx: click.Context, param: click.Parameter, text: str) -> list[CompletionItem]:
    """Complete the name of a file: the shell does it."""
    del ctx, param
    return [CompletionItem(text, type="file")]


def of_steps(ctx: click.Context, param: click.Parameter, text: str) -> list[CompletionItem]:
    """Complete a name of a step, a parameter of it (``gaussian:si``), or a file."""
    del param
    if text.startswith((".", "/", "~")):
        return [CompletionItem(text, type="file")]
    name, colon, typed = text.partition(":")
    known = _steps(ctx.params.get("banks") or ())
    if colon:
        done, comma, last = typed.rpartition(",")
        before = f"{name}:{done}{comma}"
        return [
            CompletionItem(f"{before}{option}=")
            for option in known.get(name.lower(), ("", ()))[1]
            if option.startswith(last)
        ]
    return [
        CompletionItem(step, help=text_of)
        for step, (text_of, _) in known.items()
        if step.startswith(text.lower())
    ]


def _steps(banks: Iterable[Any]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the names of all steps, with their description and the names of their options."""
    from imgconv.io.kernels.bank import KernelBank
    from imgconv.model.steps.registry import step_names

    known = {
        entry.name: (entry.description, tuple(option.name for option in entry.options()))
        for entry in KernelBank.standard(tuple(banks)).entries()
    }
    return known | {name: ("", ()) for name in step_names() if name not in known}


def for_option(option: click.Option) -> Complete | None:
    """Return the completion of the value of an option, where its type does not know it."""
    if "-k" in option.opts:
        return of_steps
    if option.metavar in ("FILE", "DIR", "FILE[#NAME]"):
        return of_files
    words = _words()
    keys = (f"{name} {option.metavar}" for name in option.opts)
    found = next((words[key] for key in keys if key in words), None)
    return None if found is None else of_choices(found)


def _words() -> dict[str, list[str]]:
    """Return the words that options take, by option and what its help calls the value."""
    from imgconv.cli.choices import GRAYS, METHODS
    from imgconv.io.images.formats import FORMATS
    from imgconv.model.alpha import Alpha
    from imgconv.model.border import Border, dialect_names
    from imgconv.model.output import Depth, OutputRange, Rounding
    from imgconv.model.region import COLOURS, MEANS, Sees

    borders = [border.value for border in Border]
    return {
        "--padding MODE": [*borders, *dialect_names()],
        "--border MODE": borders,
        "--padding P": ["valid", "same"],
        "--gray [METHOD]": GRAYS,
        "--binarize [METHOD]": METHODS,
        "--alpha HOW": [one.value for one in Alpha],
        "--range RANGE": [one.value for one in OutputRange],
        "--depth DEPTH": ["same", *(one.value for one in Depth)],
        "--rounding MODE": [one.value for one in Rounding],
        "--size SIZE": ["same", "valid", "full"],
        "--format NAME": [one.name for one in FORMATS if one.writes],
        "--compression HOW": ["none", "lzw", "deflate", "packbits", *map(str, range(10))],
        "--subsampling HOW": ["444", "422", "420", "440"],
        "--activation NAME": ["relu", "leaky_relu", "sigmoid", "tanh"],
        "--pool KIND:SIZE": ["max:", "mean:"],
        "--family NAME": _families(),
        "--channels NAMES": [*COLOURS, "alpha", *MEANS],
        "--sees WHAT": [one.value for one in Sees],
        "--nodata VALUE": ["nan", "tag"],
    }


def _families() -> list[str]:
    from imgconv.io.kernels.bank import KernelBank

    return sorted({entry.family for entry in KernelBank.standard().entries()})


class JoiningBashComplete(BashComplete):
    """Completion for bash of words with ``:`` and ``=``, which bash takes apart."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the one to complete, and that one, joined again."""
        words, last = super().get_completion_args()
        joined: list[str] = []
        glue = False
        for word in [*words, last]:
            if joined and (glue or (word[:1] in _BREAKS and word)):
                joined[-1] += word
            else:
                joined.append(word)
            glue = bool(word) and word[-1] in _BREAKS and len(word) == 1
        return joined[:-1], joined[-1] if joined else ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem]:
        """Return what follows the last ``:`` or ``=``, which is all that bash replaces."""
        cut = max(incomplete.rfind(mark) for mark in _BREAKS) + 1
        found = super().get_completions(args, incomplete)
        for item in found:
            if item.type == "plain" and cut:
                item.value = item.value[cut:]
        return found


class CommaFishComplete(FishComplete):
    """Completion for fish of values with commas, which click's script cuts off."""

    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


def use_own_classes() -> None:
    """Use these classes for bash and fish."""
    add_completion_class(JoiningBashComplete)
    add_completion_class(CommaFishComplete)
