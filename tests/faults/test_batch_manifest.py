"""Manifests that were damaged, poisoned or changed: seen, said, never followed, never fatal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli.batches import events, make_tree, rows, tree
from cli.program import assert_fails
from hypothesis import given
from hypothesis import strategies as st

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import listing
from imgconv.io.storage.base import Head
from imgconv.io.storage.local import LocalStorage
from imgconv.io.storage.manifest_log import Chain, line_of, parse_line
from imgconv.jobs.batch.manifest import Manifest, ManifestRow, read_manifest, row_of_data
from imgconv.model.errors import ImageReadError, ImageWriteError

NAMES = ["a.png", "b.png", "sub/c.png"]
RECIPE = recipe_from({"kernels": ["sharpen"]})


@pytest.fixture
def photos(tmp_path):
    return make_tree(tmp_path / "photos", NAMES)


@pytest.fixture
def state(photos, tmp_path):
    """Give the state folder of a run that is done."""
    filter_folder(photos, tmp_path / "out", RECIPE)
    return tmp_path / "out" / ".imgconv"


def batch(run, *options):
    return run("batch", "-r", "photos", "out", "-k", "sharpen", "-j", "1", "--json", *options)


BASE = {"target": "a.png", "source": "a.png", "status": "ok"}
POISON = [
    {**BASE, "finished": "x"},
    {**BASE, "finished": float("inf")},
    {**BASE, "input_size": 1 << 70},
    {**BASE, "input_size": True},
    {**BASE, "input_mtime_ns": 1.5},
    {**BASE, "recipe": 5},
    {**BASE, "engine": None},
    {**BASE, "notes": "text"},
    {**BASE, "notes": [["nested"]]},
    {**BASE, "message": {"a": 1}},
    {**BASE, "status": "fine"},
    {**BASE, "target": ["a"]},
    {**BASE, "target": ""},
    {**BASE, "target": "a\0b"},
    {**BASE, "target": "\ud800"},
    {**BASE, "source": "\ud800"},
    {**BASE, "target": "../../../../../../dev/zero"},
    {**BASE, "target": "sub/../../x"},
    {**BASE, "target": "/dev/zero"},
    {"target": "a.png"},
    [],
    7,
]


@pytest.mark.parametrize("row", POISON, ids=lambda row: json.dumps(row)[:60])
@pytest.mark.parametrize("chained", [False, True])
def test_a_poisoned_row_is_a_damaged_row(row, chained):
    line = json.dumps(row).encode() + b"\n"
    if chained and isinstance(row, dict):
        body = json.dumps({**row, "n": 1, "before": "0" * 16}).encode()[:-1]
        line = body + b',"sum":"' + Chain().line({})[-19:-3] + b'"}\n'
    manifest = Manifest()
    manifest.read("m", [line], Head())
    assert (manifest.rows, len(manifest.damage)) == ({}, 1)


@pytest.mark.parametrize(
    "text",
    [b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b"\0" * 500, b"{}" * 9, b"x" * (3 << 20)],
    ids=["deep list", "deep object", "no text", "zeros", "two", "long"],
)
@pytest.mark.sampled(3)
def test_lines_that_are_no_rows(run, photos, state, text):
    with (state / "manifest.jsonl").open("ab") as file:
        file.write(text + b"\n")
    done = run("manifest", "verify", "out")
    assert (done.code, done.out.count(b"damaged: manifest.jsonl, line 4")) == (1, 1)
    assert batch(run).code == 0
    assert run("manifest", "verify", "out").code == 0
    assert len(rows(state.parent)) == 3


texts = st.sampled_from(
    ["", "ok", "failed", "a/b.png", "../x", "/x", "\0", "\ud800", "\udc80", "\n"]
)
json_values = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    *(st.lists(texts, max_size=2), st.just({"a": [[]]})),
)


@given(st.dictionaries(st.sampled_from([*ManifestRow._fields, "n", "sum", "before"]), json_values))
def test_any_object_is_a_row_or_none(data):
    parsed = parse_line(json.dumps(data).encode() + b"\n")
    row = None if parsed.data is None else row_of_data(parsed.data)
    if row is not None:
        assert row_of_data(json.loads(line_of(row.as_dict()))) == row


def test_later_rows_win_whatever_the_clock_says():
    chain = Chain()
    future = ManifestRow("a", "a", "ok", finished=4e9, output_sha256="old")
    lines = [chain.line(row.as_dict()) for row in (future, future._replace(finished=1, seconds=2))]
    for order in (lines, [line_of(future.as_dict()), Chain().line({**BASE, "target": "a"})]):
        manifest = Manifest()
        manifest.read("m", order, Head())
        assert manifest.damage == []
        assert manifest.rows["a"].finished < 2
        assert manifest.hashes("a")[-1] == "old"


def test_a_manifest_of_an_earlier_version_is_continued(run, photos, state):
    path = state / "manifest.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    old = [{k: v for k, v in row.items() if k not in ("n", "before", "sum")} for row in found]
    path.write_bytes(b"".join(map(line_of, old)))
    (state / "manifest.head").unlink()
    assert len(events(batch(run).out, "skipped")) == 3
    assert run("manifest", "verify", "out").code == 0
    make_tree(photos, ["a.png"], seed=5)
    assert len(events(batch(run).out, "ok")) == 1
    assert run("manifest", "verify", "out").code == 0
    assert len(rows(state.parent)) == 3


def damaged(path, change):
    lines = path.read_bytes().splitlines(True)
    path.write_bytes(b"".join(change(lines)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda lines: [lines[0].replace(b'"ok"', b'"failed"'), *lines[1:]],
            "line 1: it is damaged",
        ),
        (lambda lines: lines[1:], "line 1: lines before it are missing"),
        (lambda lines: [lines[0], lines[2]], "line 2: lines before it are missing"),
        (lambda lines: lines[:-1], "lines at its end are missing"),
        (lambda lines: [], "lines at its end are missing"),
        (lambda lines: [*lines, line_of(BASE)], "line 4: it is damaged"),
    ],
    ids=["edited", "first gone", "middle gone", "last gone", "all gone", "added"],
)
@pytest.mark.sampled(3)
def test_damage_is_found_and_repaired(run, photos, state, change, words):
    before = tree(state.parent)
    damaged(state / "manifest.jsonl", change)
    done = run("manifest", "verify", "out")
    assert done.code == 1
    assert f"damaged: manifest.jsonl{':' if words[0] == 'l' and 'end' in words else ','}" in (
        done.out.decode()
    )
    assert words in done.out.decode()
    assert run("manifest", "repair", "out").code == 0
    assert run("manifest", "verify", "out").code == 0
    done = batch(run)  # outputs without rows are taken over: they are what the recipe gives
    assert (done.code, events(done.out, "failed")) == (0, [])
    assert (tree(state.parent), len(rows(state.parent))) == (before, 3)


def test_an_output_without_a_row_that_is_not_what_the_recipe_gives_stays(run, photos, state):
    damaged(state / "manifest.jsonl", lambda lines: lines[1:])
    (state.parent / "a.png").write_bytes(b"somebody's")
    done = batch(run)
    assert (done.code, [row["target"] for row in events(done.out, "failed")]) == (1, ["a.png"])
    assert (state.parent / "a.png").read_bytes() == b"somebody's"


def test_repair_drops_rows_whose_output_is_gone(run, photos, state):
    (state.parent / "a.png").unlink()
    done = run("manifest", "repair", "out", "--json")
    assert json.loads(done.out) == {"rows": 2, "dropped": ["a.png: its output is missing"]}
    assert run("manifest", "verify", "out").code == 0
    assert len(events(batch(run).out, "ok")) == 1


def unlink(path):
    path.unlink()


def shorten(path):
    os.truncate(path, 10)


def lengthen(path):
    with path.open("ab") as file:
        file.write(line_of(BASE))


def swap(path):
    path.with_name("copy").write_bytes(path.read_bytes())
    path.with_name("copy").replace(path)


@pytest.mark.parametrize("change", [unlink, shorten, lengthen, swap])
@pytest.mark.parametrize("count", [1, 60])
@pytest.mark.sampled(3)
def test_a_manifest_that_others_change_during_a_run_ends_it(tmp_path, change, count):
    """At the next commit or, after the last one, at the end of the run."""
    photos = make_tree(tmp_path / "photos", [f"{i:03}.png" for i in range(count)])
    path, done = tmp_path / "out" / ".imgconv" / "manifest.jsonl", []

    def on_event(event):
        if not done:
            change(path)
        done.append(event)

    with pytest.raises(ImageWriteError, match=r"manifest\.jsonl was .* during the run"):
        filter_folder(photos, tmp_path / "out", RECIPE, on_event=on_event, jobs=1)
    assert done
    report = filter_folder(photos, tmp_path / "out", RECIPE)
    assert (report.ok + report.skipped, report.failed) == (count, 0)
    assert len(rows(tmp_path / "out")) == count


def test_the_next_commit_notices_what_others_did_to_a_manifest(photos, tmp_path):
    storage = LocalStorage(str(tmp_path / "out"))
    with storage.exclusive():
        log = storage.open_log("manifest.jsonl", 0)
        log.append([BASE])
        for change, words in (
            (lengthen, "manifest.jsonl was changed"),
            (unlink, "manifest.jsonl was removed"),
        ):
            change(tmp_path / "out" / ".imgconv" / "manifest.jsonl")
            with pytest.raises(ImageWriteError, match=words):
                log.append([BASE])
        log.close()
        log = storage.open_log("manifest.jsonl", 1)
        unlink(tmp_path / "out" / ".imgconv" / "manifest.head")
        with pytest.raises(ImageWriteError, match=r"manifest\.head was removed"):
            log.append([BASE])
        log.close()


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "device"])
@pytest.mark.parametrize("name", ["manifest.jsonl", "manifest.head"])
def test_state_files_that_are_something_else(run, photos, tmp_path, kind, name):
    state = tmp_path / "out" / ".imgconv"
    state.mkdir(parents=True)
    victim = tmp_path / "victim"
    victim.write_text("mine\n")
    match kind:
        case "link":
            (state / name).symlink_to(victim)
        case "fifo":
            os.mkfifo(state / name)
        case "folder":
            (state / name).mkdir()
        case "device":
            (state / name).symlink_to("/dev/zero")
    for words in (("batch", "-r", "photos", "out"), ("manifest", "verify", "out")):
        done = run(*words)
        assert done.code in (4, 5, 6)
        assert name in done.err or done.code == 6
    assert victim.read_text() == "mine\n"
    assert sorted(tree(tmp_path / "out")) == []


@pytest.mark.parametrize("name", [".imgconv", ".imgconv/parts", ".imgconv/lock"])
def test_links_in_the_state_folder_are_not_followed(run, photos, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.txt").write_text("mine")
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.symlink_to(elsewhere if name != ".imgconv/lock" else elsewhere / "mine.txt")
    done = run("batch", "-r", "photos", "out", "-k", "sharpen")
    assert (done.code, "Error: " in done.err) == (5, True)
    assert [found.name for found in elsewhere.iterdir()] == ["mine.txt"]
    assert (elsewhere / "mine.txt").read_text() == "mine"


def test_a_folder_that_is_swapped_for_a_link_sends_nothing_elsewhere(tmp_path):
    photos = make_tree(tmp_path / "photos", [f"sub/{i:03}.png" for i in range(300)])
    (tmp_path / "elsewhere").mkdir()
    seen = []

    def on_event(event):
        if not seen:
            (tmp_path / "out" / "sub").rename(tmp_path / "out" / "moved")
            (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
        seen.append(event)

    filter_folder(photos, tmp_path / "out", RECIPE, on_event=on_event, jobs=1)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert len(seen) == 300


def held_by_another(tmp_path, shard_suffix):
    """Start a process that holds the lock of a run."""
    code = (
        "import sys\n"
        "from imgconv.io.storage.local import LocalStorage\n"
        f"with LocalStorage('out', {shard_suffix!r}).exclusive():\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    return process


def test_runs_shards_merge_and_verify_keep_out_of_each_other_s_way(run, photos, state, tmp_path):
    make_tree(photos, [f"{i}.png" for i in range(12)])  # so that no shard is without one
    whole = ("batch", "-r", "photos", "out", "-k", "sharpen", "-q")
    first, other = ("--shard", "1/2"), ("--shard", "2/2")
    merge, verify = ("manifest", "merge", "out"), ("manifest", "verify", "out")
    repair = ("manifest", "repair", "out")
    with held_by_another(tmp_path, "-1-of-2") as process:
        for words in (whole, (*whole, *first), merge, verify, repair):
            assert_fails(run(*words), 5, "another imgconv batch is writing there")
        assert_fails(run(*whole, "--shard", "1/3"), 5, "was begun in 2 shards, not in 3")
        assert run(*whole, *other).code == 0
        process.stdin.close()
    with held_by_another(tmp_path, "") as process:
        for words in (whole, (*whole, *other), merge, verify, repair):
            assert_fails(run(*words), 5, "another imgconv batch is writing there")
        process.stdin.close()
    assert_fails(run(*whole, "--shard", "1/3"), 5, "was begun in 2 shards", "manifest merge")
    assert run(*merge).code == run(*verify).code == 0
    assert run(*whole, "--shard", "1/3").code == 0


def test_verify_looks_from_the_inputs_too(run, photos, state):
    (photos / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n damaged")
    assert batch(run).code == 1
    make_tree(photos, ["new.png"])
    (photos / "a.png").unlink()
    (photos / "bad.png").unlink()
    done = run("manifest", "verify", "out", "photos")
    assert done.code == 1
    found = done.out.decode().splitlines()
    assert found[0].startswith("failed: bad.png: ")
    assert found[1:] == [
        "undone: new.png",
        "orphaned: a.png (its input a.png is gone)",
        "orphaned: bad.png (its input bad.png is gone)",
    ]
    done = run("manifest", "prune", "out", "photos", "--json")
    assert json.loads(done.out) == {"rows": 3, "dropped": ["bad.png"]}
    assert run("manifest", "verify", "out").code == 0


def test_verify_decodes_when_it_is_to(run, photos, state):
    """A row can be right about the bytes of an output that cannot be decoded."""
    manifest = read_manifest(LocalStorage(str(state.parent)))
    import hashlib

    data = b"\x89PNG\r\n\x1a\n damaged"
    (state.parent / "a.png").write_bytes(data)
    row = manifest.rows["a.png"]._replace(output_sha256=hashlib.sha256(data).hexdigest())
    chain = Chain()
    manifest.rows["a.png"] = row
    lines = [chain.line(each.as_dict()) for each in manifest.rows.values()]
    (state / "manifest.jsonl").write_bytes(b"".join(lines))
    (state / "manifest.head").unlink()
    assert run("manifest", "verify", "out").code == 0
    done = run("manifest", "verify", "out", "--deep")
    assert (done.code, done.out.startswith(b"unreadable: a.png (")) == (1, True)


def test_a_folder_that_cannot_be_listed_costs_itself_and_is_said(run, photos, monkeypatch):
    """Also for root, who may read everything."""
    right = os.scandir

    def scandir(path):
        if str(path).rstrip("/").endswith("sub"):
            raise PermissionError(13, "Permission denied")
        return right(path)

    monkeypatch.setattr(listing.os, "scandir", scandir)
    done = batch(run)
    assert (done.code, len(events(done.out, "ok"))) == (1, 2)
    (failure,) = events(done.out, "failed")
    assert failure["message"].startswith("sub: this folder cannot be listed (permission denied)")
    assert "sub" not in rows(Path("out"))
    done = run("manifest", "verify", "out", "photos")
    assert (done.code, done.out.decode().split(" (")[0]) == (1, "unlisted: sub")
    monkeypatch.setattr(listing.os, "scandir", lambda path: scandir("sub"))
    with pytest.raises(ImageReadError, match="permission denied"):
        list(listing.walk("photos"))


def test_folders_nested_deeply(tmp_path):
    """Deeper than calls may be nested; pytest's own clean-up needs it flat again."""
    parts = ["photos", *["d"] * 1100]
    deep = tmp_path.joinpath(*parts)
    subprocess.run(["mkdir", "-p", deep], check=True)
    make_tree(deep, ["x.png"])
    found = list(listing.walk(str(tmp_path / "photos")))
    subprocess.run(["rm", "-r", tmp_path / "photos"], check=True)
    assert [file.key.count("/") for file in found] == [1100]
