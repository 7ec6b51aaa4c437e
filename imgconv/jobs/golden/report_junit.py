"""A check as JUnit XML, as Jenkins and Ant describe it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from imgconv.jobs.golden.result import CaseResult, GoldenReport, Status
from imgconv.jobs.golden.text_report import details

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: GoldenReport, name: str = "imgconv golden") -> bytes:
    """Return the XML: one testcase for each result; missing and unused goldens are failures too."""
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
        {"classname": name, "name": result.name, "time": f"{result.seconds:.3f}"},
    )
    if result.status is not Status.PASSED:
        message = _clean(result.reasons[0])
        failure = ET.SubElement(case, "failure", type=result.status.value, message=message)
        failure.text = _clean("\n".join([*result.reasons, *details(result)]))


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NOT_XML.sub("?", text)
