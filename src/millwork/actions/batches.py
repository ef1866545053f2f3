"""What a run does about a step's batch: how it is opened, and what is made of what it has left."""

from __future__ import annotations

import os
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.actions import incremental
from millwork.base.errors import BadRequest
from millwork.batch.rules import Rules
from millwork.blobs.layout import Layout
from millwork.blobs.parts import Part, publish, report_failed
from millwork.plan.contract import input_path
from millwork.ports.leases import Opening
from millwork.spec.types import holds_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.batch.records import BatchRow, Records
    from millwork.blobs.content import Memo
    from millwork.plan.model import Artifact, Step
    from millwork.ports import Engine
    from millwork.spec.model import Batch

PARTS = ".parts"
FAILED = "failed_shards.jsonl"
_PREFIX = 8
_PAGE = 500


def lease_token(token: str) -> str:
    """What an attempt's workers show to the lease service; the attempt's own token stays ours."""
    return sha256(f"{token}:leases".encode()).hexdigest()[:32]


def opening_of(
    step: Step,
    attempt: str,
    token: str,
    data: Mapping[str, Artifact],
    engine: Engine,
    seats: int,
    gone: Mapping[str, bool],
) -> Opening:
    """What the lease service opens the batch of a step with, whose inputs are `data`.

    Raises BadRequest if the input that is to be cut is not given.
    """
    batch = step.component.batch
    assert batch is not None
    artifact = data.get(batch.input)
    if artifact is None:
        raise BadRequest(f"the batch's input '{batch.input}' is not given")
    if artifact.parts is not None or artifact.text is not None:
        raise BadRequest(f"the batch's input '{batch.input}' is what a foreach left: join it first")
    root = engine.root(attempt, step.component.mounts)
    return Opening(
        step=step.name,
        attempt=attempt,
        token=lease_token(token),
        source=artifact.path,
        root=input_path(root, batch.input, artifact),
        folder=engine.aside(attempt),
        split=batch.split,
        rules=asdict(rules_of(batch)),
        seats=seats,
        gone=gone,
    )


def rules_of(batch: Batch) -> Rules:
    """The rules of the lease machine that a batch asks for."""
    return Rules(
        max_retries=batch.max_retries,
        error_threshold=batch.error_threshold,
        mini_batch_error_threshold=batch.mini_batch_error_threshold,
        allowed_failed_percent=batch.allowed_failed_percent,
        partial_is_failure=batch.partial_is_failure,
        speculates=batch.speculates,
    )


def publish_outputs(step: Step, attempt: str, engine: Engine, records: Records, run: str) -> None:
    """Makes the outputs of what the accepted shards have staged. Raises RunFailed and NoSpace."""
    batch, row = step.component.batch, records.batch(run, step.name)
    if batch is None or row is None:
        return
    aside = engine.aside(attempt)
    for name, port in step.component.outputs.items():
        if holds_files(port.type):
            publish(
                f"{engine.folder(attempt)}/output/{name}",
                _parts(name, engine, records, row),
                batch.append if name == batch.output else "",
                incremental.record_of(aside, name),
                incremental.carried_of(os.path.dirname(row.layout), name),
            )


def note_inputs(
    step: Step, attempt: str, source: str, engine: Engine, records: Records, run: str, memo: Memo
) -> dict[str, Any]:
    """Writes down what the shards consisted of; how many of an earlier run are among them."""
    row = records.batch(run, step.name)
    if row is None:
        return {}
    incremental.write_inputs(engine.aside(attempt), source, row, records, memo)
    return incremental.counted(os.path.dirname(row.layout))


def report_failures(step: Step, attempt: str, engine: Engine, records: Records, run: str) -> str:
    """Writes down which shards have failed for good, and why; the file, empty if none has."""
    row = records.batch(run, step.name)
    if row is None or not records.failures(row, limit=1):
        return ""
    path = f"{engine.aside(attempt)}/{FAILED}"
    report_failed(path, _failures(records, row))
    return path


def _parts(port: str, engine: Engine, records: Records, row: BatchRow) -> Iterator[Part]:
    for each in records.accepted(row):
        name = f"{each.shard}.{each.token[:_PREFIX]}"
        yield Part(each.shard, f"{engine.folder(each.attempt)}/output/{port}/{PARTS}/{name}")


def _failures(records: Records, row: BatchRow) -> Iterator[dict[str, Any]]:
    layout = Layout(row.layout) if os.path.exists(row.layout) else None
    cuts = records.cuts(row, layout.total) if layout else None
    after = -1
    while page := records.failures(row, after, _PAGE):
        for failure in page:
            entry = layout.entry(*cuts.atoms_of(failure["shard"])) if layout and cuts else {}
            yield {**failure, **entry}
        after = page[-1]["shard"]
    if layout:
        layout.close()
