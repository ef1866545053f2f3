"""What is seen of a batch: while it runs and afterwards, in a terminal, a pipe and as JSON."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import termios
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import COMMAND, environment, listing, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork, Pipeline

WORK = """\
import os, time
from millwork_worker import shards
for shard in shards():
    with shard, shard.output("rows.txt") as out:
        while int(shard.id) >= 4 and not os.path.exists(os.environ["PAI_HPS_GATE"]):
            time.sleep(0.05)  # a file of the test's gives no event
        if shard.id == "7":
            shard.fail("seven is bad")
            continue
        for path in shard.files:
            print(os.path.basename(path), file=out)
    print("did", shard.id, flush=True)
"""
SHARDS = 10


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """The file whose presence lets workers go on after the fourth shard."""
    return tmp_path / "gate"


@pytest.fixture
def batch(component: Component, tmp_path: Path) -> Path:
    """A component whose ten shards, of two files each, are done by two workers; one shard fails."""
    for number in range(2 * SHARDS):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"f{number:02}").write_text(str(number))
    file = component(
        "python3 main.py",
        "score",
        job_type="ElasticBatchJob",
        inputs={"texts": {"type": "folder"}},
        outputs={"rows": {"type": "folder"}},
        parameters={"gate": {"type": "String", "required": True}},
        resources={"cpu": 0.1},
        batch={
            "input": "texts", "split": {"files": 2}, "append": "rows.txt", "max_retries": 1,
            "allowed_failed_percent": 10, "error_threshold": -1, "mini_batch_error_threshold": -1,
        },
    )  # fmt: skip
    file.with_name("main.py").write_text(WORK)
    return file


def words(batch: Path, gate: Path) -> tuple[str, ...]:
    inputs = ("-i", f"texts={gate.parent}/in", "-p", f"gate={gate}", "--replicas", "2")
    return ("run", str(batch), *inputs)


def shown(millwork: Millwork) -> dict[str, Any]:
    """The batch of the last run's only step that has one."""
    steps = millwork("runs", "show", "last", "--json").json["steps"]
    return next((step["batch"] for step in steps if "batch" in step), {})


def of_service(millwork: Millwork) -> dict[str, Any]:
    """The same once four shards are done, if it is the service that said so, within its second."""
    found = shown(millwork)
    return found if found.get("done") == 4 and found["copies"] == 0 else {}


def holders(found: dict[str, Any]) -> int:
    """How many workers have a shard: the first may have several before the second has begun."""
    return sum(each["held"] > 0 for each in found["workers"])


def in_terminal(home: Path, tmp_path: Path, *words: str) -> tuple[threading.Thread, list[str]]:
    """A command in a terminal of 80 columns; its text is there when the thread has ended."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        env = {**environment(home), "TERM": "xterm"}
        env = {name: value for name, value in env.items() if name not in ("COLUMNS", "LINES")}
        os.execve(COMMAND, [COMMAND, *words], env)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    found: list[str] = []

    def read() -> None:
        data = b""
        while True:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            data += part
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(terminal)
        found.extend((data.decode(), str(code)))

    thread = threading.Thread(target=read)
    thread.start()
    return thread, found


def plain(text: str) -> list[str]:
    """The lines without what steers the terminal."""
    return [
        line.rstrip() for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text))
    ]


# --- runs show --------------------------------------------------------------------------------


def test_a_batch_is_seen_while_it_runs_and_afterwards(
    millwork: Millwork, background: Callable[..., Background], batch: Path, gate: Path, home: Path
) -> None:
    run = background(*words(batch, gate))
    until(lambda: listing(millwork))
    found = until(lambda: (b := of_service(millwork)) and holders(b) == 2 and b)
    assert (found["total"], found["done"], found["items"]) == (SHARDS, 4, 8)
    assert found["todo"] == SHARDS - 4 - found["leased"]
    assert (found["verdict"], found["errors"], found["failed_shards"]) == (None, [], "")
    assert [each["worker"] for each in found["workers"]] == ["worker-0", "worker-1"]
    assert sum(each["done"] for each in found["workers"]) == 4
    assert all(each["live"] for each in found["workers"])
    text = millwork("runs", "show", "last").out
    assert re.search(rf"^score: 4 of {SHARDS} shards, 8 items", text, re.MULTILINE)
    assert re.search(r"^  worker +done +failed +holds +items +items/s *$", text, re.MULTILINE)
    assert re.search(r"^  worker-1 +\d +0 +\d +\d +[\d.,]* *$", text, re.MULTILINE)
    gate.touch()
    assert run.end()[0] == 0
    over = shown(millwork)
    assert list(over) == list(found)
    assert (over["done"], over["failed"], over["items"], over["failed_items"]) == (9, 1, 18, 2)
    assert (over["retries"], over["failures"], over["leased"], over["todo"]) == (1, 2, 0, 0)
    assert (over["verdict"], over["copies"]) == ("succeeded", None)
    assert sum(each["done"] for each in over["workers"]) == 9
    assert sum(each["failed"] for each in over["workers"]) == 2
    (error,) = over["errors"]
    assert (error["shard"], error["attempts"]) == (7, 2)
    assert "seven is bad" in error["error"]
    assert Path(error["log"].rpartition(":")[0]).is_file()
    assert json.loads(Path(over["failed_shards"]).read_text())["shard"] == 7
    text = millwork("runs", "show", "last").out
    assert f"\nscore: 9 of {SHARDS} shards, 18 items, 1 tried again, 1 failed\n" in text
    assert "  shard 7 failed: seven is bad\n" in text
    assert f"    log: {error['log']}\n" in text
    assert f"  all that failed: {over['failed_shards']}\n" in text


def test_rows_are_read_where_the_service_is_not_there(
    millwork: Millwork, background: Callable[..., Background], batch: Path, gate: Path, home: Path
) -> None:
    run = background(*words(batch, gate))
    until(lambda: listing(millwork))
    until(lambda: shown(millwork).get("done") == 4)
    (socket,) = (home / "leases").glob("*/socket")
    socket.rename(socket.with_name("away"))
    found = until(lambda: (b := shown(millwork))["leased"] >= 2 and b)
    assert (found["done"], found["items"], found["copies"]) == (4, 8, None)
    assert found["todo"] == SHARDS - 4 - found["leased"]
    assert sum(each["held"] for each in found["workers"]) == found["leased"]
    socket.with_name("away").rename(socket)
    until(lambda: of_service(millwork))
    gate.touch()
    assert run.end()[0] == 0


def test_a_run_is_followed_to_its_end_in_a_pipe_and_as_json(
    millwork: Millwork, background: Callable[..., Background], batch: Path, gate: Path
) -> None:
    run = background(*words(batch, gate))
    until(lambda: listing(millwork))
    until(lambda: shown(millwork).get("done") == 4)
    lines = background("runs", "show", "-f", "last")
    documents = background("runs", "show", "last", "--follow", "--json")
    assert lines.process.stdout
    first = lines.process.stdout.readline()
    assert re.search(rf"^\w+ running, 0 of 1 steps ended: score 4 of {SHARDS} shards", first)
    assert documents.process.stdout
    began = json.loads(documents.process.stdout.readline())
    assert (began["status"], began["steps"][0]["batch"]["done"]) == ("running", 4)
    gate.touch()
    assert run.end()[0] == 0
    code, out, _ = lines.end()
    assert code == 0
    assert out.endswith(millwork("runs", "show", "last").out)
    code, out, _ = documents.end()
    assert code == 0
    ended = json.loads(out.splitlines()[-1])
    assert (ended["status"], ended["steps"][0]["batch"]["done"]) == ("succeeded", 9)


def test_any_run_is_followed_and_nothing_is_said_twice(
    millwork: Millwork, background: Callable[..., Background], component: Component,
    pipeline: Pipeline, gate: Path,
) -> None:  # fmt: skip
    component(f"until test -e {gate}; do sleep 0.05; done", "a")
    component("true", "b")
    run = background("run", pipeline({"a": {}, "b": {"after": ["a"]}}))
    until(lambda: listing(millwork) and "running" in millwork("runs", "show", "last").out)
    follow = background("runs", "show", "--follow", "last")
    assert follow.process.stdout
    first = follow.process.stdout.readline()
    assert first.endswith(" running, 0 of 2 steps ended: a\n")
    with pytest.raises(Exception, match="timed out"):
        follow.process.wait(2.5)
    gate.touch()
    assert run.end()[0] == 0
    code, out, _ = follow.end()
    assert code == 0
    assert first not in out
    over = millwork("runs", "show", "last")
    assert out.endswith(over.out)
    assert millwork("runs", "show", "-f", "last").out == over.out


# --- in a terminal ----------------------------------------------------------------------------


def test_a_terminal_of_80_columns_is_redrawn_until_the_run_is_over(
    millwork: Millwork, home: Path, tmp_path: Path, background: Callable[..., Background],
    batch: Path, gate: Path,
) -> None:  # fmt: skip
    run = background(*words(batch, gate))
    until(lambda: listing(millwork))
    until(lambda: shown(millwork).get("done") == 4)
    thread, found = in_terminal(home, tmp_path, "runs", "show", "-f", "last")
    thread.join(1.5)
    gate.touch()
    assert run.end()[0] == 0
    thread.join(20)
    text, code = found
    assert code == "0"
    lines = plain(text)
    assert any(line.startswith(f"score: 4 of {SHARDS} shards") for line in lines)
    assert any(line.startswith(f"score: 9 of {SHARDS} shards") for line in lines)
    paths = ("    log: ", "  all that failed: ", "output ")
    assert all(len(line) <= 80 for line in lines if not line.startswith(paths))


def test_a_batch_alone_shows_how_far_it_is_below_its_log(
    millwork: Millwork, home: Path, tmp_path: Path, batch: Path, gate: Path
) -> None:
    thread, found = in_terminal(home, tmp_path, *words(batch, gate))
    until(lambda: listing(millwork))
    until(lambda: shown(millwork).get("done") == 4)
    thread.join(2.5)
    gate.touch()
    thread.join(20)
    text, code = found
    assert code == "0"
    assert f"\r4 of {SHARDS} shards, 8 items" in text
    assert re.search(r"worker-\d \| did \d", text)
    # The line is gone before anything else is printed.
    assert not re.search(r"shards[^\r]*worker-", text)
    assert re.search(r"\r\x1b\[K.*run \w+ succeeded", text, re.DOTALL)
    # Nobody who reads from a pipe is told.
    printed = millwork(*words(batch, gate))
    assert " shards" not in printed.out + printed.err.replace("shards that failed", "")


def test_the_live_table_shows_how_far_a_batch_is(
    millwork: Millwork, home: Path, tmp_path: Path, batch: Path, gate: Path, component: Component,
    pipeline: Pipeline,
) -> None:  # fmt: skip
    component("true", "other")
    parameters = {"gate": str(gate)}
    nodes = {
        "score": {
            "inputs": {"texts": {"from": "inputs.texts"}}, "parameters": parameters, "replicas": 2,
        },
        "other": {"after": ["score"]},
    }  # fmt: skip
    file = pipeline(nodes, inputs={"texts": {"type": "folder"}})
    arguments = ("run", str(file), "-i", f"texts={tmp_path}/in")
    thread, found = in_terminal(home, tmp_path, *arguments)
    until(lambda: listing(millwork))
    until(lambda: shown(millwork).get("done") == 4)
    thread.join(2.5)
    gate.touch()
    thread.join(20)
    text, code = found
    assert code == "0"
    lines = plain(text)
    assert any(re.search(rf"score +running .* 4 of {SHARDS} shards", line) for line in lines)
    assert max(len(line) for line in lines if ".jsonl" not in line) <= 80
    piped = millwork(*arguments)
    assert " shards" not in piped.out + piped.err


# --- the verb of a step -----------------------------------------------------------------------


def test_shards_are_leased_by_the_whole_command_too(
    millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        (tmp_path / "in" / f"-f {number}").write_text(f"{number}\n")
    command = f"{COMMAND} shard map --to rows.txt -- cat -- {{}}; {COMMAND} shard next; echo end $?"
    file = component(
        command,
        job_type="ElasticBatchJob",
        inputs={"texts": {"type": "folder"}},
        outputs={"rows": {"type": "folder"}},
        batch={"input": "texts", "split": {"files": 2}, "append": "rows.txt"},
    )
    result = millwork("run", file, "-i", "texts=in", "--json")
    assert result.code == 0, result
    rows = Path(result.json["outputs"]["rows"], "rows.txt").read_text()
    assert rows == "0\n1\n2\n"
    assert "end 3" in result.err


def test_there_are_no_shards_elsewhere(millwork: Millwork, home: Path) -> None:
    for given in (["next"], ["map", "--", "echo", "{}"]):
        refused = millwork("shard", *given)
        assert (refused.code, refused.out) == (2, "")
        assert "MILLWORK_SHARDS is not set" in refused.err
    assert millwork("shard", "other").code == 2
    assert "next" in millwork("shard", "--help").out
    unknown = millwork("shard", "next", "--odd", env={"MILLWORK_SHARDS": "nowhere"})
    assert unknown.code == 2
    assert "'--odd' makes no sense after 'next'" in unknown.err
    assert not home.exists()
