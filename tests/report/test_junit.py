"""The JUnit XML, read with the standard library's parser."""

from xml.etree import ElementTree as ET

from tests.support.reports import MISMATCHED, verification
from tinygen.report.junit import junit_xml
from tinygen.verify import Comparison


def _suite(text: str) -> ET.Element:
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    (suite,) = root
    return suite


def test_one_case_per_sample_and_none_fails_when_bit_exact():
    suite = _suite(junit_xml(verification(), Comparison(3)))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "0")
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [f"models/layered.tflite sample {n}" for n in range(3)]
    assert all(len(case) == 0 for case in cases)


def test_mismatched_samples_fail_and_the_first_names_the_layer():
    suite = _suite(junit_xml(verification(MISMATCHED), MISMATCHED))
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    failures = [case.find("failure") for case in suite.findall("testcase")]
    assert failures[0] is None
    assert failures[1] is not None
    assert failures[2] is not None
    assert failures[1].get("message") == "not bit-exact with TensorFlow Lite Micro 0.dev1"
    assert "output 0[0, 1, 0, 1]: expected 5, got -6; 2 of 8 elements differ" in str(failures[1].text)
    assert "first diverging layer: kept (MUL, step 2)" in str(failures[1].text)
    assert "first diverging layer" not in str(failures[2].text)


def test_what_was_tested_is_in_the_properties():
    suite = _suite(junit_xml(verification(), Comparison(3)))
    found = {item.get("name"): item.get("value") for item in suite.iter("property")}
    assert found["oracle"] == "TensorFlow Lite Micro 0.dev1"
    assert found["emulator"] == "qemu (mps2-an386)"
    assert found["instructions_per_inference"] == "210"
    assert found["memory_arena"] == "160"
    uncounted = _suite(junit_xml(verification(inferences=()), Comparison(3)))
    assert "instructions_per_inference" not in {item.get("name") for item in uncounted.iter("property")}


def test_names_that_xml_cannot_hold_are_replaced():
    report = verification()
    odd = report.model_copy(update={"model": report.model.model_copy(update={"path": '<a&"\x00\x1b\ud800'})})
    suite = _suite(junit_xml(odd, Comparison(1)))
    assert suite.get("name") == '<a&"\ufffd\ufffd\ufffd on mps2-an386'
