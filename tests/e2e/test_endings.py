"""How runs are ended: by a key, by another process, after a crash; nothing is left running."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

from millwork.engines.host.processes import marked
from tests.conftest import gone, listing, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork, Pipeline


STUBBORN = """\
trap '' TERM
setsid sh -c 'trap "" TERM; setsid sh -c "trap \\"\\" TERM; echo \\$\\$ > daemon; \
while :; do sleep 0.2; done" & exit 0' &
echo $$ > shell
while :; do sleep 0.2; done
"""


def started(home: Path, *names: str) -> list[int]:
    """Process ids that the step wrote into its working folder, once they are all there."""

    def look() -> list[int]:
        files = [list(home.glob(f"attempts/*/ml/usercode/{name}")) for name in names]
        texts = [found[0].read_text().strip() for found in files if found]
        return [int(text) for text in texts] if len(texts) == len(names) and all(texts) else []

    return list(until(look))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_ctrl_c_leaves_nothing_running(
    millwork: Millwork,
    component: Component,
    background: Callable[..., Background],
    home: Path,
    number: int,
) -> None:
    run = background("run", component(STUBBORN), "--json")
    pids = started(home, "shell", "daemon")
    began = time.monotonic()
    run.process.send_signal(number)
    code, out, err = run.end()
    assert time.monotonic() - began < 8
    assert code == 1
    result = json.loads(out)
    assert (result["status"], result["reason"]) == ("cancelled", "cancelled by the user")
    assert result["steps"][0]["status"] == "cancelled"
    assert all(gone(pid) for pid in pids)
    assert marked(f"{result['run']}-1") == []
    assert "cancelled" in err
    assert listing(millwork)[0]["status"] == "cancelled"


def test_a_step_may_end_well_when_asked(
    component: Component, background: Callable[..., Background], home: Path
) -> None:
    command = "trap 'echo bye; exit 0' TERM; echo $$ > shell; while :; do sleep 0.05; done"
    run = background("run", component(command))
    started(home, "shell")
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    code, out, _ = run.end()
    assert time.monotonic() - began < 2.5
    assert code == 1
    assert out.splitlines()[-1] == "bye"


def test_a_second_ctrl_c_waits_for_nothing(
    component: Component, background: Callable[..., Background], home: Path
) -> None:
    run = background("run", component(STUBBORN))
    pids = started(home, "shell", "daemon")
    began = time.monotonic()
    run.process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    run.process.send_signal(signal.SIGINT)
    assert run.end()[0] == 1
    assert time.monotonic() - began < 2.5
    assert all(gone(pid) for pid in pids)


def test_runs_cancel_from_another_process(
    millwork: Millwork, component: Component, pipeline: Pipeline,
    background: Callable[..., Background], home: Path,
) -> None:  # fmt: skip
    component("echo $$ > shell; sleep 100", "a")
    run = background("run", pipeline({"a": {}, "b": {"component": "./a/component.yaml",
                                                     "after": ["a"]}}))  # fmt: skip
    (pid,) = started(home, "shell")
    row = listing(millwork)[0]
    assert row["status"] == "running"
    result = millwork("runs", "cancel", row["run"], "--json")
    assert (result.code, result.json) == (0, {"run": row["run"], "status": "cancelled"})
    assert run.end()[0] == 1
    assert gone(pid)
    steps = millwork("runs", "show", "last", "--json").json["steps"]
    assert [step["status"] for step in steps] == ["cancelled", "cancelled"]
    again = millwork("runs", "cancel", row["run"])
    assert (again.code, again.err) == (2, f"millwork: {row['run']} is over: it was cancelled\n")


def test_runs_cancel_of_a_run_whose_millwork_was_killed(
    millwork: Millwork, component: Component, pipeline: Pipeline,
    background: Callable[..., Background], home: Path,
) -> None:  # fmt: skip
    component("echo $$ > shell; sleep 100", "a")
    component("sleep 100", "b")
    run = background("run", pipeline({"a": {}, "b": {"after": ["a"]}}))
    (pid,) = started(home, "shell")
    run.process.kill()
    run.process.communicate()
    assert not gone(pid)
    row = listing(millwork)[0]
    assert row["status"] == "interrupted"
    began = time.monotonic()
    result = millwork("runs", "cancel", row["run"])
    assert (result.code, result.out) == (0, f"{row['run']} cancelled\n")
    assert time.monotonic() - began < 8
    assert gone(pid)
    steps = millwork("runs", "show", "last", "--json").json["steps"]
    assert [(step["status"], step["attempts"]) for step in steps] == [
        ("cancelled", 1),
        ("cancelled", 0),
    ]


def test_logs_are_followed_to_the_end(
    millwork: Millwork, component: Component, background: Callable[..., Background], home: Path
) -> None:
    command = "echo $$ > shell; for i in 1 2 3 4; do echo line $i; sleep 0.3; done"
    run = background("run", component(command))
    started(home, "shell")
    began = time.monotonic()
    followed = millwork("runs", "logs", "last", "-f")
    assert followed.out == "line 1\nline 2\nline 3\nline 4\n"
    assert time.monotonic() - began > 0.3
    assert run.end()[0] == 0
