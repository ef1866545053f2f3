"""What steps measure, one value after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.e2e.api import Api, api_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component
    from tests.e2e.server import Server

LOSS = [{"name": "loss", "regex": r"loss=(\S+)"}, {"name": "none", "regex": r"none=(\S+)"}]
AZUREML = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: azure
version: 1.0.0
type: command
code: .
command: python main.py
environment: {image: python}
"""
LOGS = """\
import json, os
with open(os.environ["MILLWORK_METRICS"], "a") as file:
    for value in (3, 2, 1):
        print(json.dumps({"name": "loss", "value": value}), file=file)
"""


def series(api: Api, run: str, step: str = "step") -> dict[str, list[tuple[int, float]]]:
    items: list[Any] = api.get(f"/runs/{run}/steps/{step}/metrics")["items"]
    return {
        item["name"]: [(point["number"], point["value"]) for point in item["points"]]
        for item in items
    }


def done(api: Api, file: Path, **wishes: Any) -> str:
    run = api.run(file, **wishes)
    assert api.wait(run) == "succeeded", api.get(f"/runs/{run}")
    return run


def test_what_a_log_says_is_told_value_by_value(server: Server, component: Component) -> None:
    api = api_of(server)
    said = "for loss in 0.5 nan x 0.25 1e-3; do echo loss=$loss; done"
    run = done(api, component(said, metrics=LOSS, is_deterministic=True))
    assert series(api, run) == {"loss": [(1, 0.5), (2, 0.25), (3, 0.001)]}
    again = done(api, component(said, metrics=LOSS, is_deterministic=True))
    assert series(api, again) == {}, "an earlier run has logged it"


def test_of_very_many_values_some_are_told_and_the_last(
    server: Server, component: Component
) -> None:
    api = api_of(server)
    run = done(api, component("seq -f loss=%.0f 5001", metrics=LOSS))
    [item] = api.get(f"/runs/{run}/steps/step/metrics")["items"]
    assert item["count"] == 5001
    assert len(item["points"]) <= 501
    assert item["points"][-1] == {"number": 5001, "value": 5001.0}
    assert item["points"][1] == {"number": 12, "value": 12.0}


def test_of_a_job_the_first_replica_counts(server: Server, component: Component) -> None:
    api = api_of(server)
    says = 'echo loss=$RANK; test "$RANK" = 0 || echo none=7'
    run = done(api, component(says, job_type="PyTorchJob", metrics=LOSS), replicas={"worker": 2})
    assert series(api, run) == {"loss": [(1, 0.0)], "none": [(1, 7.0)]}


def test_what_a_step_of_azureml_logs_is_told(server: Server, tmp_path: Path) -> None:
    api, folder = api_of(server), tmp_path / "azure"
    folder.mkdir()
    (folder / "azure.yaml").write_text(AZUREML)
    (folder / "main.py").write_text(LOGS)
    run = done(api, folder / "azure.yaml")
    assert series(api, run, "azure") == {"loss": [(1, 3.0), (2, 2.0), (3, 1.0)]}


def test_a_step_that_measures_nothing_tells_nothing(server: Server, component: Component) -> None:
    api = api_of(server)
    assert series(api, done(api, component("true"))) == {}
