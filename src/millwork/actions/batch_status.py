"""How a run's batches stand: the lease service is asked, or else what is kept of them is read."""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any

from millwork.actions.batches import FAILED, lease_token
from millwork.batch.records import all_failures
from millwork.blobs.layout import Layout
from millwork.views import batches as views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.context import Context
    from millwork.batch.cuts import Cuts
    from millwork.batch.records import BatchRow, Records
    from millwork.ports import AttemptRow, RunRow

_TIMEOUT = 1.0
_SHOWN = 5


def batches_of(
    context: Context, run: RunRow, attempts: Sequence[AttemptRow], *, is_driven: bool
) -> dict[str, dict[str, Any]]:
    """The batches of a run by step; only while it `is_driven` is there anybody to be asked."""
    records = context.shards()
    tries = {attempt.id: attempt for attempt in attempts}
    found = {}
    for row in records.batches(run.id):
        attempt = tries.get(row.attempt)
        is_running = is_driven and attempt is not None and attempt.status == "running"
        status = None
        if is_running and attempt:
            status = ask(context.leases_of(run.id), lease_token(attempt.token))
        batch = views.live(status) if status else _kept(records, row, is_running=is_running)
        path = f"{context.engine_of(run).aside(row.attempt)}/{FAILED}"
        errors = records.failures(row, limit=_SHOWN)
        there = path if os.path.exists(path) else ""
        concluded = views.concluded(batch, (row.verdict, row.reason), errors, there)
        found[row.step] = concluded | views.carried(attempt.usage if attempt else {})
    return found


def ask(address: str, token: str) -> dict[str, Any] | None:
    """What the lease service at that socket says of a batch; None if it does not within 1 s."""
    with closing(_Connection(address)) as connection:
        try:
            headers = {"Authorization": f"Bearer {token}"}
            connection.request("GET", "/api/v1/shards/status", headers=headers)
            answer = connection.getresponse()
            found = json.loads(answer.read())
        except (OSError, HTTPException, ValueError):
            return None
    return found if answer.status == 200 and isinstance(found, dict) else None


class _Connection(HTTPConnection):
    """HTTP over a Unix socket, whose path may be longer than an address has room for."""

    def __init__(self, path: str) -> None:
        super().__init__("millwork", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        folder, name = os.path.split(self._path)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.sock = socket.socket(socket.AF_UNIX)
        try:
            self.sock.settimeout(_TIMEOUT)
            self.sock.connect(f"/proc/self/fd/{descriptor}/{name}")
        finally:
            os.close(descriptor)


def _kept(records: Records, row: BatchRow, *, is_running: bool) -> dict[str, Any]:
    counts = records.counts(row)
    layout = _layout(row)
    cuts = records.cuts(row, layout.total) if layout else None
    record = views.Record(
        counts=counts,
        total=cuts.total if cuts else None,
        uncut=cuts.left if cuts else 0,
        extra=_items(records, row, layout, cuts) if layout and cuts else 0,
        leases=tuple(records.kept(row).leases),
        workers=records.workers(row),
    )
    return views.kept(record, is_running=is_running)


def _layout(row: BatchRow) -> Layout | None:
    """What its input was cut into; None as long as it has not been, or if the file is gone."""
    try:
        layout = Layout(row.layout)
    except OSError:
        return None
    layout.close()
    return layout


def _items(records: Records, row: BatchRow, layout: Layout, cuts: Cuts) -> int:
    """How many items the shards have that failed for good."""
    failures = all_failures(records, row)
    failed = (each["shard"] for each in failures if each["status"] == "failed")
    return sum(cuts.items_of(shard, layout.items) for shard in failed)
