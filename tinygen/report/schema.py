"""JSON Schemas of the reports: `python -m tinygen.report.schema FOLDER` writes docs/schema/."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tinygen.report.base import Report
from tinygen.report.build import BoardsReport, BuildReport
from tinygen.report.inspection import InspectionReport
from tinygen.report.verification import VerificationReport

REPORTS: Mapping[str, type[Report]] = MappingProxyType(
    {
        "boards": BoardsReport,
        "build": BuildReport,
        "inspect": InspectionReport,
        "test": VerificationReport,
    }
)
"""Report models by command."""


class _OpenSchema(GenerateJsonSchema):
    """Objects stay open to keys that a later tinygen adds, and fields have no titles beside their names."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        made = super().model_schema(schema)
        return {key: value for key, value in made.items() if key != "additionalProperties"}

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def schema_text(command: str) -> str:
    """The JSON Schema (draft 2020-12) of what `tinygen <command> --json` writes."""
    schema = REPORTS[command].model_json_schema(
        by_alias=True, mode="serialization", schema_generator=_OpenSchema
    )
    head = {"$schema": _OpenSchema.schema_dialect, "title": f"tinygen {command} --json"}
    return json.dumps({**head, **schema, **head}, indent=2) + "\n"


def write_schemas(folder: Path) -> None:
    """Write `<command>.schema.json` of every report into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for command in REPORTS:
        (folder / f"{command}.schema.json").write_bytes(schema_text(command).encode())


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
