"""What every JSON report has in common."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

import tinygen

SCHEMA: Literal[1] = 1
"""Version of the reports' JSON: keys may be added to a version, never removed or given another meaning."""


class Section(BaseModel):
    """Base of everything in a report: nothing converted, nothing unknown, nothing changed later."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", use_attribute_docstrings=True)


class Report(Section):
    """Base of the objects that a command prints."""

    model_config = ConfigDict(
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
    )

    schema_version: Literal[1] = Field(default=SCHEMA, alias="schema")
    """Version of this format."""

    tool: str = Field(default=tinygen.__version__)
    """Version of tinygen."""

    def to_json(self) -> str:
        """The report as one JSON object, with a line end; every key is there, absent values are null."""
        return self.model_dump_json(indent=2) + "\n"
