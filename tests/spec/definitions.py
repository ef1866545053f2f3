"""Hypothesis strategies of valid components and pipelines, as the reader gives them."""

import re
from typing import Any

from hypothesis import strategies as st

from millwork.base.names import variable_suffix
from millwork.spec.model import (
    JOB_TYPES,
    Batch,
    Code,
    Component,
    Constraints,
    Elastic,
    ForEach,
    Input,
    JobOptions,
    LocalPath,
    Metric,
    Note,
    Output,
    Parameter,
    Pipeline,
    PipelineNode,
    Progress,
    Range,
    Reference,
    ReplicaGroup,
    Resources,
    RunPolicy,
    Secret,
    Split,
)
from millwork.spec.pipeline import COLOURS
from millwork.spec.types import PORT_TYPES, holds_files

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    | st.sampled_from("\n :'\"#|-"),
    max_size=30,
)
WORDS = st.sampled_from(
    ["null", "~", "true", "1.10", "017", "1:20:30", "<<", "=", "- a", "a\n b\n"]
)
ANY_TEXT = TEXT | WORDS
FILLED = ANY_TEXT.filter(str.strip)
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)
ENTITIES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
VERSIONS = st.tuples(*[st.integers(0, 999)] * 3).map(lambda parts: ".".join(map(str, parts)))
NUMBERS = st.floats(-1e12, 1e12) | st.integers(-1000, 1000).map(float)
SOURCES = st.lists(st.sampled_from(["oss", "nas", "table", "http", "dataset"]), unique=True)
REGEXES = st.sampled_from(["loss=([0-9.]+)", "(a|b)", r"\bx: (.*)$", "'(.)'"])


def tuples(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return items.map(tuple)


INPUTS = st.builds(
    Input, st.sampled_from(list(PORT_TYPES)), st.booleans(), tuples(SOURCES), ANY_TEXT
)
OUTPUTS = st.builds(Output, st.sampled_from(list(PORT_TYPES)), tuples(SOURCES), ANY_TEXT)
CODE = (
    st.builds(Code, ANY_TEXT)
    | st.builds(Code, ANY_TEXT, FILLED, ANY_TEXT)
    | st.builds(Code, st.just(""), uri=FILLED)
)
MEMORY = st.integers(1, 2**60) | st.integers(1, 2**20).map(lambda count: count * 2**30)
RESOURCES = st.builds(
    Resources,
    st.none() | st.floats(0.001, 4096),
    st.none() | MEMORY,
    st.integers(0, 1024),
    st.none() | st.integers(1, 1_000_000),
)
DURATIONS = st.integers(1, 10**15).map(lambda micros: micros / 10**6) | st.integers(1, 10**9).map(
    float
)
RANGES = st.builds(
    lambda low, high, above, below: Range(
        low, high, above and low is not None, below and high is not None
    ),
    st.none() | NUMBERS.filter(lambda number: number < 0),
    st.none() | NUMBERS.filter(lambda number: number > 0),
    st.booleans(),
    st.booleans(),
)
FORMS: dict[str, st.SearchStrategy[Any]] = {
    "group": st.sampled_from(["fields", "params", "tuning"]),
    "display_name": ANY_TEXT,
    "description": ANY_TEXT,
    "required": st.booleans(),
}
COLUMN = FILLED.map(lambda text: re.sub("[,\0]", "", text).strip()).filter(bool)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    kind = draw(st.sampled_from(["Int", "Float", "String", "Bool"]))
    value: st.SearchStrategy[Any] = {
        "Int": st.integers(-(2**63), 2**63 - 1),
        "Float": st.floats(allow_nan=False, allow_infinity=False),
        "String": ANY_TEXT,
        "Bool": st.booleans(),
    }[kind]
    rules: dict[str, Any] = {"default": draw(st.none() | value)}
    rule = draw(st.sampled_from(["", "enum", "rule"]))
    if rule == "enum" and kind != "Bool":
        rules["enum"] = tuple(draw(st.lists(value, min_size=1, max_size=3)))
        rules["default"] = draw(st.none() | st.sampled_from(rules["enum"]))
    elif rule == "rule" and kind in ("Int", "Float"):
        rules = {"range": draw(RANGES)}
    elif rule == "rule" and kind == "String":
        rules = {"length": (draw(st.integers(0, 9)), draw(st.integers(9, 10**9)))}
        rules["pattern"] = draw(st.sampled_from(["", "[a-z]*", "a'b\\d"]))
    return Parameter(kind, **rules, **{name: draw(form) for name, form in FORMS.items()})


@st.composite
def columns(draw: st.DrawFn, inputs: list[str]) -> Parameter:
    kind = draw(st.sampled_from(["Column", "Columns"]))
    value: st.SearchStrategy[Any] = COLUMN
    if kind == "Columns":
        value = tuples(st.lists(COLUMN, max_size=3))
    enum = tuple(draw(st.lists(value, max_size=2)))
    return Parameter(
        kind,
        default=draw(st.none() | (st.sampled_from(enum) if enum else value)),
        enum=enum,
        input=draw(st.sampled_from(inputs)),
        dtype=draw(st.sampled_from(["", "number", "text", "time", "bool"])),
        **{name: draw(form) for name, form in FORMS.items()},
    )


def named(names: list[str], items: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(dict.fromkeys(names, items)) if names else st.just({})


def unique(least: int, most: int) -> st.SearchStrategy[list[str]]:
    return st.lists(NAMES, min_size=least, max_size=most, unique_by=variable_suffix)


CONSTRAINTS = st.sampled_from(
    [
        None,
        Constraints(),
        Constraints("GPU", False, True),
        Constraints("GPU"),
        Constraints("CPU", False),
    ]
)
HEAD: dict[str, st.SearchStrategy[Any]] = {
    "name": ENTITIES,
    "version": VERSIONS,
    "version_description": ANY_TEXT,
    "display_name": ANY_TEXT,
    "description": ANY_TEXT,
    "tags": st.dictionaries(ANY_TEXT, ANY_TEXT, max_size=2),
}
SECRETS = st.builds(Secret, st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,8}", fullmatch=True))
ENV = st.dictionaries(
    st.from_regex(r"[A-OQ-Z_][A-Z0-9_]{0,8}", fullmatch=True), ANY_TEXT | SECRETS, max_size=2
)


_COUNTS = st.integers(1, 10_000)
_JOB_OPTIONS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "PyTorchJob": {
        "master_port": st.integers(1, 65_535),
        "processes": st.none() | _COUNTS,
        "elastic": st.none() | st.builds(Elastic, st.just(2), st.just(4), ANY_TEXT, id=ANY_TEXT),
    },
    "TFJob": {"tf_environment": ANY_TEXT, "evaluator_in_cluster": st.booleans()},
    "MPIJob": {"mpi": st.sampled_from(["openmpi", "intel", "mpich"]), "slots": _COUNTS},
}
POLICIES = st.none() | st.builds(
    RunPolicy,
    restarts=st.integers(0, 1000),
    restart=st.sampled_from(["", "gang", "replica"]),
    restart_policy=st.sampled_from(["", "Never", "OnFailure", "ExitCode", "Always"]),
    retry_codes=st.sampled_from([(), ("130", "137", "138", "143"), ("128-255", "7")]),
    hang_timeout=st.none() | DURATIONS,
    finish_grace=DURATIONS,
)


def jobs(job_type: str) -> st.SearchStrategy[JobOptions | None]:
    """What the replicas of a job type can be told."""
    return st.none() | st.builds(JobOptions, **_JOB_OPTIONS.get(job_type, {}))


FILES = st.sampled_from(["scores.jsonl", "a/b c.csv", ".parts.txt", "a/.parts", "null", "1.10"])
SIZES = st.integers(1, 2**31 - 1)
SPLITS = (
    st.builds(Split)
    | st.builds(Split, st.sampled_from(["files", "rows"]), SIZES)
    | st.builds(Split, st.just("bytes"), MEMORY)
    | st.builds(
        Split,
        st.just("keys"),
        keys=tuples(st.lists(ANY_TEXT.filter(bool), min_size=1, max_size=3, unique=True)),
    )
    | st.builds(Split, st.just("list"), list=FILES)
)
THRESHOLDS = st.integers(-1, 2**31 - 1)


@st.composite
def batches(draw: st.DrawFn, cut: list[str], filled: list[str]) -> Batch:
    """A batch of an input that can be cut; with the output that is meant where there is one."""
    output = filled[0] if len(filled) == 1 else draw(st.sampled_from(["", *filled]))
    return Batch(
        draw(st.sampled_from(cut)),
        draw(SPLITS),
        output,
        draw(st.just("") | FILES) if output else "",
        draw(st.integers(0, 1000)),
        draw(THRESHOLDS),
        draw(THRESHOLDS),
        draw(st.floats(0, 100)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def components(draw: st.DrawFn) -> Component:
    names = draw(unique(0, 6))
    inputs = draw(named(names[:2], INPUTS))
    tables = [name for name, port in inputs.items() if port.type in ("table", "any")]
    values = parameters() | columns(tables) if tables else parameters()
    constraints = draw(CONSTRAINTS)
    resources = draw(RESOURCES)
    if constraints:
        most = 0 if constraints.instance_type == "CPU" else 1 + constraints.multiple_gpus
        resources = Resources(resources.cpu, resources.memory, min(resources.gpu, most))
    outputs = draw(named(names[2:4], OUTPUTS))
    cut = [name for name, port in inputs.items() if holds_files(port.type) and port.required]
    filled = [name for name, port in outputs.items() if holds_files(port.type)]
    batch = draw(st.none() | batches(cut, filled)) if cut else None
    job_type = "ElasticBatchJob" if batch else draw(st.sampled_from(JOB_TYPES))
    return Component(
        command=draw(FILLED),
        job_type=job_type,
        job=draw(jobs(job_type)),
        run_policy=draw(POLICIES),
        batch=batch,
        image=draw(ANY_TEXT),
        code=draw(CODE),
        env=draw(ENV),
        inputs=inputs,
        outputs=outputs,
        parameters=draw(named(names[4:], values)),
        constraints=constraints,
        resources=resources,
        is_deterministic=draw(st.booleans()),
        timeout=draw(st.none() | DURATIONS),
        mounts=draw(st.sampled_from(["ml", "none"])),
        metrics=draw(tuples(st.lists(st.builds(Metric, FILLED, REGEXES, ANY_TEXT), max_size=2))),
        progress=draw(st.none() | st.builds(Progress, REGEXES, st.just("") | REGEXES)),
        **{name: draw(field) for name, field in HEAD.items()},
    )


ROLES = st.dictionaries(
    NAMES, st.builds(ReplicaGroup, st.integers(1, 100), st.none() | RESOURCES), max_size=2
)
REPLICAS = ROLES | st.builds(lambda count: {"": ReplicaGroup(count)}, st.integers(1, 10_000))


@st.composite
def pipelines(draw: st.DrawFn) -> Pipeline:
    ports, values = draw(unique(1, 2)), draw(unique(3, 4))
    values = [f"p.{name}" for name in values if name not in ports]
    nodes: dict[str, PipelineNode] = {}
    for name in draw(st.lists(NAMES.filter(lambda n: n not in ("inputs", "parameters")),
                              min_size=1, max_size=3, unique=True)):  # fmt: skip
        owners = st.sampled_from([*nodes, ""])
        data = st.builds(LocalPath, ANY_TEXT) | owners.map(
            lambda owner: Reference(owner, "out") if owner else Reference("inputs", ports[0])
        )
        wires = owners.map(
            lambda owner: Reference(owner, "v") if owner else Reference("parameters", values[0])
        )
        arguments = ANY_TEXT | tuples(st.lists(ANY_TEXT, max_size=2)) | wires
        if not values:
            arguments = ANY_TEXT
        nodes[name] = PipelineNode(
            component=draw(FILLED),
            inputs=draw(st.dictionaries(NAMES, data, max_size=2)),
            parameters=draw(st.dictionaries(NAMES, arguments, max_size=2)),
            after=tuple(draw(st.lists(st.sampled_from([*nodes]), max_size=2)) if nodes else ()),
            when=draw(st.sampled_from(("", "1 < 2.5", "not true and 'x' == \"y\""))),
            foreach=draw(st.none() | st.builds(ForEach, data.filter(lambda wire: isinstance(wire, Reference) and wire.owner != "inputs"), NAMES, st.none() | st.integers(1, 10_000))) if nodes else None,  # noqa: E501
            retries=draw(st.integers(0, 100)),
            timeout=draw(st.none() | DURATIONS),
            on_lost=draw(st.sampled_from(["retry", "fail"])),
            continue_on_failure=draw(st.booleans()),
            env=draw(ENV),
            resources=draw(st.none() | RESOURCES),
            replicas=draw(REPLICAS),
            job=draw(jobs("PyTorchJob")),
            run_policy=draw(POLICIES),
        )  # fmt: skip
    places = st.tuples(*[st.floats(-1e9, 1e9)] * 2)
    sizes = st.none() | st.tuples(*[st.floats(1e-3, 1e6)] * 2)
    colours = st.sampled_from(COLOURS)
    return Pipeline(
        nodes=nodes,
        inputs=draw(named(ports, INPUTS)),
        parameters=draw(named(values, parameters())),
        outputs={name: Reference(name, "out") for name in nodes},
        layout=draw(named(list(nodes), places)),
        notes=draw(tuples(st.lists(st.builds(Note, ANY_TEXT, places, sizes, colours), max_size=2))),
        **{name: draw(field) for name, field in HEAD.items()},
    )
