"""Wires between nodes: ports by name, types by the table, values by the rules."""

import pytest

from millwork.spec.fields import Reading
from millwork.spec.model import Component, Pipeline
from millwork.spec.reader import read_text
from millwork.spec.tree import Tree
from millwork.spec.types import PORT_TYPES, fits
from millwork.spec.wiring import check_wiring

pytestmark = pytest.mark.quick

FITS = {
    "any": set(PORT_TYPES),
    "file": {"any", "file", "folder"},
    "folder": {"any", "folder"},
    "table": {"any", "table", "file", "folder"},
    "model": {"any", "model", "file", "folder"},
    "transform": {"any", "transform", "file", "folder"},
    "checkpoint": {"any", "checkpoint", "model", "file", "folder"},
    "report": {"any", "report", "file", "folder"},
    "value": {"any", "value", "file"},
}


@pytest.mark.parametrize("wanted", PORT_TYPES)
@pytest.mark.parametrize("output", PORT_TYPES)
def test_the_table_of_types(output: str, wanted: str) -> None:
    assert fits(output, wanted) is (wanted in FITS[output])


def component(text: str) -> Tree:
    head = "apiVersion: millwork/v1\nkind: Component\nname: c\nversion: 1.0.0\ncommand: x\n"
    definition, _ = read_text(head + text, "c.yaml")
    assert isinstance(definition, Component)
    return Tree(definition)


MAKER = component("outputs: {rows: {type: table}, n: {type: value}, m: {type: model}}")
TAKER = component(
    "inputs: {rows: {type: table}, extra: {required: false}}\n"
    "parameters:\n"
    "  n: {type: Int, range: [1, 9]}\n"
    "  rate: {type: Float}\n"
    "  key: {type: String, required: true}\n"
    "constraints: {multiple_instances: false}\n"
)
CHILDREN = {"maker": MAKER, "taker": TAKER}


def pipeline_of(text: str) -> tuple[Pipeline, Reading]:
    head = "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
    definition, reading = read_text(head + text, "p.yaml")
    assert isinstance(definition, Pipeline)
    return definition, reading


def faults_of(node: str, more: str = "", children: dict[str, Tree] = CHILDREN) -> list[str]:
    text = f"nodes:\n  maker: {{component: ./m}}\n  taker: {{component: ./t, {node}}}\n{more}"
    pipeline, reading = pipeline_of(text)
    check_wiring(Tree(pipeline, children), reading)
    assert all(fault.line for fault in reading.faults)
    return [f"{fault.path}: {fault.message}" for fault in reading.faults]


ROWS = "inputs: {rows: {from: maker.rows}}"
GOOD = ROWS + ", parameters: {key: day}"


@pytest.mark.parametrize(
    "node",
    [
        GOOD,
        ROWS + ", parameters: {key: {from: maker.n}}",
        ROWS + ", parameters: {key: {from: parameters.text}, n: 9, rate: {from: parameters.int}}",
        "inputs: {rows: {path: ./rows.csv}, extra: {from: maker.m}}, parameters: {key: a}",
    ],
)
def test_good_wires(node: str) -> None:
    more = "parameters: {text: {type: String}, int: {type: Int, default: 3}}"
    assert faults_of(node, more) == []


PICKER = component(
    "inputs: {rows: {type: table}}\nparameters: {names: {type: Columns, input: rows}}\n"
)


@pytest.mark.parametrize(
    ("declared", "said"),
    [
        ("{type: String, default: 'a, b'}", []),
        ("{type: String}", []),
        ("{type: String, default: '[\"a, b\"]'}", []),
        ("{type: Int}", ["nodes.taker.parameters.names: a Int does not fit a Columns"]),
        ("{type: String, default: '[a'}",
         ["nodes.taker.parameters.names: expected a list as [\"a\", \"b, c\"], found '[a'"]),
    ],
)  # fmt: skip
def test_columns_may_be_handed_down_as_text(declared: str, said: list[str]) -> None:
    node = ROWS + ", parameters: {names: {from: parameters.picked}}"
    children = {"maker": MAKER, "taker": PICKER}
    assert faults_of(node, f"parameters: {{picked: {declared}}}", children) == said


FAULTS = {
    "a model as a table": (
        "inputs: {rows: {from: maker.m}}, parameters: {key: a}",
        "nodes.taker.inputs.rows.from: 'maker.m' is a model; the input takes a table",
    ),
    "an unknown output": (
        "inputs: {rows: {from: maker.row}}, parameters: {key: a}",
        "nodes.taker.inputs.rows.from: 'maker' has no output 'row'; it has: rows, n, m",
    ),
    "an unknown input": (
        "inputs: {rows: {from: maker.rows}, x: {path: a}}, parameters: {key: a}",
        "nodes.taker.inputs.x: the component has no such input; it has: rows, extra",
    ),
    "an unknown parameter": (
        ROWS + ", parameters: {key: a, x: 1}",
        "nodes.taker.parameters.x: the component has no such parameter; it has: n, rate, key",
    ),
    "a required input": (
        "parameters: {key: a}",
        "nodes.taker.inputs.rows: the required input 'rows' is not given",
    ),
    "a required parameter": (
        ROWS,
        "nodes.taker.parameters.key: the required parameter 'key' is not given",
    ),
    "a value of the wrong type": (
        ROWS + ", parameters: {key: a, n: many}",
        "nodes.taker.parameters.n: expected a whole number, found 'many'",
    ),
    "a value out of range": (
        ROWS + ", parameters: {key: a, n: 10}",
        "nodes.taker.parameters.n: 10 is outside [1, 9]",
    ),
    "a handed down default out of range": (
        ROWS + ", parameters: {key: a, n: {from: parameters.int}}",
        "nodes.taker.parameters.n: 99 is outside [1, 9]",
    ),
    "a String for an Int": (
        ROWS + ", parameters: {key: a, n: {from: parameters.text}}",
        "nodes.taker.parameters.n: a String does not fit a Int",
    ),
    "a parameter from a table": (
        ROWS + ", parameters: {key: {from: maker.rows}}",
        ("nodes.taker.parameters.key.from: only a value output can be read here; 'maker.rows' is a "
        "table"),
    ),
    "several of one instance": (
        GOOD + ", replicas: 2",
        "nodes.taker.replicas: the component's constraints allow one instance",
    ),
    "a role of another job": (
        GOOD + ", replicas: {chief: 1}",
        "nodes.taker.replicas.chief: 'chief' is no role of a Job; roles: worker",
    ),
    "a role's GPU on CPU": (
        GOOD + ", replicas: {worker: {count: 1, resources: {gpu: 1}}}",
        "nodes.taker.replicas.worker.resources.gpu: the component's constraints say CPU",
    ),
    "a GPU on CPU": (
        GOOD + ", resources: {gpu: 1}",
        "nodes.taker.resources.gpu: the component's constraints say CPU",
    ),
    "each into nothing": (
        GOOD + ", foreach: {from: maker.n, into: x}",
        "nodes.taker.foreach.into: there is no parameter 'x'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_a_bad_wire_is_told(case: str) -> None:
    node, message = FAULTS[case]
    more = "parameters: {text: {type: String}, int: {type: Int, default: 99}}"
    assert faults_of(node, more) == [message]


def test_a_tensorflow_master_is_warned_of() -> None:
    children = {"maker": MAKER, "taker": component("job_type: TFJob")}
    (message,) = faults_of("replicas: {Master: 1, Worker: 2}", children=children)
    assert message.startswith("nodes.taker.replicas: TensorFlow 2 refuses")


def test_an_output_that_the_node_does_not_have() -> None:
    assert faults_of(GOOD, "outputs: {o: {from: maker.x}}") == [
        "outputs.o.from: 'maker' has no output 'x'; it has: rows, n, m"
    ]


def test_a_node_whose_file_cannot_be_read_is_passed_over() -> None:
    assert faults_of("inputs: {x: {from: maker.y}}", children={}) == []


def test_a_pipeline_is_a_node_with_its_nodes_types() -> None:
    inner, _ = pipeline_of("nodes: {a: {component: ./a}}\noutputs: {rows: {from: a.m}}")
    children = {"maker": Tree(inner, {"a": MAKER}), "taker": TAKER}
    assert children["maker"].output_type("rows") == "model"
    assert faults_of(GOOD, children=children) == [
        "nodes.taker.inputs.rows.from: 'maker.rows' is a model; the input takes a table"
    ]


def test_what_only_components_have() -> None:
    inner, _ = pipeline_of("nodes: {a: {component: ./a}}")
    children = {"maker": MAKER, "taker": Tree(inner, {"a": MAKER})}
    assert faults_of("resources: {cpu: 1}, timeout: 3s", children=children) == [
        "nodes.taker.resources: this node is a pipeline; its own nodes have that",
        "nodes.taker.timeout: this node is a pipeline; its own nodes have that",
    ]
