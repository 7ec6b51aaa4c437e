"""The project's own goldens: what the kernels yield on the charts, with each engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgconv.engines.select import native_engine
from imgconv.jobs.golden.check import check_goldens
from imgconv.jobs.golden.text_report import describe

CONFIG = Path(__file__).with_name("golden.yaml")


@pytest.mark.parametrize("engine", ["reference", "native"])
def test_the_charts_yield_what_they_did(monkeypatch, engine):
    if engine == "native" and native_engine() is None:
        pytest.skip("the native core was not built")
    monkeypatch.setenv("IMGCONV_ENGINE", engine)
    report = check_goldens(CONFIG)
    assert report.exit_code == 0, describe(report)
    assert report.cases > 20
