"""Look over a user's bank: what is wrong in it, and what is probably not meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from imgconv.io.config import strict_yaml
from imgconv.io.config.strict_yaml import YamlNode
from imgconv.io.kernels.bank import KernelBank, bank_files, built_in_directory
from imgconv.io.kernels.bank_entry import BankEntry, read_entry
from imgconv.model.errors import ArgumentError, KernelError
from imgconv.model.facts import examine
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational

_NEARLY_ONE = 0.05


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a bank file.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        An error keeps the file from being used.
    message : str
        With file, line and column.
    """

    level: str
    message: str


def lint(place: Path) -> tuple[list[Finding], int]:
    """Look over a bank file or a folder of them.

    Returns
    -------
    (list of Finding, int)
        The findings, and how many entries were read.
    """
    findings: list[Finding] = []
    entries: dict[str, BankEntry] = {}
    for path in bank_files(place):
        for entry in _readable(path, findings):
            for name in (entry.name, *entry.aliases):
                if name in entries:
                    findings.append(_at(entry.node, "error", f"{name!r} is in this bank twice"))
                entries[name] = entry
    builtin = KernelBank([built_in_directory()])
    hidden = {name for entry in builtin.entries() for name in (entry.name, *entry.aliases)}
    if place.resolve() == built_in_directory().resolve():
        hidden = set()
    both = KernelBank([built_in_directory(), place]) if not findings else builtin
    for entry in dict.fromkeys(entries.values()):
        findings += _about(entry, hidden)
        if not findings or all(finding.level != "error" for finding in findings):
            findings += _built(entry, both)
    return findings, len(set(entries.values()))


def _readable(path: Path, findings: list[Finding]) -> list[BankEntry]:
    try:
        top = strict_yaml.parse(strict_yaml.read_text(path), str(path)).as_mapping(("kernels",))
        if "kernels" not in top:
            raise KernelError(f"{path}:1:1: a bank file begins with the key 'kernels'")
        nodes, keys = top["kernels"].as_mapping(), top["kernels"].keys
    except KernelError as error:
        findings.append(_of(error))
        return []
    entries = []
    for name, node in nodes.items():
        try:
            entries.append(read_entry(name, keys[name], node, path.stem))
        except KernelError as error:
            findings.append(_of(error))
    return entries


def _about(entry: BankEntry, hidden: set[str]) -> list[Finding]:
    findings = [
        _at(entry.node, "warning", f"{name!r} hides the built-in kernel of that name")
        for name in (entry.name, *entry.aliases)
        if name in hidden
    ]
    if not entry.description:
        findings.append(_at(entry.node, "note", f"{entry.name} has no description"))
    if entry.kernel is not None:
        findings += _about_kernel(entry, entry.kernel)
    return findings


def _about_kernel(entry: BankEntry, kernel: Kernel) -> list[Finding]:
    findings = []
    rows, columns = kernel.shape
    if (rows % 2 == 0 or columns % 2 == 0) and "anchor" not in entry.node.fields:
        findings.append(
            _at(entry.node, "warning", f"{entry.name} is {rows} x {columns}, so it has no centre; "
                f"say which tap is the anchor (now {kernel.anchor[0]}, {kernel.anchor[1]})")
        )  # fmt: skip
    if kernel.sum != 1 and abs(float(kernel.sum) - 1) < _NEARLY_ONE:
        findings.append(
            _at(entry.node, "warning", f"{entry.name} adds up to {_short(kernel.sum)}, "
                "which is nearly 1 but not 1")
        )  # fmt: skip
    facts = examine(kernel)
    if facts.low < 0 or facts.high > 255:
        findings.append(
            _at(entry.node, "note", f"{entry.name} can yield {_short(facts.low)} to "
                f"{_short(facts.high)} from 8-bit pixels, so an 8-bit output can clip")
        )  # fmt: skip
    return findings


def _built(entry: BankEntry, bank: KernelBank) -> list[Finding]:
    try:
        bank.build(entry, {})
    except (KernelError, ArgumentError) as error:
        return [_at(entry.node, "error", f"{entry.name}: {error.message}")]
    return []


def _short(value: Rational) -> str:
    return str(value) if value.denominator < 10**6 else f"{float(value):.9g}"


def _of(error: KernelError) -> Finding:
    return Finding("error", error.message + (f" ({error.hint})" if error.hint else ""))


def _at(node: YamlNode, level: str, message: str) -> Finding:
    return Finding(level, f"{node.file}:{node.line}:{node.column}: {message}")
