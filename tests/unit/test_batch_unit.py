"""One file of a batch: what its row says, apart from processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgconv.engines.cv2_library import cv2_version, load_cv2
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage import files
from imgconv.io.storage.local import LocalStorage
from imgconv.jobs.batch import process_one as module
from imgconv.jobs.batch.items import Item, RunSettings
from imgconv.jobs.batch.process_one import process_one
from imgconv.model.errors import ImageReadError, MissingDependencyError


def settings(root: Path) -> RunSettings:
    recipe = recipe_from({"kernels": ["sharpen"]})
    storage = LocalStorage(str(root))
    files = Reading(), Encoding()
    return RunSettings(recipe, "hash", None, *files, storage, "engine", threads=1, room=1 << 30)


def item(source: Path) -> Item:
    return Item(0, str(source), "a.png", "a.png", source.stat().st_size)


@pytest.mark.parametrize(
    ("error", "final"), [(MissingDependencyError("no libGL"), False), (ImageReadError("cut"), True)]
)
def test_only_what_lies_in_the_picture_is_final(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, final: bool
) -> None:
    """A library that is missing may be there the next time."""

    def fail(*_: object, **__: object) -> None:
        raise error

    source = tmp_path / "a.png"
    source.write_bytes(b"\x89PNG\r\n\x1a\n")
    monkeypatch.setattr(module, "filter_bytes", fail)
    row = process_one(settings(tmp_path / "out"), item(source)).row
    assert (row.status, row.final, row.message) == ("failed", final, str(error))


def test_content_that_was_read_ahead_is_not_read_again(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "sample_images" / "text.png"
    with LocalStorage(str(tmp_path / "out")).exclusive():  # what is staged goes
        content = files.read_content(source)
        gone = item(source)._replace(source=str(tmp_path / "gone.png"), content=content)
        result = process_one(settings(tmp_path / "out"), gone)
    assert result.row.status == "ok"
    assert result.row.input == content.stamp


def test_a_folder_of_outputs_is_listed_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old.png").touch()
    tree = LocalStorage(str(tmp_path))
    assert tree.had("sub/old.png")
    assert not tree.had("sub/new.png")
    (tmp_path / "sub" / "new.png").touch()
    assert not tree.had("sub/new.png")
    assert tree.has("sub/new.png")
    assert not tree.had("nowhere/a.png")


def test_the_version_is_that_of_the_opencv_that_would_be_loaded() -> None:
    assert cv2_version().startswith(str(load_cv2().__version__))
