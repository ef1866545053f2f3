"""What can be put on a canvas: a component or pipeline as a box with ports and a form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, TypedDict

from millwork.base.names import BUILTIN
from millwork.base.records import dataclass
from millwork.spec.component import COLUMN_TYPES
from millwork.spec.model import Component
from millwork.spec.roles import allowed
from millwork.views.assets import FaultView

if TYPE_CHECKING:
    from millwork.spec.model import Definition, Parameter, Value
    from millwork.spec.tree import Tree

_CATEGORY = "category"
"""The tag that says in which drawer of the palette a component lies."""

Given: TypeAlias = str | int | float | bool | list[str]


class FaceInput(TypedDict):
    """An input port."""

    name: str
    type: str
    required: bool
    description: str


class FaceOutput(TypedDict):
    """An output port."""

    name: str
    type: str
    description: str


class ColumnPicker(TypedDict):
    """Whose columns a parameter names: of an input (empty: it is not said), of which kind."""

    port: str
    dtype: str
    many: bool


class FaceParameter(TypedDict):
    """A field of the form; `choices` is empty where anything goes, `length` in characters."""

    name: str
    title: str
    group: str
    type: str
    required: bool
    default: Given | None
    choices: list[Given]
    minimum: float | None
    maximum: float | None
    exclusive_minimum: bool
    exclusive_maximum: bool
    length: list[int] | None
    pattern: str
    columns: ColumnPicker | None
    description: str


class FaceResources(TypedDict):
    """What one replica gets: cores, bytes of memory, GPUs, processes; None is no limit."""

    cpu: float | None
    memory: int | None
    gpu: int
    processes: int | None


class FaceConstraints(TypedDict):
    """What compute a component can use."""

    instance_type: str
    multiple_instances: bool
    multiple_gpus: bool


class FaceRole(TypedDict):
    """How many replicas of a role there may be; no `maximum` is any number."""

    role: str
    minimum: int
    maximum: int | None


class Face(TypedDict):
    """What a node shows and asks for.

    `reference` is what the node's `component` says, empty for what is not registered; `aliases`
    are the names of the same thing elsewhere. A pipeline has no `resources` and no `roles`. `used`
    says in how many registered pipelines it is, as they are now; None where nobody has counted.
    What is not `is_deterministic` is done anew by every run.
    """

    reference: str
    name: str
    title: str
    summary: str
    description: str
    version: str
    kind: Literal["component", "pipeline"]
    source: Literal["builtin", "workspace"]
    category: str
    flavour: str
    inputs: list[FaceInput]
    outputs: list[FaceOutput]
    parameters: list[FaceParameter]
    aliases: list[str]
    notes: str
    job_type: str
    image: str
    resources: FaceResources | None
    constraints: FaceConstraints | None
    roles: list[FaceRole]
    deprecated: str
    used: int | None
    is_deterministic: bool


class FacePage(TypedDict):
    """A page of faces; `next` is what `after` is for the page behind it."""

    items: list[Face]
    next: str | None


class CheckedView(TypedDict):
    """What is wrong with a component's text; without errors its `face` and `flavour`, too."""

    faults: list[FaultView]
    face: Face | None
    flavour: str


@dataclass(frozen=True)
class About:
    """What is known of a definition besides what its text says."""

    reference: str = ""
    aliases: tuple[str, ...] = ()
    notes: str = ""
    deprecated: str = ""


def face_of(tree: Tree, about: About) -> Face:
    """The face of a component or a pipeline."""
    definition = tree.definition
    component = definition if isinstance(definition, Component) else None
    return {
        "reference": about.reference,
        "name": definition.name,
        "title": definition.display_name or definition.name,
        "summary": _summary(definition),
        "description": definition.description,
        "version": definition.version,
        "kind": "component" if component else "pipeline",
        "source": "builtin" if about.reference.startswith(BUILTIN) else "workspace",
        "category": definition.tags.get(_CATEGORY, ""),
        "flavour": definition.flavour,
        "inputs": [
            {"name": name, "type": port.type, "required": port.required,
             "description": port.description}
            for name, port in tree.inputs.items()
        ],
        "outputs": _outputs(tree),
        "parameters": [_parameter(name, each) for name, each in tree.parameters.items()],
        "aliases": list(about.aliases),
        "notes": about.notes,
        "job_type": component.job_type if component else "",
        "image": component.image if component else "",
        "resources": _resources(component) if component else None,
        "constraints": _constraints(component) if component else None,
        "roles": _roles(component) if component else [],
        "deprecated": about.deprecated,
        "used": None,
        "is_deterministic": component.is_deterministic if component else True,
    }  # fmt: skip


def words_of(face: Face) -> str:
    """All by which a face is looked for: names, titles, summary, aliases, parameters."""
    names = (face["name"], face["title"], face["summary"], face["category"])
    parameters = (each["name"] for each in face["parameters"])
    return " ".join((*names, *face["aliases"], *parameters)).casefold()


def _summary(definition: Definition) -> str:
    """The first line of the description, without what makes a heading of it."""
    lines = (line.lstrip("# ").strip() for line in definition.description.splitlines())
    return next(filter(None, lines), "")


def _outputs(tree: Tree) -> list[FaceOutput]:
    definition = tree.definition
    described = definition.outputs if isinstance(definition, Component) else {}
    return [
        {
            "name": name,
            "type": tree.output_type(name) or "any",
            "description": described[name].description if name in described else "",
        }
        for name in definition.outputs
    ]


def _parameter(name: str, parameter: Parameter) -> FaceParameter:
    bounds = parameter.range
    is_columns = parameter.type in COLUMN_TYPES
    return {
        "name": name,
        "title": parameter.display_name,
        "group": parameter.group,
        "type": parameter.type,
        "required": parameter.required,
        "default": None if parameter.default is None else _value(parameter.default),
        "choices": [_value(each) for each in parameter.enum],
        "minimum": bounds.minimum if bounds else None,
        "maximum": bounds.maximum if bounds else None,
        "exclusive_minimum": bool(bounds and bounds.exclusive_minimum),
        "exclusive_maximum": bool(bounds and bounds.exclusive_maximum),
        "length": list(parameter.length) if parameter.length else None,
        "pattern": parameter.pattern,
        "columns": _picker(parameter) if is_columns else None,
        "description": parameter.description,
    }


def _picker(parameter: Parameter) -> ColumnPicker:
    many = parameter.type == "Columns"
    return {"port": parameter.input, "dtype": parameter.dtype, "many": many}


def _value(value: Value) -> Given:
    return list(value) if isinstance(value, tuple) else value


def _resources(component: Component) -> FaceResources:
    wishes = component.resources
    return {
        "cpu": wishes.cpu,
        "memory": wishes.memory,
        "gpu": wishes.gpu,
        "processes": wishes.processes,
    }


def _constraints(component: Component) -> FaceConstraints | None:
    limits = component.constraints
    if limits is None:
        return None
    return {
        "instance_type": limits.instance_type,
        "multiple_instances": limits.multiple_instances,
        "multiple_gpus": limits.multiple_gpus,
    }


def _roles(component: Component) -> list[FaceRole]:
    return [
        {"role": role, "minimum": least, "maximum": most}
        for role, (least, most) in allowed(component).items()
    ]
