"""Files that others wrote, beside the oracle's word on each (reference corpus, where it is)."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.component import read_azureml_component
from millwork.formats.azureml.findings import Files, Found
from millwork.formats.azureml.kinds import flavour_of, is_azureml, is_pipeline
from millwork.spec.document import parse
from tests.corpus import CORPUS, INDEX, needs_corpus

if TYPE_CHECKING:
    from pathlib import Path

# A CPU millisecond is the rule; the bound leaves room for a slow or busy machine.
CPU_SECONDS_A_FILE = 0.015

pytestmark = [pytest.mark.quick, needs_corpus]

# Rejected there for a rule that is no rule here, once the code that is not in the corpus is left
# out of the question: the rule, as LENIENCIES names it.
LENIENT = {
    "luzhang06__AzureMachineLearningGallery/components/text-cnn/textcnn-train/train.yaml":
        "other words for types",
}  # fmt: skip
# Rejected there only for code that is not there.
WITHOUT_CODE = {
    "Azure__azureml-examples/cli/jobs/pipelines-with-components/basics/6c_r_iris/component.yml",
    "jomedinagomez__MLOPs-AzureML/src/components/create_env.yaml",
    "jomedinagomez__MLOPs-AzureML/src/components/deploy.yaml",
}


def rows() -> list[dict[str, str]]:
    if not INDEX.exists():
        return []
    with INDEX.open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


COMPONENTS = [row for row in rows() if row["type"] != "pipeline"]
VALID = [row["file"] for row in COMPONENTS if row["oracle"] == "valid"]
REJECTED = [row["file"] for row in COMPONENTS if row["oracle"] != "valid"]


def files_around(folder: Path, *, check_code: bool) -> Files:
    def find(path: str) -> Found:
        place = folder / path
        return "file" if place.is_file() else "folder" if place.is_dir() else ""

    def read_text(path: str) -> str | None:
        place = folder / path
        return place.read_text() if place.is_file() else None

    return Files(str(folder), find, read_text, check_code)


def load(name: str, *, check_code: bool) -> None:
    path = CORPUS / name
    text = path.read_text()
    root = parse(text, str(path), [])
    files = files_around(path.parent, check_code=check_code)
    component, reading = read_azureml_component(root, text, str(path), files)
    assert {fault.severity for fault in reading.faults} <= {"warning"}
    assert component.source.text == text


def test_each_files_flavour_is_told() -> None:
    for row in rows():
        root = parse((CORPUS / row["file"]).read_text(), row["file"], [])
        assert is_azureml(root)
        assert flavour_of(root) == f"azureml-{row['flavour']}"
        assert is_pipeline(root) is (row["type"] == "pipeline")


@pytest.mark.parametrize("name", VALID)
def test_what_the_oracle_calls_valid_loads(name: str) -> None:
    load(name, check_code=False)


@pytest.mark.parametrize("name", REJECTED)
def test_what_the_oracle_rejects_is_rejected(name: str) -> None:
    with pytest.raises(InvalidFile):
        load(name, check_code=True)


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_rejected_is_so_for_more_than_absent_code(name: str) -> None:
    if name in WITHOUT_CODE or name in LENIENT:
        load(name, check_code=False)
    else:
        with pytest.raises(InvalidFile):
            load(name, check_code=False)


def test_a_file_costs_little() -> None:
    began = time.process_time()
    for name in VALID:
        load(name, check_code=False)
    assert time.process_time() - began < CPU_SECONDS_A_FILE * len(VALID)
