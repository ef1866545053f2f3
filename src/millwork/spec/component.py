"""The component file: its field table, and the rules that hold across fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import InvalidFile
from millwork.spec import roles, values
from millwork.spec.batch import BATCH, check_batch, with_output
from millwork.spec.fields import (
    DURATION,
    INVALID,
    SIZE,
    Bool,
    ByShape,
    Choice,
    Constant,
    Field,
    ListOf,
    MapOf,
    Number,
    Raw,
    Reading,
    Record,
    Text,
    plain,
)
from millwork.spec.jobs import JOB, RUN_POLICY
from millwork.spec.model import (
    JOB_TYPES,
    Code,
    Component,
    Constraints,
    Input,
    Metric,
    Output,
    Parameter,
    Progress,
    Range,
    Resources,
    Secret,
    Source,
)
from millwork.spec.types import PORT_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec import document
    from millwork.spec.model import Path, PipelineNode

API_VERSION = "millwork/v1"
COLUMN_TYPES = ("Column", "Columns")


def is_regex(text: str) -> bool:
    """Whether `text` is a regular expression in RE2 syntax."""
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options) is not None
    except re2.error:
        return False


def is_capture(text: str) -> bool:
    """Whether `text` is a regular expression in RE2 syntax with exactly one group."""
    import re2

    return is_regex(text) and re2.compile(text).groups == 1


_COMMAND = Text(lambda text: bool(text.strip()), "it is empty")
_REGEX = Text(is_regex, "a regular expression in RE2 syntax")
_CAPTURE = Text(is_capture, "a regular expression in RE2 syntax with exactly one group")
_SOURCE = Choice(("oss", "nas", "table", "http", "dataset"))


def _bounds(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    low, high = given.get("min"), given.get("max")
    above, below = given.get("exclusive_min"), given.get("exclusive_max")
    if (low is not None and above is not None) or (high is not None and below is not None):
        return reading.fault(path, "give a bound either as it is or as exclusive, not both")
    minimum = above if above is not None else low
    maximum = below if below is not None else high
    return Range(minimum, maximum, above is not None, below is not None)


def _closed(given: tuple[float, ...], path: Path, reading: Reading) -> Any:
    if len(given) != 2:
        return reading.fault(path, "expected two bounds: [least, greatest]")
    return Range(*given)


class _Pair(ListOf):
    """Two numbers, as a closed range."""

    label = "[least, greatest]"

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        given = super().read(node, path, reading)
        return given if given is INVALID else _closed(given, path, reading)

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "minItems": 2, "maxItems": 2}


def _secret(given: dict[str, Any], _path: Path, _reading: Reading) -> Any:
    return Secret(given["name"]) if given["name"] else INVALID


SECRET = Record(
    "secret",
    (
        Field("secret", Text(names.is_secret, names.SECRET_RULE), "The name of a kept secret",
              True, attribute="name"),
    ),
    _secret,
)  # fmt: skip


ENV = MapOf(ByShape(scalar=Text(), mapping=SECRET), names.is_variable, names.VARIABLE_RULE)

_ANY_NUMBER = Number(float("-inf"), float("inf"), whole=False)
_LEAST = "The least value allowed"
_GREATEST = "The greatest value allowed"
RANGE = ByShape(
    sequence=_Pair(_ANY_NUMBER),
    mapping=Record(
        "range",
        (
            Field("min", _ANY_NUMBER, _LEAST),
            Field("max", _ANY_NUMBER, _GREATEST),
            Field("exclusive_min", _ANY_NUMBER, "Values must be above this"),
            Field("exclusive_max", _ANY_NUMBER, "Values must be below this"),
        ),
        _bounds,
    ),
)

INPUT = Record(
    "input",
    (
        Field("type", Choice(tuple(PORT_TYPES)), "What the port carries", default="any"),
        Field("required", Bool(), "Whether a run must be given it", default="true"),
        Field(
            "mode",
            Choice(("download", "mount", "mount_or_download")),
            "How data in S3 or OSS comes to the step",
        ),
        Field("sources", ListOf(_SOURCE), "Where PAI lets it come from"),
        Field("description", Text(), "For people, in Markdown"),
    ),
    plain(Input),
)

OUTPUT = Record(
    "output",
    (
        Field("type", Choice(tuple(PORT_TYPES)), "What the port carries", default="any"),
        Field("storage", ListOf(_SOURCE), "Where PAI lets it be stored"),
        Field("description", Text(), "For people, in Markdown"),
    ),
    plain(Output),
)


def _parameter(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    bounds = given.pop("length", None)
    default, options = given.pop("default", None), given.pop("enum", ())
    if bounds is not None and bounds is not INVALID:
        given["length"] = (int(bounds.minimum), int(bounds.maximum))
    parameter = Parameter(**given)
    if not parameter.type:
        return INVALID
    _check_shape(parameter, bool(options), path, reading)
    converted = tuple(
        _converted(parameter, option, (*path, "enum", index), reading)
        for index, option in enumerate(options)
    )
    enum = tuple(option for option in converted if option is not INVALID)
    parameter = Parameter(**{**given, "length": parameter.length, "enum": enum})
    if default is None:
        return parameter
    value = _converted(parameter, default, (*path, "default"), reading)
    if value is INVALID:
        return parameter
    try:
        values.check(parameter, value)
    except ValueError as error:
        reading.fault((*path, "default"), str(error))
    return Parameter(**{**parameter.__dict__, "default": value})


def _converted(parameter: Parameter, given: object, path: Path, reading: Reading) -> Any:
    try:
        return values.convert(parameter, given)
    except ValueError as error:
        return reading.fault(path, str(error))


def _check_shape(parameter: Parameter, has_enum: bool, path: Path, reading: Reading) -> None:
    numeric = parameter.type in ("Int", "Float")
    if parameter.range and not numeric:
        reading.fault((*path, "range"), f"a {parameter.type} has no range; Int and Float have")
    if has_enum and parameter.type == "Bool":
        reading.fault((*path, "enum"), "a Bool has no enumeration")
    for name in ("pattern", "length"):
        if getattr(parameter, name) and parameter.type != "String":
            reading.fault((*path, name), f"only a String has a {name}")
    is_column = parameter.type in COLUMN_TYPES
    if is_column and not parameter.input:
        reading.fault((*path, "input"), f"a {parameter.type} names the input it belongs to")
    if not is_column:
        for name in ("input", "dtype"):
            if getattr(parameter, name):
                reading.fault((*path, name), "only a Column or Columns has it")
    limits = parameter.range
    if limits and limits.minimum is not None and limits.maximum is not None:
        empty = limits.exclusive_minimum or limits.exclusive_maximum
        if limits.minimum > limits.maximum or (empty and limits.minimum == limits.maximum):
            reading.fault((*path, "range"), f"{values.describe_range(limits)} holds no value")
    if parameter.length and parameter.length[0] > parameter.length[1]:
        low, high = parameter.length
        reading.fault((*path, "length"), f"[{low}, {high}]: no text is as long")


PARAMETER = Record(
    "parameter",
    (
        Field("type", Choice(values.TYPES), "Its type", required=True),
        Field("default", Raw(), "The value where a run gives none"),
        Field("required", Bool(), "Whether a run must give it", default="false"),
        Field("range", RANGE, "Bounds of an Int or Float: closed as a pair, or by name"),
        Field("length", _Pair(Number(0, 1e9)), "Least and greatest length of a String"),
        Field("enum", ListOf(Text()), "The values allowed"),
        Field("pattern", _REGEX, "A regular expression (RE2) that a String must match as a whole"),
        Field("input", Text(), "Column and Columns: the input whose columns are meant"),
        Field("dtype", Choice(("number", "text", "time", "bool")), "Column: what it must hold"),
        Field("group", Choice(("fields", "params", "tuning")), "Form tab", default="params"),
        Field("display_name", Text(), "For people"),
        Field("description", Text(), "For people, in Markdown"),
    ),
    _parameter,
)

RESOURCES = Record(
    "resources",
    (
        Field("cpu", Number(0, 4096, whole=False, above=True), "Cores"),
        Field("memory", SIZE, "Memory: `2Gi`, `500M`"),
        Field("gpu", Number(0, 1024), "GPUs", default="0"),
        Field("processes", Number(1, 1_000_000), "Processes and threads at once, at most"),
    ),
    plain(Resources),
)


def _code(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    if bool(given.get("git")) == bool(given.get("uri")):
        return reading.fault(path, "code is a folder, {git: ...} or {uri: ...}")
    if given.get("uri") and (given.get("ref") or given.get("path")):
        return reading.fault(path, "only code from Git has ref and path")
    given.setdefault("path", "")
    return Code(**given)


class _CodeFolder(Text):
    """A folder, relative to the component's file."""

    label = "folder"

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        return text if text is INVALID else Code(text)


CODE = ByShape(
    scalar=_CodeFolder(label="folder"),
    mapping=Record(
        "code",
        (
            Field("git", Text(), "A Git repository's URL"),
            Field("ref", Text(), "A branch, tag or commit"),
            Field("path", Text(), "A folder within the repository"),
            Field("uri", Text(), "A folder in object storage, `oss://...`"),
        ),
        _code,
    ),
)

COMPONENT = Record(
    "component",
    (
        Field("apiVersion", Constant(API_VERSION, f"`{API_VERSION}`"), "The file's format", True),
        Field("kind", Constant("Component", "`Component`"), "What the file holds", True),
        Field("name", Text(names.is_entity, names.ENTITY_RULE), "The component's name", True),
        Field("version", Text(names.is_version, names.VERSION_RULE), "x.y.z, as written", True),
        Field("version_description", Text(), "What changed in this version"),
        Field("display_name", Text(), "For people", default="name"),
        Field("description", Text(), "For people, in Markdown"),
        Field("tags", MapOf(Text()), "Free words: `contact`, `helpDocument`, ..."),
        Field("job_type", Choice(JOB_TYPES), "How its processes find one another", default="Job"),
        Field("job", JOB, "What its replicas are told"),
        Field("run_policy", RUN_POLICY, "When a job is over, and what is started again"),
        Field("batch", BATCH, "What is leased to its replicas, shard by shard"),
        Field("image", Text(), "Container image"),
        Field("code", CODE, "Where its code is, relative to this file", default="."),
        Field(
            "command",
            Text(lambda text: bool(text.strip()), "it is empty"),
            "The command, run by sh -c",
            True,
        ),
        Field("env", ENV, "More variables"),
        Field("inputs", MapOf(INPUT, names.is_port, names.PORT_RULE), "Data it reads"),
        Field("outputs", MapOf(OUTPUT, names.is_port, names.PORT_RULE), "Data it writes"),
        Field(
            "parameters",
            MapOf(PARAMETER, names.is_parameter, names.PARAMETER_RULE),
            "Values it takes",
        ),
        Field(
            "constraints",
            Record(
                "constraints",
                (
                    Field(
                        "instance_type", Choice(("CPU", "GPU")), "What it runs on", default="CPU"
                    ),
                    Field("multiple_instances", Bool(), "More than one replica", default="true"),
                    Field("multiple_gpus", Bool(), "More than one GPU; needs GPU", default="false"),
                ),
                plain(Constraints),
            ),
            "What compute it can use",
        ),
        Field("resources", RESOURCES, "What one replica asks for"),
        Field("is_deterministic", Bool(), "Same inputs, same result", default="true"),
        Field("timeout", DURATION, "Longest time of one attempt: `90s`, `2h`"),
        Field("mounts", Choice(("ml", "none")), "`none`: it uses no /ml path", default="ml"),
        Field(
            "metrics",
            ListOf(
                Record(
                    "metric",
                    (
                        Field(
                            "name", Text(bool, "it is empty"), "The metric's name", required=True
                        ),
                        Field("regex", _CAPTURE, "Its one group is the number", required=True),
                        Field("description", Text(), "For people"),
                    ),
                    plain(Metric),
                )
            ),
            "Numbers read from the log (RE2); the last match counts",
        ),
        Field(
            "progress",
            Record(
                "progress",
                (
                    Field("overall", _CAPTURE, "The share done, 0 to 1"),
                    Field("remaining", _CAPTURE, "The seconds left"),
                ),
                plain(Progress),
            ),
            "PAI's progress definitions, read from the log",
        ),
    ),
)


def read_component(root: document.Mapping, text: str, file: str) -> tuple[Component, Reading]:
    """The component in `root`, and the reading with its warnings.

    Raises InvalidFile with every fault of the file.
    """
    reading = Reading(file)
    given = COMPONENT.read(root, (), reading)
    del given["apiVersion"], given["kind"]
    if batch := given.get("batch"):
        given["batch"] = with_output(batch, given.get("outputs", {}))
    component = Component(**given, source=Source(file, text=text, places=reading.places))
    check_component(component, reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return component, reading


def check_component(component: Component, reading: Reading) -> None:
    """Notes every breach of a rule across fields (seed 000), in whatever dialect it was written."""
    _check_unique(component, reading)
    for kind in ("inputs", "outputs", "parameters"):
        check_variables(kind, getattr(component, kind), reading)
    _check_columns(component, reading)
    _check_compute(component, reading)
    check_job(component, component, (), reading)
    check_batch(component, reading)
    check_env(component.env, (), reading)


def _check_unique(component: Component, reading: Reading) -> None:
    """PAI's names are unique over all; ours too, but that an input and an output may share one."""
    seen: dict[str, str] = {}
    for kind in ("inputs", "outputs", "parameters"):
        for name in getattr(component, kind):
            is_shared = seen.get(name) == "inputs" and kind == "outputs"
            if name in seen and not (is_shared and component.flavour == "millwork"):
                message = f"'{name}' is also the name of one of the {seen[name]}; names are unique"
                reading.fault((kind, name), message)
            seen.setdefault(name, kind)


def check_env(env: Mapping[str, str | Secret], path: Path, reading: Reading) -> None:
    """Notes each variable that the run contract sets itself."""
    for name in env:
        if name.startswith("PAI_"):
            reading.fault((*path, "env", name), "PAI_ variables are set by the run contract")


def check_job(
    component: Component, said: Component | PipelineNode, path: Path, reading: Reading
) -> None:
    """Notes what `said`, the component or its node, has and its job type does not."""
    if component.work != "command":
        return  # Azure ML's distribution says what kind of job it is
    for name, message in roles.misplaced(component, said.job) if said.job else ():
        reading.fault((*path, "job", name), message)
    policy = said.run_policy
    for name, message in roles.faults_of_policy(component, policy) if policy else ():
        reading.fault((*path, "run_policy", name), message)


def check_variables(kind: str, named: Any, reading: Reading) -> None:
    """Notes each pair of names that give one environment variable (seed 000)."""
    prefix = {"inputs": "PAI_INPUT_", "outputs": "PAI_OUTPUT_", "parameters": "PAI_HPS_"}[kind]
    seen: dict[str, str] = {}
    for name in named:
        variable = prefix + names.variable_suffix(name)
        if variable in seen:
            message = f"'{seen[variable]}' and '{name}' both give the variable {variable}"
            reading.fault((kind, name), message)
        seen.setdefault(variable, name)


def _check_columns(component: Component, reading: Reading) -> None:
    for name, parameter in component.parameters.items():
        if parameter.type not in COLUMN_TYPES or not parameter.input:
            continue
        port = component.inputs.get(parameter.input)
        if port is None:
            reading.fault(("parameters", name, "input"), f"there is no input '{parameter.input}'")
        elif port.type not in ("table", "any"):
            message = f"the input '{parameter.input}' is a {port.type}; columns are a table's"
            reading.fault(("parameters", name, "input"), message)


def _check_compute(component: Component, reading: Reading) -> None:
    limits, gpu = component.constraints, component.resources.gpu
    if limits is None:
        return
    if limits.multiple_gpus and limits.instance_type != "GPU":
        reading.fault(("constraints", "multiple_gpus"), "several GPUs need instance_type: GPU")
    if gpu and limits.instance_type != "GPU":
        reading.fault(("resources", "gpu"), "GPUs need constraints.instance_type: GPU")
    if gpu > 1 and not limits.multiple_gpus:
        reading.fault(("resources", "gpu"), f"{gpu} GPUs need constraints.multiple_gpus: true")
