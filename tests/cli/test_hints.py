"""Every hint that names an option or a command is followed: what it says is typed, and works."""

from __future__ import annotations

import ast
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import tifffile
from cli.program import commands, save

ROOT = Path(__file__).parents[2]
_NAMES = r"--[a-z][a-z-]+|imgconv [a-z]+|(?<!\w)-k "


@pytest.fixture
def folder(tmp_path, gray, rgb):
    """Give a folder with pictures of several kinds."""
    save(tmp_path / "photo.png", gray)
    save(tmp_path / "colour.png", rgb)
    save(tmp_path / "rgba.png", np.dstack([rgb, gray]))
    save(tmp_path / "tiny.png", gray[:5, :5])
    (tmp_path / "cut.png").write_bytes((tmp_path / "photo.png").read_bytes()[:-2000])
    tifffile.imwrite(tmp_path / "f32.tif", gray.astype(np.float32) / 255)
    tifffile.imwrite(tmp_path / "f64.tif", gray.astype(np.float64) / 255)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(tmp_path / name / "photo.png", gray)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "kernel.mat").write_text("3 1 4 0\n1 2 1\n")
    (tmp_path / "net.yaml").write_text(NET)
    np.save(tmp_path / "hwio.npy", np.ones((5, 5, 3, 2), np.float32))
    (tmp_path / "other.yaml").write_text(SET)
    return tmp_path


NET = """layers:
  - {name: first, conv: {kernels: [sobel_x, sobel_y]}}
  - {name: second, relu: {}}
"""
SET = "version: 1\ngoldens: goldens\ncases: [{name: a, actual: photo.png}]\n"

K = "-k blur"
CASES = [
    # what is typed, what the hint says, what is typed then
    (f"apply photo.png a.png {K}", None, None),
    (f"apply photo.png colour.png {K}", "--overwrite replaces it", "{} --overwrite"),
    (f"apply photo.png photo.png {K}", "--in-place writes over it", "{} --in-place"),
    (f"apply photo.png out.xyz {K}", "or --format", "{} --format png"),
    (f"apply photo.png - {K}", "name one: --format png", "{} --format png"),
    (f"apply cut.png o.png {K}", "--salvage writes what can be decoded", "{} --salvage"),
    (f"apply photo.png o.png {K} --max-pixels 9", "(--max-pixels 7680) allows it",
     f"apply photo.png o.png {K} \\1"),
    (f"apply f64.tif o.tif {K}", "(--depth f32) reads it as float32", "{} \\1"),
    (f"apply f64.tif o.tif {K} --max-memory 1M --depth f32", "(--max-memory [0-9]+M), or an input",
     f"apply f64.tif o.tif {K} --depth f32 \\1"),
    (f"apply photo.png o.png {K} --show", "without --show all else is done",
     f"apply photo.png o.png {K}"),
    ("apply photo.png o.png -k vips:nothing", "read its matrix file: (-k ./kernel.mat)",
     "apply photo.png o.png \\1"),
    ("apply photo.png o.png -k 'im:1x2: 0,1 ; 1x2: 1,0'", "give one kernel: -k A -k B",
     "apply photo.png o.png -k 'im:1x2: 0,1' -k 'im:1x2: 1,0'"),
    ("apply photo.png o.png -k 'box:201 @ box:201'", "-k first -k second",
     "apply photo.png o.png -k box:201 -k box:201"),
    (f"apply photo.png o.png {K} --nothing", "see: (imgconv apply --help)", "\\1"),
    ("compare colour.png -k blur --against naive --padding replicate", "add (--gray)", "{} \\1"),
    ("diff photo.png photo.png --salvage", "leave out --salvage", "diff photo.png photo.png"),
    ("diff a b --out x.png", "(--failures DIR) writes", "diff a b --failures fails"),
    ("diff a b --html full", "--overwrite writes into it", "{} --overwrite"),
    ("diff a photo.png", "compare two files: (a/photo.png)", "diff \\1 photo.png"),
    ("help --search zzzqq", "(imgconv help) lists the topics", "\\1"),
    ("help bordrs", "(imgconv help borders)", "\\1"),
    ("help zzzqq", "(imgconv help) lists the topics; (imgconv help --search) WORD", "\\2 border"),
    ("kernels list zzzqq", "(imgconv kernels list) lists them all", "\\1"),
    ("sheet photo.png s.png", "give -k, --family or --all", "{} -k blur"),
    ("sheet photo.png s.png", "give -k, --family or --all", "{} --family blur"),
    ("explain photo.png --at 1,1", "give one: (-k sharpen)", "{} \\1"),
    ("explain photo.png --at 1,1 -k blur --linear", "leave out --linear",
     "explain photo.png --at 1,1 -k blur"),
    ("explain rgba.png --at 1,1 -k blur", "add (--alpha filter), or (--gray)", "{} \\1"),
    ("explain rgba.png --at 1,1 -k blur", "add (--alpha filter), or (--gray)", "{} \\2"),
    ("explain f32.tif --html e.html", "(imgconv apply) IN OUT (--depth u16 --range full)",
     "\\1 f32.tif u16.tif \\2"),
    ("layer photo.png full -k sobel_x", "--overwrite writes into it", "{} --overwrite"),
    ("layer photo.png --dry-run --weights nothing", "-k stacks kernels",
     "layer photo.png --dry-run -k sobel_x"),
    ("layer tiny.png --dry-run -k box:9", "pad more ((--pad same))", "{} \\1"),
    ("layer photo.png --dry-run -k blur --pad reflect", "(--border reflect) says",
     "layer photo.png --dry-run -k blur \\1"),
    ("layer colour.png --dry-run --weights hwio.npy", "need (--layout hwio)", "{} \\1"),
    ("layer photo.png --dry-run --weights hwio.npy --layout hwio", "(--gray makes one)", None),
    ("batch a a -k blur", "--in-place writes over it", "{} --in-place"),
    ("batch a --in-place -k blur --backup /", "write (--backup .orig)",
     "batch a --in-place -k blur \\1"),
    ("batch a out -k blur --name '{nothing}'", "(--name '[^']*')", "batch a out -k blur \\1"),
    ("manifest verify b", "the DST that imgconv batch wrote to",
     ["batch a out -k blur", "manifest verify out"]),
    ("golden check", "give the golden set by --config FILE",
     ["golden record --config other.yaml", "golden check --config other.yaml"]),
    # where a filter acts
    ("apply f32.tif o.tif -k blur --nodata tag", "give the value: (--nodata -9999)",
     "apply f32.tif o.tif -k blur \\1"),
    ("apply photo.png o.png -k blur --min-valid 0.5", "add --nodata VALUE or --valid FILE",
     "{} --nodata 0"),
    ("apply colour.png o.png -k blur --channels luma --nodata 0", "say by --valid FILE which",
     "apply colour.png o.png -k blur --channels luma --valid photo.png"),
    ("apply photo.png o.png -k blur --mask-invert", "add --mask FILE", "{} --mask photo.png"),
    ("apply photo.png o.png -k blur --feather 3", "add --region ROW,COL,ROWS,COLS or --mask FILE",
     "{} --region 1,1,5,5"),
    ("apply photo.png o.png -k blur --sees region", "add --region ROW,COL,ROWS,COLS or --mask FILE",
     "{} --mask photo.png"),
    ("explain colour.png -k blur --channels red,blue --at 1,1", "name one: (--channels red)",
     "explain colour.png -k blur --at 1,1 \\1"),
    ("explain photo.png -k median --nodata 0 --at 1,1", "kernels are: (-k blur)",
     "explain photo.png --nodata 0 --at 1,1 \\1"),
    ("apply rgba.png o.png -k blur --nodata 0", "(--alpha filter) takes it for a channel",
     "{} \\1"),
    ("apply photo.png o.png -k blur --valid photo.png --size valid",
     "add one: (--nodata nan), or (--nodata 0)", "{} \\2"),
    ("apply colour.png o.png -k blur --mask colour.png", "first: (imgconv gray) MASK (gray.png)",
     ["\\1 colour.png \\2", "apply colour.png o.png -k blur --mask gray.png"]),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda i: CASES[i][0][:50])
def test_what_a_hint_says_works(run, folder, monkeypatch, case):
    monkeypatch.delenv("DISPLAY", raising=False)
    typed, said, then = CASES[case]
    done = run(*shlex.split(typed))
    if said is None:
        assert done.code == 0
        return
    assert done.code not in (0, 70), done
    hint = done.err.rpartition("Hint: ")[2]
    pattern = said if "(" in said else re.escape(said)
    found = re.search(pattern.replace("((", r"\((").replace("))", r")\)"), hint)
    assert found, done.err
    for line in [then] if isinstance(then, str) else then or []:
        words = re.sub(r"\\(\d)", lambda m: found[int(m[1])], line.replace("{}", typed))
        again = run(*shlex.split(words.removeprefix("imgconv ")))
        assert again.code == 0 or ("compare" in words and again.code == 1), again


def test_hints_of_goldens(run, folder, gray):
    run("golden", "init", "photo.png", "-k", "blur")
    run("golden", "record")
    save(folder / "photo.png", gray[::-1].copy())
    follow(run, run("golden", "record").err, r"(imgconv golden accept photo) takes")
    assert run("golden", "check").code == 0
    (folder / "golden.yaml").write_text(SET)
    said = run("golden", "check").out.decode()
    follow(run, said, r"(imgconv golden accept --all --prune) deletes it")
    assert run("golden", "check").code == 0
    case = "{name: a, command: [cp, photo.png, '{output}']}"
    (folder / "golden.yaml").write_text(f"version: 1\ngoldens: commands\ncases: [{case}]\n")
    done = run("golden", "record")
    assert "--allow-commands, if you trust golden.yaml" in done.err
    assert run("golden", "record", "--allow-commands").code == 0
    (folder / "sub").mkdir()
    (folder / "sub" / "golden.yaml").write_text(
        "version: 1\ngoldens: ../elsewhere\ncases: [{name: a, actual: ../photo.png}]\n"
    )
    done = run("golden", "record", "--config", "sub/golden.yaml")
    assert "--goldens-outside" in done.err
    assert run("golden", "record", "--config", "sub/golden.yaml", "--goldens-outside").code == 0
    (folder / "golden.yaml").write_text(SET.replace("png}", "png, tolerance: loose}"))
    done = run("golden", "record", "--hash-only")
    assert "leave out --hash-only" in done.err
    assert run("golden", "record").code == 0


def follow(run, said, pattern):
    found = re.search(pattern, said)
    assert found, said
    assert run(*shlex.split(found[1])[1:]).code == 0


@pytest.mark.parametrize("choice", ["split", "keep"])
def test_the_hint_of_hard_links(run, folder, choice):
    """Split replaces this name alone, keep replaces the content of all."""
    other = folder / "linked.png"
    os.link(folder / "a" / "photo.png", other)
    before = other.read_bytes()
    words = ("batch", "a", "--in-place", "-k", "blur")
    done = run(*words)
    said = "--hard-links split replaces this name alone, keep replaces the content of all"
    assert said in said_by(done)
    assert (done.code, other.read_bytes()) == (1, before)
    assert run(*words, "--hard-links", choice).code == 0
    after = (folder / "a" / "photo.png").read_bytes()
    assert after != before
    assert other.read_bytes() == (before if choice == "split" else after)


def test_the_hint_of_a_backup_that_is_there(run, folder):
    (folder / "b" / "photo.png.old").write_text("mine")
    words = ("batch", "b", "--in-place", "-k", "blur", "--backup")
    done = run(*words, ".old")
    assert "give another --backup suffix" in said_by(done)
    assert run(*words, ".orig").code == 0


def said_by(done):
    return done.out.decode() + done.err


def test_the_hint_of_a_file_of_a_folder(run, folder):
    (folder / "out").mkdir()
    (folder / "out" / "photo.png").write_text("mine")
    done = run("batch", "a", "out", "-k", "blur")
    assert "Failed: out/photo.png exists (--overwrite replaces it)" in done.err
    assert run("batch", "a", "out", "-k", "blur", "--overwrite").code == 0


@pytest.mark.thorough
def test_a_step_that_needs_the_whole_image(imgconv, tmp_path):
    tifffile.imwrite(tmp_path / "in.tif", np.zeros((5000, 6000), np.uint8), rowsperstrip=64)
    words = ("apply", "in.tif", "out.tif", "-k", "hysteresis", "--max-memory")
    done = imgconv(*words, "110M")
    assert (done.code, "Hint: raise --max-memory, if there is as much" in done.err) == (7, True)
    assert imgconv(*words, "4G").code == 0


TYPED_ELSEWHERE = {
    "did you mean: imgconv help": "tests/cli/test_manual_command.py",
    "pip install 'imgconv[": "nothing can be installed here",
    "--page takes one page": "needs a machine with little memory",
    "--max-pixels raises it": "needs a file of gigabytes",
    "the file is too small for them; --max-pixels": "tests/cli/test_huge.py",
    "--shard 1/2": "tests/cli/test_batch.py",
    "imgconv manifest merge joins them": "tests/cli/test_batch.py",
    "imgconv manifest verify says what is left": "tests/faults/test_batch_manifest.py",
    "--assume-new filters": "tests/faults/test_batch_in_place.py",
    "name both .zarr; batch --cluster": "tests/services/test_zarr_cluster.py",
    "or another --range than rescale": "needs Dask",
    "--weights net.yaml#NAME": "tests/unit/test_layer.py",
    "use --weights with as many axes": "tests/unit/test_layer.py",
    "need --layout oihw": "tests/unit/test_layer.py",
    "explain one: --channels red": "tests/regions/test_nodata.py",
    "imgconv apply, batch, compare and explain read masks": "tests/regions/test_region_files.py",
    "give --weights or -k": "reached from Python alone",
}
"""Hints that are not typed in this file: where their options are, or why they cannot be."""


def hints():
    """Give every hint of the package that names an option or a command."""
    for path in sorted((ROOT / "imgconv").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                named = [k.value for k in node.keywords if k.arg == "hint"]
                error = ast.unparse(node.func).endswith("Error")
                values = named or (node.args[1:2] if error else [])
            elif isinstance(node, ast.Assign) and "hint" in ast.unparse(node.targets[0]).lower():
                values = [node.value]
            else:
                continue
            for value in values:
                for text in texts(value):
                    if re.search(_NAMES, text):
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", text


def texts(value):
    if isinstance(value, ast.JoinedStr):
        yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in value.values)
    elif isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, ast.IfExp | ast.BinOp | ast.BoolOp):
        for child in ast.iter_child_nodes(value):
            yield from texts(child)


@pytest.mark.thorough
def test_every_option_of_a_hint_is_one_of_some_command():
    known = {name for _, command in commands() for p in command.params for name in p.opts}
    known |= {"--help", "--version"}
    for place, text in hints():
        for name in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
            assert name in known, (place, text)
    words = {" ".join(path[:2]) for path, _ in commands()}
    for place, text in hints():
        for name in re.findall(r"(?<![\w'])imgconv [a-z]+", text):
            assert name in words, (place, text)


def test_every_hint_is_typed_somewhere():
    here = re.sub(r"[()\\]", "", Path(__file__).read_text())
    here += "\n".join(IN_FUNCTIONS)
    pieces = [re.sub(r"[()\\]|\[.*?\][+*]", "", said) for _, said, _ in CASES if said]
    missing = []
    for place, text in hints():
        plain = re.sub(r"[()]", "", text)
        parts = [part.strip() for part in plain.split("{}") if re.search(_NAMES, part)]
        typed = any(part in here for part in parts) or any(p in plain for p in pieces)
        said = any(p in plain for p in IN_FUNCTIONS)
        if not (typed or said or any(part in text for part in TYPED_ELSEWHERE)):
            missing.append((place, text))
    assert not missing, "\n".join(map(str, missing))
    for reason in TYPED_ELSEWHERE.values():
        assert not reason.startswith("tests/") or (ROOT / reason).is_file(), reason


IN_FUNCTIONS = (
    "--name '{stem}_{kernel}{ext}'",
    "give another --backup suffix",
    "leave out --hash-only",
    "--goldens-outside, if",
    "pad more --pad same",
    "--max-memory {}M, or an input",
    "--border {} says",
)
"""Beginnings of hints that tests of this file type without quoting all of it."""
