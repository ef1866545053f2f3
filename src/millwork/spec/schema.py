"""The field tables as JSON Schema, so that editors complete and check as people type."""

from __future__ import annotations

from typing import Any

from millwork.spec.component import COMPONENT
from millwork.spec.pipeline import PIPELINE
from millwork.spec.schedule_file import SCHEDULE


def json_schema() -> dict[str, Any]:
    """One schema for all kinds of file, chosen by `kind`; JSON Schema draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Millwork component, pipeline or schedule",
        "type": "object",
        "required": ["kind"],
        "if": _is_kind("Pipeline"),
        "then": PIPELINE.schema(),
        "else": {
            "if": _is_kind("Schedule"),
            "then": SCHEDULE.schema(),
            "else": COMPONENT.schema(),
        },
    }


def _is_kind(kind: str) -> dict[str, Any]:
    return {"properties": {"kind": {"const": kind}}}
