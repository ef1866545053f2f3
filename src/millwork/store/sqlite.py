"""The store on SQLite: one file, write-ahead log, every commit on disk before it returns."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Fenced, MillworkError, NoSpace, Unavailable
from millwork.base.faultpoints import reach
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

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.ports.changes import Change

_SQL = os.path.join(os.path.dirname(__file__), "sql")
RESERVE_SIZE = 1024 * 1024


def _load_queries() -> dict[str, str]:
    with open(os.path.join(_SQL, "queries.sql"), encoding="utf-8") as file:
        blocks = file.read().split("-- name: ")[1:]
    return {name: text for name, _, text in (block.partition("\n") for block in blocks)}


_QUERIES = _load_queries()


class SqliteStore:
    """Implements `ports.Store` on the file `path`; makes and migrates it when opened."""

    def __init__(self, path: str) -> None:
        self._reserve = f"{path}.reserve"
        self._stamps: list[tuple[Any, ...]] = []
        self._listings: dict[str, Mapping[str, str]] = {}
        try:
            self._open(path)
        except NoSpace:  # looking at runs takes room too, for the index of the log
            self.release_reserve()
            self._open(path)
        self._keep_reserve()

    def _open(self, path: str) -> None:
        with _translated(path):
            self._database = sqlite3.connect(path, timeout=30.0, isolation_level=None)
            self._database.row_factory = sqlite3.Row
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._migrate()

    def close(self) -> None:
        """Closes the file."""
        self._database.close()

    # --- writing --------------------------------------------------------------------------

    def create_run(
        self, run: RunRow, steps: Sequence[StepRow], definitions: Mapping[str, str]
    ) -> None:
        """Keeps a new run, whose master is already set, with its steps and their components.

        Raises NoSpace if nothing could be set aside for the record of its end.
        """
        assert run.master is not None
        if not os.path.exists(self._reserve):
            raise NoSpace(_full(os.path.dirname(self._reserve)))
        values = {
            "id": run.id, "name": run.name, "definition": run.definition,
            "version": run.version, "status": run.status, "created": run.created,
            "notes": run.notes, "tags": _dump(run.tags), "facts": _dump(run.facts),
            "epoch": run.epoch, **_master_values(run.master),
        }  # fmt: skip
        rows = [
            {"run": run.id, "name": step.name, "position": step.position, "spec": _dump(step.spec)}
            for step in steps
        ]
        with self._transaction():
            self._execute("insert_run", values)
            for digest, document in definitions.items():
                values = {"digest": digest, "document": document}
                self._execute("insert_definition", values)
            self._database.executemany(_QUERIES["insert_step"], rows)

    def commit(self, run: str, epoch: int, now: float, changes: Sequence[Change]) -> None:
        """Writes changes and their events; raises Fenced if `epoch` is no longer the run's."""
        with self._transaction():
            numbers = {"run": run, "epoch": epoch, "count": len(changes)}
            row = self._execute("number_events", numbers).fetchone()
            if row is None:
                raise Fenced
            self._write_memo()
            first = row["last_event"] - len(changes) + 1
            for change in changes:
                self._write(change, {"run": run, "now": now})
            self._database.executemany(
                _QUERIES["insert_event"],
                [_event(run, first + i, now, change) for i, change in enumerate(changes)],
            )

    def _write(self, change: Change, values: dict[str, Any]) -> None:
        values |= vars(change)
        if isinstance(change, AttemptOpened):
            self._execute("open_attempt", values | {"gpus": _dump(change.gpus)})
            self._execute("step_attempted", values)
        elif isinstance(change, AttemptStarted):
            self._execute("attempt_started", values)
        elif isinstance(change, AttemptClosed):
            self._close(change, values)
        elif isinstance(change, ReplicaOpened | ReplicaStarted | ReplicaClosed | JobJudged):
            self._write_of_job(change, values)
        elif isinstance(change, ItemsAdded):
            for name, spec in change.items:
                self._execute("insert_item", values | {"name": name, "spec": _dump(spec)})
        elif isinstance(change, StepReused):
            outputs, metrics = _dump(change.outputs), _dump(change.metrics)
            self._execute("step_reused", values | {"outputs": outputs, "metrics": metrics})
        elif isinstance(change, StepConsulted):
            self._execute("step_consulted", values | {"identity": _dump(change.identity)})
        elif isinstance(change, StepChanged):
            self._execute("step_changed", values)
        elif isinstance(change, RunChanged):
            self._execute("run_changed", values)

    def _write_of_job(
        self,
        change: ReplicaOpened | ReplicaStarted | ReplicaClosed | JobJudged,
        values: dict[str, Any],
    ) -> None:
        if isinstance(change, ReplicaOpened):
            self._execute("open_replica", values)
        elif isinstance(change, ReplicaStarted):
            self._execute("replica_started", values)
        elif isinstance(change, ReplicaClosed):
            at = change.at or values["now"]
            self._execute("close_replica", values | {"usage": _dump(change.usage), "at": at})
        else:
            self._execute("job_judged", values | {"verdict": _dump(_verdict(change))})

    def _close(self, change: AttemptClosed, values: dict[str, Any]) -> None:
        values |= {"usage": _dump(change.usage), "metrics": _dump(change.metrics)}
        if self._execute("close_attempt", values).rowcount != 1:
            raise Fenced(f"the attempt {change.attempt} is not the one that runs")
        if change.status != "succeeded":
            return
        values |= {"outputs": _dump(_without_manifests(change.outputs))}
        self._execute("publish", values)
        if change.key:
            self._execute("insert_result", values)
        for port, output in change.outputs.items():
            artifact = {"attempt": change.attempt, "port": port, "manifest": output["manifest"]}
            self._execute("insert_artifact", artifact)

    def _write_memo(self) -> None:
        self._database.executemany(_QUERIES["remember"], self._stamps)
        for digest, files in self._listings.items():
            self._execute("insert_listing", {"digest": digest, "files": _dump(files)})
        self._stamps.clear()
        self._listings.clear()

    def forget_result(self, attempt: str) -> None:
        """The attempt's files are no longer what they were: nobody uses them again."""
        with self._transaction():
            self._execute("forget_result", {"attempt": attempt})

    def remember(self, stamp: tuple[int, int, int, int, int], digest: str) -> None:
        """Keeps a file's sha256 with the next commit."""
        self._stamps.append((*stamp, digest))

    def keep_listing(self, digest: str, files: Mapping[str, str]) -> None:
        """Keeps, with the next commit, the sha256 of each file of an input."""
        self._listings[digest] = files

    def take_over(self, run: str, epoch: int, master: Master) -> int:
        """Makes `master` the run's, and returns the new epoch; raises Fenced if `epoch` is old."""
        with self._transaction():
            values = {"run": run, "epoch": epoch, **_master_values(master)}
            row = self._execute("take_over", values).fetchone()
        if row is None:
            raise Fenced
        return int(row["epoch"])

    def request_cancel(self, run: str) -> None:
        """Notes that the run is to be cancelled; its master acts on it."""
        with self._transaction():
            self._execute("request_cancel", {"run": run})

    def release_reserve(self) -> None:
        """Frees the space set aside, so that the end of a run can be written on a full disk."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._reserve)

    # --- reading --------------------------------------------------------------------------

    def run(self, run: str) -> RunRow | None:
        """One run."""
        row = self._execute("run", {"run": run}).fetchone()
        return _run_row(row) if row else None

    def results(self, key: str) -> Sequence[ResultRow]:
        """Results of the same work, newest first; a few at most."""
        return [_result_row(row) for row in self._execute("results", {"key": key})]

    def all_results(self) -> Sequence[ResultRow]:
        """Every result that later runs may use, oldest first."""
        return [_result_row(row) for row in self._execute("all_results", {})]

    def recall(self, stamp: tuple[int, int, int, int, int]) -> str | None:
        """The sha256 of the file with this stamp, if it is known."""
        names = ("device", "inode", "size", "mtime", "ctime")
        row = self._execute("recall", dict(zip(names, stamp, strict=True))).fetchone()
        return row["sha256"] if row else None

    def listing(self, digest: str) -> Mapping[str, str] | None:
        """The sha256 of each file of an input, if it was kept."""
        row = self._execute("listing", {"digest": digest}).fetchone()
        return json.loads(row["files"]) if row else None

    def earlier(self, definition: str, step: str, before: float) -> tuple[str, StepRow] | None:
        """The run and row of a step's last success in a run created before `before`."""
        values = {"definition": definition, "step": step, "before": before}
        row = self._execute("earlier", values).fetchone()
        return (row["run"], _step_row(row)) if row else None

    def manifest(self, attempt: str, port: str) -> str:
        """The manifest of one output of a recorded attempt; raises KeyError if there is none."""
        row = self._execute("manifest", {"attempt": attempt, "port": port}).fetchone()
        if row is None:
            raise KeyError(f"{attempt}/{port}")
        return str(row["manifest"])

    def definition(self, digest: str) -> str | None:
        """A component's canonical document."""
        row = self._execute("definition", {"digest": digest}).fetchone()
        return row["document"] if row else None

    def find_runs(self, prefix: str) -> Sequence[str]:
        """At most a few ids that begin with `prefix`."""
        return [row["id"] for row in self._execute("find_runs", {"prefix": prefix})]

    def runs(self, limit: int, before: tuple[float, str] | None = None) -> Sequence[RunRow]:
        """Runs, newest first, a page at a time."""
        created, run = before or (float("inf"), "")
        rows = self._execute("runs", {"limit": limit, "created": created, "id": run})
        return [_run_row(row) for row in rows]

    def unfinished(self) -> Sequence[RunRow]:
        """The runs that are not over, oldest first."""
        return [_run_row(row) for row in self._execute("unfinished", {})]

    def steps(self, run: str) -> Sequence[StepRow]:
        """A run's steps in the order of its file."""
        return [_step_row(row) for row in self._execute("steps", {"run": run})]

    def attempts(self, run: str) -> Sequence[AttemptRow]:
        """A run's attempts, oldest first."""
        return [_attempt_row(row) for row in self._execute("attempts", {"run": run})]

    def replicas(self, run: str) -> Sequence[ReplicaRow]:
        """All starts of replicas in a run's attempts at jobs, oldest first."""
        rows = (dict(row) for row in self._execute("replicas", {"run": run}))
        return [ReplicaRow(**{**row, "usage": json.loads(row["usage"])}) for row in rows]

    def events(self, run: str, after: int) -> Sequence[Mapping[str, Any]]:
        """A run's events numbered above `after`."""
        rows = self._execute("events", {"run": run, "after": after})
        return [{**dict(row), "data": json.loads(row["data"])} for row in rows]

    # --- inside ---------------------------------------------------------------------------

    def _execute(self, name: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
        return self._database.execute(_QUERIES[name], values)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translated(self._reserve):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                reach("store.writing")
                self._database.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself when the disk was full.
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise
            reach("store.committed")

    def _migrate(self) -> None:
        done = self._database.execute("PRAGMA user_version").fetchone()[0]
        scripts = sorted(name for name in os.listdir(_SQL) if name[0].isdigit())
        if done > len(scripts):
            raise Unavailable("this Millwork home was written by a newer version of Millwork")
        if done == len(scripts):
            return
        with self._transaction():
            done = self._database.execute("PRAGMA user_version").fetchone()[0]
            for number, name in enumerate(scripts[done:], start=done + 1):
                with open(os.path.join(_SQL, name), encoding="utf-8") as file:
                    for statement in file.read().split(";\n"):
                        self._database.execute(statement)
                self._database.execute(f"PRAGMA user_version = {number}")

    def _keep_reserve(self) -> None:
        if os.path.exists(self._reserve):
            return
        try:
            with open(self._reserve, "xb") as file:
                file.write(bytes(RESERVE_SIZE))
        except OSError:
            self.release_reserve()  # a part of it would take the last room and keep nothing back


@contextlib.contextmanager
def _translated(path: str) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _ours(error, os.path.dirname(path)) from error
    except sqlite3.IntegrityError as error:
        raise MillworkError(f"refused by a rule of the database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the database in {os.path.dirname(path)} is damaged: {error}") from error


def _ours(error: sqlite3.OperationalError, home: str) -> MillworkError:
    text = str(error)
    if "disk is full" in text or "disk I/O error" in text:
        return NoSpace(_full(home))
    if "locked" in text:
        return Unavailable(f"the database in {home} is locked by another process; try again")
    return Unavailable(f"the database in {home} cannot be used: {text}")


def _full(home: str) -> str:
    return f"no space left on the disk of the Millwork home {home}"


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


def _event(run: str, seq: int, now: float, change: Change) -> dict[str, Any]:
    data = {name: value for name, value in vars(change).items() if value and name not in _UNTOLD}
    if isinstance(change, ItemsAdded):
        data["items"] = len(change.items)
    if "outputs" in data:
        data["outputs"] = _without_manifests(data["outputs"])
    kind = type(change).__name__
    return {"run": run, "seq": seq, "time": now, "kind": kind, "data": _dump(data)}


# json.dumps would make an encoder for each call that names separators.
_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _master_values(master: Master) -> dict[str, Any]:
    return {
        "master_pid": master.pid,
        "master_started": master.started,
        "master_boot": master.boot,
    }


def _run_row(row: sqlite3.Row) -> RunRow:
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
        master=Master(row["master_pid"], row["master_started"], row["master_boot"]),
        epoch=row["epoch"],
        cancel=bool(row["cancel"]),
    )


def _step_row(row: sqlite3.Row) -> StepRow:
    columns = {name: row[name] for name in row.keys() if name != "run"}  # noqa: SIM118
    for name in ("outputs", "metrics", "identity", "spec"):
        columns[name] = json.loads(columns[name])
    return StepRow(**columns)


def _result_row(row: sqlite3.Row) -> ResultRow:
    return ResultRow(row["attempt"], json.loads(row["outputs"]), json.loads(row["metrics"]))


def _attempt_row(row: sqlite3.Row) -> AttemptRow:
    columns = {name: row[name] for name in row.keys() if name != "run"}  # noqa: SIM118
    columns["usage"] = json.loads(columns["usage"])
    columns["gpus"] = tuple(json.loads(columns["gpus"]))
    columns["verdict"] = json.loads(columns["verdict"])
    return AttemptRow(**columns)
