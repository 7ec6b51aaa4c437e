"""Batches in place behind URLs: never twice, and an edit wins."""

from __future__ import annotations

import pytest
from cli.batches import tree
from services.url_batches import NAMES, outputs

from imgconv import filter_folder, recipe_from
from imgconv.io.storage import remote
from imgconv.io.storage.base import STATE
from imgconv.io.storage.locations import parse_place
from imgconv.io.storage.opening import open_storage
from imgconv.io.storage.url import UrlStorage
from imgconv.model.errors import ImageReadError, ImageWriteError


def test_in_place_once_and_not_twice(uploaded, folder):
    recipe = recipe_from({"kernels": ["sharpen"]})
    filter_folder(uploaded, f"{folder}/out", recipe)
    counts = []
    if not folder.startswith("s3://"):
        with pytest.raises(ImageWriteError, match="may have been filtered in place before"):
            filter_folder(uploaded, uploaded, recipe, in_place=True)
    for first in (True, False, False):
        report = filter_folder(uploaded, uploaded, recipe, in_place=True, assume_new=first)
        counts.append((report.ok, report.skipped))
        assert outputs(uploaded) == outputs(f"{folder}/out")
    assert counts == [(len(NAMES), 0), (0, len(NAMES)), (0, len(NAMES))]


@pytest.mark.parametrize("lost", ["rows of some", "rows of all"])
@pytest.mark.sampled(2)
def test_in_place_not_twice_when_rows_were_lost(uploaded, folder, lost):
    """Marks of objects show it on S3; elsewhere a run without any rows stops."""
    recipe, more = recipe_from({"kernels": ["sharpen"]}), parse_place(uploaded) / "more.png"
    filter_folder(uploaded, uploaded, recipe, in_place=True, assume_new=True)
    remote.write_whole(more, remote.read_bytes(more.parent / "a.png"))
    filter_folder(uploaded, uploaded, recipe, in_place=True)
    done, storage = outputs(uploaded), open_storage(uploaded)
    lines = {name: list(storage.read_lines(name)) for name in storage.manifests()}
    for name, found in lines.items():
        if len(found) > 1 or lost == "rows of all":
            remote.remove(parse_place(uploaded) / STATE / name)
    if folder.startswith("s3://"):
        report = filter_folder(uploaded, uploaded, recipe, in_place=True)
        assert (report.ok, report.skipped, report.failed) == (0, len(NAMES) + 1, 0)
        remote.write_whole(more, remote.read_bytes(more), overwrite=True)
        assert filter_folder(uploaded, uploaded, recipe, in_place=True).ok == 0, "it has a row"
    elif lost == "rows of all":
        with pytest.raises(ImageWriteError, match="may have been filtered in place before"):
            filter_folder(uploaded, uploaded, recipe, in_place=True)
    if folder.startswith("s3://") or lost == "rows of all":
        assert outputs(uploaded) == done


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.sampled(2)
def test_in_place_a_put_that_seems_to_fail_is_not_done_again(
    uploaded, folder, tmp_path, monkeypatch, known
):
    """What is there is looked at, in this run or, where that fails too, in the next one."""
    recipe, put = recipe_from({"kernels": ["sharpen"]}), remote.write_whole

    def put_and_lose(url, *arguments, **options):
        put(url, *arguments, **options)
        if url.name == "b.png":
            raise ImageWriteError(f"{url}: the connection was lost")

    def digest(self, key):
        raise ImageReadError(f"{key}: the connection was lost")

    filter_folder(uploaded, tmp_path / "calm", recipe)
    monkeypatch.setattr(remote, "write_whole", put_and_lose)
    if not known:
        monkeypatch.setattr(UrlStorage, "digest", digest)
    report = filter_folder(uploaded, uploaded, recipe, in_place=True, assume_new=True)
    assert (report.ok, report.failed) == (len(NAMES) - (not known), int(not known))
    monkeypatch.undo()
    again = filter_folder(uploaded, uploaded, recipe, in_place=True)
    assert (again.ok, again.failed) == (0, 0)
    assert outputs(uploaded) == tree(tmp_path / "calm")


def test_a_failure_in_place_does_not_pass_for_the_next_recipe(uploaded, monkeypatch):
    """A row that failed, with another recipe's output that is still there, is not done."""
    sharpen, blur = (recipe_from({"kernels": [name]}) for name in ("sharpen", "blur"))
    filter_folder(uploaded, uploaded, sharpen, in_place=True, assume_new=True)
    sharp = outputs(uploaded)

    def refuse(self, placement):
        return ImageWriteError(f"{placement.key}: the connection was lost")

    monkeypatch.setattr(UrlStorage, "_commit", refuse)
    assert filter_folder(uploaded, uploaded, blur, in_place=True).failed == len(NAMES)
    monkeypatch.undo()
    assert outputs(uploaded) == sharp
    assert filter_folder(uploaded, uploaded, blur, in_place=True).ok == len(NAMES)
    assert all(data != sharp[name] for name, data in outputs(uploaded).items())


@pytest.fixture
def edit_meanwhile(uploaded, monkeypatch):
    """Let somebody write b.png anew at a moment that the test chooses."""
    new = remote.read_bytes(parse_place(uploaded) / "a.png")

    def edit():
        remote.write_whole(parse_place(uploaded) / "b.png", new, overwrite=True)

    def before(place, name):
        real = getattr(place, name)

        def call(*arguments, **named):
            monkeypatch.undo()
            edit()
            return real(*arguments, **named)

        monkeypatch.setattr(place, name, call)

    return before, new


def test_an_edit_during_a_run_in_place_wins(uploaded, edit_meanwhile):
    before, new = edit_meanwhile
    before(UrlStorage, "sync")
    recipe = recipe_from({"kernels": ["sharpen"]})
    report = filter_folder(uploaded, uploaded, recipe, in_place=True, assume_new=True, jobs=1)
    assert [row.message for row in report.failures] == [
        "b.png: another program changed it during the run, so it was not replaced (run again)"
    ]
    assert remote.read_bytes(parse_place(uploaded) / "b.png") == new
    again = filter_folder(uploaded, uploaded, recipe, in_place=True, jobs=1)
    assert (again.ok, again.skipped, again.failed) == (1, len(NAMES) - 1, 0)


@pytest.mark.services
def test_an_edit_in_the_last_moment_wins_on_s3(uploaded, folder, edit_meanwhile):
    if not folder.startswith("s3://"):
        return
    before, new = edit_meanwhile
    before(remote, "write_whole")
    url = parse_place(uploaded) / "b.png"
    version = remote.version_of(url)
    with pytest.raises(ImageWriteError, match=r"b\.png: another program changed it"):
        remote.write_whole(url, b"filtered", overwrite=True, match=version)
    assert remote.read_bytes(url) == new


def test_backups_of_a_run_in_place(uploaded):
    old = outputs(uploaded)
    recipe = recipe_from({"kernels": ["sharpen"]})
    filter_folder(uploaded, uploaded, recipe, in_place=True, assume_new=True, backup=".orig")
    for name in NAMES:
        assert remote.read_bytes(parse_place(uploaded) / f"{name}.orig") == old[name]
        assert remote.read_bytes(parse_place(uploaded) / name) != old[name]
