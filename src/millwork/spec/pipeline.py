"""The pipeline file: its field table, and the rules within the file.

Rules that need the nodes' components (types of wires, names of ports) are in `wiring`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import InvalidFile
from millwork.base.records import dataclass
from millwork.spec import condition, scheduling
from millwork.spec.component import (
    API_VERSION,
    ENV,
    INPUT,
    PARAMETER,
    RESOURCES,
    check_env,
    check_variables,
)
from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import (
    DURATION,
    INVALID,
    Bool,
    ByShape,
    Choice,
    Constant,
    Field,
    ListOf,
    MapOf,
    Number,
    Parsed,
    Raw,
    Reading,
    Record,
    Text,
    plain,
)
from millwork.spec.jobs import JOB, RUN_POLICY
from millwork.spec.model import (
    ForEach,
    LocalPath,
    Note,
    Pipeline,
    PipelineNode,
    Reference,
    ReplicaGroup,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.spec.document import Node
    from millwork.spec.model import Path

ROOTS = ("inputs", "parameters")
ON_LOST = ("retry", "fail")
COLOURS = ("yellow", "blue", "green", "red", "grey")


@dataclass(frozen=True)
class ReferenceText:
    """`node.port`, `inputs.name` or `parameters.name`; a parameter's name may hold dots."""

    label: str = "node.output"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if not isinstance(node, Scalar):
            return reading.fault(path, "expected text: node.output or parameters.name")
        owner, dot, name = node.text.partition(".")
        if dot and names.is_node(owner) and names.is_parameter(name):
            return Reference(owner, name)
        return reading.fault(path, f"'{node.text[:60]}' is not node.output or parameters.name")

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9_-]*\.[A-Za-z0-9_.-]+$"}


_FROM = Field("from", ReferenceText(), "`node.output`, `inputs.name`", attribute="reference")


def _binding(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    reference, local = given.get("reference"), given.get("path")
    if reading.is_broken((*path, "from")):
        return INVALID
    if (reference is None) == (local is None):
        return reading.fault(path, "expected either {from: node.output} or {path: ./file}")
    return reference or LocalPath(str(local))


BINDING = Record(
    "binding",
    (_FROM, Field("path", Text(), "A file or folder, relative to this file")),
    _binding,
)


_RAW = Raw()


@dataclass(frozen=True)
class Argument:
    """A parameter's value, or `{from: parameters.name}` or `{from: node.output}`."""

    label: str = "value, or {from: parameters.name}"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if not isinstance(node, Mapping):
            return _RAW.read(node, path, reading)
        return _WIRED.read(node, path, reading)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [_RAW.schema(), _WIRED.schema()]}


def _wired(given: dict[str, Any], _path: Path, _reading: Reading) -> Any:
    return given.get("reference") or INVALID


_WIRED = Record(
    "wire",
    (Field("from", ReferenceText(), "`parameters.name`", True, attribute="reference"),),
    _wired,
)

GROUP = Record(
    "role",
    (
        Field("count", Number(1, 10_000), "How many", required=True),
        Field("resources", RESOURCES, "What each asks for beyond the node's resources"),
    ),
    plain(ReplicaGroup),
)
COUNT = Number(1, 10_000)


class _Count(Number):
    """A bare number of replicas, in no role of its own."""

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        count = super().read(node, path, reading)
        return count if count is INVALID else {"": ReplicaGroup(count)}


class _Group(ByShape):
    """A role's replicas: a number, or a number with resources."""

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        read = super().read(node, path, reading)
        return ReplicaGroup(read) if isinstance(read, int) else read


REPLICAS = ByShape(
    scalar=_Count(1, 10_000),
    mapping=MapOf(_Group(scalar=COUNT, mapping=GROUP), names.is_node, names.NODE_RULE),
)


class _Condition(Text):
    """A condition on parameters and value outputs."""

    label = "condition"

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        if text is INVALID:
            return text
        try:
            condition.parse(text)
        except ValueError as error:
            return reading.fault(path, f"not a condition: {error}")
        return text


def _expression(text: str) -> str:
    from millwork.spec.dates import language  # a file without any does not pay for it

    language.read(text)
    return text


EXPRESSION = Parsed(label="expression", parse=_expression)
"""An expression of the language of scheduling parameters."""


def _foreach(given: dict[str, Any], _path: Path, _reading: Reading) -> Any:
    if given["reference"] is None:
        return INVALID
    return ForEach(given["reference"], given["into"], given.get("max_parallel"))


FOREACH = Record(
    "foreach",
    (
        Field("from", ReferenceText(), "A value output or parameter that holds a list", True,
              attribute="reference"),
        Field("into", Text(names.is_parameter, names.PARAMETER_RULE), "The parameter it sets",
              True),
        Field("max_parallel", Number(1, 10_000), "How many at once"),
    ),
    _foreach,
)  # fmt: skip


class _Position(ListOf):
    """Where something stands on the canvas."""

    label = "[x, y]"
    what = "a position"

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        given = super().read(node, path, reading)
        if given is INVALID or len(given) == 2:
            return given
        return reading.fault(path, f"{self.what} is two numbers: {self.label}")

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "minItems": 2, "maxItems": 2}


class _Size(_Position):
    """How large something is on the canvas."""

    label = "[width, height]"
    what = "a size"


_POSITION = _Position(Number(-1e9, 1e9, whole=False))
NOTE = Record(
    "note",
    (
        Field("text", Text(), "What it says, in Markdown", True),
        Field("at", _POSITION, "Where it stands, `[x, y]`", True),
        Field("size", _Size(Number(0, 1e6, whole=False, above=True)), "`[width, height]`",
              default="as the text needs"),
        Field("colour", Choice(COLOURS), "Its colour", default="yellow"),
    ),
    plain(Note),
)  # fmt: skip

NODE = Record(
    "node",
    (
        Field("component", Text(bool, "it is empty"),
              "A component's or pipeline's file, relative to this file", True),
        Field("inputs", MapOf(BINDING), "What its inputs read"),
        Field("parameters", MapOf(Argument()), "Its parameters' values"),
        Field("after", ListOf(Text()), "Nodes that must have succeeded before"),
        Field("when", _Condition(), "Run only if this holds, else the node is skipped"),
        Field("foreach", FOREACH, "Run once for each item of a list"),
        Field("retries", Number(0, 100), "Further attempts after a failure", default="0"),
        Field("timeout", DURATION, "Longest time of one attempt", default="the component's"),
        Field("on_lost", Choice(ON_LOST), "When an attempt vanishes", default="retry"),
        Field("continue_on_failure", Bool(), "The run may succeed without it", default="false"),
        Field("env", ENV, "More variables"),
        Field("resources", RESOURCES, "Instead of the component's"),
        Field("replicas", REPLICAS, "How many, or by role", default="1"),
        Field("job", JOB, "Instead of the component's"),
        Field("run_policy", RUN_POLICY, "Instead of the component's"),
    ),
    plain(PipelineNode),
)  # fmt: skip

PIPELINE = Record(
    "pipeline",
    (
        Field("apiVersion", Constant(API_VERSION, f"`{API_VERSION}`"), "The file's format", True),
        Field("kind", Constant("Pipeline", "`Pipeline`"), "What the file holds", True),
        Field("name", Text(names.is_entity, names.ENTITY_RULE), "The pipeline's name", True),
        Field("version", Text(names.is_version, names.VERSION_RULE), "x.y.z, as written", True),
        Field("version_description", Text(), "What changed in this version"),
        Field("display_name", Text(), "For people", default="name"),
        Field("description", Text(), "For people, in Markdown"),
        Field("tags", MapOf(Text()), "Free words"),
        Field("inputs", MapOf(INPUT, names.is_port, names.PORT_RULE), "Data the pipeline reads"),
        Field(
            "parameters",
            MapOf(PARAMETER, names.is_parameter, names.PARAMETER_RULE),
            "Values it takes",
        ),
        Field(
            "scheduling_parameters",
            MapOf(EXPRESSION, scheduling.is_name, scheduling.NAME_RULE),
            "What `${name}` is in a node's parameters, paths and command",
        ),
        Field("nodes", MapOf(NODE, names.is_node, names.NODE_RULE, ROOTS), "Its steps", True),
        Field(
            "outputs",
            MapOf(
                Record("output", (Field("from", ReferenceText(), "`node.output`", True,
                                        attribute="reference"),), _wired),
                names.is_port, names.PORT_RULE,
            ),
            "What the pipeline gives",
        ),
        Field(
            "layout",
            MapOf(_POSITION),
            "Canvas positions, `[x, y]`; no part of the graph",
        ),
        Field("notes", ListOf(NOTE), "Words on the canvas; no part of the graph"),
    ),
)  # fmt: skip


def read_pipeline(root: Mapping, text: str, file: str) -> tuple[Pipeline, Reading]:
    """The pipeline in `root`, and the reading with its warnings.

    Raises InvalidFile with every fault of the file.
    """
    pipeline, reading = sketch_pipeline(root, text, file)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return pipeline, reading


def sketch_pipeline(root: Mapping, text: str, file: str) -> tuple[Pipeline, Reading]:
    """As much of the pipeline in `root` as can be read, and the reading with every fault."""
    reading = Reading(file)
    given = PIPELINE.read(root, (), reading)
    del given["apiVersion"], given["kind"]
    pipeline = Pipeline(**given, source=Source(file, text=text, places=reading.places))
    check_pipeline(pipeline, reading)
    return pipeline, reading


def check_pipeline(pipeline: Pipeline, reading: Reading) -> None:
    """Notes every breach of a rule that needs nothing but the pipeline itself."""
    if not pipeline.nodes:
        reading.fault(("nodes",), "a pipeline has at least one node")
    for kind in ROOTS:
        check_variables(kind, getattr(pipeline, kind), reading)
    for name in pipeline.inputs.keys() & pipeline.parameters.keys():
        reading.fault(("parameters", name), f"'{name}' is also an input; names are unique")
    _check_nodes(pipeline, reading)
    scheduling.check_scheduling(pipeline, reading)
    for name in pipeline.layout:
        if name not in pipeline.nodes:
            reading.fault(("layout", name), "there is no such node", "warning")
    _check_cycle(pipeline, reading)


def references(node: PipelineNode) -> Iterator[tuple[Path, Reference]]:
    """Each wire that ends in `node`, with the path of the field that holds it."""
    for name, binding in node.inputs.items():
        if isinstance(binding, Reference):
            yield ("inputs", name, "from"), binding
    for name, value in node.parameters.items():
        if isinstance(value, Reference):
            yield ("parameters", name, "from"), value
    if node.foreach:
        yield ("foreach", "from"), node.foreach.items
    if node.when:
        for reference in condition.references(condition.parse(node.when)):
            yield ("when",), reference


def upstream(node: PipelineNode) -> set[str]:
    """The names of the nodes that must have ended before `node` starts."""
    owners = {reference.owner for _, reference in references(node)}
    return (owners - set(ROOTS)) | set(node.after)


def _check_nodes(pipeline: Pipeline, reading: Reading) -> None:
    for name, node in pipeline.nodes.items():
        check_env(node.env, ("nodes", name), reading)
        for path, reference in references(node):
            _check_reference(pipeline, reference, ("nodes", name, *path), reading)
        for index, other in enumerate(node.after):
            if other not in pipeline.nodes:
                message = f"there is no node '{other}'{reading.nearest(other, pipeline.nodes)}"
                reading.fault(("nodes", name, "after", index), message)
    for name, reference in pipeline.outputs.items():
        if reference.owner in ROOTS:
            reading.fault(("outputs", name, "from"), "an output comes from a node")
        else:
            _check_reference(pipeline, reference, ("outputs", name, "from"), reading)


def _check_reference(
    pipeline: Pipeline, reference: Reference, path: Path, reading: Reading
) -> None:
    if reference.owner not in ROOTS:
        if reference.owner not in pipeline.nodes:
            message = f"there is no node '{reference.owner}'"
            reading.fault(path, message + reading.nearest(reference.owner, pipeline.nodes))
        return
    if reference.name not in getattr(pipeline, reference.owner):
        kind = reference.owner.removesuffix("s")
        near = reading.nearest(reference.name, getattr(pipeline, reference.owner))
        reading.fault(path, f"the pipeline has no {kind} '{reference.name}'{near}")
    elif path[2] == "inputs" and reference.owner != "inputs":
        reading.fault(path, f"'{reference}' cannot stand here: inputs read data, not parameters")
    elif path[2] != "inputs" and reference.owner == "inputs":
        reading.fault(path, f"'{reference}' cannot stand here: parameters read values, not inputs")


def stuck(pipeline: Pipeline) -> dict[str, set[str]]:
    """The nodes that wait for one another, or for such nodes, with what each of them waits for."""
    waiting = {
        name: upstream(node) & pipeline.nodes.keys() for name, node in pipeline.nodes.items()
    }
    followers: dict[str, list[str]] = {name: [] for name in waiting}
    for name, needs in waiting.items():
        for need in needs:
            followers[need].append(name)
    free = [name for name, needs in waiting.items() if not needs]
    while free:
        done = free.pop()
        del waiting[done]
        for name in followers[done]:
            waiting[name].discard(done)
            if not waiting[name]:
                free.append(name)
    return waiting


def _check_cycle(pipeline: Pipeline, reading: Reading) -> None:
    waiting = stuck(pipeline)
    if waiting:
        circle = _one_circle(waiting)
        reading.fault(
            ("nodes", circle[0]), f"the nodes wait for one another: {' -> '.join(circle)}"
        )


def _one_circle(waiting: dict[str, set[str]]) -> list[str]:
    trail = [next(iter(waiting))]
    while trail.count(trail[-1]) == 1:
        trail.append(min(waiting[trail[-1]] & waiting.keys()))
    circle = trail[trail.index(trail[-1]) :]
    return list(reversed(circle))
