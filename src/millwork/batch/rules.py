"""How often a shard is tried, and how much may fail: AzureML's names and defaults."""

from __future__ import annotations

from typing import Literal, TypeAlias

from millwork.base.records import dataclass

VerdictName: TypeAlias = Literal["succeeded", "failed"]
IGNORE = -1
MAX_LOST = 6
_SHOWN = 5


@dataclass(frozen=True)
class Rules:
    """What one step asks for (AzureML: reference-yaml-job-parallel).

    `error_threshold` items and `mini_batch_error_threshold` shards (`allowed_failed_count`) may
    fail, -1: any number; and `allowed_failed_percent` of the shards. With `partial_is_failure` a
    shard with failed items is tried again, and counts as failed if its last try has some too.
    `max_lost`: how often a shard may be lost with its worker, -1: any number.
    """

    max_retries: int = 2
    error_threshold: int = IGNORE
    mini_batch_error_threshold: int = IGNORE
    allowed_failed_percent: float = 100.0
    partial_is_failure: bool = False
    max_lost: int = MAX_LOST
    speculates: bool = True


@dataclass(frozen=True)
class Verdict:
    """How the shards ended as a whole; it does not change."""

    name: VerdictName
    reason: str = ""


@dataclass
class Tally:
    """What has ended so far: `partial` shards are done, but count as failed.

    `total` is of the shards that are known: of all, if it `is_whole`.
    """

    total: int
    is_whole: bool = True
    done: int = 0
    failed: int = 0
    partial: int = 0
    items: int = 0
    failed_items: int = 0

    def accept(self, ok: int, failed: int, *, is_partial: bool) -> None:
        """One more shard is done."""
        self.done += 1
        self.partial += is_partial
        self.items += ok
        self.failed_items += failed

    @property
    def open(self) -> int:
        """How many shards have not ended."""
        return self.total - self.done - self.failed


def judge(rules: Rules, tally: Tally, failed: list[int]) -> Verdict | None:
    """The verdict, once it is certain; `failed` are the first shards that failed."""
    bad = tally.failed + tally.partial
    who = f"{_listed(failed, bad)} failed" if failed else ""
    if 0 <= rules.error_threshold < tally.failed_items:
        items = _count(tally.failed_items, "item") + ("" if who else " failed")
        return _failed(who, f"{items}, error_threshold is {rules.error_threshold}")
    if 0 <= rules.mini_batch_error_threshold < bad:
        limit = f"mini_batch_error_threshold is {rules.mini_batch_error_threshold}"
        return _failed(who, limit)
    if tally.is_whole and bad * 100 > rules.allowed_failed_percent * tally.total:
        limit = f"allowed_failed_percent is {rules.allowed_failed_percent:g}"
        return _failed(who, f"{bad} of {tally.total} shards, {limit}")
    if tally.is_whole and not tally.open:
        return Verdict("succeeded", who)
    return None


def _failed(who: str, limit: str) -> Verdict:
    return Verdict("failed", f"{who}: {limit}" if who else limit)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _listed(shards: list[int], count: int) -> str:
    """The shards by number: `shard 8`, `shards 0, 1, 2 and 3 more`."""
    shown = ", ".join(map(str, shards[:_SHOWN]))
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return f"shard{'' if count == 1 else 's'} {shown}{more}"
