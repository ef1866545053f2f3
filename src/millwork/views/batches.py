"""How a batch stands, as people and programs read it: a plain dictionary, ready for JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.batch.changes import LeaseRow
    from millwork.batch.records import WorkerRow

_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True)
class Record:
    """What is kept of a batch: counts by name and by worker, and atoms that are in no shard yet.

    `total` is None as long as the input has not been cut; `extra` are items of shards that failed.
    """

    counts: Mapping[str, int]
    total: int | None
    uncut: int = 0
    extra: int = 0
    leases: Sequence[LeaseRow] = ()
    workers: Sequence[WorkerRow] = ()


def live(status: Mapping[str, Any]) -> dict[str, Any]:
    """What the lease service says, whose answer is `status`."""
    failures, losses, failed = status["failures"], status["losses"], status["failed"]
    names = ("todo", "leased", "done", "failed", "items", "failed_items")
    return {
        "total": status["total"],
        "uncut": status["uncut"],
        **{name: status[name] for name in names},
        "retries": _retries(failures, losses, failed),
        "failures": failures,
        "losses": losses,
        "copies": status["copies"],
        "items_per_second": _rounded(status["items_per_second"]),
        "seconds_left": _rounded(status["seconds_left"]),
        "stragglers": [
            {**each, "worker": seat_of(each["worker"]), "seconds": _rounded(each["seconds"])}
            for each in status["stragglers"]
        ],
        "workers": _live_workers(status["workers"]),
    }


def kept(record: Record, *, is_running: bool) -> dict[str, Any]:
    """What the database says; nobody holds anything of a run that is not running."""
    counts, total = record.counts, record.total
    done, failed = counts["done"], counts["failed"]
    held = [each for each in record.leases if is_running and not each.is_late]
    leased = len({each.shard for each in held})
    return {
        "total": total,
        "uncut": record.uncut,
        "todo": None if total is None else total - done - failed - leased,
        "leased": leased,
        "done": done,
        "failed": failed,
        "items": counts["items"],
        "failed_items": counts["failed_items"] + record.extra,
        "retries": _retries(counts["failures"], counts["losses"], failed),
        "failures": counts["failures"],
        "losses": counts["losses"],
        "copies": None,
        "items_per_second": None,
        "seconds_left": None,
        "stragglers": [],
        "workers": _kept_workers(record.workers, held),
    }


def concluded(
    batch: Mapping[str, Any],
    verdict: tuple[str | None, str],
    errors: Sequence[Mapping[str, Any]],
    path: str,
) -> dict[str, Any]:
    """`batch` with what is kept besides: verdict and reason, first failed shards, their file."""
    return {
        **batch,
        "verdict": verdict[0],
        "reason": verdict[1],
        "errors": [dict(each) for each in errors],
        "failed_shards": path,
    }


def carried(usage: Mapping[str, Any]) -> dict[str, Any]:
    """What an incremental run has of an earlier one, by the record of its attempt."""
    return {
        "carried_shards": usage.get("carried_shards", 0),
        "nothing_carried": usage.get("nothing_carried", ""),
    }


def seat_of(worker: str) -> str:
    """The seat of a worker, whatever start: `worker-0~1/140` is a process of `worker-0`."""
    return worker.partition("/")[0].partition("~")[0]


def _retries(failures: int, losses: int, failed: int) -> int:
    """How many tries were not the last: a shard's last failure is not tried again."""
    return max(0, failures + losses - failed)


def _live_workers(workers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for each in workers:
        row = _row(rows, each["name"])
        row["live"] = row["live"] or each["is_live"]
        for name in ("held", "done", "failed", "items"):
            row[name] += each[name]
        if each["is_live"]:
            row["items_per_second"] = (row["items_per_second"] or 0.0) + each["items_per_second"]
    for row in rows.values():
        row["items_per_second"] = _rounded(row["items_per_second"])
    return _in_order(rows)


def _kept_workers(workers: Sequence[WorkerRow], held: Sequence[LeaseRow]) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    seconds: dict[str, float] = {}
    for each in workers:
        row = _row(rows, each.worker)
        for name in ("done", "failed", "items"):
            row[name] += getattr(each, name)
        if each.seconds:
            seconds[each.worker] = each.seconds
    for lease in held:
        row = _row(rows, lease.worker)
        row["live"] = True
        row["held"] += 1
    for name, row in rows.items():
        row["items_per_second"] = _rounded(_pace(name, row["items"], seconds))
    return _in_order(rows)


def _pace(replica: str, items: int, seconds: Mapping[str, float]) -> float | None:
    """Items a second while it worked; its processes worked at once, its starts in turn."""
    own = {name: spent for name, spent in seconds.items() if seat_of(name) == replica}
    starts = {name.partition("/")[0] for name in own}
    spent = sum(own.values())
    return items / spent * len(own) / len(starts) if spent else None


def _row(rows: dict[str, dict[str, Any]], worker: str) -> dict[str, Any]:
    name = seat_of(worker)
    if name not in rows:
        counts = dict.fromkeys(("held", "done", "failed", "items"), 0)
        rows[name] = {"worker": name, "live": False, **counts, "items_per_second": None}
    return rows[name]


def _in_order(rows: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """By name, worker-10 after worker-9."""
    return [rows[name] for name in sorted(rows, key=_natural)]


def _natural(name: str) -> list[tuple[int, str]]:
    parts = _DIGITS.split(name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
