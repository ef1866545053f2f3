"""Looking at instances: found, listed, one with all that is known of it, and its graph."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.access.roles import reach_of
from millwork.actions.operating import ACTIONS, Operation, why_not
from millwork.actions.reaching import Reach
from millwork.actions.schedule_checks import expressions_of
from millwork.actions.scheduling import as_said, clocks_of, evaluated
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_text
from millwork.plan.scheduling import Timing
from millwork.plan.scheduling import evaluated as values_of
from millwork.schedule.deciding import why_waits
from millwork.schedule.needs import Known
from millwork.schedule.reasons import say
from millwork.spec.recurrence_fields import parse_date
from millwork.views.instances import cause_of, graph_node, instance_view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from millwork.actions.call import Call
    from millwork.ports.schedules import InstanceRow
    from millwork.schedule.needs import Found
    from millwork.spec.dates.language import Clocks
    from millwork.views.instances import (
        FileWaitedFor,
        GraphEdge,
        GraphNode,
        InstanceGraph,
        InstancePageView,
        InstanceRun,
        InstanceValues,
        InstanceView,
        WaitedFor,
    )

_MOST_SHOWN = 50
_MOST_NODES = 500


def found(call: Call, instance: str, action: str = "read") -> InstanceRow:
    """An instance of the workspace of the call.

    Raises NotFound for one that is not there or not to be seen, Forbidden for another action.
    """
    what = f"instance '{instance}'"
    row = call.context.schedules().instance(instance) if is_text(instance) else None
    if row is None or row.workspace != call.workspace:
        raise NotFound(f"there is no {what}")
    Reach(call).require(action, row.workspace, row.schedule, what)
    return row


def private_of(call: Call) -> str | None:
    """The only person whose private schedules are shown; None if all are."""
    return None if call.sees_all("schedule") else call.who.person


def read_day(text: str, name: str) -> date | None:
    """A day as 2024-02-29; None for an empty text. Raises BadRequest for any other."""
    if not text:
        return None
    try:
        return parse_date(text)
    except ValueError:
        raise BadRequest(f"{name}: '{text[:60]}' is no date such as 2024-02-29") from None


def read_days(first: str, last: str) -> tuple[date | None, date | None]:
    """Two days; raises BadRequest for the wrong order, too."""
    begin, end = read_day(first, "first"), read_day(last, "last")
    if begin and end and end < begin:
        raise BadRequest(f"last: {last} is before {first}")
    return begin, end


def shown(reach: Reach, rows: Iterable[InstanceRow]) -> list[InstanceView]:
    """Rows of a list; a run is shown if there is one."""
    rows = list(rows)
    runs = [row.run for row in rows if row.run]
    made = reach.call.context.instances().made(runs) if runs else set()
    return [
        instance_view(row if row.run in made else replace(row, run=""), reach.zone(row))
        for row in rows
    ]


def page_of(call: Call, row: InstanceRow) -> InstancePageView:
    """All that is known of an instance."""
    reach = Reach(call)
    owner, known = reach.in_force(row.workspace, row.schedule), reach.known(row)
    needs = reach.all_needs(row)
    values, faults = _values(reach, row, known)
    files, more = _files(reach, row, known)
    why = list(_why(reach, row, known, needs, files)) if row.status == "waiting" else []
    return {
        **shown(reach, [row])[0],
        "workspace": row.workspace,
        "state": owner.row.state if owner else "",
        "uses": row.uses,
        "timezone": str(reach.zone(row)),
        "failures": row.failures,
        "created": row.created,
        "runs": _runs(call, row),
        "why": why,
        "causes": [cause_of(each) for each in why],
        "waits_for": [_waited_for(reach, each, is_removed) for each, is_removed in needs],
        "files": files,
        "values": values,
        "faults": [*faults, *more],
        "actions": _actions(reach, row),
    }


def _runs(call: Call, row: InstanceRow) -> list[InstanceRun]:
    sees_runs = call.role is not None and reach_of(call.role, "run", "read") != "none"
    found: list[InstanceRun] = []
    for each in call.context.instances().runs(row.id, _MOST_SHOWN):
        run = call.context.store.run(each.run)
        if run is None:  # refused, or gone
            continue
        is_seen = sees_runs and call.may("run", "read", run.creator, run.visibility)
        found.append({
            "run": each.run, "version": each.version, "asked": each.time,
            "status": run.status if is_seen else "",
        })  # fmt: skip
    return found


def _why(
    reach: Reach,
    row: InstanceRow,
    known: Known | None,
    needs: Sequence[tuple[Found, bool]],
    files: Sequence[FileWaitedFor],
) -> Iterator[str]:
    """Why an instance waits, in the words that the scheduler has for it, and others."""
    context = reach.call.context
    if known is None:
        yield say("schedule_withdrawn")
        return
    seen = (each for each, is_removed in needs if not is_removed and _is_seen(reach, each))
    waits = why_waits(row, seen, context.clock.wall())
    yield from waits
    for each, is_removed in needs:
        if each.why and not is_removed and not _is_seen(reach, each):
            yield say("unseen", name=each.need.name)
    if not waits:
        yield from (
            say("file", name=each["uri"] or each["name"])
            for each in files
            if not each["is_removed"]
        )
    backfill = context.schedules().backfill(row.origin) if row.kind == "backfill" else None
    if backfill is None:
        return
    if backfill.status != "running":
        yield say("backfill_is", status=backfill.status)
        return
    counts = context.schedules().backfill_counts(backfill.id)
    going = counts.get("starting", 0) + counts.get("running", 0)
    if going >= backfill.parallel:
        yield say("turn", going=going, parallel=backfill.parallel)


def _is_seen(reach: Reach, each: Found) -> bool:
    return reach.may("read", each.need.workspace, each.need.schedule)


def _waited_for(reach: Reach, each: Found, is_removed: bool) -> WaitedFor:
    is_seen = _is_seen(reach, each)
    # What is not done yet stands first: of many it is what one looks for.
    rows = sorted(each.instances, key=lambda row: (row.status == "succeeded", row.instant))
    why = each.why if is_seen or not each.why else say("undone", name=each.need.name)
    return {
        "name": each.need.name,
        "workspace": each.need.workspace,
        "schedule": each.need.schedule,
        "is_met": not each.why,
        "is_removed": is_removed,
        "why": why,
        "cause": cause_of(why) if why else None,
        "instances": shown(reach, rows[:_MOST_SHOWN]) if is_seen else [],
    }


def _files(
    reach: Reach, row: InstanceRow, known: Known | None
) -> tuple[list[FileWaitedFor], list[str]]:
    if known is None:
        return [], []
    clocks = clocks_of(reach.call.context, known.schedule, row)
    found: list[FileWaitedFor] = []
    faults: list[str] = []
    for each in known.schedule.depends_on:
        if each.file:
            uri = _tried(faults, each.file, each.file, clocks)
            is_removed = each.file in row.removed
            found.append({"name": each.file, "uri": uri or "", "is_removed": is_removed})
    return found, faults


def _values(
    reach: Reach, row: InstanceRow, known: Known | None
) -> tuple[InstanceValues, list[str]]:
    """What the expressions of an instance come to, and why some come to nothing."""
    values: InstanceValues = {"scheduling_parameters": {}, "parameters": {}, "inputs": {}}
    faults: list[str] = []
    if known is None:
        return values, faults
    context, schedule = reach.call.context, as_said(reach.call.context, known.schedule, row)
    clocks = clocks_of(context, schedule, row)
    values["scheduling_parameters"] = _scheduled(reach, Known(known.row, schedule), clocks, faults)
    for name, given in schedule.parameters.items():
        values["parameters"][name] = _tried(faults, name, given, clocks)
    for name, uri in schedule.inputs.items():
        value = _tried(faults, name, uri, clocks)
        values["inputs"][name] = value or ""
    return values, faults


def _scheduled(reach: Reach, known: Known, clocks: Clocks, faults: list[str]) -> dict[str, str]:
    """The values of a schedule's scheduling parameters, and its pipeline's if that may be seen."""
    own = known.schedule.scheduling_parameters
    try:
        tree = reach.pipeline(known)
    except BadRequest as error:
        faults.append(f"pipeline: {error}")
        return _each_tried(faults, own, clocks)
    timing = Timing(clocks.bizdate, clocks.cyctime, clocks.names, clocks.scopes, own)
    try:
        return values_of(tree, timing).get("", {})
    except BadRequest as error:  # some have no value: each for itself
        before = len(faults)
        found = _each_tried(faults, expressions_of(known.schedule, tree), clocks)
        faults += [] if faults[before:] else [str(error)]
        return found


def _each_tried(faults: list[str], texts: Mapping[str, str], clocks: Clocks) -> dict[str, str]:
    return {name: _tried(faults, name, text, clocks) or "" for name, text in texts.items()}


def _tried(faults: list[str], name: str, said: Any, clocks: Clocks) -> Any:
    """What a value's expressions come to; None if one has no value there, and why is a fault."""
    try:
        return evaluated(said, clocks)
    except BadRequest as error:
        faults.append(f"{name}: {error}")
        return None


def _actions(reach: Reach, row: InstanceRow) -> dict[str, str]:
    """What may be done to an instance now, each with why not."""
    if not reach.may("operate", row.workspace, row.schedule):
        reason = f"your role, {reach.call.role}, may not operate this schedule"
        return dict.fromkeys(ACTIONS, reason)
    person = reach.call.who.person
    return {action: why_not(reach, row, Operation(action, person)) for action in ACTIONS}


def graph_of(call: Call, row: InstanceRow, depth: int) -> InstanceGraph:
    """What an instance waits for and what waits for it, so many steps far."""
    reach = Reach(call)
    graph = _Graph(reach)
    graph.walk(row, depth, is_upstream=True)
    graph.walk(row, depth, is_upstream=False)
    return {
        "instance": row.id, "depth": depth, "nodes": list(graph.nodes.values()),
        "edges": graph.edges, "is_whole": graph.is_whole and not reach.is_exhausted,
    }  # fmt: skip


class _Graph:
    """Instances and what of them waits for what, as they are found."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self.nodes: dict[str, GraphNode] = {}
        self.edges: list[GraphEdge] = []
        self.is_whole = True
        self._drawn: set[tuple[str, str, str]] = set()

    def walk(self, start: InstanceRow, depth: int, *, is_upstream: bool) -> None:
        """Goes in one direction from an instance, what is near first."""
        self._add(start, 0)
        todo = deque([(start, 0)])
        while todo:
            row, level = todo.popleft()
            following = list(self._next(row, is_upstream=is_upstream))
            if level >= depth:
                self.is_whole &= all(each.id in self.nodes for each, _ in following)
                continue
            for each, name in following:
                is_new = each.id not in self.nodes
                if not self._add(each, -level - 1 if is_upstream else level + 1):
                    continue
                self._draw(*((each, row) if is_upstream else (row, each)), name)
                if is_new:
                    todo.append((each, level + 1))

    def _next(self, row: InstanceRow, *, is_upstream: bool) -> Iterator[tuple[InstanceRow, str]]:
        if not is_upstream:
            yield from self._reach.dependents(row)
            return
        for each in self._reach.needs(row):
            for found in each.instances:
                yield found, each.need.name

    def _add(self, row: InstanceRow, level: int) -> bool:
        """Keeps a node; False for one that there is no room for, or that may not be seen."""
        if row.id in self.nodes:
            return True
        if not self._reach.may("read", row.workspace, row.schedule):
            return False
        if len(self.nodes) >= _MOST_NODES:
            self.is_whole = False
            return False
        self.nodes[row.id] = graph_node(row, self._reach.zone(row), level)
        return True

    def _draw(self, before: InstanceRow, after: InstanceRow, name: str) -> None:
        key = (before.id, after.id, name)
        if key not in self._drawn:
            self._drawn.add(key)
            self.edges.append({"before": before.id, "after": after.id, "name": name})
