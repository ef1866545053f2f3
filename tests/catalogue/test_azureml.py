"""Azure ML's names of modules lead to their twins, or say why there is none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from millwork.actions.load import check, load
from millwork.base.errors import BadRequest
from millwork.base.names import is_builtin
from millwork.catalogue.azureml import MODULES, twins
from millwork.catalogue.index import builtin, declarations
from millwork.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Millwork, Pipeline

NAMES = sorted(MODULES)


def test_there_are_the_78_of_the_reference() -> None:
    assert len(MODULES) == 78


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_twin_or_the_reason_why_not(name: str) -> None:
    reference = f"azureml://{name}"
    assert is_builtin(reference)
    found = twins(name, declarations().values())
    assert bool(found) != bool(MODULES[name]), "a twin, or a reason"
    if found:
        assert builtin(reference) is found[0]
        return
    with pytest.raises(BadRequest, match=f"'{name}' has no twin here: "):
        builtin(reference)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_reason_recommends_is_there(name: str) -> None:
    for reference in re.findall(r"builtin:\w+", MODULES[name]):
        builtin(reference)


def test_letters_blanks_and_hyphens_do_not_matter() -> None:
    assert builtin("azureml://select  columns IN dataset").name == "select_columns"
    wanted = builtin("azureml://Two-Class Logistic Regression")
    assert builtin("AzureML://two class logistic regression") is wanted


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("azureml://Select Colums", "no module 'Select Colums': is it 'Select Columns "),
        ("azureml://qqqqqqqqqqqq", "docs/catalogue/azureml.md lists them"),
    ],
)
def test_other_names_are_errors_that_say_which_are_near(reference: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        builtin(reference)


@pytest.mark.parametrize(
    "reference",
    ["azureml:train:1", "azureml://datastores/d/paths/p", "azureml://registries/r/components/c",
     "./azureml", "azureml://", "component:x"],
)  # fmt: skip
def test_other_references_stay_what_they_are(reference: str) -> None:
    assert not is_builtin(reference)


def test_a_node_may_name_a_module(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    node = {
        "component": "azureml://Select Columns in Dataset",
        "inputs": {"table": {"path": "./rows.csv"}},
        "parameters": {"columns": ["a"]},
    }
    tree = load(str(pipeline({"pick": node}))).tree
    chosen = tree.children["pick"].definition
    assert isinstance(chosen, Component)
    assert chosen == builtin("builtin:select_columns").component("")


def test_a_module_without_a_twin_is_a_fault_with_its_place(pipeline: Pipeline) -> None:
    path = pipeline({"train": {"component": "azureml://Train Model"}})
    (fault,) = check(str(path))
    assert (fault.path, fault.severity) == ("nodes.train.component", "error")
    assert fault.line
    assert "the node of the algorithm learns by itself" in fault.message


def test_validate_and_plan_take_one_by_itself(millwork: Millwork) -> None:
    assert millwork("validate", "azureml://Split Data", "builtin:split_rows").code == 0
    refused = millwork("validate", "azureml://Train Model")
    assert (refused.code, "has no twin here" in refused.out) == (2, True)
    missing = millwork("run", "azureml://Split Data")
    assert (missing.code, missing.err) == (
        2, "millwork: the required input 'table' is not given: -i table=PATH\n",
    )  # fmt: skip


JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
inputs:
  rows: {type: uri_file, path: ./rows.csv}
jobs:
  make:
    type: command
    command: cp ${{inputs.rows}} ${{outputs.made}}/rows.csv
    environment: {image: ubuntu}
    inputs: {rows: "${{parent.inputs.rows}}"}
    outputs: {made: {type: uri_folder}}
  pick:
    type: command
    component: azureml://Select Columns in Dataset
    inputs: {table: "${{parent.inputs.rows}}", columns: a}
  again:
    component: azureml://Select Columns in Dataset
    inputs: {table: "${{parent.jobs.make.outputs.made}}", columns: b}
"""


def test_a_pipeline_of_azure_ml_may_name_modules(
    write: Callable[[str, str], Path], millwork: Millwork
) -> None:
    """Files and folders are wired to its tables: Azure ML's types say nothing of their content."""
    write("rows.csv", "a,b\n1,2\n")
    path = write("job.yaml", JOB)
    tree = load(str(path)).tree
    assert tree.inputs["rows"].type == "table"
    assert tree.children["again"].inputs["table"].type == "folder"
    result = millwork("run", path, "--json")
    assert result.code == 0, result.err
    assert {step["status"] for step in result.json["steps"]} == {"succeeded"}


def test_a_pipeline_of_azure_ml_says_which_module_has_no_twin(
    write: Callable[[str, str], Path],
) -> None:
    path = write("job.yaml", JOB.replace("Select Columns in Dataset", "SMOTE", 1))
    faults = check(str(path))
    assert [fault.path for fault in faults] == ["jobs.pick.component"]
    assert "'SMOTE' has no twin here" in faults[0].message
