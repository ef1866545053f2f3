"""Pipelines as scripts: what a script composes is what the file says."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings

from millwork.actions.builtins import builtin_tree
from millwork.actions.convert import convert_file, convert_text
from millwork.base.errors import BadRequest
from millwork.catalogue.templates import NAMES as TEMPLATES
from millwork.sdk.pipelines import PipelineComponent
from millwork.spec import values
from millwork.spec.model import Pipeline, Reference
from millwork.spec.writer import to_text
from tests.conftest import EXAMPLES
from tests.formats.graphs import graphs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_COMPARE = """
import json, runpy, sys
from millwork import load
from millwork.sdk.pipelines import PipelineComponent
given = json.loads(sys.argv[3])
found = runpy.run_path(sys.argv[1])
(made,) = [each for each in found.values() if isinstance(each, PipelineComponent)]
file = load(sys.argv[2])
both = [one.tree.definition for one in (made, file)]
heads = [(one.name, one.version, one.display_name, one.description, dict(one.tags), one.inputs,
          one.parameters, dict(one.outputs), dict(one.layout)) for one in both]
assert heads[0] == heads[1], heads
plans = [{step["node"]: step for step in one.plan(**given)} for one in (made, file)]
assert plans[0] == plans[1], plans
print(len(plans[0]))
"""
STEP = """\
apiVersion: millwork/v1
kind: Component
name: step
version: 1.0.0
command: echo
inputs: {rows: {type: any, required: false}, more-rows: {required: false}}
outputs: {rows: {type: table}, keys: {type: folder}, list: {type: value}}
parameters:
  n: {type: Int}
  lambda: {type: Float}
  batch-size: {type: Int}
  name: {type: String}
  on: {type: Bool}
  columns: {type: Columns, input: rows}
"""
ODD = """\
apiVersion: millwork/v1
kind: Pipeline
name: 1.odd-one
version: 1.2.3
description: |
  "Quotes", '''others''' and \\ are text.
  So is {this}.
tags: {a: "b"}
inputs:
  rows: {type: table, description: Rows}
  list: {required: false}
parameters:
  each: {type: Int, default: 2, range: [1, 5]}
  HERE: {type: Columns, input: rows, default: [a, "b c"]}
  step: {type: String, enum: [x, y]}
  share: {type: Float, required: true}
  which: {type: Column, input: rows, default: y}
nodes:
  last:
    component: ./step.yaml
    inputs: {rows: {from: class.keys}, more-rows: {path: "./data/a b.csv"}}
    parameters: {lambda: {from: parameters.share}, batch-size: 3, name: "it's \\"so\\"\\n"}
    after: [step]
    retries: 2
    timeout: 30m
    resources: {cpu: 2, memory: 1Gi}
    env: {A: "1", B: {secret: key}}
    when: parameters.each > 1
  class:
    component: ./step.yaml
    inputs: {rows: {from: inputs.rows}}
    parameters: {columns: {from: parameters.HERE}, n: {from: parameters.each}, on: true}
  step:
    component: ./step.yaml
    parameters: {name: {from: parameters.step}}
    foreach: {from: class.list, into: n, max_parallel: 2}
    continue_on_failure: true
  data: {component: "builtin:sample_data", parameters: {name: penguins}}
outputs:
  model: {from: last.rows}
  data-out: {from: data.table}
layout: {last: [0, 1.5], class: [-3, 4]}
"""


def same(script: Path, file: str, given: Mapping[str, object], cwd: Path) -> int:
    """How many steps both have; it fails if they are not the same."""
    words = [sys.executable, "-c", _COMPARE, str(script), file, json.dumps(given)]
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_script_of_a_template_makes_the_same_plan(name: str, tmp_path: Path) -> None:
    made = convert_file(f"template:{name}", "python")
    assert made.left_out == ()
    (tmp_path / "script.py").write_text(made.text)
    assert same(tmp_path / "script.py", f"template:{name}", {}, tmp_path) > 3


def test_the_script_of_files_makes_the_same_plan(tmp_path: Path) -> None:
    made = convert_file(str(EXAMPLES / "flights/pipeline.yaml"), "python")
    assert made.left_out == ()
    text = made.text.replace(
        "Path(__file__).absolute().parent", f"Path({str(EXAMPLES)!r}, 'flights')"
    )
    (tmp_path / "script.py").write_text(text)
    file = str(EXAMPLES / "flights/pipeline.yaml")
    assert same(tmp_path / "script.py", file, {"rounds": 7}, tmp_path) == 5


def test_odd_names_and_every_field_come_through(tmp_path: Path) -> None:
    (tmp_path / "step.yaml").write_text(STEP)
    (tmp_path / "odd.yaml").write_text(ODD)
    (tmp_path / "data").mkdir()
    for name in ("data/a b.csv", "rows.csv"):
        (tmp_path / name).write_text("a\n1\n")
    made = convert_file(str(tmp_path / "odd.yaml"), "python")
    assert made.left_out == ()
    (tmp_path / "script.py").write_text(made.text)
    given = {"rows": "rows.csv", "share": 0.5, "step": "y"}
    assert same(tmp_path / "script.py", "odd.yaml", given, tmp_path) == 4


@pytest.mark.quick
def test_a_name_that_python_has_not_is_told(tmp_path: Path) -> None:
    (tmp_path / "step.yaml").write_text(STEP)
    text = ODD.replace("share", "the-share")
    (tmp_path / "odd.yaml").write_text(text)
    made = convert_file(str(tmp_path / "odd.yaml"), "python")
    (line,) = made.left_out
    assert line.startswith("parameters.the-share: it is called the_share here, as Python's names")


@pytest.mark.quick
def test_a_component_becomes_no_script(tmp_path: Path) -> None:
    (tmp_path / "step.yaml").write_text(STEP)
    with pytest.raises(BadRequest, match="'step' is a component; a script of Python composes"):
        convert_file(str(tmp_path / "step.yaml"), "python")


@pytest.mark.quick
@given(graphs())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_any_graph_of_built_ins_is_composed_again(pipeline: Pipeline) -> None:
    made, _ = convert_text(to_text(pipeline), "python", "x.yaml")
    found: dict[str, object] = {"__name__": "script", "__file__": "script.py"}
    exec(made.text, found)  # our own text, of our own pipeline
    (composed,) = [each for each in found.values() if isinstance(each, PipelineComponent)]
    again = composed.tree.definition
    assert isinstance(again, Pipeline)
    assert _typed(again) == _typed(pipeline)
    assert made.left_out == ()


def _typed(pipeline: Pipeline) -> Pipeline:
    """The pipeline with the values of its parameters as their types."""
    nodes = {
        name: replace(
            node,
            parameters={
                word: value
                if isinstance(value, Reference)
                else values.typed(builtin_tree(node.component).parameters[word], value)
                for word, value in node.parameters.items()
            },
        )
        for name, node in pipeline.nodes.items()
    }
    return replace(pipeline, nodes=nodes)
