"""A report as JUnit XML, as Jenkins and Ant describe it."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from imgconv.jobs.golden.result import CaseReport, CaseResult, Status, Wording
from imgconv.jobs.golden.text_report import explanation
from imgconv.model.text import visible


def mark(wording: Wording) -> bytes:
    """Return what a report of a command has near its beginning."""
    return f'<testsuite name="{_suite_name(wording)}"'.encode()


def _suite_name(wording: Wording) -> str:
    return f"imgconv {wording.command}"


def junit(report: CaseReport) -> bytes:
    """Return the XML: one testcase for each result; missing and unused goldens are failures too."""
    name = _suite_name(report.wording)
    results = report.results
    seconds = sum(result.seconds for result in results)
    suites = ET.Element("testsuites")
    suite = ET.SubElement(
        suites,
        "testsuite",
        {
            "name": name,
            "package": name,
            "id": "0",
            "tests": str(len(results)),
            "failures": str(len(report.broken())),
            "errors": "0",
            "time": f"{seconds:.3f}",
            "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            "hostname": "localhost",
        },
    )
    properties = ET.SubElement(suite, "properties")
    counts = {key: value for key, value in report.as_dict().items() if isinstance(value, int)}
    for key, value in counts.items():
        ET.SubElement(properties, "property", name=key, value=str(value))
    for result in results:
        _testcase(suite, result, name)
    ET.SubElement(suite, "system-out")
    ET.SubElement(suite, "system-err")
    ET.indent(suites)
    text: bytes = ET.tostring(suites, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _testcase(suite: ET.Element, result: CaseResult, name: str) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        {"classname": name, "name": visible(result.name), "time": f"{result.seconds:.3f}"},
    )
    if result.status is not Status.PASSED:
        lines = explanation(result)
        failure = ET.SubElement(case, "failure", type=result.status.value, message=lines[0])
        failure.text = "\n".join(lines)
