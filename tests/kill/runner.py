"""Runs a pipeline whose steps note each start and end, and kills its master on the way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from millwork.store.runs import RunStore

MILLWORK = str(Path(sys.executable).parent / "millwork")
_COMPONENT = """\
apiVersion: millwork/v1
kind: Component
name: note
version: 1.0.0
mounts: none
command: echo "$PAI_HPS_NAME start" >>"$EFFECTS"; sleep {seconds}; echo "$PAI_HPS_NAME end" >>"$EFFECTS"
outputs: {{out: {{type: any}}}}
parameters: {{name: {{type: String, required: true}}}}
"""  # noqa: E501


@dataclass(frozen=True)
class Report:
    """What came of it: starts by step, the store's view, and seconds from start to end."""

    starts: Counter[str]
    ends: Counter[str]
    statuses: Counter[str]
    recorded: Counter[str]
    run_status: str
    integrity: str
    seconds: float
    kills: int


def write_pipeline(folder: Path, steps: int, width: int, seconds: float) -> Path:
    """`steps` steps in chains, `width` of them beside one another."""
    (folder / "note").mkdir(parents=True)
    (folder / "note" / "component.yaml").write_text(_COMPONENT.format(seconds=seconds))
    lines = ["apiVersion: millwork/v1", "kind: Pipeline", "name: noted", "version: 1.0.0", "nodes:"]
    for number in range(steps):
        after = f", after: [s{number - width}]" if number >= width else ""
        lines.append(f"  s{number}: {{component: ./note, parameters: {{name: s{number}}}{after}}}")
    path = folder / "pipeline.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def environment(home: Path, effects: Path) -> dict[str, str]:
    """Variables for a process of its own home."""
    return {**os.environ, "MILLWORK_HOME": str(home), "EFFECTS": str(effects)}


def run_with_kills(
    folder: Path,
    *,
    steps: int,
    parallel: int,
    kills: int,
    pause: tuple[float, float],
    seed: int,
    seconds: float = 0.02,
) -> Report:
    """Starts a run, SIGKILLs its master `kills` times at random instants, and lets it finish."""
    pipeline = write_pipeline(folder, steps, max(4, parallel), seconds)
    effects = folder / "effects"
    env = environment(folder / "home", effects)
    chance = random.Random(seed)
    command = [MILLWORK, "run", str(pipeline), "--parallel", str(parallel)]
    began = time.monotonic()
    done = 0
    while True:
        process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL)
        try:
            process.wait(chance.uniform(*pause) if done < kills else 300)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            done += 1
        kept = (folder / "home" / "millwork.db").exists() and _store(folder).runs(1)
        command = [MILLWORK, "runs", "resume", "last"] if kept else command
    return report(folder, time.monotonic() - began, done)


def report(folder: Path, seconds: float, kills: int) -> Report:
    """Reads what the steps noted and what the store kept."""
    noted = [line.split() for line in (folder / "effects").read_text().splitlines()]
    store = _store(folder)
    run = store.runs(1)[0]
    events = store.events(run.id, 0)
    closed = [
        event["data"]["step"]
        for event in events
        if event["kind"] == "AttemptClosed" and event["data"]["status"] == "succeeded"
    ]
    integrity = store.database.execute("PRAGMA integrity_check").fetchone()[0]
    return Report(
        starts=Counter(step for step, what in noted if what == "start"),
        ends=Counter(step for step, what in noted if what == "end"),
        statuses=Counter(step.status for step in store.steps(run.id)),
        recorded=Counter(closed),
        run_status=run.status,
        integrity=integrity,
        seconds=seconds,
        kills=kills,
    )


def _store(folder: Path) -> RunStore:
    return RunStore(str(folder / "home" / "millwork.db"))
