"""Keys behind URLs that are no names of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli.batches import events, make_tree, tree
from services.url_batches import NAMES, known_rows, outputs

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote, remote_listing
from imgconv.io.storage.locations import parse_place
from imgconv.io.storage.opening import open_storage


def test_names_that_would_collide(pictures, folder):
    """Here letter case tells files apart, and so does an object store; folders do not."""
    make_tree(pictures, ["Deep/C D.png"], seed=4)
    report = filter_folder(pictures, f"{folder}/out", recipe_from({"kernels": ["blur"]}))
    exact = not folder.startswith("sftp")
    assert (report.ok, report.failed) == (6, 0) if exact else (5, 1)
    assert len(outputs(f"{folder}/out")) == report.ok


@pytest.mark.services
def test_names_with_tabs_and_line_ends(pictures, sftp_server, tmp_path):
    names = ["tab\there.png", "line\nend.png", "what?.png", "a#b.png"]
    make_tree(tmp_path / "odd", names)
    recipe = recipe_from({"kernels": ["blur"]})
    up = f"{sftp_server}/odd"
    assert filter_folder(tmp_path / "odd", up, recipe).ok == len(names)
    assert sorted(tree(Path(parse_place(up).path))) == sorted(names)
    assert filter_folder(up, tmp_path / "down", recipe).ok == len(names)
    assert sorted(tree(tmp_path / "down")) == sorted(names)


ODD_KEYS = ["a//b.png", "/first.png", "deep//er///z.png", "./x.png", "deep/../y.png"]
FORMS = ["\u00e9.png", "e\u0301.png"]


def is_object_store(folder):
    return remote_listing.is_object_store(parse_place(folder))


@pytest.mark.thorough
def test_keys_that_folders_have_no_place_for(run, pictures, folder):
    if not is_object_store(folder):
        return
    contents = [(pictures / name).read_bytes() for name in NAMES]
    data = dict(zip([*NAMES, *ODD_KEYS, *FORMS], contents * 2 + contents[:2], strict=True))
    base = parse_place(f"{folder}/in")
    for key, content in data.items():
        remote.write_whole(base / key, content)
    recipe, out = recipe_from({"kernels": ["sharpen"]}), f"{folder}/out"
    assert sorted(found.key for found in open_storage(str(base)).listing()) == sorted(data)

    report = filter_folder(str(base), out, recipe)
    assert (report.ok, report.failed) == (len(data), 0)
    made = outputs(out)
    assert sorted(made) == sorted(known_rows(out)) == sorted(data)
    assert all(made[key] == made[name] for key, name in zip(ODD_KEYS, NAMES, strict=True))
    assert filter_folder(str(base), out, recipe).skipped == len(data)
    assert run("manifest", "verify", out, str(base), "--deep").code == 0
    one = filter_folder([f"{base}/a//b.png", f"{base}//f*.png"], f"{folder}/some", recipe)
    assert (one.ok, sorted(outputs(f"{folder}/some"))) == (2, ["/b.png", "/first.png"])

    remote.remove(parse_place(out) / "/first.png")
    assert filter_folder(str(base), out, recipe).ok == 1, "it is looked for under its own key"
    report = filter_folder(str(base), str(base), recipe, in_place=True, assume_new=True)
    assert (report.ok, report.failed) == (len(data), 0)
    assert outputs(str(base)) == made


def test_what_a_folder_has_no_place_for_fails_by_name(run, pictures, folder, tmp_path):
    if not is_object_store(folder):
        return
    content = (pictures / "a.png").read_bytes()
    for key in ("a.png", *ODD_KEYS, *FORMS):
        remote.write_whole(parse_place(f"{folder}/in") / key, content)
    for _ in range(2):
        done = run("batch", f"{folder}/in", "down", "-k", "sharpen", "--json")
        assert done.code == 1
        failed = {event["source"]: event["message"] for event in events(done.out, "failed")}
        assert sorted(failed) == sorted([*ODD_KEYS, FORMS[0]])
        for key in ODD_KEYS:
            assert failed[key] == f"{key}: a folder has no place for {key}; an object store has"
        assert "would be that of" in failed[FORMS[0]]
        assert sorted(tree(tmp_path / "down")) == sorted(["a.png", FORMS[1]])
    assert run("manifest", "verify", "down").code == 0
