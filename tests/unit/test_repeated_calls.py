"""The public calls remember what they found: the second call gives what the first one gives."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import imgconv
from imgconv.io.config import ready
from imgconv.io.config.ready import READY
from imgconv.model.errors import ArgumentError


@pytest.fixture(autouse=True)
def nothing_kept():
    READY.clear()


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def images(rng):
    for dtype in (np.uint8, np.uint16, np.int16):
        for shape in ((9, 7), (9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4)):
            info = np.iinfo(dtype)
            yield rng.integers(info.min, info.max + 1, shape).astype(dtype)
    yield rng.normal(size=(9, 7)).astype(np.float32)


OPTIONS = [
    {},
    {"border": "constant", "border_value": 7},
    {"border": "ignore"},
    {"output_range": "rescale"},
    {"depth": "f32", "rounding": "truncate"},
    {"stride": 2, "size": "full"},
    {"stride": [2, 1]},
    {"anchor": (0, 0)},
    {"threads": 2},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("kernel", ["sharpen", "sobel", "gaussian:1", np.ones((3, 3)) / 9])
@pytest.mark.sampled(5)
def test_again_is_the_same(monkeypatch, rng, options, kernel):
    for image in images(rng):
        if isinstance(kernel, str) and kernel == "sobel" and options.get("border") == "ignore":
            continue
        other = image[::-1].copy()
        for call in (imgconv.correlate, imgconv.filter_image):
            if call is imgconv.filter_image and not isinstance(kernel, str):
                continue
            first = [call(image, kernel, **options), call(other, kernel, **options)]
            again = [call(image, kernel, **options), call(other, kernel, **options)]
            readonly = image.copy()
            readonly.flags.writeable = False
            wide = np.repeat(image, 2, axis=0)[::2]
            again += [call(readonly, kernel, **options), call(wide, kernel, **options)]
            for made, expected in zip(again, [*first, first[0], first[0]], strict=True):
                assert made.dtype == expected.dtype
                assert np.array_equal(made, expected, equal_nan=made.dtype.kind == "f")


def test_equal_arguments_of_other_types_are_still_refused(rng):
    image = rng.integers(0, 256, (9, 7)).astype(np.uint8)
    for call in (imgconv.correlate, imgconv.filter_image):
        for _ in range(3):
            call(image, "sharpen", threads=1, stride=1)
        with pytest.raises(ArgumentError, match="stride"):
            call(image, "sharpen", stride=1.5)
        with pytest.raises(ArgumentError, match="threads"):
            call(image, "sharpen", threads=1.0, stride=1)


def test_a_kernel_that_is_changed_in_place(rng):
    image = rng.integers(0, 256, (9, 7)).astype(np.uint8)
    kernel = np.array([[0, 1, 0]])
    assert (imgconv.correlate(image, kernel) == image).all()
    kernel[0, 1] = 0
    assert not imgconv.correlate(image, kernel).any()


def test_another_bank_is_seen(monkeypatch, tmp_path, rng):
    image = rng.integers(0, 256, (9, 7)).astype(np.uint8)
    before = [call(image, "sharpen") for call in (imgconv.correlate, imgconv.filter_image)]
    (tmp_path / "own.yaml").write_text("kernels:\n  sharpen:\n    weights: [[0]]\n")
    monkeypatch.setenv("IMGCONV_KERNELS", str(tmp_path))
    for call in (imgconv.correlate, imgconv.filter_image):
        assert not call(image, "sharpen").any()
    monkeypatch.delenv("IMGCONV_KERNELS")
    for call, made in zip((imgconv.correlate, imgconv.filter_image), before, strict=True):
        assert (call(image, "sharpen") == made).all()


def test_a_file_is_read_again(tmp_path, rng):
    image = rng.integers(0, 256, (9, 7)).astype(np.uint8)
    for weight in (1, 0):
        (tmp_path / "k.txt").write_text(f"{weight}\n")
        for call in (imgconv.correlate, imgconv.filter_image):
            assert call(image, str(tmp_path / "k.txt")).any() == bool(weight)


def test_another_engine_is_asked(monkeypatch, rng):
    image = rng.integers(0, 256, (9, 7)).astype(np.uint8)
    expected = [imgconv.correlate(image, "sharpen"), imgconv.filter_image(image, "sharpen")]
    from imgconv.engines.reference import ReferenceEngine

    asked = []
    real = ReferenceEngine.correlate
    monkeypatch.setattr(
        ReferenceEngine, "correlate", lambda self, job: asked.append(job) or real(self, job)
    )
    monkeypatch.setenv("IMGCONV_ENGINE", "reference")
    made = [imgconv.correlate(image, "sharpen"), imgconv.filter_image(image, "sharpen")]
    assert len(asked) == 2
    assert all((a == b).all() for a, b in zip(made, expected, strict=True))


def test_from_many_threads(monkeypatch, rng):
    monkeypatch.setattr(ready, "_MOST_KEPT", 4)
    parts = [rng.integers(0, 256, (9, 5 + n)).astype(np.uint8) for n in range(12)]
    expected = [imgconv.correlate(part, "sharpen") for part in parts]
    wrong = []

    def work():
        for _ in range(30):
            for part, made in zip(parts, expected, strict=True):
                both = imgconv.correlate(part, "sharpen"), imgconv.filter_image(part, "sharpen")
                if not all((one == made).all() for one in both):
                    wrong.append(part.shape)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
