"""Homes in which many cycles of schedules are due, and what has become of them."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from millwork.access.identity import LOCAL_OWNER
from millwork.actions.perform import Asked, perform
from millwork.app.compose import DATABASE, open_context
from millwork.store.runs import RunStore
from millwork.store.schedules import ScheduleStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from millwork.actions.context import Context
    from millwork.ports.schedules import InstanceRow


@dataclass(frozen=True)
class Outcome:
    """What became of the cycles that were due.

    `missing` have no instance, or one without a run, or were never done; `doubled` have two, or two
    runs, or were tried or done twice. `statuses` are those of the instances, `left` the runs that
    belong to none.
    """

    due: int
    missing: int
    doubled: int
    left: int
    statuses: Mapping[str, int]

    @property
    def is_whole(self) -> bool:
        """Whether each cycle has one instance, which has succeeded in one run."""
        wrong = self.missing + self.doubled + self.left
        return not wrong and self.statuses == {"succeeded": self.due}


def store_of(context: Context) -> RunStore:
    """The store behind a context's port."""
    store = context.store
    assert isinstance(store, RunStore)
    return store


@contextmanager
def opened(home: Path, database: str = "") -> Iterator[Context]:
    """The context of a home, in this process."""
    named = {"MILLWORK_HOME": str(home), **({DATABASE: database} if database else {})}
    before = {name: os.environ.get(name) for name in named}
    os.environ.update(named)
    try:
        context = open_context()
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
    try:
        yield context
    finally:
        store_of(context).close()


def ask(context: Context, verb: str, /, **said: Any) -> Any:
    """A verb, asked by the owner of the home."""
    return perform(context, LOCAL_OWNER, Asked(verb, said, "default"))


def keep_pipeline(
    context: Context, command: str = "true", parameters: Mapping[str, str] | None = None
) -> None:
    """The pipeline `work` of one step; `parameters` are its scheduling parameters."""
    head = {"apiVersion": "millwork/v1", "version": "1.0.0"}
    step = {
        **head, "kind": "Component", "name": "step", "command": command, "mounts": "none",
        "outputs": {"out": {"type": "any"}},
    }  # fmt: skip
    work = {
        **head, "kind": "Pipeline", "name": "work", "nodes": {"step": {"component": "step"}},
        "scheduling_parameters": dict(parameters or {}),
    }  # fmt: skip
    ask(context, "components.create", text=json.dumps(step))
    ask(context, "pipelines.create", text=json.dumps(work))


def keep_noting_pipeline(context: Context, effects: Path) -> None:
    """A pipeline that adds the name of its schedule and its time to a file, as one line."""
    effects.touch()
    keep_pipeline(context, f"echo ${{note}} >>{effects}", {"note": "$jobid-$cyctime"})


def deploy(context: Context, name: str, **more: Any) -> None:
    """Puts a schedule of the pipeline in force."""
    head = {"apiVersion": "millwork/v1", "kind": "Schedule", "version": "1.0.0"}
    text = json.dumps({**head, "name": name, "pipeline": "work", **more})
    ask(context, "schedules.create", text=text)
    ask(context, "schedules.deploy", name=name)


def yesterday() -> date:
    """A day that is over, in UTC."""
    return datetime.now(UTC).date() - timedelta(days=1)


def minutes(count: int, **more: Any) -> dict[str, Any]:
    """What a schedule says that is due so often yesterday, 240 times at most, and never else."""
    day, last = yesterday().isoformat(), (count - 1) * 6
    return {
        "every": "minute", "step": 6, "to": f"{last // 60:02}:{last % 60:02}",
        "first": day, "last": day, "catch_up": "all", **more,
    }  # fmt: skip


def make_due(context: Context) -> None:
    """Has the instances of all schedules made, as after days without a server."""
    ago = datetime.now(UTC).timestamp() - 3 * 86_400
    database = store_of(context).database
    with database.transaction():
        database.execute(f"UPDATE schedule SET made = {ago}")


def instances(store: RunStore, *names: str) -> list[InstanceRow]:
    """The instances of these schedules, of all days."""
    records = ScheduleStore(store.database)
    return [row for name in names for row in records.cycles("default", name, date.min, date.max)]


def statuses(store: RunStore) -> Counter[str]:
    """How many instances there are of each status."""
    rows = store.database.execute("SELECT status, count(*) AS n FROM instance GROUP BY status")
    return Counter({row["status"]: row["n"] for row in rows})


def outcome(store: RunStore, names: list[str], count: int, effects: Path) -> Outcome:
    """What became of `count` cycles of each of these schedules."""
    rows, due = instances(store, *names), count * len(names)
    cycles = Counter((row.schedule, row.day, row.number, row.fold) for row in rows)
    runs = Counter(
        json.loads(row["tags"])["instance"]
        for row in store.database.execute("SELECT tags FROM run")
    )
    done = Counter(effects.read_text().split())
    return Outcome(
        due=due,
        missing=due - len(cycles) + sum(not runs[row.id] for row in rows) + due - len(done),
        doubled=len(rows)
        - len(cycles)
        + sum(runs[row.id] > 1 or row.tries > 1 for row in rows)
        + sum(times > 1 for times in done.values()),
        left=len(runs.keys() - {row.id for row in rows}),
        statuses=Counter(row.status for row in rows),
    )
