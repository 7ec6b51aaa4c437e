"""What is a URL, and what is a path."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgconv.io.storage.locations import Url, parse_place
from imgconv.model.errors import ArgumentError


@pytest.mark.parametrize("text", ["a.png", "./a", "/tmp/x", "C:/a.png", "s3:/a", "-", "a://b"])
def test_paths_stay_paths(text):
    assert parse_place(text) == Path(text)


def test_a_url_in_its_parts():
    url = parse_place("s3://bucket/a b/c.tar.gz?x=1#y")
    assert url == Url("s3", "bucket", "/a b/c.tar.gz", "?x=1#y")
    assert (url.name, url.suffix, str(url)) == ("c.tar.gz", ".gz", "s3://bucket/a b/c.tar.gz")
    assert url.text == "s3://bucket/a b/c.tar.gz?x=1#y"
    assert str(parse_place("s3://bucket") / "a/b.png") == "s3://bucket/a/b.png"


def test_a_password_is_refused():
    with pytest.raises(ArgumentError, match="must not hold a password"):
        parse_place("sftp://me:secret@host/a.png")
    assert str(parse_place("sftp://me@host/a.png")) == "sftp://me@host/a.png"
