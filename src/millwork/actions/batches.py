"""What a run does about a step's batch: how it is opened, and what is made of what it has left."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.actions import incremental
from millwork.base.errors import BadRequest
from millwork.batch.records import all_failures
from millwork.batch.rules import IGNORE, Rules
from millwork.blobs.layout import Layout
from millwork.blobs.parts import Part, plan_of, publish, report_failed
from millwork.blobs.published import PARTS
from millwork.plan.contract import input_path
from millwork.ports.leases import Opening
from millwork.spec.types import holds_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.batch.records import BatchRow, Records
    from millwork.plan.gang import Roster
    from millwork.plan.model import Artifact, Step
    from millwork.ports import Engine, Store
    from millwork.spec.model import Batch

FAILED = "failed_shards.jsonl"
_PREFIX = 8
_LONGEST_CAUSE = 200


def lease_token(token: str) -> str:
    """What an attempt's workers show to the lease service; the attempt's own token stays ours."""
    return sha256(f"{token}:leases".encode()).hexdigest()[:32]


def rules_of(batch: Batch) -> Rules:
    """The rules of the lease machine that a batch asks for."""
    items, shards = batch.error_threshold, batch.mini_batch_error_threshold
    unsaid = 0 if items is None and shards is None else IGNORE
    return Rules(
        max_retries=batch.max_retries,
        error_threshold=unsaid if items is None else items,
        mini_batch_error_threshold=unsaid if shards is None else shards,
        allowed_failed_percent=batch.allowed_failed_percent,
        partial_is_failure=batch.partial_is_failure,
        speculates=batch.speculates,
    )


class Batches:
    """The batches of one run."""

    def __init__(self, run: str, engine: Engine, records: Records, store: Store) -> None:
        self._run, self._engine, self._records, self._store = run, engine, records, store

    def opening(
        self, step: Step, attempt: str, token: str, artifact: Artifact | None, roster: Roster
    ) -> Opening:
        """What the lease service opens the batch of a step with; `artifact` is what is cut.

        Raises BadRequest if that is not given, or is no one file or folder.
        """
        batch = _batch_of(step)
        if artifact is None:
            raise BadRequest(f"the batch's input '{batch.input}' is not given")
        if artifact.parts is not None or artifact.text is not None:
            raise BadRequest(
                f"the batch's input '{batch.input}' is what a foreach left: join it first"
            )
        root = self._engine.root(attempt, step.component.mounts)
        own = input_path(self._engine.folder(attempt), batch.input, artifact)
        return Opening(
            step=step.name,
            attempt=attempt,
            token=lease_token(token),
            source=own if artifact.route else artifact.path,
            root=input_path(root, batch.input, artifact),
            folder=self._engine.aside(attempt),
            split=batch.split,
            rules=asdict(rules_of(batch)),
            seats=roster.rules.at_once or len(roster.seats),
            names=tuple(seat.name for seat in roster.seats),
            anew=self._is_taken_apart(step, attempt),
            is_brought=artifact.route is not None,
        )

    def _is_taken_apart(self, step: Step, attempt: str) -> bool:
        """Whether an earlier attempt has begun to make outputs of what its shards had staged.

        Then the files are no longer where later attempts would look for them.
        """
        rows = self._store.attempts(self._run)
        earlier = (row.id for row in rows if row.step == step.name and row.id != attempt)
        records = (
            incremental.record_of(self._engine.aside(each), port)
            for each in earlier
            for port in step.component.outputs
        )
        return any(os.path.exists(path) or os.path.exists(plan_of(path)) for path in records)

    def limited(self, opening: Opening, step: Step, identity: Mapping[str, Any] | None) -> Opening:
        """The opening for the files alone that an incremental run works on."""
        work = incremental.Work(self._run, step, identity or {})
        only = incremental.only_of(self._store, self._engine, work, opening)
        return replace(opening, only=only)

    def failures(self, step: Step, attempt: str) -> dict[str, Any]:
        """Writes down which shards have failed for good; for the attempt's record, with a cause."""
        row = self._records.batch(self._run, step.name)
        if row is None or not self._records.failures(row, limit=1):
            return {}
        path = f"{self._engine.aside(attempt)}/{FAILED}"
        report_failed(path, _failures(self._records, row))
        first = self._records.failures(row, limit=1)[0]["error"]
        return {"failed_shards": path, "first_error": _last_line(first)}

    def publish(self, step: Step, attempt: str) -> None:
        """Makes the outputs of what the accepted shards have staged. RunFailed and NoSpace."""
        batch, row = _batch_of(step), self._records.batch(self._run, step.name)
        if row is None:
            return
        aside = self._engine.aside(attempt)
        for name, port in step.component.outputs.items():
            if holds_files(port.type):
                publish(
                    f"{self._engine.folder(attempt)}/output/{name}",
                    self._parts(name, row),
                    batch.append if name == batch.output else "",
                    incremental.record_of(aside, name),
                    incremental.carried_of(os.path.dirname(row.layout), name),
                )

    def note_inputs(self, step: Step, attempt: str, source: str) -> dict[str, Any]:
        """Writes down what the shards consisted of, for later runs; for the attempt's record.

        Nothing is, if it cannot be read any more: then nobody carries it over.
        """
        row = self._records.batch(self._run, step.name)
        if row is None:
            return {}
        aside = self._engine.aside(attempt)
        with suppress(OSError):
            incremental.write_inputs(aside, source, row, self._records, self._store)
        return incremental.counted(os.path.dirname(row.layout))

    def _parts(self, port: str, row: BatchRow) -> Iterator[Part]:
        for each in self._records.accepted(row):
            name = f"{each.shard}.{each.token[:_PREFIX]}"
            folder = f"{self._engine.folder(each.attempt)}/output/{port}/{PARTS}/{name}"
            yield Part(each.shard, folder)


def _batch_of(step: Step) -> Batch:
    assert step.component.batch is not None
    return step.component.batch


def _last_line(error: str) -> str:
    """What an error comes to: of a traceback the last line says it."""
    lines = error.strip().splitlines()
    return lines[-1][:_LONGEST_CAUSE] if lines else ""


def _failures(records: Records, row: BatchRow) -> Iterator[dict[str, Any]]:
    layout = Layout(row.layout) if os.path.exists(row.layout) else None
    cuts = records.cuts(row, layout.total) if layout else None
    for failure in all_failures(records, row):
        entry = layout.entry(*cuts.atoms_of(failure["shard"])) if layout and cuts else {}
        yield {**failure, **entry}
    if layout:
        layout.close()
