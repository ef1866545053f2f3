"""The container engine with a client that misbehaves; no container is needed for that."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import BadRequest
from millwork.engines.container import engine as module
from millwork.engines.container import preparation
from millwork.engines.container.engine import ContainerEngine
from millwork.engines.container.images import Contents, Image, Images
from millwork.engines.container.tool import Settings, Tool
from millwork.engines.host import processes
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Step
from millwork.spec.model import Component, Environment

if TYPE_CHECKING:
    from millwork.ports import Outcome

# Finds the folder that the container would know as OURS, as the client's words have it.
CLIENT = """\
#!/bin/sh
case $1 in
  rm) echo "$*" >>@/removed; exit 0;;
esac
for word; do
  case $word in type=bind,src=*,dst=/run/millwork) ours=${word#type=bind,src=};; esac
done
ours=${ours%,dst=*}
"""
WHOLE = 'printf "begun\\ncode 0\\n0m0.1s 0m0.2s\\nend\\n" >"$ours/report"'


@pytest.fixture
def attempt(tmp_path: Path) -> str:
    return f"c{os.getpid()}-{tmp_path.name[-12:]}"


def run(tmp_path: Path, attempt: str, client: str, *, stop_after: float | None = None) -> Outcome:
    program = tmp_path / "client"
    program.write_text(CLIENT.replace("@", str(tmp_path)) + client)
    program.chmod(0o700)
    (tmp_path / "home").mkdir(exist_ok=True)
    engine = ContainerEngine(str(tmp_path / "home"), lambda _digest, _target: None)
    engine.__dict__["_tool"] = Tool("podman", (str(program),), limits=())
    plan = make_plan(Step("s", Component("c", "1", "true"), image="i"), {}, {}, Job("r", attempt))
    engine.furnish(attempt, plan)
    engine.start(attempt, plan)
    if stop_after is not None:
        time.sleep(stop_after)
        engine.stop(attempt, 0.0)
    deadline = time.monotonic() + 15
    while not (ended := engine.observe(1.0)):
        assert time.monotonic() < deadline
    assert processes.marked(attempt) == []
    return ended[0].outcome


def removed(tmp_path: Path) -> str:
    file = tmp_path / "removed"
    return file.read_text() if file.exists() else ""


def test_a_whole_report_counts_more_than_the_clients_end(tmp_path: Path, attempt: str) -> None:
    outcome = run(tmp_path, attempt, f"{WHOLE}; exit 125")
    assert (outcome.kind, outcome.code, outcome.reason) == ("exited", 0, "")
    assert outcome.usage["cpu_seconds"] == pytest.approx(0.3)
    assert "peak_memory" not in outcome.usage  # the client's would be no news
    assert removed(tmp_path) == ""


def test_what_was_not_started_says_why(tmp_path: Path, attempt: str) -> None:
    outcome = run(tmp_path, attempt, "echo 'Error: no room' >&2; exit 126")
    assert (outcome.code, outcome.reason) == (126, "the container was not started: no room")
    assert removed(tmp_path) == f"rm --force --ignore --volumes millwork-{attempt}\n"


def test_a_client_that_returns_too_early_is_no_success(tmp_path: Path, attempt: str) -> None:
    outcome = run(tmp_path, attempt, "exit 0")
    assert outcome.code == 125
    assert outcome.reason.startswith("the container was not started")


def test_a_client_that_hangs_is_killed_in_the_end(
    tmp_path: Path, attempt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.5)
    began = time.monotonic()
    outcome = run(tmp_path, attempt, "trap '' TERM; sleep 300", stop_after=0.2)
    assert 0.5 < time.monotonic() - began < 8
    assert outcome.reason == "killed by SIGKILL"
    assert Path(tmp_path, "home/attempts", attempt, "ours/stop").exists()
    assert f"millwork-{attempt}" in removed(tmp_path)


def test_what_has_no_place_in_a_container_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ContainerEngine(
        str(tmp_path), lambda _digest, _target: None, settings=lambda: Settings(image="i")
    )
    engine.__dict__["_tool"] = Tool("podman", ("podman",))
    monkeypatch.setattr(Images, "resolve", lambda _self, name: Image(name, "sha256:1"))
    monkeypatch.setattr(Images, "contents", lambda _self, _image: Contents(sh=True))
    spark = Component("c", "1", "", work="spark")
    sweep = Component("c", "1", "", work="sweep")
    assert engine.images([Step("s", Component("c", "1", "true"))])["s"].id == "sha256:1"
    for component, why in ((spark, "a Spark job"), (sweep, "a sweep")):
        with pytest.raises(BadRequest, match=f"step 's': {why} runs on this machine only"):
            engine.images([Step("s", component)])


@pytest.mark.quick
def test_requirements_on_the_host_become_part_of_the_text(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner.txt", tmp_path / "outer.txt"
    inner.write_text("numpy==2.0\n")
    outer.write_text(f"pandas\n-r {inner}\n# more\n")
    wanted = preparation.of_environment(Environment(f"-r {outer}\nscipy"))
    assert wanted.text == "pandas\nnumpy==2.0\n# more\nscipy\n"
    before = preparation.digest_of(wanted)
    inner.write_text("numpy==2.1\n")
    assert preparation.digest_of(preparation.of_environment(Environment(f"-r {outer}"))) != before
    assert preparation.digest_of(preparation.of_environment(Environment())) == ""
    inner.write_text(f"-r {inner}\n")  # it includes itself
    assert preparation.of_environment(Environment(f"-r {inner}")).text.strip()


@pytest.mark.quick
def test_a_requirements_file_of_comments_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    assert preparation.of_code(str(tmp_path)).whose == ""
    (tmp_path / "requirements.txt").write_text("numpy\n")
    assert preparation.of_code(str(tmp_path)).whose == "the code has a requirements.txt"
