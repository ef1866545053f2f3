"""The pipeline file: nodes, wires and arguments within one file."""

import time

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.fields import Reading
from millwork.spec.model import (
    ForEach,
    LocalPath,
    Note,
    Pipeline,
    PipelineNode,
    Reference,
    ReplicaGroup,
    Resources,
)
from millwork.spec.pipeline import references, upstream
from millwork.spec.reader import read_text

pytestmark = pytest.mark.quick

HEAD = "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"


def read(text: str) -> tuple[Pipeline, Reading]:
    definition, reading = read_text(HEAD + text, "pipeline.yaml")
    assert isinstance(definition, Pipeline)
    return definition, reading


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read(text)
    assert all(fault.line for fault in caught.value.faults)
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def test_every_field_of_a_node() -> None:
    pipeline, _ = read(
        "inputs: {raw: {type: table}}\n"
        "parameters: {rounds: {type: Int, default: 200}, a.b: {type: String}}\n"
        "nodes:\n"
        "  split: {component: ./split, inputs: {rows: {from: inputs.raw}, extra: {path: ./x}}}\n"
        "  train:\n"
        "    component: ./train\n"
        "    inputs: {train: {from: split.train}}\n"
        "    parameters: {rounds: {from: parameters.rounds}, s: {from: parameters.a.b}, k: 1.10}\n"
        "    after: [split]\n"
        "    when: parameters.rounds > 3\n"
        "    foreach: {from: split.parts, into: part, max_parallel: 2}\n"
        "    retries: 1\n"
        "    timeout: 30m\n"
        "    on_lost: fail\n"
        "    continue_on_failure: true\n"
        "    env: {A: b}\n"
        "    resources: {cpu: 2}\n"
        "    replicas: {chief: 1, worker: {count: 4, resources: {gpu: 1}}}\n"
        "outputs: {model: {from: train.model}}\n"
        "layout: {split: [0, -1.5]}\n"
        "notes: [{text: so, at: [1, 2.5], size: [80, 20], colour: red}, {text: it, at: [0, 0]}]\n"
    )
    assert pipeline.nodes["split"].inputs == {
        "rows": Reference("inputs", "raw"),
        "extra": LocalPath("./x"),
    }
    train = pipeline.nodes["train"]
    assert train == PipelineNode(
        component="./train",
        inputs={"train": Reference("split", "train")},
        parameters={
            "rounds": Reference("parameters", "rounds"),
            "s": Reference("parameters", "a.b"),
            "k": "1.10",
        },
        after=("split",),
        when="parameters.rounds > 3",
        foreach=ForEach(Reference("split", "parts"), "part", 2),
        retries=1,
        timeout=1800.0,
        on_lost="fail",
        continue_on_failure=True,
        env={"A": "b"},
        resources=Resources(cpu=2),
        replicas={"chief": ReplicaGroup(1), "worker": ReplicaGroup(4, Resources(gpu=1))},
    )
    assert pipeline.outputs == {"model": Reference("train", "model")}
    assert pipeline.layout == {"split": (0, -1.5)}
    assert pipeline.notes == (Note("so", (1, 2.5), (80, 20), "red"), Note("it", (0, 0)))
    assert upstream(train) == {"split"}
    assert [str(reference) for _, reference in references(train)] == [
        "split.train",
        "parameters.rounds",
        "parameters.a.b",
        "split.parts",
        "parameters.rounds",
    ]


def test_a_bare_number_of_replicas() -> None:
    pipeline, _ = read("nodes: {a: {component: ./a, replicas: 3}}")
    assert pipeline.nodes["a"].replicas == {"": ReplicaGroup(3)}


FAULTS = {
    "no node": ("nodes: {}", "nodes: a pipeline has at least one node"),
    "a reserved name": (
        "nodes: {inputs: {component: ./a}, b: {component: ./b}}",
        "nodes.inputs: 'inputs' is a word of the language and names nothing else",
    ),
    "a name that is a path": (
        "nodes: {a/b: {component: ./a}, b: {component: ./b}}",
        (
            "nodes.a/b: 'a/b' is not accepted as a name: letters, digits, '_' and '-', starting "
            "with "
            "a letter or digit, at most 64"
        ),
    ),
    "a node without a component": (
        "nodes: {a: {retries: 1}}",
        "nodes.a.component: missing: a component's or pipeline's file, relative to this file",
    ),
    "an unknown node": (
        "nodes: {train: {component: ./a, inputs: {x: {from: trian.out}}}, other: {component: ./b}}",
        "nodes.train.inputs.x.from: there is no node 'trian'; did you mean 'train'?",
    ),
    "an unknown node to wait for": (
        "nodes: {a: {component: ./a, after: [zzz]}}",
        "nodes.a.after[0]: there is no node 'zzz'",
    ),
    "an unknown parameter": (
        "nodes: {a: {component: ./a, parameters: {k: {from: parameters.n}}}}",
        "nodes.a.parameters.k.from: the pipeline has no parameter 'n'",
    ),
    "an unknown input": (
        "nodes: {a: {component: ./a, inputs: {k: {from: inputs.n}}}}",
        "nodes.a.inputs.k.from: the pipeline has no input 'n'",
    ),
    "an input read from a parameter": (
        (
            "parameters: {n: {type: Int}}\nnodes: {a: {component: ./a, inputs: {k: {from: "
            "parameters.n}}}}"
        ),
        "nodes.a.inputs.k.from: 'parameters.n' cannot stand here: inputs read data, not parameters",
    ),
    "a parameter read from an input": (
        "inputs: {n: {}}\nnodes: {a: {component: ./a, parameters: {k: {from: inputs.n}}}}",
        (
            "nodes.a.parameters.k.from: 'inputs.n' cannot stand here: parameters read values, not "
            "inputs"
        ),
    ),
    "a wire without a port": (
        "nodes: {a: {component: ./a, inputs: {k: {from: b}}}}",
        "nodes.a.inputs.k.from: 'b' is not node.output or parameters.name",
    ),
    "an input as a bare wire": (
        "nodes: {a: {component: ./a, inputs: {k: b.out}}}",
        "nodes.a.inputs.k: expected fields (from, path), found 'b.out'",
    ),
    "an input from nowhere": (
        "nodes: {a: {component: ./a, inputs: {k: {}}}}",
        "nodes.a.inputs.k: expected either {from: node.output} or {path: ./file}",
    ),
    "an output from an input": (
        "inputs: {n: {}}\nnodes: {a: {component: ./a}}\noutputs: {o: {from: inputs.n}}",
        "outputs.o.from: an output comes from a node",
    ),
    "an output from an unknown node": (
        "nodes: {a: {component: ./a}}\noutputs: {o: {from: b.n}}",
        "outputs.o.from: there is no node 'b'",
    ),
    "one name twice": (
        "inputs: {n: {}}\nparameters: {n: {type: Int}}\nnodes: {a: {component: ./a}}",
        "parameters.n: 'n' is also an input; names are unique",
    ),
    "two names, one variable": (
        "inputs: {n-m: {}, n_m: {}}\nnodes: {a: {component: ./a}}",
        "inputs.n_m: 'n-m' and 'n_m' both give the variable PAI_INPUT_N_M",
    ),
    "a node that waits for itself": (
        "nodes: {a: {component: ./a, after: [a]}}",
        "nodes.a: the nodes wait for one another: a -> a",
    ),
    "a cycle": (
        (
            "nodes:\n"
            "  z: {component: ./z}\n"
            "  a: {component: ./a, inputs: {i: {from: c.o}}, after: [z]}\n"
            "  b: {component: ./b, inputs: {i: {from: a.o}}}\n"
            "  c: {component: ./c, parameters: {p: {from: b.o}}}\n"
            "  late: {component: ./d, after: [c]}\n"
        ),
        "nodes.a: the nodes wait for one another: a -> b -> c -> a",
    ),
    "a position of three numbers": (
        "nodes: {a: {component: ./a}}\nlayout: {a: [1, 2, 3]}",
        "layout.a: a position is two numbers: [x, y]",
    ),
    "a note without a place": (
        "nodes: {a: {component: ./a}}\nnotes: [{text: x}]",
        "notes[0].at: missing: where it stands, `[x, y]`",
    ),
    "a note of no size": (
        "nodes: {a: {component: ./a}}\nnotes: [{text: x, at: [0, 0], size: [1]}]",
        "notes[0].size: a size is two numbers: [width, height]",
    ),
    "a note of another colour": (
        "nodes: {a: {component: ./a}}\nnotes: [{text: x, at: [0, 0], colour: pink}]",
        "notes[0].colour: 'pink' is not one of yellow, blue, green, red, grey",
    ),
    "no replicas": (
        "nodes: {a: {component: ./a, replicas: 0}}",
        "nodes.a.replicas: '0' is not a whole number >= 1 and <= 10000",
    ),
    "an argument without a value": (
        "nodes: {a: {component: ./a, parameters: {k: }}}",
        "nodes.a.parameters.k: expected text, found nothing",
    ),
    "a contract's variable": (
        "nodes: {a: {component: ./a, env: {PAI_X: y}}}",
        "nodes.a.env.PAI_X: PAI_ variables are set by the run contract",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_rule_is_told_in_words(case: str) -> None:
    text, message = FAULTS[case]
    assert faults_of(text) == [message]


def test_a_position_of_an_unknown_node_is_a_warning() -> None:
    _, reading = read("nodes: {a: {component: ./a}}\nlayout: {gone: [1, 2]}")
    assert [str(fault) for fault in reading.faults] == [
        "pipeline.yaml:6:10: warning: layout.gone: there is no such node"
    ]


def chain(count: int) -> str:
    return "nodes:\n" + "".join(
        f"  n{index}: {{component: ./c, inputs: {{a: {{from: n{max(index - 1, 0)}.out}}}}, "
        f"parameters: {{k: {index}}}}}\n"
        for index in range(count)
    )


def test_ten_thousand_nodes_are_read_in_seconds() -> None:
    text = chain(10_000).replace("inputs: {a: {from: n0.out}}, ", "", 1)
    began = time.process_time()
    pipeline, _ = read(text)
    assert len(pipeline.nodes) == 10_000
    assert time.process_time() - began < 4  # 0.8 s on a quiet machine
