"""What users read is plain English: these phrases are not in what `tests/strings.py` lists."""

from __future__ import annotations

import re

import pytest
import strings

RIDDLES = [
    r"\bof ours\b",
    r"\bmakes no sense\b",
    r"\bis no (amount|number of pixels|path|engine|pooling|input of)\b",
    r"\bthe way out\b",
    r"\bdoes what is left\b",
    r"\ba bug of\b",
    r"\bHold a\b",
    r"\bwhat it may be\b",
    r"\bcame about\b",
    r"\bno number of bits\b",
    r"\bnot what it says\b",
    r"\btells? of\b",
    r"\bstands here\b",
    r"\bstored turned\b",
    r"\bsay (it|whose)\b",
    r"\bnames no weights\b",
    r"\bdepart from\b",
    r"\bdo not see each other\b",
    r"\bare too little\b",
    r"\{\} (numbers|weights|values|channels) (are|do|where)\b",
]


def test_the_list_has_messages_hints_and_help():
    found = {one.text for one in strings.texts()}
    assert len(found) > 800
    assert "IN and OUT are missing" not in found  # it is put together
    assert "--overwrite replaces it" in found
    assert any(text.startswith("Filter the image IN into the file OUT") for text in found)


@pytest.mark.parametrize("riddle", RIDDLES)
def test_no_riddles(riddle):
    found = [one for one in strings.texts() if re.search(riddle, one.text)]
    assert not found
