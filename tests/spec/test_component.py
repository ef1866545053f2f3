"""The component file: every rule of seed 000, every fault at once, each with its place."""

import random
from pathlib import Path

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.model import (
    Code,
    Component,
    Constraints,
    Input,
    Output,
    Parameter,
    Range,
    Secret,
)
from millwork.spec.reader import read_text

pytestmark = pytest.mark.quick

HEAD = "apiVersion: millwork/v1\nkind: Component\nname: c\nversion: 1.0.0\ncommand: 'true'\n"


def read(text: str, head: str = HEAD) -> Component:
    definition, reading = read_text(head + text, "component.yaml")
    assert isinstance(definition, Component)
    assert reading.faults == []
    return definition


def faults_of(text: str, head: str = HEAD) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read_text(head + text, "component.yaml")
    return [f"{fault.path}: {fault.message}" for fault in caught.value.faults]


def test_the_least_component() -> None:
    assert read("") == Component("c", "1.0.0", "true")


def test_every_field() -> None:
    component = read(
        "version_description: initial version\n"
        "display_name: C\n"
        "description: '*hello*'\n"
        "tags: {contact: me}\n"
        "job_type: XGBoostJob\n"
        "image: python:3.11\n"
        "code: {git: https://example.org/x.git, ref: main, path: sub}\n"
        'env: {OMP_NUM_THREADS: "2", API_KEY: {secret: api-key}}\n'
        "inputs: {train: {type: table, required: false, sources: [oss, nas], description: d}}\n"
        "outputs: {model: {type: model}, score: {type: value, storage: [oss]}}\n"
        "parameters:\n"
        "  rounds: {type: Int, default: 200, range: [1, 5000], group: tuning}\n"
        "  rate: {type: Float, range: {exclusive_min: 0, max: 1}}\n"
        "  target: {type: Column, input: train, dtype: number, required: true}\n"
        "  objective: {type: String, enum: [squared, absolute], default: squared}\n"
        "constraints: {instance_type: GPU, multiple_instances: false, multiple_gpus: true}\n"
        "resources: {cpu: 1.5, memory: 2Gi, gpu: 2, processes: 100}\n"
        "is_deterministic: false\n"
        "timeout: 2h\n"
        "mounts: none\n"
        "metrics: [{name: rmse, regex: 'rmse=([0-9.]+)'}]\n"
        "progress: {overall: 'p=([0-9.]+)'}\n"
    )
    assert component.code == Code("sub", "https://example.org/x.git", "main")
    assert component.env == {"OMP_NUM_THREADS": "2", "API_KEY": Secret("api-key")}
    assert component.inputs == {"train": Input("table", False, ("oss", "nas"), "d")}
    assert component.outputs["score"] == Output("value", ("oss",))
    assert component.parameters["rounds"] == Parameter(
        "Int", 200, range=Range(1, 5000), group="tuning"
    )
    assert component.parameters["rate"].range == Range(0, 1, exclusive_minimum=True)
    assert component.constraints == Constraints("GPU", False, True)
    assert component.resources.memory == 2 * 2**30
    assert component.timeout == 7200
    assert not component.is_deterministic


def test_a_version_stays_as_it_was_written() -> None:
    assert read("", HEAD.replace("1.0.0", "1.10.0")).version == "1.10.0"
    assert faults_of("", HEAD.replace("1.0.0", "1.10")) == [
        "version: '1.10' is not accepted: three numbers, x.y.z"
    ]


def test_every_fault_at_once_with_its_place() -> None:
    text = (
        "apiVersion: millwork/v1\n"
        "kind: Component\n"
        "name: ../x\n"
        "version: v1\n"
        "comand: python main.py\n"
        "inputs:\n"
        "  train: {type: tabel}\n"
        "parameters:\n"
        "  n: {type: Int, default: many}\n"
        "timeout: 90\n"
    )
    with pytest.raises(InvalidFile) as caught:
        read_text(text, "c.yaml")
    assert str(caught.value).splitlines() == [
        (
            "c.yaml:3:1: error: name: '../x' is not accepted: letters, digits, '.', '_' and '-', "
            "starting with a letter or digit, at most 128"
        ),
        "c.yaml:4:1: error: version: 'v1' is not accepted: three numbers, x.y.z",
        "c.yaml:5:1: error: comand: unknown field; did you mean 'command'?",
        (
            "c.yaml:7:11: error: inputs.train.type: 'tabel' is not one of any, file, folder, "
            "table, "
            "model, transform, checkpoint, report, value; did you mean 'table'?"
        ),
        "c.yaml:9:18: error: parameters.n.default: expected a whole number, found 'many'",
        (
            "c.yaml:10:1: error: timeout: '90' is not a duration: a duration is numbers with "
            "units: "
            "90s, 30m, 2h, 1h30m, 1d"
        ),
        "c.yaml:1:1: error: command: missing: the command, run by sh -c",
    ]


FAULTS = {
    "one name for an output and a parameter": (
        "outputs: {data: {}}\nparameters: {data: {type: Int}}",
        "parameters.data: 'data' is also the name of one of the outputs; names are unique",
    ),
    "one name for an input and a parameter": (
        "inputs: {data: {}}\nparameters: {data: {type: Int}}",
        "parameters.data: 'data' is also the name of one of the inputs; names are unique",
    ),
    "two names, one variable": (
        "parameters: {test-model: {type: Int}, test_model: {type: Int}}",
        (
            "parameters.test_model: 'test-model' and 'test_model' both give the variable "
            "PAI_HPS_TEST_MODEL"
        ),
    ),
    "two names that differ in case": (
        "inputs: {Train: {}, train: {}}",
        "inputs.train: 'Train' and 'train' both give the variable PAI_INPUT_TRAIN",
    ),
    "a dot and a dash": (
        "parameters: {a.b: {type: Int}, a-b: {type: Int}}",
        "parameters.a-b: 'a.b' and 'a-b' both give the variable PAI_HPS_A_B",
    ),
    "a name with a leading underscore": (
        "inputs: {_x: {}}",
        (
            "inputs._x: '_x' is not accepted as a name: letters, digits, '_' and '-', not starting "
            "with '_', at most 64"
        ),
    ),
    "an output as a path": (
        "outputs: {../x: {}}",
        (
            "outputs.../x: '../x' is not accepted as a name: letters, digits, '_' and '-', not "
            "starting with '_', at most 64"
        ),
    ),
    "several GPUs without GPU": (
        "constraints: {multiple_gpus: true}",
        "constraints.multiple_gpus: several GPUs need instance_type: GPU",
    ),
    "a GPU on CPU": (
        "constraints: {}\nresources: {gpu: 1}",
        "resources.gpu: GPUs need constraints.instance_type: GPU",
    ),
    "two GPUs where one is allowed": (
        "constraints: {instance_type: GPU}\nresources: {gpu: 2}",
        "resources.gpu: 2 GPUs need constraints.multiple_gpus: true",
    ),
    "a default out of range": (
        "parameters: {n: {type: Int, default: 0, range: [1, 5000]}}",
        "parameters.n.default: 0 is outside [1, 5000]",
    ),
    "a default on an exclusive bound": (
        "parameters: {n: {type: Float, default: 1, range: {min: 0, exclusive_max: 1}}}",
        "parameters.n.default: 1.0 is outside [0, 1)",
    ),
    "a default not in the enumeration": (
        "parameters: {s: {type: String, default: c, enum: [a, b]}}",
        "parameters.s.default: 'c' is not one of a, b",
    ),
    "a default that does not match": (
        "parameters: {s: {type: String, default: A, pattern: '[a-z]'}}",
        "parameters.s.default: 'A' does not match the pattern [a-z]",
    ),
    "an option of another type": (
        "parameters: {n: {type: Int, enum: [1, two]}}",
        "parameters.n.enum[1]: expected a whole number, found 'two'",
    ),
    "a range of a String": (
        "parameters: {s: {type: String, range: [1, 2]}}",
        "parameters.s.range: a String has no range; Int and Float have",
    ),
    "a pattern of an Int": (
        "parameters: {n: {type: Int, pattern: '1'}}",
        "parameters.n.pattern: only a String has a pattern",
    ),
    "a length of an Int": (
        "parameters: {n: {type: Int, length: [1, 2]}}",
        "parameters.n.length: only a String has a length",
    ),
    "an empty length": (
        "parameters: {s: {type: String, length: [3, 2]}}",
        "parameters.s.length: [3, 2]: no text is as long",
    ),
    "an enumeration of a Bool": (
        "parameters: {b: {type: Bool, enum: ['true']}}",
        "parameters.b.enum: a Bool has no enumeration",
    ),
    "an empty range": (
        "parameters: {n: {type: Int, range: [5, 1]}}",
        "parameters.n.range: [5, 1] holds no value",
    ),
    "a range of one bound": (
        "parameters: {n: {type: Int, range: [5]}}",
        "parameters.n.range: expected two bounds: [least, greatest]",
    ),
    "a bound given twice": (
        "parameters: {n: {type: Int, range: {min: 1, exclusive_min: 1}}}",
        "parameters.n.range: give a bound either as it is or as exclusive, not both",
    ),
    "a pattern that is not RE2": (
        "parameters: {s: {type: String, pattern: '(?=a)'}}",
        "parameters.s.pattern: '(?=a)' is not accepted: a regular expression in RE2 syntax",
    ),
    "a metric without a group": (
        "metrics: [{name: a, regex: a}]",
        (
            "metrics[0].regex: 'a' is not accepted: a regular expression in RE2 syntax with "
            "exactly "
            "one group"
        ),
    ),
    "a column of nothing": (
        "parameters: {c: {type: Column}}",
        "parameters.c.input: a Column names the input it belongs to",
    ),
    "a column of an unknown input": (
        "parameters: {c: {type: Column, input: train}}",
        "parameters.c.input: there is no input 'train'",
    ),
    "a column of a model": (
        "inputs: {m: {type: model}}\nparameters: {c: {type: Column, input: m}}",
        "parameters.c.input: the input 'm' is a model; columns are a table's",
    ),
    "a type that is none": (
        "parameters: {n: {type: Integer}}",
        (
            "parameters.n.type: 'Integer' is not one of Int, Float, String, Bool, Column, Columns; "
            "did you mean 'Int'?"
        ),
    ),
    "a parameter without a type": (
        "parameters: {n: {default: 1}}",
        "parameters.n.type: missing: its type",
    ),
    "a parameter as its value": (
        "parameters: {n: 5}",
        (
            "parameters.n: expected fields (type, default, required, range, length, enum, pattern, "
            "input, dtype, group, display_name, description), found '5'"
        ),
    ),
    "a variable of the contract": (
        "env: {PAI_HPS: x}",
        "env.PAI_HPS: PAI_ variables are set by the run contract",
    ),
    "a variable that is none": (
        "env: {A-B: x}",
        (
            "env.A-B: 'A-B' is not accepted as a name: letters, digits and '_', not starting "
            "with a "
            "digit"
        ),
    ),
    "a variable that is a list": (
        "env: {A: [b]}",
        "env.A: expected text, or secret, found a list",
    ),
    "a secret without a name": (
        "env: {A: {secret: }}",
        "env.A.secret: missing: the name of a kept secret",
    ),
    "a secret with another's field": (
        "env: {A: {secret: key, from: vault}}",
        "env.A.from: unknown field; a secret has: secret",
    ),
    "a secret whose name is none": (
        "env: {A: {secret: a/b}}",
        (
            "env.A.secret: 'a/b' is not accepted: letters, digits, '_', '-' and '.', not starting "
            "with '-' or '.', at most 128"
        ),
    ),
    "a variable without a value": ("env: {A: }", "env.A: expected text, found nothing"),
    "code from two places": (
        "code: {git: a, uri: b}",
        "code: code is a folder, {git: ...} or {uri: ...}",
    ),
    "a ref of a URI": (
        "code: {uri: 'oss://a', ref: x}",
        "code: only code from Git has ref and path",
    ),
    "a timeout of nothing": ("timeout: 0s", "timeout: '0s' is no duration: leave it out"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_rule_is_told_in_words(case: str) -> None:
    text, message = FAULTS[case]
    assert faults_of(text) == [message]


@pytest.mark.parametrize("text", ["", " ", "\n", "null"])
def test_an_empty_command_is_refused(text: str) -> None:
    assert faults_of(f"command: {text}\n", HEAD.replace("command: 'true'\n", "")) in (
        ["command: it is empty"],
        ["command: missing: the command, run by sh -c"],
    )


KIND = "apiVersion: millwork/v1, kind: Component"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ("kind: Pipelin\n", "kind: expected Component or Pipeline, found 'Pipelin'"),
        (
            "name: c\n",
            f": neither a Millwork file ({KIND}) nor PAI's nor Azure ML's",
        ),
    ],
)
def test_a_file_of_another_kind(head: str, message: str) -> None:
    assert faults_of("", head) == [message]


def test_another_version_of_the_format_is_refused() -> None:
    faults = faults_of("", HEAD.replace("millwork/v1", "millwork/v9"))
    assert faults == ["apiVersion: expected 'millwork/v1', found 'millwork/v9'"]


EXAMPLES = [path.read_text() for path in sorted(Path("examples").rglob("*.yaml"))]


def mutated(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 4)):
        at, width = dice.randrange(len(text)), dice.randint(0, 12)
        other = dice.randrange(len(text))
        piece = dice.choice(
            ["", text[other : other + width], dice.choice("{}[]:,-'\"&*!|>\n\t \0é")]
        )
        text = text[:at] + piece + text[at + width :]
    return text


@pytest.mark.parametrize("seed", range(10))
def test_a_mutated_example_is_read_or_refused_with_places(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(25):
        try:
            read_text(mutated(dice.choice(EXAMPLES), dice), "m.yaml")
        except InvalidFile as error:
            places = [(fault.line, fault.column) for fault in error.faults]
        else:
            places = [(1, 1)]
        assert places
        assert min(min(place) for place in places) >= 1
