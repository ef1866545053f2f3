"""Built-ins in a row are forked from one process: each its own attempt, with the same results."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.host.processes import marked
from tests.conftest import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Millwork

CSV = "x,group\n" + "".join(f"{i % 7}.5,{'ab'[i % 2]}\n" for i in range(200))
SLEEPER = "import time\ndef main(t1, **_):\n    print('asleep', flush=True)\n    time.sleep(120)\n"


@pytest.fixture
def chain(tmp_path: Path) -> Path:
    """Four built-ins in a row, of which the last sleeps if it is told to."""
    (tmp_path / "t.csv").write_text(CSV)
    nodes = {
        "pick": node("select_columns", {"path": "./t.csv"}, columns="x,group"),
        "split": node("split_rows", {"from": "pick.table"}, fraction=0.5),
        "scale": node("standardise", {"from": "split.first"}, columns="x"),
        "again": node("standardise", {"from": "scale.table"}, columns="x", suffix="_2"),
    }
    return written(tmp_path / "chain.json", nodes)


def node(name: str, table: dict[str, str], **parameters: Any) -> dict[str, Any]:
    return {"component": f"builtin:{name}", "inputs": {"table": table}, "parameters": parameters}


def script(text: str) -> dict[str, Any]:
    return {
        "component": "builtin:python_script",
        "inputs": {"t1": {"path": "./t.csv"}},
        "parameters": {"script": text},
    }


def written(path: Path, nodes: dict[str, Any]) -> Path:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "chain", "version": "1.0.0"}
    path.write_text(json.dumps({**head, "nodes": nodes}))
    return path


def attempts(millwork: Millwork, run: str) -> dict[str, dict[str, Any]]:
    shown = millwork("runs", "show", run, "--json").json
    return {step["node"]: step["tries"][-1] for step in shown["steps"]}


def digests(millwork: Millwork, run: str) -> dict[str, Any]:
    shown = millwork("runs", "show", run, "--json").json
    return {
        f"{step['node']}.{port}/{file.name}": sha256(file.read_bytes()).hexdigest()
        for step in shown["steps"]
        for port, place in step["outputs"].items()
        for file in Path(place).iterdir()
    }


def test_forked_steps_give_the_same_and_are_attempts_like_others(
    millwork: Millwork, chain: Path
) -> None:
    first = millwork("run", chain, "--json").json["run"]  # installs the libraries
    second = millwork("run", chain, "--force", "--json").json["run"]
    cold = millwork("run", chain, "--force", "--json", env={"MILLWORK_WARM": "no"}).json["run"]
    assert digests(millwork, first) == digests(millwork, second) == digests(millwork, cold)
    found = attempts(millwork, second)
    forked = [name for name, each in found.items() if each["usage"].get("start") == "forked"]
    assert len(forked) >= 2, found
    assert all(each["usage"]["cpu_seconds"] > 0 for each in found.values())
    assert not any(each["usage"].get("start") for each in attempts(millwork, cold).values())


def test_a_builtin_by_itself_is_forked_from_what_was_begun_for_it(
    millwork: Millwork, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    words = ("run", "builtin:standardise", "-i", "table=t.csv", "--force", "--json")
    runs = [
        millwork(*words, "-p", "columns=x", env=env).json["run"]
        for env in ({}, {}, {"MILLWORK_WARM": "no"})  # the first installs the libraries
    ]
    assert len({json.dumps(digests(millwork, run)) for run in runs}) == 1
    used = [attempts(millwork, run)["standardise"]["usage"] for run in runs]
    assert [each.get("start") for each in used] == [None, "forked", None]
    assert all(each["cpu_seconds"] > 0 for each in used)
    assert 10 << 20 < used[1]["peak_memory"] < 2 << 30
    assert not list(home.glob("code/*/**/__pycache__"))
    refused = millwork(*words, "-p", "columns=absent")
    assert (refused.code, "there is no column 'absent'" in refused.err) == (2, True)


def test_a_fault_in_a_forked_step_is_its_own(millwork: Millwork, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    nodes = {
        "one": node("select_columns", {"path": "./t.csv"}, columns="x,group"),
        "two": node("select_columns", {"from": "one.table"}),
        "bad": script("def main(t1):\n    raise ValueError('nope')\n")
        | {"inputs": {"t1": {"from": "two.table"}}},
    }
    file = written(tmp_path / "p.json", nodes)
    millwork("run", file)
    result = millwork("run", file, "--force")
    assert result.code == 1
    assert "Traceback" not in result.out + result.err
    assert "nope" in result.out + result.err


def sleeper(folder: Path) -> Path:
    """Eight built-ins in a row, of which the last, forked by then, sleeps for two minutes."""
    (folder / "t.csv").write_text(CSV)
    nodes = {"n0": node("select_columns", {"path": "./t.csv"})}
    nodes |= {f"n{i}": node("select_columns", {"from": f"n{i - 1}.table"}) for i in range(1, 7)}
    nodes |= {
        "last": {
            "component": "builtin:python_script",
            "inputs": {"t1": {"from": "n6.table"}},
            "parameters": {"script": SLEEPER},
        },
    }
    return written(folder / "p.json", nodes)


def wait_for(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if result := found():
            return result
        time.sleep(0.05)  # another process is at work
    raise AssertionError("nothing came")


def asleep(home: Path) -> str:
    """The attempt whose step has said that it sleeps; empty for none yet."""
    for log in home.glob("attempts/*/log"):
        if b"asleep" in log.read_bytes():
            return log.parent.name
    return ""


@pytest.mark.parametrize("warmth", ["", "no"])
def test_a_forked_step_is_ended_as_any_other(
    millwork: Millwork, tmp_path: Path, home: Path, warmth: str
) -> None:
    file = sleeper(tmp_path)
    env = environment(home) | ({"MILLWORK_WARM": warmth} if warmth else {})
    run = subprocess.Popen(
        [COMMAND, "run", str(file), "--force"], env=env, stdout=subprocess.DEVNULL
    )
    attempt = wait_for(lambda: asleep(home))
    assert marked(attempt)
    run.send_signal(signal.SIGINT)
    assert run.wait(30) == 1
    assert wait_for(lambda: not marked(attempt))
    (shown,) = millwork("runs", "list", "--json").json[:1]
    assert shown["status"] == "cancelled"


def test_a_forked_step_outlives_whoever_asked_for_it(
    millwork: Millwork, tmp_path: Path, home: Path
) -> None:
    file = sleeper(tmp_path)
    run = subprocess.Popen(
        [COMMAND, "run", str(file), "--force"], env=environment(home), stdout=subprocess.DEVNULL
    )
    attempt = wait_for(lambda: asleep(home))
    run.kill()
    run.wait()
    time.sleep(0.3)  # what hangs on the command would be gone by now
    (pid,) = marked(attempt)  # a shell beside it would be marked too: it was forked
    os.kill(pid, signal.SIGKILL)
    lock = home / "attempts" / attempt / "lock"
    assert wait_for(lambda: "137 end" in lock.read_text())


def test_outputs_are_brought_away_and_inputs_brought_though_others_are_forked(
    millwork: Millwork, tmp_path: Path
) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    nodes = {
        "one": node("select_columns", {"from": "inputs.rows"}, columns="x,group"),
        "two": node("select_columns", {"from": "one.table"}, columns="x"),
    }
    file = written(tmp_path / "p.json", nodes)
    document = json.loads(file.read_text())
    document |= {"inputs": {"rows": {"type": "table"}}, "outputs": {"x": {"from": "two.table"}}}
    file.write_text(json.dumps(document))
    target = tmp_path / "brought"
    for _ in range(2):  # the first installs the libraries
        result = millwork(
            "run", file, "--force", "-i", f"rows=file://{tmp_path}/t.csv",
            "-O", f"x=file://{target}",
        )  # fmt: skip
        assert result.code == 0, result.err
        assert [each.name for each in target.iterdir()] == ["data.parquet"]
        (target / "data.parquet").unlink()
        target.rmdir()


def test_a_forked_script_finds_what_the_others_find(
    millwork: Millwork, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mymod.py").write_text("NAME = 'mine'\n")
    text = "import mymod\ndef main(t1):\n    print(mymod.NAME)\n    return t1\n"
    nodes = {"one": node("select_columns", {"path": "./t.csv"}), "two": script(text)}
    nodes["two"]["after"] = ["one"]
    file = written(tmp_path / "p.json", nodes)
    env = {"PYTHONPATH": str(tmp_path / "mine"), "POLARS_MAX_THREADS": "1"}
    for _ in range(2):
        result = millwork("run", file, "--force", env=env)
        assert result.code == 0, result.out


@pytest.mark.slow
def test_what_is_not_forked_in_time_is_done_once(
    millwork: Millwork, tmp_path: Path, home: Path
) -> None:
    (tmp_path / "t.csv").write_text(CSV)
    done = tmp_path / "done"
    first = (
        "import os, signal, time\n"
        "def words(pid):\n"
        "    try:\n"
        "        return open(f'/proc/{pid}/cmdline', 'rb').read().split(b'\\0')\n"
        "    except OSError:\n"
        "        return []\n"
        "def main(t1):\n"
        "    pids = [p for p in os.listdir('/proc') if p.isdecimal() and b'--warm' in words(p)\n"
        f"            and {str(home).encode()!r} in b' '.join(words(p))]\n"
        "    [os.kill(int(p), signal.SIGSTOP) for p in pids if int(p) != os.getpid()\n"
        "     and os.getsid(int(p)) == int(p) and int(p) != os.getppid()]\n"
        "    return t1\n"
    )
    second = f"def main(t1):\n    print('x', file=open({str(done)!r}, 'a'))\n    return t1\n"
    nodes = {"one": script(first), "two": script(second) | {"after": ["one"]}}
    file = written(tmp_path / "p.json", nodes)
    millwork("run", file, "--force")
    done.write_text("")
    result = millwork("run", file, "--force")
    assert result.code == 0, result.out
    assert done.read_text() == "x\n"
