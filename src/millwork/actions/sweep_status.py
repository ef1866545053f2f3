"""How a run's sweeps stand: what each of their trials tried, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.plan.sweep import STOPPED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context
    from millwork.ports import RunRow
    from millwork.spec.model import Component
    from millwork.views.runs import SweepView, TrialView

_PAGE = 200


def sweep_of(context: Context, run: RunRow, step: str, component: Component) -> SweepView:
    """A sweep's objective, and the last run of each of its trials, by number."""
    found: dict[int, TrialView] = {}
    for row in _since(context, run):
        sweep = row.facts.get("sweep", {})
        if (sweep.get("run"), sweep.get("step")) == (run.id, step):
            found[sweep["trial"]] = _trial(context, row)
    objective = component.body["objective"]
    return {
        "metric": objective["primary_metric"],
        "goal": objective["goal"],
        "trials": [found[number] for number in sorted(found)],
    }


def _trial(context: Context, row: RunRow) -> TrialView:
    steps = context.store.steps(row.id)
    end = row.ended or context.clock.wall()
    return {
        "run": row.id,
        "trial": row.facts["sweep"]["trial"],
        "status": "stopped" if row.reason.startswith(STOPPED) else row.status,
        "reason": row.reason,
        "seconds": round(end - row.created, 3),
        "values": dict(row.facts["sweep"]["values"]),
        "metrics": {name: value for step in steps for name, value in step.metrics.items()},
    }


def _since(context: Context, run: RunRow) -> Iterator[RunRow]:
    """The runs of the same definition that were begun while this one ran, oldest first."""
    place = (run.created, run.id)
    while rows := context.store.list_runs(
        run.workspace, limit=_PAGE, after=place, ascending=True, with_trials=True,
        definition=run.definition,
    ):  # fmt: skip
        for row in rows:
            if run.ended is not None and row.created > run.ended:
                return
            yield row
        place = (rows[-1].created, rows[-1].id)
