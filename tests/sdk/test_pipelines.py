"""Composing: nodes, wires, options, outputs, and every refusal's words."""

from __future__ import annotations

import runpy
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from millwork import (
    BadRequest,
    Component,
    Input,
    InputPath,
    InvalidFile,
    Wire,
    each,
    load,
    pipeline,
)
from millwork.spec.model import ForEach, LocalPath, Pipeline, PipelineNode, Reference
from tests.conftest import EXAMPLES
from tests.sdk.functions import measure, words, write

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.quick
FLIGHTS = EXAMPLES / "flights"
extract, features, split, train = (
    load(FLIGHTS / name) for name in ("extract", "features", "split", "train")
)
COLUMNS = {"target": "a", "baseline": "b", "ignore": "c"}
Table = Annotated[Input, "table"]


def nodes(composed: Component) -> dict[str, PipelineNode]:
    definition = composed.tree.definition
    assert isinstance(definition, Pipeline)
    return dict(definition.nodes)


def refusal(body: Callable[[Wire, Any], object], kind: type[Exception] = TypeError) -> str:
    """What composing a pipeline with this body is refused with."""

    def composed(rows: Table, rounds: int = 5) -> object:
        return body(rows, rounds)

    with pytest.raises(kind) as caught:
        pipeline(composed)
    return str(caught.value)


def test_a_pipeline_lists_scheduling_parameters() -> None:
    @pipeline(scheduling_parameters={"n": "$[dd]"})
    def daily(rows: Table) -> None:
        split(rows=rows, key="k", seed="${n}")

    definition = daily.tree.definition
    assert isinstance(definition, Pipeline)
    assert definition.scheduling_parameters == {"n": "$[dd]"}
    assert nodes(daily)["split"].parameters["seed"] == "${n}"

    with pytest.raises(InvalidFile, match="scheduling_parameters lists no 'm'"):

        @pipeline(scheduling_parameters={"n": "$[dd]"})
        def wrong(rows: Table) -> None:
            split(rows=rows, key="k", seed="${m}")


def test_the_flights_in_python_are_those_of_the_file() -> None:
    flights = runpy.run_path(str(FLIGHTS / "flights.py"))["flights"]
    ours, theirs = flights.tree.definition, load(FLIGHTS).tree.definition
    assert isinstance(ours, Pipeline)
    assert isinstance(theirs, Pipeline)
    assert ours.nodes == theirs.nodes
    assert ours.outputs == theirs.outputs
    assert ours.parameters == {
        name: replace(parameter, description="") for name, parameter in theirs.parameters.items()
    }
    assert (ours.name, ours.version, ours.inputs) == (theirs.name, theirs.version, theirs.inputs)


def test_the_flights_take_fifteen_lines_of_code() -> None:
    text = (FLIGHTS / "flights.py").read_text()
    lines = [line for line in text.splitlines() if line.strip() and '"""' not in line]
    assert len(lines) <= 15
    assert max(map(len, lines)) <= 100


def test_a_pipeline_of_everything() -> None:
    definition = words.tree.definition
    assert isinstance(definition, Pipeline)
    assert (definition.name, definition.version) == ("count-words", "2.0.0")
    assert definition.description == "Everything at once."
    assert definition.parameters["label"].pattern == "[a-z]+"
    assert list(definition.nodes) == ["write", "inner", "again"]
    again = definition.nodes["again"]
    assert again.inputs == {"rows": Reference("write", "rows")}
    assert (again.after, again.retries, again.timeout) == (("inner",), 1, 1800.0)
    assert definition.outputs["nested"] == Reference("inner", "value")


def test_names_are_made_unique_and_can_be_given() -> None:
    @pipeline
    def named() -> None:
        write(), write(), write().with_(name="third"), write()

    assert list(nodes(named)) == ["write", "write-2", "third", "write-3"]


def test_a_wire_follows_the_name_of_its_node() -> None:
    @pipeline
    def renamed() -> None:
        made = write()
        measure(rows=made.outputs.rows, scale=1)
        made.with_(name="first")

    assert nodes(renamed)["measure"].inputs["rows"] == Reference("first", "rows")


def test_paths_are_relative_to_the_python_file(tmp_path: Any) -> None:
    @pipeline
    def reads() -> None:
        split(rows=FLIGHTS / "README.md", key="day")

    path = nodes(reads)["split"].inputs["rows"]
    assert path == LocalPath("../../examples/flights/README.md")
    assert nodes(reads)["split"].component == "../../examples/flights/split/component.yaml"
    saved = load(reads.save(tmp_path / "reads.yaml"))
    assert saved == reads
    assert nodes(saved)["split"].inputs["rows"] != path


def test_repeating_over_a_list() -> None:
    @pipeline
    def repeated() -> None:
        counted = write()
        measure(rows=counted.outputs.rows, scale=each(counted.outputs.value, max_parallel=2))

    assert nodes(repeated)["measure"].foreach == ForEach(Reference("write", "value"), "scale", 2)


def test_outputs_of_every_form() -> None:
    @pipeline
    def node() -> object:
        return write()

    @pipeline
    def wire() -> object:
        return write().outputs.rows

    @pipeline
    def outputs() -> object:
        return write().outputs

    given = [p.tree.definition.outputs for p in (node, wire, outputs)]
    both = {"rows": Reference("write", "rows"), "value": Reference("write", "value")}
    assert given == [both, {"rows": Reference("write", "rows")}, both]


def test_names_that_python_cannot_write(write_component: Callable[..., Any]) -> None:
    part = load(
        write_component(
            inputs={"in-put": {"required": False}},
            outputs={"out-put": {}, "2nd": {}},
            parameters={"lambda": {"type": "Float"}, "a.b": {"type": "Int"}},
        )
    )

    @pipeline
    def odd() -> object:
        first = part(lambda_=0.5, a_b=1)
        part(in_put=first.outputs.out_put, **{"a.b": 2})
        return {"one": first.outputs["out-put"], "two": first.outputs._2nd}

    assert nodes(odd)["part"].parameters == {"lambda": "0.5", "a.b": "1"}
    assert nodes(odd)["part-2"].inputs == {"in-put": Reference("part", "out-put")}
    assert nodes(odd)["part-2"].parameters == {"a.b": "2"}


@pytest.fixture
def write_component(write: Callable[[str, str], Any]) -> Callable[..., Any]:
    import json

    def write_one(**fields: Any) -> Any:
        head = {"apiVersion": "millwork/v1", "kind": "Component", "name": "part"}
        content = {**head, "version": "1.0.0", "command": "true", **fields}
        return write("part/component.yaml", json.dumps(content))

    return write_one


# --- refusals ---------------------------------------------------------------------------------


def test_unknown_names() -> None:
    assert refusal(lambda rows, _: train(trian=rows, **COLUMNS)) == (
        "train-delay-model has no input or parameter 'trian'; did you mean 'train'? "
        "(inputs: train; parameters: target, baseline, ignore, rounds, max_depth, "
        "learning_rate, objective)"
    )


def test_missing_arguments() -> None:
    assert refusal(lambda _rows, _: train(baseline="b", ignore="c")) == (
        "train-delay-model is not given the required input 'train', the required parameter 'target'"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"rounds": "5"}, "the parameter 'rounds' takes a whole number, not str '5'"),
        ({"rounds": 5.0}, "the parameter 'rounds' takes a whole number, not float 5.0"),
        ({"rounds": True}, "the parameter 'rounds' takes a whole number, not bool True"),
        ({"learning_rate": "1"}, "the parameter 'learning_rate' takes a number, not str '1'"),
        ({"objective": 1}, "the parameter 'objective' takes text, not int 1"),
        ({"target": ["a"]}, "the parameter 'target' takes a column's name, not list ['a']"),
    ],
)
def test_wrong_types(arguments: dict[str, Any], words: str) -> None:
    given = {**COLUMNS, **arguments}
    assert refusal(lambda rows, _: train(train=rows, **given)) == f"train-delay-model: {words}"


def test_values_that_are_not_allowed() -> None:
    def body(rows: Wire, _: object) -> object:
        return train(train=rows, rounds=0, **COLUMNS)

    message = "train-delay-model: the parameter 'rounds': 0 is outside [1, 5000]"
    assert refusal(body, ValueError) == message


def test_wires_that_do_not_fit() -> None:
    def model_as_table(rows: Wire, _: object) -> None:
        split(rows=train(train=rows, **COLUMNS), key="day")

    assert refusal(model_as_table) == (
        "split-by-key: inputs.rows: 'train.model' is a model; the input takes a table"
    )
    assert refusal(lambda rows, _: train(train=rows, **{**COLUMNS, "target": extract()})) == (
        "'extract' has 3 outputs; say which: .outputs.flights, .outputs.planes, .outputs.weather"
    )
    assert refusal(lambda rows, _: train(train=rows, rounds=rows, **COLUMNS)) == (
        "train-delay-model: parameters.rounds: only a value output can be read here; "
        "'inputs.rows' is a table"
    )
    assert refusal(lambda _, rounds: split(rows=rounds, key="day")) == (
        "split-by-key: the input 'rows' reads data; 'parameters.rounds' is a parameter"
    )
    assert refusal(lambda rows, rounds: split(rows=rows, key=rounds)) == (
        "split-by-key: parameters.key: an Int does not fit a Column"
    ).replace("an Int", "a Int")
    assert refusal(lambda _, __: split(rows=5, key="day")) == (
        "split-by-key: the input 'rows' takes an output of another component or a path, not int 5"
    )


def test_outputs_that_are_not_there() -> None:
    message = "'extract' has no output 'flight'; it has: flights, weather, planes"
    assert refusal(lambda *_: extract().outputs.flight, AttributeError) == message
    assert message in refusal(lambda *_: extract().outputs["flight"], KeyError)


@pytest.mark.parametrize(
    ("options", "kind", "words"),
    [
        (
            {"retry": 1},
            TypeError,
            "a node has no option 'retry'; it has: name, after, when, ",
        ),
        ({"retries": -1}, TypeError, "extract-flights: retries: '-1' is not a whole number >= 0"),
        ({"timeout": 30}, TypeError, "timeout: '30' is not a duration: a duration is numbers with"),
        (
            {"name": "a b"},
            ValueError,
            "a node cannot be called 'a b': letters, digits",
        ),
        ({"name": "inputs"}, ValueError, "a node cannot be called 'inputs'"),
        ({"name": "other"}, ValueError, "there is a node 'other' already"),
        ({"when": "other.valeu > 1"}, TypeError, "'other' has no output 'valeu'"),
    ],
)
def test_options_that_are_not_allowed(
    options: dict[str, Any], kind: type[Exception], words: str
) -> None:
    def body(*_: object) -> None:
        write().with_(name="other")
        extract().with_(**options)

    assert words in refusal(body, kind)


def test_a_pipeline_as_a_node_has_no_resources() -> None:
    message = refusal(lambda *_: words().with_(resources={"cpu": 1}))
    assert message == "count-words: resources: this node is a pipeline; its own nodes have that"


def test_nodes_of_another_pipeline() -> None:
    kept: list[Any] = []

    @pipeline
    def first() -> None:
        kept.append(extract())

    (node,) = kept
    message = "'extract.flights' belongs to another pipeline"
    assert refusal(lambda *_: split(rows=node.outputs.flights, key="day")) == message
    assert refusal(lambda *_: {"rows": node.outputs.flights}) == message
    assert refusal(lambda *_: write().with_(after=[node])) == (
        "write: after: 'extract' belongs to another pipeline"
    )


def test_values_are_not_known_while_composing() -> None:
    message = (
        "'parameters.rounds' has no value while the pipeline is composed; pass it to a component, "
        "which gets the value when the pipeline runs"
    )
    for body in (
        lambda _, rounds: rounds + 1,
        lambda _, rounds: f"{rounds}",
        lambda _, rounds: range(rounds),
        lambda _, rounds: 1 if rounds else 2,
        lambda _, rounds: rounds > 3,
    ):
        assert refusal(body) == message


def test_a_call_outside_of_a_pipeline() -> None:
    with pytest.raises(TypeError) as caught:
        extract()
    assert str(caught.value) == (
        "extract-flights is called outside of a pipeline: call it in a function decorated with "
        "@pipeline, or run it by itself with .run(...)"
    )


def test_circles() -> None:
    def body(*_: object) -> None:
        first, second = extract().with_(name="a"), extract().with_(name="b")
        first.with_(after=[second])
        second.with_(after=[first])

    assert "the nodes wait for one another: a -> b -> a" in refusal(body, InvalidFile)


def test_results_that_are_no_outputs() -> None:
    assert refusal(lambda *_: (extract(), extract())) == (
        "composed() returns a tuple: return a dictionary of outputs by name, a node or an output"
    )
    assert refusal(lambda *_: extract() and {"a": 1}) == (
        "composed() returns 1 as 'a', which is no output of a node"
    )
    assert "an output comes from a node" in refusal(lambda rows, _: {"a": rows}, InvalidFile)
    assert "a pipeline has at least one node" in refusal(lambda *_: None, InvalidFile)


def no_type(rows) -> None:  # type: ignore[no-untyped-def]
    pass


def other_type(rows: bytes) -> None: ...


def wrong_door(rows: InputPath) -> None: ...


def many(*rows: int) -> None: ...


def wrong_default(rounds: int = "5") -> None: ...  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (no_type, "no_type(): 'rows' has no type; annotate it: int, float, str, bool or a port"),
        (other_type, "other_type(): 'rows': <class 'bytes'> is neither int, float, str, bool"),
        (wrong_door, "wrong_door(): 'rows': the ports of a pipeline are Input"),
        (many, "many(): 'rows': arguments are given by name; leave out *, ** and /"),
        (wrong_default, "wrong_default(): 'rounds': the default '5' is no int"),
        (5, "@pipeline takes a function, not 5"),
    ],
)
def test_functions_that_are_no_pipeline(function: Any, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        pipeline(function)
    assert words in str(caught.value)


def test_rules_of_the_file_are_rules_here() -> None:
    with pytest.raises(InvalidFile) as caught:

        @pipeline(name="a b", verison="1.0.0")
        def broken(rounds: Annotated[int, {"range": [1, 2]}] = 5) -> None:
            extract()

    text = str(caught.value)
    assert "test_pipelines.py: error: parameters.rounds.default: 5 is outside [1, 2]" in text


def test_signatures_and_words_for_people() -> None:
    import inspect

    assert "arguments" in str(inspect.signature(Component.__call__))
    assert inspect.signature(Component)
    assert str(inspect.signature(measure)) == (
        "(*, rows, extra=None, scale, mode='all', loud=False)"
    )
    assert repr(words) == "<count-words 2.0.0 (count, label) -> (nested, again, count)>"
    assert hash(words) == hash(words)
    assert words != write
    assert words.plan(count=2)[0]["node"] == "write"
