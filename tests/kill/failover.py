"""Two servers on one home and one PostgreSQL: one of them is killed, the database restarted."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.store.runs import RunStore
from tests.e2e.asker import Asker
from tests.e2e.server import serving, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.store.server import Server as Postgres

_COMPONENT = """\
apiVersion: millwork/v1
kind: Component
name: note
version: 1.0.0
mounts: none
command: echo "$PAI_HPS_NAME" >>{effects}
parameters: {{name: {{type: String, required: true}}}}
"""


@dataclass(frozen=True)
class Report:
    """What came of it.

    `lost` and `doubled` are steps by what they did themselves; `recorded_twice` those of which two
    attempts succeeded; `unused` attempts that were decided, and never began as their driver died.
    """

    steps: int
    succeeded: int
    lost: int
    doubled: int
    recorded_twice: int
    unused: int
    restarts: int
    seconds: float
    statuses: Counter[str]

    @property
    def is_whole(self) -> bool:
        """Whether each step was done and recorded once."""
        wrong = self.lost + self.doubled + self.recorded_twice
        return not wrong and self.succeeded == self.steps


def fail_over(
    folder: Path,
    postgres: Postgres,
    *,
    runs: int,
    steps: int,
    restarts: int,
    with_drivers: bool,
    patience: float,
) -> Report:
    """Queues `runs` runs of `steps` steps, kills one of two servers, restarts the database.

    With `with_drivers` the processes that drive the killed server's runs die with it.
    """
    effects, url = folder / "effects", postgres.new()
    home = folder / "home"
    home.mkdir(parents=True)
    effects.touch()
    _write(folder / "code", effects, runs, steps)
    with ExitStack() as stack:
        other = start(home, "--database", url)
        stack.callback(other.kill)
        server = stack.enter_context(serving(home, "--database", url))
        asker = Asker.of(server)
        bundle = asker.upload(folder / "code")
        began = time.monotonic()
        ids = [asker.run(bundle, f"p{number}.yaml") for number in range(runs)]
        done = _Progress(effects, runs * steps, began + patience)
        moments: list[tuple[float, Callable[[], None]]] = [
            ((number + 1) / (restarts + 2), partial(_restart, postgres, number))
            for number in range(restarts)
        ]
        moments.append((0.4, partial(_kill, other.process.pid, with_drivers=with_drivers)))
        for part, happens in sorted(moments, key=lambda moment: moment[0]):
            done.wait_for(part)
            happens()
        _ended(asker, ids, began + patience)
        seconds = time.monotonic() - began
    with closing(RunStore(url, str(home))) as store:
        return _report(store, ids, effects, runs * steps, restarts, seconds)


def _write(folder: Path, effects: Path, runs: int, steps: int) -> None:
    (folder / "note").mkdir(parents=True)
    (folder / "note" / "component.yaml").write_text(_COMPONENT.format(effects=effects))
    head = ["apiVersion: millwork/v1", "kind: Pipeline", "name: noted", "version: 1.0.0", "nodes:"]
    for run in range(runs):
        nodes = [
            f"  s{step}: {{component: ./note, parameters: {{name: r{run}s{step}}}}}"
            for step in range(steps)
        ]
        (folder / f"p{run}.yaml").write_text("\n".join([*head, *nodes]) + "\n")


@dataclass(frozen=True)
class _Progress:
    effects: Path
    steps: int
    deadline: float

    def wait_for(self, part: float) -> None:
        """Until this part of all steps is done."""
        while self.effects.read_bytes().count(b"\n") < part * self.steps:
            assert time.monotonic() < self.deadline, f"{part:.0%} of the steps took too long"
            time.sleep(0.05)  # what other processes do gives no event


def _restart(postgres: Postgres, number: int) -> None:
    """A crash, or an end in good order, in turn."""
    postgres.stop((signal.SIGQUIT, signal.SIGINT)[number % 2])
    postgres.start()


def _kill(server: int, *, with_drivers: bool) -> None:
    drivers = drivers_of(server)
    for pid in [server, *(drivers if with_drivers else ())]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def drivers_of(server: int) -> list[int]:
    """The processes that drive the runs of a server."""
    return [pid for pid in children_of(server) if "millwork.app.drive" in command_of(pid)]


def children_of(parent: int) -> list[int]:
    """The processes that a process has started and that are there."""
    found = []
    for thread in Path(f"/proc/{parent}/task").iterdir():
        found += [int(pid) for pid in (thread / "children").read_text().split()]
    return found


def command_of(pid: int) -> list[str]:
    """The words a process was started with; none if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def _ended(asker: Asker, ids: Sequence[str], deadline: float) -> None:
    """Until no run goes on any more."""
    left = list(ids)
    while left:
        assert time.monotonic() < deadline, f"{len(left)} runs took too long"
        status = asker.ask("GET", f"/workspaces/default/runs/{left[0]}/result")["status"]
        if status in ("succeeded", "failed", "cancelled"):
            left.pop(0)
        else:
            time.sleep(0.2)  # the end of one of many runs is not worth a stream


def _report(
    store: RunStore, ids: Sequence[str], effects: Path, steps: int, restarts: int, seconds: float
) -> Report:
    noted = Counter(effects.read_text().split())
    rows = [row for run in ids for row in store.steps(run)]
    attempts = [row for run in ids for row in store.attempts(run)]
    ends = Counter(
        (row.id.rpartition("-")[0], row.step) for row in attempts if row.status == "succeeded"
    )
    run_rows = [store.run(run) for run in ids]
    return Report(
        steps=steps,
        succeeded=sum(row.status == "succeeded" for row in rows),
        lost=steps - len(noted),
        doubled=sum(count > 1 for count in noted.values()),
        recorded_twice=sum(count > 1 for count in ends.values()),
        unused=sum(row.status != "succeeded" for row in attempts),
        restarts=restarts,
        seconds=seconds,
        statuses=Counter(row.status for row in run_rows if row),
    )
