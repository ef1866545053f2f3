"""What a step measured, one value after the other: read where its last value is read from."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING

from millwork.actions.printed import numbers_in, text_of
from millwork.actions.resume import steps_of
from millwork.blobs import tracking
from millwork.plan.gang import roster
from millwork.ports.engine import process_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context
    from millwork.plan.model import Step
    from millwork.ports import RunRow, StepRow
    from millwork.spec.model import Component
    from millwork.views.series import MetricPoint, MetricSeries, StepMetrics

_MOST_READ, _MOST_TOLD = 100_000, 500


def series_of(context: Context, run: RunRow, row: StepRow) -> StepMetrics:
    """Every value that the last attempt at a step has logged of each metric, thinned to 500.

    A step whose result is that of an earlier run has logged nothing in this one.
    """
    answer: StepMetrics = {"run": run.id, "step": row.name, "attempt": row.attempt, "items": []}
    if not any(each.id == row.attempt for each in context.store.attempts(run.id)):
        return answer
    step, engine = steps_of(context.store, run)[row.name], context.engine_of(run)
    if step.component.syntax == "shell":
        found = _printed(context, run, step, row.attempt)
    else:
        folder = engine.folder(row.attempt)
        found = {name: tracking.history(folder, name) for name in tracking.metrics(folder)}
    answer["items"] = [_series(name, values) for name, values in found.items() if values]
    return answer


def _series(name: str, values: list[float]) -> MetricSeries:
    count = len(values)
    step = max(1, math.ceil(count / _MOST_TOLD))
    # The last value is the step's own: it is told whatever is left out.
    told = sorted({*range(0, count, step), count - 1})
    points: list[MetricPoint] = [{"number": at + 1, "value": values[at]} for at in told]
    return {"name": name, "count": count, "points": points}


def _printed(context: Context, run: RunRow, step: Step, attempt: str) -> dict[str, list[float]]:
    """What the component's patterns find in the log of the first replica that prints them."""
    if not step.component.metrics:
        return {}
    found: dict[str, list[float]] = {}
    for process in _processes(context, run, step, attempt):
        text = text_of(context.engine_of(run), process)
        for name, values in _matches(step.component, text).items():
            found[name] = found.get(name) or values
    return found


def _matches(component: Component, text: str) -> dict[str, list[float]]:
    return {
        metric.name: list(islice(filter(math.isfinite, numbers_in(text, metric.regex)), _MOST_READ))
        for metric in component.metrics
    }


def _processes(context: Context, run: RunRow, step: Step, attempt: str) -> Iterator[str]:
    """The last start of each replica, in their order; of a plain step its only process."""
    if not step.is_job:
        yield attempt
        return
    rows = [row for row in context.store.replicas(run.id) if row.attempt == attempt]
    starts = {row.name: row.number for row in sorted(rows, key=lambda row: row.number)}
    for seat in roster(step).seats:
        if seat.name in starts:
            yield process_of(attempt, seat.name, starts[seat.name])
