"""The server's figures as Prometheus reads them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from millwork import __version__
from millwork.actions import counters
from millwork.store.census import Census

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric

    from millwork.actions.context import Context
    from millwork.store.database import Database

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_HOUR = 3600.0
_PATIENCE = 2.0


def exposition(context: Context, database: Database) -> str:
    """All figures in Prometheus's text format; those of requests are this process's own."""
    registry = CollectorRegistry()
    registry.register(_Figures(context, database))
    registry.register(_Requests())
    ProcessCollector(registry=registry)
    return generate_latest(registry).decode()


class _Figures(Collector):
    """What the database says, and the disk."""

    def __init__(self, context: Context, database: Database) -> None:
        self._context, self._database = context, database

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering would collect otherwise."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Counted when it is asked for."""
        yield InfoMetricFamily("millwork", "The server", {"version": __version__})
        yield from self._runs()
        yield from self._attempts()
        size = self._database.facts(_PATIENCE).size
        yield GaugeMetricFamily("millwork_database_bytes", "Size of the database", size)
        free = shutil.disk_usage(self._context.home).free
        yield GaugeMetricFamily("millwork_home_free_bytes", "Room on the disk of the home", free)

    def _runs(self) -> Iterator[Metric]:
        census, now = Census(self._database), self._context.clock.wall()
        runs = GaugeMetricFamily("millwork_runs", "Runs", labels=("workspace", "status"))
        counted = census.runs()
        for labels, number in sorted(counted.items()):
            runs.add_metric(labels, number)
        yield runs
        queued = sum(number for (_, status), number in counted.items() if status == "queued")
        yield GaugeMetricFamily("millwork_queue_length", "Runs that wait for their turn", queued)
        oldest = census.oldest_queued()
        waited = 0.0 if oldest is None else max(0.0, now - oldest)
        yield GaugeMetricFamily(
            "millwork_queue_oldest_seconds", "How long the first of them has waited", waited
        )

    def _attempts(self) -> Iterator[Metric]:
        census, now = Census(self._database), self._context.clock.wall()
        running = census.running_steps()
        yield GaugeMetricFamily("millwork_running_steps", "Steps that are being tried", running)
        ended = GaugeMetricFamily(
            "millwork_attempts_ended_last_hour", "Attempts by how they ended", labels=("status",)
        )
        for status, number in sorted(census.attempts(now - _HOUR).items()):
            ended.add_metric((status,), number)
        yield ended
        yield CounterMetricFamily("millwork_events", "Events of all runs", census.events())


class _Requests(Collector):
    """What this process has answered."""

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering would collect otherwise."""
        return []

    def collect(self) -> Iterator[Metric]:
        """As it was counted."""
        answers = CounterMetricFamily(
            "millwork_http_requests", "Requests that were answered", labels=("verb", "status")
        )
        for (verb, status), number in sorted(counters.requests().items()):
            answers.add_metric((verb, str(status)), number)
        yield answers
        seconds = HistogramMetricFamily(
            "millwork_http_request_seconds", "How long the answers took", labels=("verb",)
        )
        for verb, timing in sorted(counters.timings().items()):
            seconds.add_metric((verb,), _cumulative(timing), timing.seconds)
        yield seconds


def _cumulative(timing: counters.Timing) -> list[tuple[str, float]]:
    ends = [*map(str, counters.BUCKETS), "+Inf"]
    return [(end, sum(timing.counts[: place + 1])) for place, end in enumerate(ends)]
