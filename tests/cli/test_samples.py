"""`imgconv samples`: photographs to try things on."""

from __future__ import annotations

import numpy as np
from cli.program import assert_fails, written


def test_it_writes_the_photographs_of_scikit_image(run, tmp_path, camera, astronaut):
    done = run("samples", "new/photos")
    names = sorted(path.name for path in (tmp_path / "new" / "photos").iterdir())
    assert (done.code, done.out) == (0, b"")
    assert f"{len(names)} photographs" in done.err
    assert np.array_equal(written(tmp_path / "new/photos/camera.png"), camera)
    assert np.array_equal(written(tmp_path / "new/photos/astronaut.png"), astronaut[..., ::-1])


def test_what_is_there_is_kept_unless_asked(run, tmp_path):
    mine = tmp_path / "photos" / "camera.png"
    mine.parent.mkdir()
    mine.write_text("mine")
    kept = run("samples", "photos")
    assert (kept.code, mine.read_text()) == (0, "mine")
    assert "1 were there" in kept.err or "1 was there" in kept.err
    assert run("samples", "photos", "--overwrite").code == 0
    assert written(mine).shape == (512, 512)


def test_a_file_in_the_place_of_the_folder(run, tmp_path):
    (tmp_path / "photos").write_text("a file")
    assert_fails(run("samples", "photos"), 5, "photos")
    assert_fails(run("samples", "photos/deeper"), 5, "photos/deeper")
    assert (tmp_path / "photos").read_text() == "a file"
