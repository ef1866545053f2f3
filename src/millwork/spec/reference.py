"""The field tables as Markdown: the docs of all kinds of file are made of these.

`make docs` writes them between the markers in `docs/`; a test compares them.
"""

from __future__ import annotations

from typing import Any

from millwork.spec.batch import BATCH, SPLIT
from millwork.spec.component import (
    CODE,
    COMPONENT,
    INPUT,
    OUTPUT,
    PARAMETER,
    RANGE,
    RESOURCES,
    SECRET,
)
from millwork.spec.fields import ByShape, ListOf, MapOf, Record
from millwork.spec.jobs import ELASTIC, JOB, RUN_POLICY
from millwork.spec.pipeline import BINDING, FOREACH, GROUP, NODE, NOTE, PIPELINE
from millwork.spec.schedule_file import ALERT, DEPENDENCY, SCHEDULE, TRIGGER
from millwork.spec.types import PORT_TYPES, fits


def _record(kind: Any) -> Record:
    """The record within a field's type, however it is wrapped."""
    while not isinstance(kind, Record):
        inner = [getattr(kind, name, None) for name in ("mapping", "item", "value")]
        kind = next(found for found in inner if found is not None)
    return kind


RECORDS: dict[str, tuple[str, Record]] = {
    "component": ("component-file.md", COMPONENT),
    "input": ("component-file.md", INPUT),
    "output": ("component-file.md", OUTPUT),
    "parameter": ("component-file.md", PARAMETER),
    "range": ("component-file.md", _record(RANGE)),
    "code": ("component-file.md", _record(CODE)),
    "secret": ("component-file.md", SECRET),
    "constraints": ("component-file.md", _record(COMPONENT.rows["constraints"].type)),
    "resources": ("component-file.md", RESOURCES),
    "batch": ("component-file.md", BATCH),
    "split": ("component-file.md", SPLIT),
    "metric": ("component-file.md", _record(COMPONENT.rows["metrics"].type)),
    "progress": ("component-file.md", _record(COMPONENT.rows["progress"].type)),
    "job": ("jobs.md", JOB),
    "run policy": ("jobs.md", RUN_POLICY),
    "elastic": ("jobs.md", ELASTIC),
    "pipeline": ("pipeline-file.md", PIPELINE),
    "node": ("pipeline-file.md", NODE),
    "binding": ("pipeline-file.md", BINDING),
    "foreach": ("pipeline-file.md", FOREACH),
    "role": ("pipeline-file.md", GROUP),
    "note": ("pipeline-file.md", NOTE),
    "pipeline output": ("pipeline-file.md", _record(PIPELINE.rows["outputs"].type)),
    "schedule": ("schedule-file.md", SCHEDULE),
    "dependency": ("schedule-file.md", DEPENDENCY),
    "trigger": ("schedule-file.md", TRIGGER),
    "alert": ("schedule-file.md", ALERT),
}
"""Each record with fields, by the heading it has, and the page of the docs that it is on."""


def field_table(name: str) -> str:
    """The fields of the record `name` as a Markdown table."""
    page, record = RECORDS[name]
    return record_table(record, page)


def record_table(record: Record, page: str) -> str:
    """The fields of a record as a Markdown table, for a page of the docs."""
    lines = ["| field | type | default | meaning |", "|---|---|---|---|"]
    for row in record.fields:
        default = "**required**" if row.required else row.default
        lines.append(f"| `{row.name}` | {_type(row.type, page)} | {default} | {row.doc} |")
    return "\n".join(lines) + "\n"


def port_table() -> str:
    """The port types, and which an output of each fits, as a Markdown table."""
    lines = ["| type | what it carries | an output of it fits an input of |", "|---|---|---|"]
    for name, doc in PORT_TYPES.items():
        fitting = [wanted for wanted in PORT_TYPES if fits(name, wanted)]
        listed = "every type" if len(fitting) == len(PORT_TYPES) else ", ".join(fitting)
        lines.append(f"| `{name}` | {doc} | {listed} |")
    return "\n".join(lines) + "\n"


def records_within(kind: Any) -> list[Record]:
    """Every record that the type `kind` is made of, itself included."""
    if isinstance(kind, Record):
        return [kind, *(found for row in kind.fields for found in records_within(row.type))]
    parts = [getattr(kind, name, None) for name in ("scalar", "sequence", "mapping")]
    parts += [getattr(kind, name, None) for name in ("item", "value")]
    return [found for part in parts if part is not None for found in records_within(part)]


def _type(kind: Any, page: str) -> str:
    if isinstance(kind, Record):
        return _link(kind, page)
    if type(kind) is ListOf:
        return f"list of {_type(kind.item, page)}"
    if isinstance(kind, MapOf):
        return f"mapping of {_type(kind.value, page)}"
    if isinstance(kind, ByShape):
        shapes = (kind.scalar, kind.sequence, kind.mapping)
        return ", or ".join(_type(shape, page) for shape in shapes if shape)
    return str(kind.label)


def _link(record: Record, page: str) -> str:
    for name, (home, known) in RECORDS.items():
        if known is record:
            target = "" if home == page else home
            return f"[{name}]({target}#{name.replace(' ', '-')})"
    return record.label
