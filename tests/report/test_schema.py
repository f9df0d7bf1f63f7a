"""The JSON of reports: its keys, its published schemas, and what it refuses to say."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.reports import COUNTED, MISMATCHED, build, inspected, verification
from tinygen.boards import all_boards
from tinygen.emulators.interface import Inference
from tinygen.report.build import boards_report
from tinygen.report.schema import REPORTS, schema_text, write_schemas
from tinygen.report.verification import VerificationReport

DOCS = Path(__file__).parents[2] / "docs" / "schema"


@pytest.mark.parametrize("command", REPORTS)
def test_published_schemas_are_current(command):
    published = (DOCS / f"{command}.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(command), "python -m tinygen.report.schema docs/schema"


def test_every_schema_is_published_and_no_other(tmp_path):
    write_schemas(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in DOCS.iterdir()}


def test_the_verification_report_has_the_keys_of_version_1():
    found = json.loads(verification(MISMATCHED).to_json())
    assert found["schema"] == 1
    assert list(found) == [
        "schema", "tool", "oracle", "model", "board", "emulator", "machine", "stand_in", "image", "bit_exact",
        "samples", "mismatched_outputs", "first_divergence", "counter", "counted_by", "instructions",
        "memory",
    ]  # fmt: skip
    assert set(found["oracle"]) == {"name", "version"}
    assert set(found["model"]) == {"path", "sha256", "macs", "live_macs"}
    assert set(found["image"]) == {"path", "sha256", "env", "toolchain"}
    assert {"layer", "op", "tensor", "index", "expected", "actual"} <= set(found["first_divergence"])
    assert set(found["instructions"]) == {"per_inference", "layers"}
    assert set(found["instructions"]["layers"][0]) == {
        "index", "name", "op", "ops", "set", "kernel", "device", "instructions", "macs",
    }  # fmt: skip
    assert set(found["memory"]) == {
        "arena", "scratch", "state", "lower_bound", "static_ram", "stack", "weights", "constants", "code",
    }  # fmt: skip


def test_what_was_not_measured_is_null():
    found = json.loads(verification(inferences=[Inference((b"",), None, None, None)]).to_json())
    assert found["counter"] == "none"
    assert found["instructions"] is None
    assert found["first_divergence"] is None
    assert json.loads(build().to_json())["models"][0]["memory"]["stack"] is None


@pytest.mark.parametrize(
    ("command", "report"),
    [
        ("test", verification()),
        ("test", verification(MISMATCHED)),
        ("build", build()),
        ("inspect", inspected()),
        ("inspect", inspected(supported=False)),
        ("boards", boards_report(all_boards())),
    ],
)
def test_reports_keep_their_schema_and_can_be_read_back(command, report):
    schema = json.loads(schema_text(command))
    found = json.loads(report.to_json())
    assert set(schema["required"]) == set(found), "every key is there, absent values are null"
    assert REPORTS[command].model_validate_json(report.to_json()) == report


def test_schemas_stay_open_to_later_keys_and_describe_every_field():
    for command in REPORTS:
        schema = json.loads(schema_text(command))
        for item in (schema, *schema["$defs"].values()):
            assert "additionalProperties" not in item
            assert item["description"]
            assert all("description" in field or "$ref" in field for field in item["properties"].values())


def test_a_report_cannot_contradict_itself():
    right = json.loads(verification().to_json())
    for change in ({"bit_exact": False}, {"mismatched_outputs": 1}, {"samples": 0}, {"instructions": None}):
        with pytest.raises(ValidationError, match=r"contradicts|exactly where"):
            VerificationReport.model_validate_json(json.dumps(right | change))


@pytest.mark.parametrize(
    "change", [{"samples": "3"}, {"board": 1}, {"extra": 1}, {"schema": 2}, {"samples": -1}]
)
def test_nothing_is_converted_or_unknown(change):
    with pytest.raises(ValidationError):
        VerificationReport.model_validate_json(json.dumps(json.loads(verification().to_json()) | change))


def test_the_instructions_are_those_of_the_sample_that_took_most():
    slow = Inference((b"",), (1, 2, 3, 4), 300, None)
    counts = verification(inferences=[COUNTED, slow, COUNTED]).instructions
    assert counts is not None
    assert counts.per_inference == 300
    assert [layer.instructions for layer in counts.layers] == [1, 2, 3, 4]


def test_a_total_without_layers_leaves_the_layers_null():
    counts = verification(inferences=[Inference((b"",), None, 77, None)]).instructions
    assert counts is not None
    assert counts.per_inference == 77
    assert [layer.instructions for layer in counts.layers] == [None] * 4


def test_floats_that_json_cannot_say_are_null():
    report = verification(MISMATCHED)
    first = report.first_divergence
    assert first is not None
    odd = first.model_copy(update={"expected": float("nan"), "actual": 0.5})
    found = json.loads(report.model_copy(update={"first_divergence": odd}).to_json())["first_divergence"]
    assert (found["expected"], found["actual"]) == (None, 0.5)
