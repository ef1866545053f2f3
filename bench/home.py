"""A Millwork home to break things in: its files, its commands, and what its steps noted."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from tests.kill import runner

from bench.rows import Row
from millwork.engines.host import processes
from millwork.engines.local import limits
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from millwork.ports import AttemptRow, ReplicaRow, RunRow, StepRow

NOTED = 'echo "$PAI_HPS_NAME start" >>"$EFFECTS"; {}; echo "$PAI_HPS_NAME end" >>"$EFFECTS"'
NAME = {"name": {"type": "String", "required": True}}


class Late(Exception):
    """Something did not come about in time."""


class Home:
    """A Millwork home in a folder, the files of its pipelines, and what their steps noted."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.path = folder / "home"
        self.effects = folder / "effects"
        self.env = runner.environment(self.path, self.effects)
        self._started: list[subprocess.Popen[bytes]] = []

    def component(self, name: str, command: str, **fields: Any) -> None:
        head = {"apiVersion": "millwork/v1", "kind": "Component", "name": name, "version": "1.0.0"}
        (self.folder / name).mkdir()
        text = json.dumps({**head, "command": command, **fields})
        (self.folder / name / "component.yaml").write_text(text)

    def pipeline(self, nodes: Mapping[str, Any], name: str = "p") -> str:
        """Writes a pipeline; each node names its component, or has that of its own name."""
        head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
        full = {
            node: {**content, "component": f"./{content.get('component', node)}"}
            for node, content in nodes.items()
        }
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps({**head, "nodes": full}))
        return str(path)

    def call(self, *words: str) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(
                [runner.MILLWORK, *words], env=self.env, capture_output=True, text=True,
                check=False, timeout=120,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Late(f"millwork {' '.join(words)} did not end in 120 s") from None

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """A command beside this process, in a group of its own."""
        process = subprocess.Popen(
            [runner.MILLWORK, *words], env=self.env, process_group=0,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._started.append(process)
        return process

    def close(self) -> None:
        """Ends what was started here and goes on, with its steps."""
        going = [command for command in self._started if command.poll() is None]
        for command in going:
            os.killpg(command.pid, signal.SIGKILL)
            command.wait()
        for process in self.process_ids() if going else ():
            processes.kill_marked(process)

    def process_ids(self, attempt: str = "*") -> list[str]:
        """The ids of the processes of an attempt, or of all: its own, or those of its replicas."""
        attempts = self.path / "attempts"
        locks = [*attempts.glob(f"{attempt}/lock"), *attempts.glob(f"{attempt}/*/lock")]
        return [str(lock.parent.relative_to(attempts)) for lock in sorted(locks)]

    def noted(self, what: str) -> Counter[str]:
        """How often each step noted this, `start` or `end`."""
        lines = self.effects.read_text().splitlines() if self.effects.exists() else []
        return Counter(line.split()[0] for line in lines if line.endswith(what))

    def last(self) -> tuple[RunRow, dict[str, StepRow], list[AttemptRow]]:
        """The newest run, its steps by name and its attempts."""
        with closing(RunStore(str(self.path / "millwork.db"))) as store:
            run = store.runs(1)[0]
            steps = {step.name: step for step in store.steps(run.id)}
            return run, steps, list(store.attempts(run.id))

    def runs(self) -> list[RunRow]:
        with closing(RunStore(str(self.path / "millwork.db"))) as store:
            return list(store.runs(100))

    def replicas(self, run: str) -> list[ReplicaRow]:
        """All starts of replicas in a run, oldest first."""
        with closing(RunStore(str(self.path / "millwork.db"))) as store:
            return list(store.replicas(run))

    def events(self) -> list[Mapping[str, Any]]:
        """The history of the newest run; empty if there is none yet."""
        if not (self.path / "millwork.db").exists():
            return []
        with closing(RunStore(str(self.path / "millwork.db"))) as store:
            runs = store.runs(1)
            return list(store.events(runs[0].id, 0)) if runs else []

    def recorded_twice(self) -> int:
        """How many ends of attempts are on record once more than they should, over all runs."""
        with closing(RunStore(str(self.path / "millwork.db"))) as store:
            ends = [
                (run.id, event["data"]["step"])
                for run in store.runs(100)
                for event in store.events(run.id, 0)
                if event["kind"] == "AttemptClosed" and event["data"]["status"] == "succeeded"
            ]
        return len(ends) - len(set(ends))

    def attempt(self, step: str) -> AttemptRow:
        """The newest attempt at a step of the newest run."""
        return [attempt for attempt in self.last()[2] if attempt.step == step][-1]

    def ask(self, query: str, *values: object) -> tuple[Any, ...]:
        """The first row that the database gives."""
        with closing(sqlite3.connect(self.path / "millwork.db")) as database:
            return tuple(database.execute(query, values).fetchone())

    def integrity(self) -> str:
        with closing(sqlite3.connect(self.path / "millwork.db")) as database:
            return str(database.execute("PRAGMA integrity_check").fetchone()[0])


def until(holds: Callable[[], object], what: str, seconds: float = 30.0) -> float:
    """How many seconds it took to come about."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise Late(f"waited {seconds:g} s for {what}")
        time.sleep(0.01)  # what is waited for is a file or a process of others: it gives no event
    return time.monotonic() - began


def left(process: str) -> int:
    """How many processes of an attempt, or of a replica, live: by mark and by control group."""
    box = limits.detect().reopen(process.replace("/", "."))
    return len({*processes.marked(process), *box.pids()})


def rows(
    folder: Path, *experiments: tuple[str, str, Callable[[Home], tuple[str, bool]]]
) -> Iterator[Row]:
    """A row for each (what, bound, experiment), done in a home of its own."""
    for number, (what, bound, experiment) in enumerate(experiments):
        home = Home(folder / str(number))
        try:
            measured, kept = experiment(home)
        except Late as late:
            measured, kept = str(late), False
        finally:
            home.close()
        yield Row(what, measured, bound, kept)
