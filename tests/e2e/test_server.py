"""`millwork up`: it starts, takes over, ends cleanly; runs wait for their turn."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.local.sandbox import find_bwrap
from tests.conftest import COMMAND, environment, gone, run_command, until
from tests.e2e.api import Api, api_of
from tests.e2e.server import serving, start

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Pipeline
    from tests.e2e.server import Server

SLOW = "sleep 3; echo done"


def children(pid: int, word: str) -> list[int]:
    """The processes below one whose command line has the word."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as file:
                parent = int(file.read().rpartition(")")[2].split()[1])
            with open(f"/proc/{name}/cmdline") as file:
                if parent == pid and word in file.read():
                    found.append(int(name))
        except OSError:
            continue
    return found


def tries(api: Api, run: str) -> int:
    """How many attempts there were at all steps of a run."""
    return sum(len(step["tries"]) for step in api.get(f"/runs/{run}")["steps"])


def test_a_run_goes_through(server: Server, component: Component) -> None:
    api = api_of(server)
    run = api.run(component("echo hello | tee $PAI_OUTPUT_OUT/x.txt", outputs={"out": {}}))
    assert api.wait(run) == "succeeded"
    log = api.get(f"/runs/{run}/steps/step/logs/last")
    assert (log["text"], log["size"], log["lost_to"]) == ("hello\n", 6, 0)
    [artifact] = api.get(f"/runs/{run}/artifacts")["items"]
    assert (artifact["port"], artifact["size"], artifact["files"]) == ("out", 6, 1)
    shown = api.get(f"/runs/{run}/artifacts/step/out/preview")
    assert shown["text"] == "hello\n"
    events = api.get(f"/runs/{run}/events")["items"]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[0]["data"]["status"] == "queued"


def test_it_ends_cleanly_and_what_runs_goes_on(home: Path, component: Component) -> None:
    first = start(home)
    api = api_of(first)
    run = api.run(component(SLOW))
    until(lambda: api.status(run) == "running" and tries(api, run))
    assert first.stop() == 0
    assert first.said[-1] == "ended\n"
    assert not (home / "server.json").exists()
    with serving(home) as server:
        api = api_of(server)
        assert api.wait(run) == "succeeded"
        assert tries(api, run) == 1
        assert api.get(f"/runs/{run}/steps/step/logs/last")["text"] == "done\n"


def test_a_killed_server_is_taken_over_from(home: Path, component: Component) -> None:
    first = start(home)
    try:
        api = api_of(first)
        run = api.run(component(SLOW))
        until(lambda: api.status(run) == "running" and tries(api, run))
    finally:
        first.kill()
    with serving(home) as server:
        assert api_of(server).wait(run) == "succeeded"
        assert tries(api_of(server), run) == 1


def test_a_killed_driver_is_started_again(server: Server, component: Component) -> None:
    api = api_of(server)
    run = api.run(component(SLOW))
    until(lambda: api.status(run) == "running" and tries(api, run))
    [driver] = children(server.process.pid, "millwork.app.drive")
    os.kill(driver, signal.SIGKILL)
    until(lambda: gone(driver))
    assert api.wait(run) == "succeeded"
    assert tries(api, run) == 1


def test_a_killed_api_comes_back_and_nobody_is_refused(server: Server) -> None:
    [before] = children(server.process.pid, "millwork.api.main")
    os.kill(before, signal.SIGKILL)
    until(lambda: gone(before))
    # Whoever calls meanwhile waits in the socket's queue.
    status, answer = api_of(server).ask("GET", "/health")
    assert (status, answer["status"]) == (200, "ok")


def test_a_second_server_on_a_file_is_refused(server: Server) -> None:
    refused = run_command(["up", "--port", "0"], server.home)
    assert refused.code == 3
    assert f"process {server.process.pid}, at {server.url}" in refused.err


def test_a_port_that_is_taken_is_told(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    refused = run_command(["up", "--port", port], tmp_path / "other")
    assert refused.code == 3
    assert "in use; millwork up --port N takes another" in refused.err


def test_who_is_first_and_what_waits(server: Server, component: Component) -> None:
    api = api_of(server)
    status, _ = api.ask("PATCH", "/workspaces/default", {"quota": {"runs": 1}})
    assert status == 200
    runs = [api.run(component(SLOW, is_deterministic=False))]
    until(lambda: api.status(runs[0]) == "running")
    quick = component("true", name="quick")
    runs += [api.run(quick, priority=priority) for priority in (3, 5, 9)]
    assert [api.status(run) for run in runs[1:]] == ["queued"] * 3
    usage = api.get("/usage")
    assert [waiting["run"] for waiting in usage["waiting"]] == [runs[3], runs[2], runs[1]]
    assert "its quota is 1" in usage["waiting"][0]["reason"]
    assert api.post(f"/runs/{runs[2]}/cancel")["status"] == "cancelled"
    assert api.post(f"/runs/{runs[1]}", {"priority": 9}, "PATCH")["priority"] == 9
    assert [api.wait(run) for run in runs] == ["succeeded"] * 2 + ["cancelled", "succeeded"]
    began = {run: api.get(f"/runs/{run}/events")["items"][1]["time"] for run in (runs[1], runs[3])}
    assert began[runs[1]] < began[runs[3]]  # as old as it is, of the same priority now


def test_what_failed_is_resumed_in_its_turn(server: Server, component: Component) -> None:
    api = api_of(server)
    flag = server.home / "flag"
    run = api.run(component(f"test -e {flag}"))
    assert api.wait(run) == "failed"
    flag.touch()
    assert api.post(f"/runs/{run}/resume") == {"run": run, "status": "queued"}
    assert api.wait(run) == "succeeded"
    assert tries(api, run) == 2


def test_a_running_run_is_cancelled(server: Server, component: Component) -> None:
    api = api_of(server)
    run = api.run(component("sleep 60"))
    until(lambda: api.status(run) == "running" and tries(api, run))
    api.post(f"/runs/{run}/cancel")
    assert api.wait(run) == "cancelled"


def test_a_command_line_run_beside_the_server_is_seen(
    server: Server, pipeline: Pipeline, component: Component
) -> None:
    component("echo one", name="one")
    env = environment(server.home)
    run = subprocess.run(
        [COMMAND, "run", str(pipeline({"one": {}})), "--json"], env=env, capture_output=True,
        check=True, text=True, timeout=60,
    )  # fmt: skip
    assert '"succeeded"' in run.stdout
    [row] = api_of(server).get("/runs")["items"]
    assert row["status"] == "succeeded"


def test_what_cannot_be_run_is_refused_with_its_place(server: Server, tmp_path: Path) -> None:
    api = api_of(server)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "component.yaml").write_text("apiVersion: millwork/v1\nkind: Component\n")
    bundle = api.bundle(tmp_path / "bad")
    status, problem = api.ask(
        "POST", "/workspaces/default/runs", {"bundle": bundle, "file": "component.yaml"}
    )
    assert status == 422
    assert problem["faults"][0]["message"]
    assert str(server.home) not in problem["detail"]
    assert api.get("/runs")["items"] == []


_BEYOND = """
import json, re, subprocess, sys, urllib.request
process = subprocess.Popen([sys.argv[1], "up", "--host", "0.0.0.0", "--port", "0"],
                           stdout=subprocess.PIPE, text=True)
said = []
for line in process.stdout:
    said.append(line)
    if line.startswith("Ctrl-C"):
        break
text = "".join(said)
port = re.search(r"ready at \\S+:(\\d+)", text)[1]
found = re.search(r"administrator: (\\S+), password: (\\S+)", text)
def ask(path, body=None, **headers):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", headers=headers)
    if body:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        answer = urllib.request.urlopen(request)
        return answer.status, answer.headers.get("Set-Cookie", "")
    except urllib.error.HTTPError as error:
        return error.code, ""
print(json.dumps({
    "text": text,
    "anonymous": ask("/workspaces")[0],
    "wrong": ask("/login", {"person": found[1], "password": "x" * 20})[0],
    "login": ask("/login", {"person": found[1], "password": found[2]}),
}))
process.terminate()
process.wait()
"""


def test_beyond_the_loopback_people_must_log_in(home: Path) -> None:
    """It listens at every address of a network of its own, where there is only a loopback."""
    words = [find_bwrap(), "--dev-bind", "/", "/", "--unshare-net", "--die-with-parent"]
    command = [*words, sys.executable, "-c", _BEYOND, COMMAND]
    env = environment(home)

    def told() -> dict[str, Any]:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, check=False, timeout=60
        )
        if "Operation not permitted" in done.stderr or "No permissions" in done.stderr:
            pytest.skip("no network namespace can be made here")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout.splitlines()[-1]))

    first = told()
    assert "unencrypted" in first["text"]
    assert (first["anonymous"], first["wrong"], first["login"][0]) == (401, 401, 200)
    cookie = first["login"][1]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_its_signals_do_not_reach_the_steps(home: Path, component: Component) -> None:
    first = start(home)
    run = api_of(first).run(component(SLOW))
    until(lambda: tries(api_of(first), run))
    os.killpg(first.process.pid, signal.SIGINT)  # as Ctrl-C does in a terminal
    assert first.process.wait(20) == 0
    time.sleep(3.0)  # the step takes as long
    with serving(home) as server:
        assert api_of(server).wait(run) == "succeeded"
        assert tries(api_of(server), run) == 1


def test_streams_end_with_it_in_good_order(home: Path, component: Component) -> None:
    first = start(home)
    api = api_of(first)
    run = api.run(component(SLOW))
    until(lambda: tries(api, run))
    paths = [f"/runs/{run}/events/follow", "/events", f"/runs/{run}/steps/step/logs/last/follow"]
    streams = [api.open(path) for path in paths]
    assert all(stream.readline() for stream in streams[:2])
    assert first.stop() == 0
    for stream in streams:
        stream.read()
        stream.close()
    assert "Traceback" not in first.log.read_text()
    assert "ERROR" not in first.log.read_text()
    with serving(home) as server:
        assert api_of(server).wait(run) == "succeeded"


def test_a_server_that_dies_as_it_has_admitted_a_run(home: Path, component: Component) -> None:
    first = start(home, env={"MILLWORK_FAULT": "server.admitted:kill"})
    try:
        run = api_of(first).run(component("true"))
        until(lambda: first.process.poll() is not None)
    finally:
        first.kill()
    with serving(home) as server:
        assert api_of(server).wait(run) == "succeeded"
        assert tries(api_of(server), run) == 1


def test_streams_tell_nothing_of_what_is_not_theirs(server: Server, component: Component) -> None:
    api = api_of(server)
    run = api.run(component("true"), visibility="private")
    api.wait(run)
    assert api.ask("POST", "/workspaces", {"name": "other"})[0] == 200
    with api.open("/events", "/workspaces/other") as stream:
        assert run not in "".join(stream.readline().decode() for _ in range(3))
