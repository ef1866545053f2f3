"""What the API says that an attempt was started with is what it was started with."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.conftest import until
from tests.e2e.api import WORKSPACE, Api, api_of
from tests.e2e.test_storage import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Pipeline
    from tests.e2e.server import Server

CANARY = "canary/81f0-Zq?7"
# Each replica leaves its own words and variables, and none of the canary's.
TELL = (
    'tr "\\0" "\\n" < /proc/$$/cmdline > "$PAI_OUTPUT_TOLD/argv-${RANK:-0}"; '
    'env -0 -u KEY > "$PAI_OUTPUT_TOLD/env-${RANK:-0}"'
)


def told(
    home: Path, api: Api, run: str, step: str, rank: int = 0
) -> tuple[list[str], dict[str, str]]:
    """The words and variables that a replica saw."""
    shown = api.get(f"/runs/{run}/steps/{step}")
    folder = shown["outputs"]["told"]
    with open(f"{folder}/argv-{rank}") as file:
        argv = file.read().split("\n")[:-1]
    with open(f"{folder}/env-{rank}") as file:
        env = dict(each.split("=", 1) for each in file.read().split("\0") if each)
    assert folder.startswith(str(home))
    return argv, env


def same(said: dict[str, Any], argv: list[str], env: dict[str, str]) -> None:
    assert "\n".join(said["argv"]).split("\n") == argv
    assert {name: env.get(name) for name in said["variables"]} == said["variables"]


def test_it_is_what_the_process_saw(
    server: Server, component: Component, pipeline: Pipeline
) -> None:
    api = api_of(server)
    assert api.ask("PUT", f"{WORKSPACE}/secrets/api-key", {"value": CANARY})[0] == 200
    component("echo '\"seven\"' > $PAI_OUTPUT_WORD", name="first",
              outputs={"word": {"type": "value"}})  # fmt: skip
    component(
        f"{TELL}; exit $ENDS", name="second", inputs={"data": {"type": "value"}},
        outputs={"told": {}},
        parameters={"word": {"type": "String"}, "odd": {"type": "String", "default": "a 'b'"}},
        env={"KEY": {"secret": "api-key"}, "PLAIN": "x", "ENDS": "0"},
    )  # fmt: skip
    file = pipeline({
        "first": {},
        "second": {"inputs": {"data": {"from": "first.word"}}, "parameters": {
            "word": {"from": "first.word"}}},
    })  # fmt: skip
    run = api.run(file)
    assert api.wait(run) == "succeeded", api.get(f"/runs/{run}")
    said = api.get(f"/runs/{run}/steps/second/command")
    same(said, *told(server.home, api, run, "second"))
    assert said["secrets"] == {"KEY": "api-key"}
    assert "KEY" not in said["variables"]
    assert CANARY not in json.dumps(said)
    assert (said["replica"], said["replicas"]) == ("worker-0", ["worker-0"])
    assert said["variables"]["PAI_HPS_WORD"] == "seven"
    assert said["argv"][4:] == ["--word", "seven", "--odd", "a 'b'"]
    assert api.get(f"/runs/{run}/steps/second/command?attempt=1") == said


def test_of_a_job_each_replica_has_its_own(server: Server, component: Component) -> None:
    api = api_of(server)
    file = component(TELL, job_type="PyTorchJob", outputs={"told": {}})
    run = api.run(file, replicas={"worker": 2})
    assert api.wait(run) == "succeeded", api.get(f"/runs/{run}")
    names = api.get(f"/runs/{run}/steps/step/command")["replicas"]
    assert names == ["master-0", "worker-0"]
    for rank, name in enumerate(names):
        said = api.get(f"/runs/{run}/steps/step/command?replica={name}")
        same(said, *told(server.home, api, run, "step", rank))
        assert (said["replica"], said["variables"]["RANK"]) == (name, str(rank))


def test_data_from_elsewhere_is_not_asked_for_again(
    server: Server, component: Component, tmp_path: Path
) -> None:
    api = api_of(server)
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "no-ending").write_text("x")
    with serving(folder) as address:
        wish = {"type": "http", "fields": {"url": address, "allow_private": "true"}}
        assert api.ask("PUT", f"{WORKSPACE}/connections/web", wish)[0] == 200
        file = component(f'test -f "$PAI_INPUT_DATA"; {TELL}', inputs={"data": {"type": "file"}},
                         outputs={"told": {}})  # fmt: skip
        run = api.run(file, inputs={"data": f"{address}/no-ending"})
        assert api.wait(run) == "succeeded", api.get(f"/runs/{run}")
    # Nobody answers there now, and nobody knows how it was reached.
    assert api.ask("DELETE", f"{WORKSPACE}/connections/web")[0] == 200
    said = api.get(f"/runs/{run}/steps/step/command")
    same(said, *told(server.home, api, run, "step"))
    assert said["variables"]["PAI_INPUT_DATA"].endswith("/input/data/data/no-ending")


def test_what_is_not_there_is_said(server: Server, component: Component) -> None:
    api = api_of(server)
    run = api.run(component("exit 0"))
    assert api.wait(run) == "succeeded"
    path = f"{WORKSPACE}/runs/{run}/steps"
    for asked, words in {
        "none/command": "there is no step 'none'",
        "step/command?attempt=7": "there is no attempt '7' at 'step'",
        "step/command?replica=worker-9": "has no replica 'worker-9'; it has: worker-0",
    }.items():
        status, answer = api.ask("GET", f"{path}/{asked}")
        assert status == 404
        assert words in answer["detail"]


def test_a_step_that_waits_or_was_taken_over_has_none(server: Server, component: Component) -> None:
    api = api_of(server)
    file = component("true", is_deterministic=True)
    assert api.wait(api.run(file)) == "succeeded"
    run = api.run(file)
    until(lambda: api.status(run) == "succeeded")
    status, answer = api.ask("GET", f"{WORKSPACE}/runs/{run}/steps/step/command")
    assert (status, answer["detail"]) == (404, f"'step' has not been started in {run}")
