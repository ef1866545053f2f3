"""The record of runs in a database: their rows, each write fenced by the run's epoch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, Fenced
from millwork.ports.changes import (
    AttemptClosed,
    AttemptOpened,
    AttemptStarted,
    ItemsAdded,
    JobJudged,
    ReplicaClosed,
    ReplicaOpened,
    ReplicaStarted,
    RunChanged,
    StepChanged,
    StepConsulted,
    StepReused,
)
from millwork.ports.store import AttemptRow, Master, ReplicaRow, ResultRow, RunRow, StepRow
from millwork.store.database import open_database
from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from millwork.ports.changes import Change

    Row: TypeAlias = Mapping[str, Any]

_QUERIES = load_queries("queries.sql")
_STAMP = ("device", "inode", "size", "mtime", "ctime", "sha256")
_NOBODY = Master(0, "", "")


class RunStore:
    """Implements `ports.Store` at `place`, a file or a URL of PostgreSQL; made when opened.

    In PostgreSQL, `home` is the folder whose runs this process may drive.
    """

    def __init__(self, place: str, home: str = "") -> None:
        self.database = open_database(place, _QUERIES, home)
        self._stamps: list[tuple[Any, ...]] = []
        self._listings: dict[str, Mapping[str, str]] = {}

    def close(self) -> None:
        """Closes the database."""
        self.database.close()

    # --- writing --------------------------------------------------------------------------

    def create_run(
        self,
        run: RunRow,
        steps: Sequence[StepRow],
        definitions: Mapping[str, str],
        changes: Sequence[Change] = (),
    ) -> None:
        """Keeps a new run with its steps and their components; only a queued one has no master.

        `changes` are what is known of it already.

        Raises NoSpace if nothing could be set aside for the record of its end.
        """
        assert run.master is not None or run.status == "queued"
        self.database.check_reserve()
        values = {
            "id": run.id, "name": run.name, "definition": run.definition,
            "version": run.version, "status": run.status, "created": run.created,
            "notes": run.notes, "tags": dump(run.tags), "facts": dump(run.facts),
            "epoch": run.epoch, "workspace": run.workspace, "creator": run.creator,
            "visibility": run.visibility, "trial": int(run.is_trial), "priority": run.priority,
            "demand": dump(run.demand), "allotment": dump(run.allotment),
            **master_values(run.master or _NOBODY),
        }  # fmt: skip
        rows = [
            {"run": run.id, "name": step.name, "position": step.position, "spec": dump(step.spec)}
            for step in steps
        ]
        with self.database.transaction():
            self.database.query("insert_run", values)
            for digest, document in sorted(definitions.items()):  # in one order: no deadlocks
                values = {"digest": digest, "document": document}
                self.database.query("insert_definition", values)
            self.database.query_many("insert_step", rows)
            if run.status == "queued":  # whoever listens to the workspace is told that it waits
                changes = [RunChanged("queued"), *changes]
            if changes:
                self._record(run.id, run.epoch, run.created, changes)

    def commit(self, run: str, epoch: int, now: float, changes: Sequence[Change]) -> None:
        """Writes changes and their events; raises Fenced if `epoch` is no longer the run's."""
        with self.database.transaction():
            self._record(run, epoch, now, changes)

    def _record(self, run: str, epoch: int, now: float, changes: Sequence[Change]) -> None:
        numbers = {"run": run, "epoch": epoch, "count": len(changes)}
        row = self.database.query("number_events", numbers).fetchone()
        if row is None:
            raise Fenced
        self._write_memo()
        first = row["last_event"] - len(changes) + 1
        for change in changes:
            self._write(change, {"run": run, "now": now})
        self.database.query_many(
            "insert_event",
            [event_values(run, first + i, now, change) for i, change in enumerate(changes)],
        )

    def _write(self, change: Change, values: dict[str, Any]) -> None:
        values |= vars(change)
        if isinstance(change, AttemptOpened):
            self.database.query("open_attempt", values | {"gpus": dump(change.gpus)})
            self.database.query("step_attempted", values)
        elif isinstance(change, AttemptStarted):
            self.database.query("attempt_started", values)
        elif isinstance(change, AttemptClosed):
            self._close(change, values)
        elif isinstance(change, ReplicaOpened | ReplicaStarted | ReplicaClosed | JobJudged):
            self._write_of_job(change, values)
        elif isinstance(change, ItemsAdded):
            for name, spec in change.items:
                self.database.query("insert_item", values | {"name": name, "spec": dump(spec)})
        elif isinstance(change, StepReused):
            outputs, metrics = dump(change.outputs), dump(change.metrics)
            self.database.query("step_reused", values | {"outputs": outputs, "metrics": metrics})
        elif isinstance(change, StepConsulted):
            self.database.query("step_consulted", values | {"identity": dump(change.identity)})
        elif isinstance(change, StepChanged):
            self.database.query("step_changed", values)
        elif isinstance(change, RunChanged):
            self.database.query("run_changed", values)

    def _write_of_job(
        self,
        change: ReplicaOpened | ReplicaStarted | ReplicaClosed | JobJudged,
        values: dict[str, Any],
    ) -> None:
        if isinstance(change, ReplicaOpened):
            self.database.query("open_replica", values)
        elif isinstance(change, ReplicaStarted):
            self.database.query("replica_started", values)
        elif isinstance(change, ReplicaClosed):
            at = change.at or values["now"]
            self.database.query("close_replica", values | {"usage": dump(change.usage), "at": at})
        else:
            self.database.query("job_judged", values | {"verdict": dump(_verdict(change))})

    def _close(self, change: AttemptClosed, values: dict[str, Any]) -> None:
        values |= {"usage": dump(change.usage), "metrics": dump(change.metrics)}
        if self.database.query("close_attempt", values).rowcount != 1:
            raise Fenced(f"the attempt {change.attempt} is not the one that runs")
        if change.status != "succeeded":
            return
        values |= {"outputs": dump(_without_manifests(change.outputs))}
        self.database.query("publish", values)
        if change.key:
            self.database.query("insert_result", values)
        for port, output in change.outputs.items():
            artifact = {"attempt": change.attempt, "port": port, "manifest": output["manifest"]}
            self.database.query("insert_artifact", artifact)

    def _write_memo(self) -> None:
        # All writers take common rows in one order, so that none waits for the other for ever.
        self.database.query_many(
            "remember", [dict(zip(_STAMP, each, strict=True)) for each in sorted(self._stamps)]
        )
        for digest, files in sorted(self._listings.items()):
            # A file's name may hold any bytes: not all of them are text to a database.
            self.database.query("insert_listing", {"digest": digest, "files": json.dumps(files)})
        self._stamps.clear()
        self._listings.clear()

    def forget_result(self, attempt: str) -> None:
        """The attempt's files are no longer what they were: nobody uses them again."""
        with self.database.transaction():
            self.database.query("forget_result", {"attempt": attempt})

    def remember(self, stamp: tuple[int, int, int, int, int], digest: str) -> None:
        """Keeps a file's sha256 with the next commit."""
        self._stamps.append((*stamp, digest))

    def keep_listing(self, digest: str, files: Mapping[str, str]) -> None:
        """Keeps, with the next commit, the sha256 of each file of an input."""
        self._listings[digest] = files

    def take_over(self, run: str, epoch: int, master: Master) -> int:
        """Makes `master` the run's, and returns the new epoch; raises Fenced if `epoch` is old.

        Raises BadRequest if the run is of another home.
        """
        with self.database.transaction():
            values = {"run": run, "epoch": epoch, **master_values(master)}
            row = self.database.query("take_over", values).fetchone()
        if row is None:
            self._refuse_elsewhere(run)
            raise Fenced
        return int(row["epoch"])

    def _refuse_elsewhere(self, run: str) -> None:
        row = self.database.query("elsewhere", {"run": run}).fetchone()
        if row:
            raise BadRequest(
                f"{run} is of another Millwork home, {row['place']}, and its attempts lie there: "
                "resume or cancel it there"
            )

    def request_cancel(self, run: str) -> None:
        """Notes that the run is to be cancelled; its master acts on it."""
        with self.database.transaction():
            self.database.query("request_cancel", {"run": run})

    def release_reserve(self) -> None:
        """Frees the space set aside, so that the end of a run can be written on a full disk."""
        self.database.release_reserve()

    # --- reading --------------------------------------------------------------------------

    def run(self, run: str) -> RunRow | None:
        """One run."""
        row = self.database.query("run", {"run": run}).fetchone()
        return run_row(row) if row else None

    def results(self, key: str, run: str) -> Sequence[ResultRow]:
        """Results of the same work that a run may use, newest first; a few at most."""
        rows = self.database.query("results", {"key": key, "run": run})
        return [_result_row(row) for row in rows]

    def all_results(self) -> Sequence[ResultRow]:
        """Every result that later runs may use, oldest first."""
        return [_result_row(row) for row in self.database.query("all_results", {})]

    def recall(self, stamp: tuple[int, int, int, int, int]) -> str | None:
        """The sha256 of the file with this stamp, if it is known."""
        row = self.database.query("recall", dict(zip(_STAMP, stamp, strict=False))).fetchone()
        return row["sha256"] if row else None

    def listing(self, digest: str) -> Mapping[str, str] | None:
        """The sha256 of each file of an input, if it was kept."""
        row = self.database.query("listing", {"digest": digest}).fetchone()
        return json.loads(row["files"]) if row else None

    def earlier(
        self, definition: str, step: str, before: float, workspace: str, creator: str
    ) -> tuple[str, StepRow] | None:
        """The run and row of a step's last success in a run created before `before`.

        It is one of the workspace that `creator` may see.
        """
        values = {"definition": definition, "step": step, "before": before}
        values |= {"workspace": workspace, "creator": creator}
        row = self.database.query("earlier", values).fetchone()
        return (row["run"], _step_row(row)) if row else None

    def manifest(self, attempt: str, port: str) -> str:
        """The manifest of one output of a recorded attempt; raises KeyError if there is none."""
        row = self.database.query("manifest", {"attempt": attempt, "port": port}).fetchone()
        if row is None:
            raise KeyError(f"{attempt}/{port}")
        return str(row["manifest"])

    def definition(self, digest: str) -> str | None:
        """A component's canonical document."""
        row = self.database.query("definition", {"digest": digest}).fetchone()
        return row["document"] if row else None

    def find_runs(self, prefix: str) -> Sequence[str]:
        """At most a few ids that begin with `prefix`."""
        return [row["id"] for row in self.database.query("find_runs", {"prefix": prefix})]

    def runs(self, limit: int, before: tuple[float, str] | None = None) -> Sequence[RunRow]:
        """Runs, newest first, a page at a time."""
        created, run = before or (float("inf"), "")
        rows = self.database.query("runs", {"limit": limit, "created": created, "id": run})
        return [run_row(row) for row in rows]

    def list_runs(
        self,
        workspace: str,
        *,
        limit: int,
        after: tuple[float, str] | None = None,
        ascending: bool = False,
        status: str = "",
        name: str = "",
        creator: str = "",
        tag: tuple[str, str] | None = None,
        definition: str = "",
        with_trials: bool = False,
        private_of: str | None = None,
    ) -> Sequence[RunRow]:
        """A page of a workspace's runs by their time, newest first unless `ascending`.

        `after` is the last one of the page before. What is empty or None filters nothing;
        `private_of` is the only person whose private runs are shown.
        """
        created, run = after or (float("-inf" if ascending else "inf"), "")
        values = {
            "workspace": workspace, "limit": limit, "created": created, "id": run,
            "status": status, "name": name, "creator": creator, "definition": definition,
            "tag": dump({tag[0]: tag[1]})[1:-1] if tag else "",
            "with_trials": int(with_trials), "private_of": private_of,
        }  # fmt: skip
        found = f"runs_{'of_status' if status else 'of_all'}_{'oldest' if ascending else 'newest'}"
        return [run_row(row) for row in self.database.query(found, values)]

    def progress(self, runs: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """How many steps of each of some runs have which status."""
        found: dict[str, dict[str, int]] = {}
        for row in self.database.query("progress", {"runs": json.dumps(runs)}):
            found.setdefault(row["run"], {})[row["status"]] = row["steps"]
        return found

    def unfinished(self) -> Sequence[RunRow]:
        """The runs of this home that are driven, or should be, oldest first."""
        return [run_row(row) for row in self.database.query("unfinished", {})]

    def steps(self, run: str) -> Sequence[StepRow]:
        """A run's steps in the order of its file."""
        return [_step_row(row) for row in self.database.query("steps", {"run": run})]

    def step(self, run: str, step: str) -> StepRow | None:
        """One step of a run."""
        row = self.database.query("step", {"run": run, "step": step}).fetchone()
        return _step_row(row) if row else None

    def some_steps(self, run: str, skip: int, limit: int) -> Sequence[StepRow]:
        """A part of a run's steps in the order of its file."""
        values = {"run": run, "skip": skip, "limit": limit}
        return [_step_row(row) for row in self.database.query("some_steps", values)]

    def attempts(self, run: str) -> Sequence[AttemptRow]:
        """A run's attempts, oldest first."""
        return [_attempt_row(row) for row in self.database.query("attempts", {"run": run})]

    def replicas(self, run: str) -> Sequence[ReplicaRow]:
        """All starts of replicas in a run's attempts at jobs, oldest first."""
        rows = (dict(row) for row in self.database.query("replicas", {"run": run}))
        return [ReplicaRow(**{**row, "usage": json.loads(row["usage"])}) for row in rows]

    def events(self, run: str, after: int) -> Sequence[Mapping[str, Any]]:
        """A run's events numbered above `after`."""
        rows = self.database.query("events", {"run": run, "after": after})
        return [{**dict(row), "data": json.loads(row["data"])} for row in rows]

    def find_runs_in(self, workspace: str, prefix: str, private_of: str | None) -> Sequence[str]:
        """At most a few ids of a workspace's runs that begin with `prefix`.

        `private_of` is the only person whose private runs count; None for all.
        """
        values = {"workspace": workspace, "prefix": prefix, "private_of": private_of}
        return [row["id"] for row in self.database.query("find_runs_in", values)]

    def some_events(self, run: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """The first of a run's events numbered above `after`."""
        values = {"run": run, "after": after, "limit": limit}
        rows = self.database.query("some_events", values)
        return [{**dict(row), "data": json.loads(row["data"])} for row in rows]

    def describe(
        self, run: str, name: str, notes: str, visibility: str, tags: Mapping[str, str]
    ) -> None:
        """Changes what is said about a run, and who may see it."""
        values = {"run": run, "name": name, "notes": notes, "visibility": visibility}
        values["tags"] = dump(tags)
        with self.database.transaction():
            self.database.query("describe_run", values)

    def heads(self, since: float) -> Sequence[Mapping[str, Any]]:
        """How far the histories go of runs that are not over, or have ended after `since`."""
        return [dict(row) for row in self.database.query("heads", {"since": since})]

    def head(self, run: str) -> Sequence[Mapping[str, Any]]:
        """How far the history of one run goes; empty if there is no such run."""
        return [dict(row) for row in self.database.query("head", {"run": run})]


def _without_manifests(outputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        port: {name: value for name, value in output.items() if name != "manifest"}
        for port, output in outputs.items()
    }


# What a history does not tell: secrets of the fence, and what the step's row says already.
_UNTOLD = frozenset({"token", "identity"})


def _verdict(change: JobJudged) -> dict[str, Any]:
    names = ("verdict", "reason", "code", "kind", "for_memory")
    return {name: getattr(change, name) for name in names}


def event_values(run: str, seq: int, now: float, change: Change) -> dict[str, Any]:
    """A change as an event of its run's history."""
    data = {name: value for name, value in vars(change).items() if value and name not in _UNTOLD}
    if isinstance(change, ItemsAdded):
        data["items"] = len(change.items)
    if "outputs" in data:
        data["outputs"] = _without_manifests(data["outputs"])
    kind = type(change).__name__
    return {"run": run, "seq": seq, "time": now, "kind": kind, "data": dump(data)}


# json.dumps would make an encoder for each call that names separators.
dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def master_values(master: Master) -> dict[str, Any]:
    """A master as the columns of its run."""
    return {
        "master_pid": master.pid,
        "master_started": master.started,
        "master_boot": master.boot,
    }


def run_row(row: Row) -> RunRow:
    """A run as its row says."""
    master = Master(row["master_pid"], row["master_started"], row["master_boot"])
    return RunRow(
        id=row["id"],
        name=row["name"],
        definition=row["definition"],
        version=row["version"],
        status=row["status"],
        created=row["created"],
        began=row["began"],
        ended=row["ended"],
        reason=row["reason"],
        notes=row["notes"],
        tags=json.loads(row["tags"]),
        facts=json.loads(row["facts"]),
        master=None if master == _NOBODY else master,
        epoch=row["epoch"],
        cancel=bool(row["cancel"]),
        workspace=row["workspace"],
        creator=row["creator"],
        visibility=row["visibility"],
        priority=row["priority"],
        demand=json.loads(row["demand"]),
        allotment=json.loads(row["allotment"]),
    )


def _step_row(row: Row) -> StepRow:
    columns = {name: row[name] for name in row.keys() if name != "run"}  # noqa: SIM118
    for name in ("outputs", "metrics", "identity", "spec"):
        columns[name] = json.loads(columns[name])
    return StepRow(**columns)


def _result_row(row: Row) -> ResultRow:
    return ResultRow(row["attempt"], json.loads(row["outputs"]), json.loads(row["metrics"]))


def _attempt_row(row: Row) -> AttemptRow:
    columns = {name: row[name] for name in row.keys() if name != "run"}  # noqa: SIM118
    columns["usage"] = json.loads(columns["usage"])
    columns["gpus"] = tuple(json.loads(columns["gpus"]))
    columns["verdict"] = json.loads(columns["verdict"])
    return AttemptRow(**columns)
