"""Which engine is chosen, and what is said where the core is not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from imgconv.engines import select
from imgconv.engines.reference import ReferenceEngine
from imgconv.model.errors import ArgumentError, MissingDependencyError


@pytest.fixture
def without_core(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Give the place of the build's note, in an installation that has no core."""
    monkeypatch.delenv("IMGCONV_ENGINE", raising=False)
    monkeypatch.setattr(select, "load_core", lambda: None)
    monkeypatch.setattr(select, "_NOTE", tmp_path / "not_built.txt")
    select.native_engine.cache_clear()
    yield tmp_path / "not_built.txt"
    select.native_engine.cache_clear()


def test_without_a_core_the_reference_is_chosen(without_core: Path) -> None:
    assert isinstance(select.select_engine(), ReferenceEngine)


def test_the_builds_reason_is_told(without_core: Path) -> None:
    without_core.write_text("the C++ compiler failed to build the native core\n")
    expected = "the native core is missing: the C++ compiler failed to build the native core"
    assert select.describe_engine() == f"reference, slow: {expected}"


def test_without_a_reason_the_core_was_not_built(without_core: Path) -> None:
    assert select.describe_engine().endswith("is missing: it was not built")


def test_a_core_that_is_asked_for_and_not_there(
    without_core: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_core.write_text("no C++ compiler was found\n")
    monkeypatch.setenv("IMGCONV_ENGINE", "native")
    with pytest.raises(MissingDependencyError, match="is missing: no C\\+\\+ compiler was found"):
        select.select_engine()


def test_no_engine_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMGCONV_ENGINE", "gpu")
    with pytest.raises(ArgumentError, match="'gpu', which is not an engine"):
        select.select_engine()
