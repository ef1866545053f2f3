"""What an AzureML file has beside its model: whoever writes it in another flavour tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.spec.document import Mapping, Scalar, Sequence, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from millwork.spec.document import Node
    from millwork.spec.model import Component, Output, Parameter

_ARTIFACTS = "artifacts"
_PORT_FIELDS = frozenset({
    "type", "description", "optional", "mode", "datastore_mode", "is_link_mode", "default",
    "enum", "min", "max",
})  # fmt: skip


def root_of(component: Component) -> Mapping:
    """The fields of the component's own text; none if it came from no file."""
    source = component.source
    return parse(source.text, source.file, []) if source.text else Mapping(0, 0)


def entries_at(root: Node | None, *names: str) -> dict[str, Node]:
    """The entries of a mapping within `root`; none if there is no mapping."""
    for name in names:
        entry = root.entries.get(name) if isinstance(root, Mapping) else None
        root = entry[1] if entry else None
    if not isinstance(root, Mapping):
        return {}
    return {name: node for name, (_, node) in root.entries.items()}


def declared_outputs(component: Component) -> dict[str, Output]:
    """The outputs but the one that every AzureML component has without declaring it."""
    is_own = component.syntax == "shell" or ("outputs", _ARTIFACTS) in component.source.places
    return {name: port for name, port in component.outputs.items() if is_own or name != _ARTIFACTS}


def unused_fields(root: Mapping, carried: Collection[str], flavour: str) -> list[str]:
    """A line for each field of the file that has nothing like it in `flavour`."""
    return [f"{name}: {flavour} has no such field" for name in root.entries if name not in carried]


def lost_values(root: Mapping, component: Component) -> list[str]:
    """A line for each value that the file has and the model could not take."""
    return list(_lost_values(root, component))


def _lost_values(root: Mapping, component: Component) -> Iterator[str]:
    for side in ("inputs", "outputs"):
        for name, node in entries_at(root, side).items():
            for field in entries_at(node).keys() - _PORT_FIELDS:
                yield f"{side}.{name}.{field}: only the old flavour's own systems read it"
    for name, parameter in component.parameters.items():
        for field in _unusable(entries_at(root, "inputs", name), parameter):
            yield f"inputs.{name}.{field}: it is none that the values here could keep to"
    held: dict[str, Any] = {"environment_variables": component.env, "tags": component.tags}
    for field, known in held.items():
        for name in entries_at(root, field).keys() - known.keys():
            yield f"{field}.{name}: it is not one text, or no name that is accepted"


def _unusable(fields: dict[str, Node], parameter: Parameter) -> Iterator[str]:
    default, enum = fields.get("default"), fields.get("enum")
    is_given = default is not None and not (isinstance(default, Scalar) and default.is_null)
    if is_given and parameter.default is None:
        yield "default"
    if isinstance(enum, Sequence) and len(enum.items) != len(parameter.enum):
        yield "enum"
    for bound in ("min", "max"):
        if bound in fields and parameter.range is None:
            yield bound
