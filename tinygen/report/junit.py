"""The JUnit XML of `tinygen test --junit`: one test case per sample."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from tinygen.report.text import divergence_text, oracle_text, printable
from tinygen.report.verification import VerificationReport
from tinygen.verify import Comparison, OutputMismatch


def junit_xml(report: VerificationReport, comparison: Comparison) -> str:
    """The test suite of one `tinygen test`, in the form that CI servers read.

    Args:
        report: of the run.
        comparison: the one that the report was made from.
    """
    failed = {mismatch.sample for mismatch in comparison.mismatches}
    counts = {
        "tests": str(comparison.samples),
        "failures": str(len(failed)),
        "errors": "0",
        "skipped": "0",
    }
    model = printable(report.model.path, 200)
    suites = ET.Element("testsuites", {"name": "tinygen", **counts})
    suite = ET.SubElement(suites, "testsuite", {"name": f"{model} on {report.board}", **counts})
    properties = ET.SubElement(suite, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": name, "value": value})
    for sample in range(comparison.samples):
        case = ET.SubElement(
            suite, "testcase", {"classname": f"tinygen.{report.board}", "name": f"{model} sample {sample}"}
        )
        differing = [mismatch for mismatch in comparison.mismatches if mismatch.sample == sample]
        if differing:
            _add_failure(case, report, differing)
    ET.indent(suites)
    body = ET.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _properties(report: VerificationReport) -> list[tuple[str, str]]:
    found = [
        ("tinygen", report.tool),
        ("oracle", oracle_text(report.oracle)),
        ("emulator", f"{report.emulator} ({report.machine})"),
        ("stand_in", str(report.stand_in).lower()),
        ("model_sha256", report.model.sha256),
        ("image_sha256", report.image.sha256),
        ("toolchain", printable(report.image.toolchain, 200)),
    ]
    if report.instructions is not None:
        found.append((f"{report.counter}_per_inference", str(report.instructions.per_inference)))
    measured = report.memory.model_dump()
    return found + [(f"memory_{kind}", str(size)) for kind, size in measured.items() if size is not None]


def _add_failure(case: ET.Element, report: VerificationReport, differing: list[OutputMismatch]) -> None:
    lines = []
    for mismatch in differing:
        found = mismatch.difference
        lines.append(
            f"output {mismatch.output}{list(found.index)}: expected {found.expected}, got {found.actual}; "
            f"{found.count} of {found.elements} elements differ"
        )
    first = report.first_divergence
    if first is not None and first.sample == differing[0].sample:
        lines.append(divergence_text(first))
    message = f"not bit-exact with {oracle_text(report.oracle)}"
    failure = ET.SubElement(case, "failure", {"message": message, "type": "mismatch"})
    failure.text = "\n".join(lines)
