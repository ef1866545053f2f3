"""The field tables as JSON Schema, so that editors complete and check as people type."""

from __future__ import annotations

from typing import Any

from millwork.spec.component import COMPONENT
from millwork.spec.pipeline import PIPELINE


def json_schema() -> dict[str, Any]:
    """One schema for both kinds of file, chosen by `kind`; JSON Schema draft 2020-12."""
    component, pipeline = COMPONENT.schema(), PIPELINE.schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Millwork component or pipeline",
        "type": "object",
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "Pipeline"}}},
        "then": pipeline,
        "else": component,
    }
