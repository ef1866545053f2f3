"""The published list of what is accepted although AzureML's loader rejects it."""

import pytest

from millwork.formats.azureml.leniencies import LENIENCIES
from tests.formats.azureml.probes import OLD_PROBES, V2_PROBES
from tests.formats.azureml.reading import component_of, files_of

pytestmark = pytest.mark.quick

# Rejected for these by the oracle too; none is one change to the base of the probes.
ELSEWHERE = {
    "SparkComponent": "type: SparkComponent\nname: x\nentry: {file: a.py}\n",
    "spark lists": "type: spark\nname: x\nentry: {file: a.py}\njars: a.jar\npy_files: [a, a]\n",
    "sweep as a component": """\
type: sweep
name: x
sampling_algorithm: random
trial: {command: x, environment: azureml:e:1}
search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}
objective: {primary_metric: m, goal: minimize}
""",
}


def test_each_leniency_has_a_case_and_each_case_a_leniency() -> None:
    names = [leniency.name for leniency in LENIENCIES]
    assert len(set(names)) == len(names)
    probed = {probe.lenient for probe in (*OLD_PROBES, *V2_PROBES) if probe.lenient}
    assert probed | ELSEWHERE.keys() == set(names)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_it_loads_and_can_run(name: str) -> None:
    assert component_of(ELSEWHERE[name], files_of()).refusals == ()


def test_each_says_what_and_why() -> None:
    for leniency in LENIENCIES:
        assert leniency.rule.endswith(".")
        assert leniency.why.endswith(".")
