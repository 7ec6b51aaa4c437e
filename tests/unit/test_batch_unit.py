"""One file of a batch: what its row says, apart from processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgconv.engines.opencv import cv2_version, load_cv2
from imgconv.io.config.recipes import recipe_from
from imgconv.io.images.picture import Encoding, Reading
from imgconv.io.storage import files
from imgconv.io.storage.output_tree import OutputTree
from imgconv.jobs.batch import unit
from imgconv.jobs.batch.protocol import Task, Work
from imgconv.model.errors import ImageReadError, MissingDependencyError


def work(root: Path) -> Work:
    recipe = recipe_from({"kernels": ["sharpen"]})
    return Work(recipe, "hash", None, str(root), "", 1, 1 << 30, Reading(), Encoding())


def task(source: Path) -> Task:
    return Task(0, str(source), "a.png", "a.png", source.stat().st_size, False, False)


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
    monkeypatch.setattr(unit, "filter_bytes", fail)
    entry = unit.Unit(work(tmp_path / "out"), "engine").do(task(source)).entry
    assert (entry.status, entry.final, entry.message) == ("failed", final, str(error))


def test_content_that_was_read_ahead_is_not_read_again(tmp_path: Path) -> None:
    source = Path(__file__).parents[2] / "sample_images" / "text.png"
    tree = OutputTree(str(tmp_path / "out"))
    with tree.open():
        content = files.read_stamped(source)
        gone = task(source)._replace(source=str(tmp_path / "gone.png"))
        result = unit.Unit(work(tmp_path / "out"), "engine").do(gone, content)
        tree.close()  # what was staged goes
    assert result.entry.status == "ok"
    assert result.entry.input == content[1]


def test_a_folder_of_outputs_is_listed_once(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "old.png").touch()
    tree = OutputTree(str(tmp_path))
    assert tree.had("sub/old.png")
    assert not tree.had("sub/new.png")
    (tmp_path / "sub" / "new.png").touch()
    assert not tree.had("sub/new.png")
    assert tree.has("sub/new.png")
    assert not tree.had("nowhere/a.png")


def test_the_version_is_that_of_the_opencv_that_would_be_loaded() -> None:
    assert cv2_version().startswith(str(load_cv2().__version__))
