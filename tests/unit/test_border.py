"""Names of border modes: ours, clear aliases, dialects, and what is ambiguous."""

from __future__ import annotations

import pytest

from imgconv.model.border import Border
from imgconv.model.errors import ArgumentError

PICTURES = {
    "replicate": "aaa|abcd|ddd",
    "reflect": "cba|abcd|dcb",
    "reflect101": "dcb|abcd|cba",
    "wrap": "bcd|abcd|abc",
}


@pytest.mark.parametrize(("name", "picture"), PICTURES.items())
def test_pictures(name, picture):
    seen = "".join("abcd"[Border(name).source_index(i, 4)] for i in range(-3, 7))
    assert f"{seen[:3]}|{seen[3:7]}|{seen[7:]}" == picture


@pytest.mark.parametrize(
    ("name", "border"),
    [
        ("Replicate", "replicate"),
        ("zero", "constant"),
        ("edge", "replicate"),
        ("nearest", "replicate"),
        ("circular", "wrap"),
        ("symmetric", "reflect"),
        ("mirror101", "reflect101"),
        ("np:reflect", "reflect101"),
        ("np:symmetric", "reflect"),
        ("scipy:reflect", "reflect"),
        ("scipy:mirror", "reflect101"),
        ("scipy:grid_wrap", "wrap"),
        ("torch:reflect", "reflect101"),
        ("torch:circular", "wrap"),
        ("im:mirror", "reflect"),
        ("im:tile", "wrap"),
        ("vips:copy", "replicate"),
        ("cv2:default", "reflect101"),
    ],
)
def test_names(name, border):
    assert Border.parse(name) is Border(border)


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("mirror", "different things", "scipy:mirror or im:mirror or vips:mirror"),
        ("repeat", "different things", "vips:repeat"),
        ("np:mirror", "np has no border mode", "np:edge"),
        ("bogus", "no border mode is called 'bogus'", "choose from constant, replicate"),
    ],
)
def test_refusals(name, words, hint):
    with pytest.raises(ArgumentError, match=words) as caught:
        Border.parse(name)
    assert hint in caught.value.hint
