"""YAML that means harm or is merely wrong: refused at once, with its place, at no cost."""

from __future__ import annotations

import time
import tracemalloc

import pytest
import yaml
from cli.program import assert_fails

from imgconv.io.config.recipes import read_recipe
from imgconv.io.kernels.bank import KernelBank, read_bank_file
from imgconv.io.kernels.bank_lint import lint
from imgconv.io.kernels.spec import load_kernel
from imgconv.model.errors import KernelError, RecipeError

assert yaml.CLoader  # imported here, so that its import is not measured

SECONDS = 0.2
BYTES = 50 << 20


def bomb():
    """Nine levels of nine aliases: 3 GB if anybody follows them."""
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    return "\n".join(lines)


def entry(fields):
    return f"kernels:\n  edge: {{{fields}}}\n"


HOSTILE = {
    "alias bomb": (bomb(), "1:5: anchors"),
    "alias": (entry("weights: &w [[1]], row: *w"), "2:19: anchors"),
    "alias that is not defined": (entry("weights: *w"), "2:19:"),
    "merge key": (entry("<<: *w"), "2:14:"),
    "lists 10,000 deep": ("kernels: " + "[" * 10_000, "1:"),
    "mappings 10,000 deep": ("{a: " * 10_000, "1:"),
    "blocks 1,400 deep": ("\n".join(" " * i + "a:" for i in range(1400)), "13:13: nested"),
    "dashes 10,000 deep": ("- " * 10_000 + "1", "1:"),
    "keys 10,000 deep": ("? " * 10_000 + "1", "1:"),
    "closed lists 10,000 deep": ("kernels: " + "[" * 10_000 + "]" * 10_000, "1:"),
    "a key twice": (entry("weights: [[1]], weights: [[2]]"), "2:26: key 'weights'"),
    "a kernel twice": (
        "kernels:\n  edge: {weights: [[1]]}\n  edge: {weights: [[2]]}\n",
        "3:3: key",
    ),
    "Python tag": (entry("weights: !!python/object/apply:os.system ['true']"), "2:19: tags"),
    "tag": (entry("weights: !!float 1"), "2:19: tags"),
    "NaN": (entry("weights: [[1, .nan]]"), "2:24: '.nan'"),
    "nan": (entry("weights: [[nan]]"), "2:21: 'nan'"),
    "infinity": (entry("weights: [[-.inf]]"), "2:21: '-.inf'"),
    "a number without end": (entry(f"weights: [[{'9' * 100_000}]]"), "2:21: '999"),
    "an exponent without end": (entry("weights: [[1e999999999]]"), "2:21:"),
    "a fraction over nothing": (entry("weights: [[1/0]]"), "2:21: '1/0'"),
    "hexadecimal": (entry("weights: [[0x10]]"), "2:21: '0x10'"),
    "ragged rows": (entry("weights: [[1, 2], [3]]"), "2:28: the rows differ in length"),
    "a row that is a number": (entry("weights: [1, 2]"), "2:20: a list"),
    "no weights": (entry("weights: []"), "2:9:"),
    "no weights in a row": (entry("weights: [[]]"), "2:9:"),
    "too many ones": (entry("weights: ones 9999 9999"), "2:9:"),
    "not quite ones": (entry("weights: ones 3 x 3"), "2:19: 'ones 3 x 3'"),
    "an unknown key": (entry("weights: [[1]], wieghts: [[1]]"), "2:26: unknown key 'wieghts'"),
    "an unknown key at the top": ("kernel:\n  edge: {weights: [[1]]}\n", "1:1: unknown key"),
    "an anchor outside": (entry("weights: [[1]], anchor: [1, 0]"), "2:34: anchor"),
    "half an anchor": (entry("weights: [[1]], anchor: [0]"), "2:34: anchor"),
    "a name that is none": ("kernels:\n  ../edge: {weights: [[1]]}\n", "2:3: '../edge'"),
    "a generator that is none": (entry("generator: eval"), "2:21: no generator"),
    "a generator without its parameter": (entry("generator: box"), "2:21: generator box needs"),
    "a parameter that it does not have": (
        entry("generator: box, parameters: {size: {default: 3, min: 1, max: 9}, sise: 1}"),
        "2:75: unknown key 'sise'",
    ),
    "a parameter of another kind": (
        entry("generator: box, parameters: {size: {default: a, choices: [a]}}"),
        "2:45: size of this generator runs from 1 to 1023",
    ),
    "a parameter without bounds": (
        entry("generator: box, parameters: {size: {default: 3, min: 1, max: 1e9}}"),
        "2:45: size of this generator runs from 1 to 1023",
    ),
    "a choice that is none": (
        entry(
            "generator: farid_derivative, parameters: {size: {default: 9, choices: [9]}, "
            "derivative: {default: x, choices: [x]}}"
        ),
        "2:58: size of this generator is a choice of 3, 5, 7",
    ),
    "a column and a row too long": (
        entry(f"column: [{'1, ' * 14_000}1], row: [{'1, ' * 14_000}1]"),
        "2:9: the kernel is too large",
    ),
    "a set without combine": (entry("set: [a, b]"), "2:15: a set"),
    "two documents": (entry("weights: [[1]]") + "---\na: 1\n", "3:1: a second document"),
    "nothing": ("", "1:1: the file is empty"),
    "a comment": ("# kernels\n", "1:1: the file is empty"),
    "a list": ("- 1\n", "1:1: a mapping"),
    "a text": ("hello\n", "1:1: a mapping"),
    "a tab": ("kernels:\n\tedge: 1\n", "2:1:"),
    "never closed": (entry("weights: [[1]"), "2:23:"),
    "a null byte": ("kernels:\n  edge: \0\n", "2:9:"),
    "a control character": ("kernels:\n  edge: {weights: [[1\x07]]}\n", "2:22:"),
    "a surrogate": (b"kernels:\n  edge: \xed\xa0\x80\n", "2:9: not UTF-8"),
    "Latin-1": (b"kernels:\n  edge: {description: \xfc}\n", "2:23: not UTF-8"),
    "UTF-16": ("kernels: 1\n".encode("utf-16"), "1:1: not UTF-8"),
}


def write(folder, content):
    path = folder / "bad.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.sampled(5)
def test_it_is_refused_with_its_place(tmp_path, name):
    content, said = HOSTILE[name]
    path = write(tmp_path, content)
    with pytest.raises(KernelError) as bank:
        read_bank_file(path)
    message = str(bank.value)
    assert message.startswith(f"{path}:{said}"), message
    line, column = message.removeprefix(f"{path}:").split(":")[:2]
    assert int(line) >= 1
    assert int(column) >= 1
    assert len(message) < len(str(path)) + 200
    with pytest.raises(KernelError, match=r"bad\.yaml:\d+:\d+: "):
        load_kernel(f"{path}#edge")
    findings, _ = lint(path)
    assert [finding.level for finding in findings].count("error") >= 1
    assert any(finding.message.startswith(message) for finding in findings)


@pytest.mark.parametrize("name", ["alias bomb", "lists 10,000 deep", "UTF-16", "two documents"])
def test_recipes_are_read_as_strictly(tmp_path, name):
    path = write(tmp_path, HOSTILE[name][0])
    with pytest.raises(RecipeError, match=r"bad\.yaml:\d+:\d+: "):
        read_recipe(path)


def large(folder):
    """Give a file of 100 MB that takes no room on the disk."""
    path = folder / "bad.yaml"
    with path.open("wb") as file:
        file.write(entry("weights: [[1]]").encode())
        file.truncate(100_000_000)
    return path


def costly(folder, name):
    """Give the hostile file of that name, or one as large as is read."""
    match name:
        case "100 MB":
            return large(folder)
        case "1 MB of list starts":
            return write(folder, "[" * 1_000_000)
        case "1 MB of weights":
            return write(folder, entry(f"weights: [[{'1, ' * 340_000}x]]"))
        case "1 MB of keys":
            return write(folder, "kernels:\n" + "".join(f" k{i}: 1\n" for i in range(90_000)))
        case "1 MB of digits":
            return write(folder, entry(f"weights: [[{'9' * 1_000_000}]]"))
        case "1 MB of one text":
            return write(folder, entry(f"weights: [['{'x ' * 500_000}']]"))
    return write(folder, HOSTILE[name][0])


COSTLY = [
    "100 MB",
    "1 MB of list starts",
    "1 MB of weights",
    "1 MB of keys",
    "1 MB of digits",
    "1 MB of one text",
    "a column and a row too long",
    *(name for name in HOSTILE if "bomb" in name or "deep" in name or "without end" in name),
]


@pytest.mark.parametrize("name", COSTLY)
@pytest.mark.sampled(5)
@pytest.mark.no_cover
def test_it_costs_next_to_nothing(tmp_path, name):
    """0.2 s of processor time, the best of three, and 50 MB."""
    path = costly(tmp_path, name)
    times = []
    for _ in range(3):
        started = time.process_time()
        with pytest.raises(KernelError):
            KernelBank([path]).entry("edge")
        times.append(time.process_time() - started)
        if min(times) < SECONDS:
            break
    assert min(times) < SECONDS
    tracemalloc.start()
    try:
        with pytest.raises(KernelError):
            read_bank_file(path)
        assert tracemalloc.get_traced_memory()[1] < BYTES
    finally:
        tracemalloc.stop()


def test_a_file_that_is_too_large_says_so(tmp_path):
    path = large(tmp_path)
    with pytest.raises(KernelError, match=r"bad\.yaml.*: larger than 1 MiB"):
        read_bank_file(path)


@pytest.mark.parametrize("name", ["alias bomb", "closed lists 10,000 deep", "ragged rows"])
def test_the_program_says_it_too(run, tmp_path, name):
    content, said = HOSTILE[name]
    write(tmp_path, content)
    checked = run("kernels", "check", "bad.yaml")
    assert (checked.code, checked.err) == (3, "")
    assert checked.out.decode().startswith(f"error: bad.yaml:{said}")
    shown = run("kernels", "show", "./bad.yaml#edge")
    assert_fails(shown, 3, f"bad.yaml:{said}")
    assert_fails(run("kernels", "list", "--kernels", "bad.yaml"), 3, f"bad.yaml:{said}")


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/null", "folder", "n" * 300])
def test_a_place_that_is_no_file(run, tmp_path, place):
    (tmp_path / "folder").mkdir()
    done = run("kernels", "list", "--kernels", place)
    assert_fails(done, 3, place[:90])  # a longer word is cut
