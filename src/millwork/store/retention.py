"""What may go: runs that are deleted, and which attempts are still named, by whom."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass
from millwork.store.queries import load_queries
from millwork.store.retention_instances import InstanceRetention

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from millwork.store.database import Database

Named: TypeAlias = Literal["whole", "outputs", ""]
_PATH = re.compile(r"/attempts/([^/\"\\]+)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARTS = (
    "replicas", "leases", "shards", "cuts", "batches", "attempts", "steps", "events", "run",
)  # fmt: skip


@dataclass(frozen=True)
class Dropped:
    """A run whose rows are gone: its attempts, and those of them whose outputs are still named."""

    attempts: tuple[str, ...]
    named: frozenset[str]


@dataclass(frozen=True)
class Trial:
    """A run that a sweep has begun."""

    id: str
    is_over: bool
    sweep: str


class RetentionStore:
    """The questions and statements of deletion and of garbage collection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.learn(load_queries("retention.sql"))
        self.instances = InstanceRetention(database)

    # --- who names what -------------------------------------------------------------------

    @contextmanager
    def looking(self) -> Iterator[None]:
        """All that is asked within is answered of one state; nobody is kept from writing."""
        self._database.query("retention_look", {})
        try:
            yield
        finally:
            self._database.query("retention_looked", {})

    def paths(self) -> dict[str, set[str]]:
        """Attempts whose files are read by their path, and by which runs; "" is the registry."""
        found: dict[str, set[str]] = {}
        for row in self._database.query("retention_paths", {}):
            for attempt in _PATH.findall(row["spec"]):
                found.setdefault(attempt, set()).add(row["run"])
        for row in self._database.query("retention_registered_paths", {}):
            for attempt in _PATH.findall(row["document"]):
                found.setdefault(attempt, set()).add("")
        return found

    def named(
        self, attempt: str, paths: Mapping[str, set[str]], but: Collection[str] = ()
    ) -> Named:
        """`whole` if the attempt's run is there, `outputs` if something else names these.

        `paths` is what `paths` has answered; runs of `but` do not count.
        """
        run = run_of(attempt)
        if run not in but and self._has("retention_own", attempt=attempt):
            return "whole"
        if self._has("retention_result", attempt=attempt) or self.is_registered(attempt):
            return "outputs"
        if paths.get(attempt, set()).difference(but, (run,)):
            return "outputs"
        return "outputs" if any(user not in but for user, _ in self._taken(attempt)) else ""

    def is_registered(self, attempt: str) -> bool:
        """Whether a dataset or a model is one of the attempt's outputs."""
        made = self._database.query("retention_made", {"run": run_of(attempt)})
        return any(f'"{attempt}"' in row["document"] for row in made)

    def is_used(self, attempt: str) -> bool:
        """Whether a run that is not over has taken what the attempt has left."""
        return not all(is_over for _, is_over in self._taken(attempt))

    def _taken(self, attempt: str) -> list[tuple[str, bool]]:
        rows = self._database.query("retention_taken", {"attempt": attempt})
        return [(row["run"], bool(row["is_over"])) for row in rows]

    def codes(self) -> set[str]:
        """The digests of all code that a step names, or anything in the registry may name."""
        found = {row["code"] for row in self._database.query("retention_codes", {}) if row["code"]}
        for row in self._database.query("retention_documents", {}):
            found.update(_DIGEST.findall(row["document"]))
        return found

    # --- runs -----------------------------------------------------------------------------

    def drop(self, run: str) -> Dropped | None:
        """Removes a run that is over, all its rows at once; None if it is not, or not any more.

        None, too, if a registered version came out of it: the run's rows are its lineage; and if
        its instance has not noted its end.
        Manifests of attempts that something else names stay.
        """
        with self._database.transaction():
            if self._database.query("retention_close", {"run": run}).fetchone() is None:
                return None
            rows = self._database.query("retention_attempts", {"run": run})
            attempts = tuple(row["id"] for row in rows)
            for part in _PARTS:
                self._database.query(f"retention_drop_{part}", {"run": run})
            paths = self.paths()
            named = frozenset(each for each in attempts if self.named(each, paths))
            for attempt in attempts:
                if attempt not in named:
                    self._database.query("retention_drop_artifacts", {"attempt": attempt})
        return Dropped(attempts, named)

    def came_of(self, run: str) -> list[str]:
        """What was registered of a run: `model fm@1.0.0`; `a private model` that is of others."""
        rows = self._database.query("retention_sources", {"run": run})
        return [
            f"{row['kind']} {row['name']}" if row["name"] else f"a private {row['kind']}"
            for row in rows
        ]

    def is_awaited(self, run: str) -> bool:
        """Whether the instance of a run has not noted its end: it would have it run again."""
        return self._has("retention_awaited", run=run)

    def is_here(self, run: str) -> bool:
        """Whether a run's files are of this home."""
        return self._database.query("retention_is_here", {"run": run}).fetchone() is not None

    def attempts(self, run: str) -> list[str]:
        """A run's own attempts."""
        return [row["id"] for row in self._database.query("retention_attempts", {"run": run})]

    def old(self, before: float, last: int) -> list[tuple[str, dict[str, str]]]:
        """Runs of this home that ended before a time, with their tags, oldest first.

        The newest `last` of each definition are not among them, nor trials, nor what a registered
        version came out of, nor those whose instance has not noted their end.
        """
        rows = self._database.query("retention_old", {"before": before, "last": last})
        return [(row["id"], json.loads(row["tags"])) for row in rows]

    def trials(self, since: float) -> list[Trial]:
        """The runs that sweeps have begun since a time."""
        rows = self._database.query("retention_trials", {"since": since})
        return [
            Trial(row["id"], row["ended"] is not None, json.loads(row["facts"])["sweep"]["run"])
            for row in rows
        ]

    def is_built_on(self, run: str, definition: str) -> bool:
        """Whether an incremental run of the definition goes on: it may need what another left."""
        values = {"run": run, "definition": definition}
        rows = self._database.query("retention_building", values)
        return any(json.loads(row["facts"]).get("incremental") for row in rows)

    def old_results(self, before: float) -> list[str]:
        """Attempts in this home whose results were kept before a time."""
        rows = self._database.query("retention_old_results", {"before": before})
        return [row["attempt"] for row in rows]

    # --- what is left ---------------------------------------------------------------------

    def left(self) -> list[str]:
        """Attempts whose run is gone, and whose manifests are there."""
        return [row["attempt"] for row in self._database.query("retention_left", {})]

    def forget(self, attempt: str) -> bool:
        """Removes the manifests of an attempt, if nothing names it."""
        with self._database.transaction():
            if self.named(attempt, self.paths()):
                return False
            self._database.query("retention_drop_artifacts", {"attempt": attempt})
        return True

    def manifests(self, attempt: str) -> dict[str, str]:
        """The manifests of an attempt's outputs, by port."""
        rows = self._database.query("retention_manifests", {"attempt": attempt})
        return {row["port"]: row["manifest"] for row in rows}

    def state(self, attempt: str) -> tuple[str, float | None]:
        """An attempt's status, and when its run ended; an empty status if it is gone."""
        row = self._database.query("retention_state", {"attempt": attempt}).fetchone()
        return (row["status"], row["ended"]) if row else ("", None)

    def tidy(self, what: Literal["answers", "credentials"], at: float, *, dry: bool) -> int:
        """How many answers made before, or credentials expired then, there were; they go."""
        values = {"before": at} if what == "answers" else {"now": at}
        row = self._database.query(f"retention_count_{what}", values).fetchone()
        if row["number"] and not dry:
            with self._database.transaction():
                self._database.query(f"retention_drop_{what}", values)
        return int(row["number"])

    def _has(self, statement: str, **values: str) -> bool:
        return self._database.query(statement, values).fetchone() is not None


def run_of(attempt: str) -> str:
    """The run that an attempt was made in."""
    return attempt.rpartition("-")[0]
