"""Definitions back to files: the canonical document, and YAML of it for people.

`read_text(to_text(d))` gives `d` again, and so does reading `to_document(d)` as JSON; only the
flavour is always millwork's.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from functools import cache
from typing import TYPE_CHECKING, Any

from millwork.base.sizes import write_duration, write_size
from millwork.spec import values
from millwork.spec.component import API_VERSION, COMPONENT
from millwork.spec.fields import DURATION, PAUSE, SIZE, ListOf, MapOf, Record, Text
from millwork.spec.model import (
    Code,
    Component,
    ForEach,
    LocalPath,
    Pipeline,
    Range,
    Reference,
    Secret,
    Split,
)
from millwork.spec.pipeline import GROUP, PIPELINE, REPLICAS
from millwork.spec.scheduling import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.spec.fields import Type
    from millwork.spec.model import Definition, ReplicaGroup

_WIDTH = 100
_EXACT_WHOLE = 2**53


def to_document(definition: Definition) -> dict[str, Any]:
    """The canonical plain document: what differs from its default, in the field table's order."""
    is_component = isinstance(definition, Component)
    if isinstance(definition, Pipeline) and definition.flavour != "millwork":
        definition = quoted(definition)
    head = {"apiVersion": API_VERSION, "kind": "Component" if is_component else "Pipeline"}
    return head | _record(COMPONENT if is_component else PIPELINE, definition)


def to_text(definition: Definition) -> str:
    """`to_document` as YAML."""
    return to_yaml(to_document(definition))


def to_yaml(document: Mapping[str, Any]) -> str:
    """Any plain document as YAML: block style, texts of several lines as they are."""
    import yaml

    class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
        """Safe YAML, with literal style for several lines."""

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
            return True

    def text(dumper: Any, data: str) -> Any:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def items(dumper: Any, data: list[Any]) -> Any:
        flow = not any(isinstance(item, dict | list) for item in data)
        return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=flow)

    Dumper.add_representer(list, items)
    Dumper.add_representer(str, text)
    dumped: str = yaml.dump(
        document,
        Dumper=Dumper,
        sort_keys=False,
        default_flow_style=False,
        allow_unicode=True,
        width=_WIDTH,
    )
    return dumped


def _record(record: Record, model: Any) -> dict[str, Any]:
    defaults = _defaults(model.__class__)
    document = {}
    for row in record.fields:
        name = row.attribute or row.name
        if name not in defaults:
            continue  # apiVersion and kind
        value = getattr(model, name)
        if row.required or value != defaults[name]:
            document[row.name] = _plain(row.type, value)
    return document


@cache
def _defaults(model: type[Any]) -> dict[str, Any]:
    return {
        row.name: row.default if row.default_factory is MISSING else row.default_factory()
        for row in fields(model)
    }


def _plain(kind: Type, value: Any) -> Any:
    """`value`, which `kind` gave, as what `kind` reads."""
    if kind is SIZE:
        return write_size(value)
    if kind is DURATION or kind is PAUSE:
        return write_duration(value)
    if kind is REPLICAS:
        return _replicas(value)
    if isinstance(kind, MapOf):
        return {name: _plain(kind.value, item) for name, item in value.items()}
    if isinstance(kind, ListOf):
        return [_plain(kind.item, item) for item in value]
    writer = _WRITERS.get(type(value))
    if writer:
        return writer(value)
    if isinstance(value, tuple):  # columns; within an enumeration they are one text
        return values.to_text(value) if isinstance(kind, Text) else list(value)
    return _record(kind, value) if isinstance(kind, Record) else value


def _number(number: float) -> float:
    is_whole = number.is_integer() and abs(number) < _EXACT_WHOLE and str(number) != "-0.0"
    return int(number) if is_whole else number


def _wire(reference: Reference) -> dict[str, str]:
    return {"from": str(reference)}


def _range(bounds: Range) -> list[float] | dict[str, float]:
    low, high = bounds.minimum, bounds.maximum
    exclusive = bounds.exclusive_minimum or bounds.exclusive_maximum
    if low is not None and high is not None and not exclusive:
        return [_number(low), _number(high)]
    document = {}
    if low is not None:
        document["exclusive_min" if bounds.exclusive_minimum else "min"] = _number(low)
    if high is not None:
        document["exclusive_max" if bounds.exclusive_maximum else "max"] = _number(high)
    return document


def _code(code: Code) -> str | dict[str, str]:
    if not code.git and not code.uri:
        return code.path
    given = {"git": code.git, "ref": code.ref, "path": code.path, "uri": code.uri}
    return {name: text for name, text in given.items() if text}


def _split(split: Split) -> str | dict[str, Any]:
    values = {"keys": list(split.keys), "list": split.list}
    if split.by == "bytes" and split.size is not None:
        values["bytes"] = write_size(split.size)
    return "auto" if split.by == "auto" else {split.by: values.get(split.by, split.size)}


def _foreach(foreach: ForEach) -> dict[str, Any]:
    most = {} if foreach.max_parallel is None else {"max_parallel": foreach.max_parallel}
    return {"from": str(foreach.items), "into": foreach.into, **most}


def _replicas(groups: Mapping[str, ReplicaGroup]) -> int | dict[str, Any]:
    if "" in groups:
        return groups[""].count
    return {
        role: group.count if group.resources is None else _record(GROUP, group)
        for role, group in groups.items()
    }


_WRITERS: dict[type, Callable[[Any], Any]] = {
    float: _number,
    Range: _range,
    Code: _code,
    Reference: _wire,
    Secret: lambda secret: {"secret": secret.name},
    LocalPath: lambda local: {"path": local.path},
    ForEach: _foreach,
    Split: _split,
}
