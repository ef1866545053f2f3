"""Whatever stands wherever in a file: it loads, or its faults are told with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from millwork.base.errors import InvalidFile
from tests.formats.azureml.probes import FILES, FOLDERS, OLD, V2
from tests.formats.azureml.reading import files_of, read
from tests.formats.azureml.test_components_old import EXTERNAL, HEAD, PORTS
from tests.formats.azureml.test_components_v2 import COMMAND, PARALLEL, SPARK
from tests.formats.azureml.test_components_v2 import PORTS as V2_PORTS
from tests.formats.azureml.test_sweep import OLD_SWEEP, TRIAL, V2_SWEEP

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.quick, pytest.mark.long]

ODD = ["''", "null", "text", "-1", "[]", "[[a]]", "[{a: b}]", "{}", "{a: {b: [c]}}", "{type: [a]}"]
OLD_TYPES = {
    "DistributedComponent": "launcher: {type: mpi, additional_arguments: x}\n",
    "ParallelComponent": "parallel: {input_data: a, output_data: o, entry: e, args: x}\n",
    "HDInsightComponent": "hdinsight: {file: f, py_files: [a], conf: {a: b}, args: x, queue: q}\n",
    "SparkComponent": "entry: {file: f}\njars: [a]\nconf: {a: b}\nargs: x\n",
    **{kind: rest for kind, (rest, _, _) in EXTERNAL.items()},
}
DOCUMENTS = {
    "old": OLD,
    "v2": V2 + "distribution: {type: mpi}\nresources: {instance_count: 1}\n",
    "old sweep": OLD_SWEEP,
    "sweep": V2_SWEEP + "early_termination: {type: bandit, slack_factor: 0.1}\n",
    "parallel": f"type: parallel\nname: x\n{V2_PORTS}{PARALLEL}",
    "spark": f"type: spark\nname: x\n{V2_PORTS}{SPARK}",
    "automl": "type: automl\nname: x\ntask: regression\nlimits: {timeout: 1}\n",
    "import": "type: import\nname: x\nsource: {type: {type: string}}\noutput: {type: mltable}\n",
    "transfer": "type: data_transfer\nname: x\ntask: copy_data\nsource: {type: database}\n",
    "job": f"{COMMAND}limits: {{timeout: 1}}\nenvironment_variables: {{A: b}}\ncode: git+x\n",
    **{kind: f"type: {kind}\n{HEAD}{PORTS}{rest}" for kind, rest in OLD_TYPES.items()},
}
AROUND = files_of(
    {**FILES, "../trials/trial.yaml": TRIAL, "text": "- a\n", "-1": "a: [\n"}, FOLDERS
)


def places(node: Any) -> Iterator[tuple[Any, int, int | None]]:
    """Every place of a value: the list that it is in, where, and its side if it is a pair's."""
    if isinstance(node, yaml.MappingNode):
        for index, (_, value) in enumerate(node.value):
            yield node.value, index, 1
            yield from places(value)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield node.value, index, None
            yield from places(value)


def changed(text: str) -> Iterator[str]:
    """The document with each of its values, one after the other, replaced by each odd one."""
    root = yaml.compose(text)
    for home, index, side in list(places(root)):
        kept = home[index]
        for odd in ODD:
            node = yaml.compose(odd)
            home[index] = node if side is None else (kept[0], node)
            yield yaml.serialize(root).replace("!!null ''", "null")
        home[index] = kept


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_shape_of_a_field_is_beyond_words(name: str) -> None:
    for text in changed(DOCUMENTS[name]):
        try:
            component, reading = read(text, AROUND)
        except InvalidFile as error:
            faults = error.faults
        else:
            faults = tuple(reading.faults)
            assert all(isinstance(reason, str) for reason in component.refusals)
        assert all(fault.line and fault.column for fault in faults), text
