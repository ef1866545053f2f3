"""PAI's command lines as pipelines of built-in components."""

from __future__ import annotations

import time
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.convert import convert_file
from millwork.actions.load import load
from millwork.base.errors import BadRequest, InvalidFile
from millwork.catalogue.index import declarations
from millwork.catalogue.pai import WHY, Imported, find, to_pipeline
from millwork.formats.pai.lines import read_lines
from millwork.spec import values
from millwork.spec.model import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from millwork.catalogue.model import Declaration, PaiName
    from millwork.spec.model import Parameter, Pipeline
    from tests.conftest import Millwork

NAMES = [(declared.name, pai.name) for declared in declarations().values() for pai in declared.pai]


def imported(text: str) -> Imported:
    return to_pipeline(read_lines(text, "node.sql"), "node", "node.sql")


def wires(pipeline: Pipeline) -> dict[str, dict[str, str]]:
    return {
        name: {port: str(source) for port, source in node.inputs.items()}
        for name, node in pipeline.nodes.items()
    }


# --- every name -------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "known"), NAMES)
def test_a_line_made_of_a_name_comes_back_as_the_same_node(name: str, known: str) -> None:
    declared = declarations()[name]
    (pai,) = [each for each in declared.pai if each.name == known]
    assert find(known.upper()) == (declared, pai)
    for seed in range(20):
        random = Random(f"{known}{seed}")
        keys = one_each(pai.parameters, random).values()
        given = {key: value_for(declared, pai, key, random) for key in keys}
        inputs, outputs = one_each(pai.inputs, random), one_each(pai.outputs, random)
        tables = {key: f"table_{key}" for key in (*inputs.values(), *outputs.values())}
        line = written(pai, {key: text for key, (text, _) in given.items()} | tables, random)
        made = imported(line)
        assert made.left_out == (), line
        ((node_name, node),) = made.pipeline.nodes.items()
        assert node.component == f"builtin:{name}"
        unsaid = {
            word: values.read(declared.parameters[word], text) for word, text in pai.fixed.items()
        }
        said = {pai.parameters[key]: value for key, (_, value) in given.items()}
        assert node.parameters == unsaid | said, line
        assert wires(made.pipeline)[node_name] == {
            port: f"inputs.{tables[key]}" for port, key in inputs.items()
        }
        assert made.pipeline.outputs == {
            tables[key]: Reference(node_name, port) for port, key in outputs.items()
        }


def one_each(keys: Mapping[str, str], random: Random) -> dict[str, str]:
    """One of the keys that stand for each port or parameter."""
    return {ours: theirs for theirs, ours in random.sample(list(keys.items()), len(keys))}


def value_for(declared: Declaration, pai: PaiName, key: str, random: Random) -> tuple[str, Any]:
    """A value in PAI's words, and in ours."""
    word = pai.parameters[key]
    parameter = declared.parameters[word]
    known = dict(pai.values.get(word, {}))
    if known:
        theirs = random.choice(list(known))
        return theirs, values.read(parameter, known[theirs])
    text = text_for(parameter, random)
    return text, values.read(parameter, text)


def text_for(parameter: Parameter, random: Random) -> str:
    if parameter.enum:
        return values.to_text(random.choice(parameter.enum))
    low = parameter.range.minimum if parameter.range else None
    high = parameter.range.maximum if parameter.range else None
    low = 0.0 if low is None else low
    high = min(low + 50, low + 50 if high is None else high)
    texts = {
        "Int": str(random.randint(int(low), int(high))),
        "Float": repr(random.uniform(low + 1e-6, high - 1e-6)),
        "Bool": random.choice(("true", "false", "True")),
        "Column": random.choice(("label", "größe", "a b")),
        "Columns": random.choice(("a", "a,b", "größe,日本", "a b, c")),
        "String": random.choice(("x", "a b", "it's", "")),
    }
    return texts[parameter.type]


def written(pai: PaiName, given: Mapping[str, str], random: Random) -> str:
    """A line as people write it: keys in any order, each value in quotes or not."""
    keys = random.sample(list(given), len(given))
    said = [f"-D{key}={quoted(given[key], random)}" for key in keys]
    break_ = random.choice((" ", "\n    ", " \\\n  "))
    return break_.join([f"PAI -name {pai.name}", "-project algo_public", *said]) + ";"


def quoted(text: str, random: Random) -> str:
    is_bare = text and not set(text) & set(" ;'\"")
    return text if is_bare and random.random() < 0.5 else f'"{text}"'


# --- lines of PAI's documentation -------------------------------------------------------------

LOGISTIC = """\
PAI -name logisticregression_binary
    -project algo_public
    -DmodelName="xlab_m_logistic_regression_6096"
    -DregularizedLevel="1"
    -DmaxIter="100"
    -DregularizedType="l1"
    -Depsilon="0.000001"
    -DlabelColName="y"
    -DfeatureColNames="pdays,emp_var_rate"
    -DgoodValue="1"
    -DinputTableName="bank_data";
"""
SPLIT = """\
PAI -name split -project algo_public
    -DinputTableName=wbpc
    -Doutput1TableName=wpbc_split1
    -Doutput2TableName=wpbc_split2
    -Dfraction=0.25;
"""
STANDARDIZE = """\
PAI -name Standardize
    -project algo_public
    -DkeepOriginal="false"
    -DoutputTableName="test_5"
    -DinputTablePartitions="pt=20150501"
    -DinputTableName="bank_data_partition"
    -DselectedColNames="euribor3m,pdays";
"""
KMEANS = """\
pai -name kmeans
    -project algo_public
    -DinputTableName=pai_kmeans_test_input
    -DselectedColNames=f0,f1
    -DappendColNames=f0,f1
    -DcenterCount=3
    -Dloop=10
    -Daccuracy=0.01
    -DdistanceType=euclidean
    -DinitCenterMethod=random
    -Dseed=1
    -DmodelName=pai_kmeans_test_output_model
    -DidxTableName=pai_kmeans_test_output_idx
    -DclusterCountTableName=pai_kmeans_test_output_couter
    -DcenterTableName=pai_kmeans_test_output_center;
"""
PREDICTION = """\
PAI -name prediction
    -DmodelName=nb_model
    -DinputTableName=wpbc
    -DoutputTableName=wpbc_pred
    -DappendColNames=label;
"""


def only(text: str) -> tuple[str, Mapping[str, Any]]:
    """The component and the parameters of the only node of a line."""
    (node,) = imported(text).pipeline.nodes.values()
    return node.component, node.parameters


def test_logistic_regression() -> None:
    component, given = only(LOGISTIC)
    assert component == "builtin:logistic_regression"
    wanted = {"label": "y", "features": ("pdays", "emp_var_rate"), "penalty": "l1",
              "strength": 1.0, "max_iterations": 100, "tolerance": 1e-6}  # fmt: skip
    assert given.items() >= wanted.items()
    (left,) = imported(LOGISTIC).left_out
    assert left == "line 10: logisticregression_binary -DgoodValue=1"


def test_split() -> None:
    made = imported(SPLIT)
    assert (only(SPLIT), made.left_out) == (("builtin:split_rows", {"fraction": 0.25}), ())
    assert list(made.pipeline.inputs) == ["wbpc"]
    assert {name: str(wire) for name, wire in made.pipeline.outputs.items()} == {
        "wpbc_split1": "split_rows.first", "wpbc_split2": "split_rows.second",
    }  # fmt: skip


def test_standardize() -> None:
    component, given = only(STANDARDIZE)
    assert component == "builtin:standardise"
    assert given["columns"] == ("euribor3m", "pdays")
    left = imported(STANDARDIZE).left_out
    assert any("-DinputTablePartitions=pt=20150501: " in line for line in left)


def test_kmeans() -> None:
    component, given = only(KMEANS)
    assert component == "builtin:kmeans"
    assert 3 in given.values()
    assert ("f0", "f1") in given.values()


def test_prediction() -> None:
    component, given = only(PREDICTION)
    assert component == "builtin:predict"
    assert given["append"] == ("label",)
    (node,) = imported(PREDICTION).pipeline.nodes.values()
    assert {port: str(wire) for port, wire in node.inputs.items()} == {
        "table": "inputs.wpbc", "model": "inputs.nb_model",
    }  # fmt: skip


# --- several lines ----------------------------------------------------------------------------

SEVERAL = """\
-- train and score
DROP TABLE IF EXISTS scored;
PAI -name split -DinputTableName=bank -Doutput1TableName=Train -Doutput2TableName=test;
PAI -name standardize -DinputTableName=train -DoutputTableName=train -DselectedColNames=a;
PAI -name logisticregression_binary -DinputTableName=TRAIN -DlabelColName=y -DmodelName=train;
PAI -name prediction -DinputTableName=test -DmodelName=train -DoutputTableName=scored
    -Dlifecycle=28 -DcoreNum=4;
"""


def test_tables_and_models_wire_the_lines() -> None:
    """Names are the same in capital letters; a model may be called like a table."""
    made = imported(SEVERAL)
    assert wires(made.pipeline) == {
        "split_rows": {"table": "inputs.bank"},
        "standardise": {"table": "split_rows.first"},
        "logistic_regression": {"table": "standardise.table"},
        "predict": {"table": "split_rows.second", "model": "logistic_regression.model"},
    }
    assert {name: str(wire) for name, wire in made.pipeline.outputs.items()} == {
        "scored": "predict.table"
    }


def test_what_is_not_carried_is_listed_with_its_line() -> None:
    assert imported(SEVERAL).left_out == (
        "line 2: DROP TABLE IF EXISTS scored: only lines of PAI are converted",
        f"line 7: prediction -Dlifecycle=28: {WHY['lifecycle']}",
        "line 7: prediction -DcoreNum=4: give the node `resources: {cpu: N}`",
    )


def test_a_value_that_ours_does_not_take_is_listed() -> None:
    made = imported("PAI -name split -DinputTableName=t -Dfraction=2;")
    assert made.left_out == ("line 1: split -Dfraction=2: 'fraction': 2.0 is outside [0, 1]",)
    assert made.pipeline.nodes["split_rows"].parameters == {}


def test_what_is_said_in_two_ways_is_taken_once() -> None:
    made = imported("PAI -name chisq_test -DinputTableName=t -DcolName=a -DxColName=b;")
    assert made.left_out == ("line 1: chisq_test -DxColName=b: the line says that already",)


def test_nodes_inputs_and_outputs_have_names_of_their_own() -> None:
    lines = "PAI -name split -DinputTableName=p.größe -Doutput1TableName=a;" * 2
    lines += "PAI -name split -DinputTableName=p_größe -Doutput1TableName=_b.c;"
    made = imported(lines).pipeline
    assert list(made.nodes) == ["split_rows", "split_rows-2", "split_rows-3"]
    assert list(made.inputs) == ["p_gr_e", "p_gr_e-2"]
    assert list(made.outputs) == ["a", "a-2", "b_c"]


def test_all_faults_are_told_at_once_with_their_places() -> None:
    text = "PAI -name splitt -DinputTableName=t;\n  PAI -name standardize;\nPAI -name zzzzzzzzz;"
    with pytest.raises(InvalidFile) as caught:
        imported(text)
    assert [(fault.line, fault.column, fault.message) for fault in caught.value.faults] == [
        (1, 11, "no built-in component is PAI's 'splitt': is it split?"),
        (3, 11, "no built-in component is PAI's 'zzzzzzzzz': `millwork catalogue list` shows all"),
        (2, 13, "the required input 'table' is not given"),
    ]


# --- the command ------------------------------------------------------------------------------


def test_the_command_writes_a_pipeline_and_lists_what_is_left(
    millwork: Millwork, tmp_path: Path
) -> None:
    (tmp_path / "flow.sql").write_text(SEVERAL)
    done = millwork("convert", "flow.sql", "-o", "flow.yaml")
    assert done.code == 0
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == [
        "not carried over"
    ] * 3  # fmt: skip
    pipeline = load(str(tmp_path / "flow.yaml")).tree.definition
    assert pipeline.name == "flow"
    assert (
        millwork("convert", "flow.sql", "--to", "millwork").out
        == (tmp_path / "flow.yaml").read_text()
    )
    refused = millwork("convert", "flow.sql", "--to", "pai")
    assert (refused.code, "AlgorithmSpec is one component" in refused.err) == (2, True)


def test_a_file_without_lines_needs_a_flavour(tmp_path: Path) -> None:
    path = tmp_path / "component.yaml"
    path.write_text("# PAI -name x\n")
    with pytest.raises(BadRequest, match="say with --to"):
        convert_file(str(path))
    with pytest.raises(BadRequest, match="cannot read"):
        convert_file(str(tmp_path / "absent.sql"))
    path = tmp_path / "latin.sql"
    path.write_bytes(b"PAI -name \xe9;")
    with pytest.raises(InvalidFile, match="not UTF-8"):
        convert_file(str(path))


def test_many_lines_take_no_long_time() -> None:
    line = "PAI -name normalize -DinputTableName=i{0} -DoutputTableName=t.{1} -DselectedColNames=a;"
    text = "\n".join(line.format(each, each % 2) for each in range(5000))
    begun = time.process_time()
    made = imported(text)
    assert time.process_time() - begun < 20  # 100 s when each name is compared with all others
    assert len(made.pipeline.nodes) == len(made.pipeline.inputs) == len(made.pipeline.outputs)


def test_a_name_with_a_number_is_not_given_twice() -> None:
    names = ["a", "a-2", "A", "a_2", "a.3", "a"]
    line = "PAI -name normalize -DinputTableName={0} -DoutputTableName={0} -DselectedColNames=a;"
    made = imported("\n".join(line.format(f"{name}") for name in names))
    assert list(made.pipeline.inputs) == ["a", "a-2", "a_2-2", "a_3"]
