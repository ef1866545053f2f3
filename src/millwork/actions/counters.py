"""How many requests this process has answered, and how long they took; kept in memory alone."""

from __future__ import annotations

from bisect import bisect_left
from threading import Lock
from typing import TYPE_CHECKING

from millwork.access.verbs import VERBS
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends in seconds, those that Prometheus's own clients have."""

PAGE = "page"

_lock = Lock()
_requests: dict[tuple[str, int], int] = {}
_buckets: dict[str, list[int]] = {}
_seconds: dict[str, float] = {}


@dataclass(frozen=True)
class Timing:
    """The answers of a verb: how many took at most so long as each of BUCKETS, and longer."""

    counts: tuple[int, ...]
    seconds: float


def observe_request(verb: str, status: int, seconds: float) -> None:
    """Counts one answer; what is no verb counts as `page`."""
    verb = verb if verb in VERBS else PAGE
    place = bisect_left(BUCKETS, seconds)
    with _lock:
        _requests[verb, status] = _requests.get((verb, status), 0) + 1
        _buckets.setdefault(verb, [0] * (len(BUCKETS) + 1))[place] += 1
        _seconds[verb] = _seconds.get(verb, 0.0) + seconds


def requests() -> Mapping[tuple[str, int], int]:
    """How many answers there were, by verb and status."""
    with _lock:
        return dict(_requests)


def timings() -> Mapping[str, Timing]:
    """How long the answers took, by verb."""
    with _lock:
        return {verb: Timing(tuple(_buckets[verb]), _seconds[verb]) for verb in _buckets}
