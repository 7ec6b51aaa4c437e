"""IN and OUT of a single run may be URLs."""

from __future__ import annotations

from cli.program import assert_fails, save, written

from imgconv import filter_image
from imgconv.io.images.image_files import decode
from imgconv.io.storage import remote
from imgconv.io.storage.locations import parse_place


def test_there_and_back(run, rgb, tmp_path, folder):
    save(tmp_path / "in.png", rgb)
    assert run("apply", "in.png", f"{folder}/up.png", "-k", "sharpen").code == 0
    again = run("apply", "in.png", f"{folder}/up.png", "-k", "sharpen")
    assert_fails(again, 5, "up.png exists", "--overwrite")
    assert run("apply", "in.png", f"{folder}/up.png", "-k", "sharpen", "--overwrite").code == 0
    expected = filter_image(rgb, kernels=["sharpen"])
    found = decode(remote.read_bytes(parse_place(f"{folder}/up.png")), "up")
    assert (found == expected).all()
    assert run("apply", f"{folder}/up.png", "down.png").code == 0
    assert (written(tmp_path / "down.png")[..., ::-1] == expected).all()
    assert run("gray", f"{folder}/up.png", f"{folder}/gray.png").code == 0
    compared = run("compare", f"{folder}/up.png", "-k", "blur")
    assert compared.out.startswith(b"OpenCV")


def test_what_fails(run, photo, folder):
    assert_fails(run("apply", f"{folder}/no.png", "o.png"), 4, "no.png: no such file")
    assert_fails(run("apply", "photo.png", f"{folder}/x.xyz", "-k", "blur"), 5, ".xyz")
    assert_fails(run("apply", "photo.png", "https://127.0.0.1:9/a.png", "-k", "blur"), 5, "a.png")
    secret = run("apply", "photo.png", "sftp://me:pw@127.0.0.1/a.png", "-k", "blur")
    assert_fails(secret, 2, "must not hold a password")
    assert "pw" not in secret.err
