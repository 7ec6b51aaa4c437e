"""Every report of one check tells the same, and JUnit's keeps to the schema."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest

from imgconv.jobs.golden.record import record_goldens
from imgconv.jobs.golden.reports import check_with_reports
from imgconv.jobs.golden.result import Status
from imgconv.jobs.golden.store import GoldenStore
from imgconv.jobs.golden.text_report import counts

SCHEMA = Path(__file__).with_name("junit.xsd")
ALL = """version: 1
goldens: goldens
cases:
  - {name: same, actual: a.png}
  - {name: block, actual: b.png}
  - {name: "size", actual: c.png}
  - {name: absent, actual: a.png}
  - {name: unreadable, actual: none.png}
"""


def save(path, image):
    assert cv2.imwrite(str(path), image)


@pytest.fixture(scope="module")
def checked(tmp_path_factory, camera):
    """Give the folder of a check in which everything happens, with its reports."""
    folder = tmp_path_factory.mktemp("set")
    for name in "abc":
        save(folder / f"{name}.png", camera)
    path = folder / "golden.yaml"
    path.write_text(ALL.replace("  - {name: absent, actual: a.png}\n", "")
                       .replace("none.png", "a.png"))  # fmt: skip
    record_goldens(path)
    GoldenStore(folder / "goldens").record("stray", camera, hash_only=True)
    block = camera.copy()
    block[100:112, 300:312] = 255 - block[100:112, 300:312]
    save(folder / "b.png", block)
    save(folder / "c.png", camera[:-7])
    path.write_text(ALL)
    report = check_with_reports(
        path, html=folder / "r.html", junit=folder / "j.xml", failures=folder / "failures"
    )
    return folder, report


def embedded(page):
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(text[1])


def test_all_counts_agree(checked):
    folder, report = checked
    facts = report.as_dict()
    wanted = {"passed": 1, "failed": 3, "missing": 1, "unused": 1}
    assert {key: facts[key] for key in wanted} == wanted
    assert facts["cases"] == 5
    assert counts(report) == "5 cases: 1 passed, 3 failed, 1 missing; 1 unused"
    for status in Status:
        assert facts[status.value] == sum(r["status"] == status.value for r in facts["results"])
    data = embedded((folder / "r.html").read_text())
    assert data["counts"] == {"all": 6, **wanted}
    assert data["note"] == counts(report)
    for status, count in wanted.items():
        assert sum(entry["status"] == status for entry in data["entries"]) == count
    suite = ET.parse(folder / "j.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("6", "5")
    failures = [failure.get("type") for failure in suite.iter("failure")]
    assert {status: failures.count(status) for status in wanted} == {**wanted, "passed": 0}
    kept = {path.name for path in (folder / "failures").iterdir()}
    assert kept == {"block", "size", "absent", ".imgconv-failures"}
    assert report.exit_code == 4


def test_junit_keeps_to_the_schema(checked):
    import xmlschema

    schema = xmlschema.XMLSchema(SCHEMA)
    path = checked[0] / "j.xml"
    schema.validate(path)
    for wanted in (' errors="0"', "<system-out />", ' classname="imgconv golden"'):
        text = path.read_text().partition("?>")[2]
        assert wanted in text
        with pytest.raises(xmlschema.XMLSchemaValidationError):
            schema.validate(text.replace(wanted, "", 1))


def test_junit_holds_what_xml_cannot(tmp_path):
    from imgconv.jobs.golden.report_junit import junit
    from imgconv.jobs.golden.result import CaseReport, CaseResult

    bad = CaseResult(name="x", status=Status.FAILED, reasons=("a\x00b <&> \x1b[31m",))
    root = ET.fromstring(junit(CaseReport(Path("golden.yaml"), (bad,))))
    assert next(root.iter("failure")).get("message") == "a\\x00b <&> \\x1b[31m"


def test_a_large_picture_is_shown_in_part(tmp_path):
    from imgconv.jobs.reports.report_page import View, make_entry
    from imgconv.ops.compare.difference import Rectangle

    image = np.zeros((100, 50_000), np.uint8)
    image[60, 40_000] = 255
    view, worst = View("actual", "actual", image), Rectangle(50, 39_990, 16, 16)
    entry = make_entry("x", "failed", ["it"], [view], worst)
    assert (entry.rows, entry.columns) == (100, 1600)
    assert entry.words[-1].startswith("shown here: rows 0 to 99, columns 39198 to ")
    assert (entry.worst.row, entry.worst.column) == (50, 39_990 - 39_198)


def test_a_full_page_takes_words_alone(tmp_path, camera, monkeypatch):
    monkeypatch.setattr("imgconv.jobs.golden.report_html.LARGEST_PAGE", 0)
    save(tmp_path / "a.png", camera)
    path = tmp_path / "golden.yaml"
    cases = "cases:\n  - {name: one, actual: a.png}\n  - {name: two, actual: a.png}\n"
    path.write_text(f"version: 1\ngoldens: goldens\n{cases}")
    check_with_reports(path, html=tmp_path / "r.html", jobs=1)
    one, two = embedded((tmp_path / "r.html").read_text())["entries"]
    assert len(one["views"]) == 1
    assert two["views"] == []
    assert "--html DIR" in two["words"][-1]


def test_nothing_in_a_name_ends_the_script(tmp_path):
    from imgconv.jobs.reports.report_page import make_entry, render_report

    entry = make_entry("</script><b>", "failed", ["<!--<script>"], [])
    page = render_report("<t>", [entry], {"all": 1}).decode()
    assert embedded(page)["entries"][0]["name"] == "</script><b>"
    assert page.count("</script>") == 2
