"""Secrets on the local engine: the value is looked up last, and the filter stays out of the way."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import Unavailable
from millwork.engines.host import processes
from millwork.engines.local.engine import LocalEngine
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Step
from millwork.spec.model import Component, Resources, Secret
from millwork.store.secrets import HomeSecrets
from millwork.worker import mask
from tests.engines.test_local import no_code, until, wait

if TYPE_CHECKING:
    from millwork.ports import Outcome

CANARY = "canary-8d1f"
ATTEMPT = f"secret-{os.getpid()}"  # marks are seen by all tests that run at once
BOTH = pytest.mark.parametrize("mounts", ["ml", "none"])


def open_engine(home: Path) -> LocalEngine:
    return LocalEngine(str(home), no_code, secrets=HomeSecrets(str(home), {}))


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    HomeSecrets(str(tmp_path), {}).keep("key", CANARY)
    return open_engine(tmp_path)


def start(
    engine: LocalEngine, command: str, mounts: str = "none", *, processes: int | None = None
) -> str:
    component = Component("c", "1.0.0", command, mounts=mounts, env={"KEY": Secret("key")})
    step = Step("s", component, resources=Resources(processes=processes))
    plan = make_plan(step, {}, {}, Job("run", ATTEMPT), engine.root(ATTEMPT, mounts))
    assert CANARY not in repr(plan)
    engine.furnish(ATTEMPT, plan)
    return engine.start(ATTEMPT, plan)


def end(engine: LocalEngine) -> tuple[Outcome, str]:
    return wait(engine).outcome, engine.log(ATTEMPT, 0)[0].decode()


def is_filtered(attempt: str) -> bool:
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes.marked(attempt)]
    return any(line.split(b"\0")[3:4] == [mask.__file__.encode()] for line in lines)


@BOTH
def test_the_step_has_it_and_its_log_has_not(engine: LocalEngine, mounts: str) -> None:
    start(engine, 'echo "$KEY ${#KEY}"; exit 3', mounts)
    outcome, log = end(engine)
    assert (outcome.code, log) == (3, f"*** {len(CANARY)}\n")


def test_a_secret_that_has_gone_starts_nothing(engine: LocalEngine, tmp_path: Path) -> None:
    HomeSecrets(str(tmp_path), {}).remove("key")
    with pytest.raises(Unavailable, match="millwork secrets set key"):
        start(engine, "true")
    assert not (tmp_path / "attempts" / ATTEMPT).exists()


@BOTH
@pytest.mark.parametrize("adopted", [False, True])
def test_a_stop_is_heard_once_by_each_and_the_step_has_its_grace(
    engine: LocalEngine, tmp_path: Path, mounts: str, adopted: bool
) -> None:
    inner = "trap 'echo inner; exit' TERM; echo ready; while :; do sleep 0.05; done"
    # One of the group, and one that has left it.
    start(
        engine,
        f'trap "echo outer; sleep 0.5; echo done; exit 7" TERM\nsh -c "{inner}" &\n'
        f'setsid sh -c "{inner}" &\nwhile :; do sleep 0.05; done',
        mounts,
    )
    until(lambda: engine.log(ATTEMPT, 0)[0].count(b"ready") == 2)
    if adopted and mounts == "ml":  # see _is_wrapped: without a fact, /ml is taken to be real
        engine = open_engine(tmp_path)
        engine.adopt(ATTEMPT)
    engine.stop(ATTEMPT, 10.0)
    outcome, log = end(engine)
    assert outcome.code == 7
    words = [word for word in log.split() if word != "Terminated"]  # the shell's, of its sleep
    assert sorted(words) == ["done", "inner", "inner", "outer", "ready", "ready"]


@BOTH
def test_a_stop_at_any_instant_of_the_filters_start_is_heard(
    engine: LocalEngine, mounts: str
) -> None:
    for index in range(5):
        component = Component("c", "1.0.0", "sleep 30", mounts=mounts, env={"KEY": Secret("key")})
        attempt = f"{ATTEMPT}-{index}"
        root = engine.root(attempt, mounts)
        plan = make_plan(Step("s", component), {}, {}, Job("r", attempt), root)
        engine.furnish(attempt, plan)
        engine.start(attempt, plan)
        until(partial(is_filtered, attempt))
        time.sleep(index * 0.02)
        began = time.monotonic()
        engine.stop(attempt, 15.0)
        assert wait(engine).outcome.code == 143
        assert time.monotonic() - began < 10


@BOTH
def test_what_ignores_the_stop_and_what_has_run_away_is_ended(
    engine: LocalEngine, mounts: str
) -> None:
    start(engine, "trap '' TERM; setsid sleep 60 & echo ready; sleep 60; sleep 60", mounts)
    until(lambda: b"ready" in engine.log(ATTEMPT, 0)[0])
    engine.stop(ATTEMPT, 0.2)
    outcome, _ = end(engine)
    assert outcome.code == 137
    assert processes.marked(ATTEMPT) == []


def test_the_filter_takes_none_of_the_processes_that_a_step_may_have(engine: LocalEngine) -> None:
    start(engine, 'x=$(echo "$KEY"); echo "$x"', processes=2)
    assert end(engine)[1] == "***\n"


def test_no_command_line_shows_it(engine: LocalEngine) -> None:
    start(engine, 'echo "$KEY" ready; sleep 60')
    until(lambda: b"ready" in engine.log(ATTEMPT, 0)[0])
    shown = b"".join(Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes.marked(ATTEMPT))
    engine.stop(ATTEMPT, 0)
    end(engine)
    assert b"KEY" in shown
    assert CANARY.encode() not in shown


def test_variables_that_hold_secrets_are_not_passed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWORK_SECRET_KEY", CANARY)
    monkeypatch.setenv("MILLWORK_SECRET_OTHER", "other")
    engine = LocalEngine(str(tmp_path), no_code, secrets=HomeSecrets(str(tmp_path), os.environ))
    start(engine, 'echo "${#KEY}"; env | grep MILLWORK_SECRET; true')
    assert end(engine)[1] == f"{len(CANARY)}\n"
