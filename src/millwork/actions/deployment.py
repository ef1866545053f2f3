"""A version of a schedule is put in force: where it was registered, or in another workspace.

Another workspace gets all that it is made of with it, each version as it is, so that what runs in
production is what was tried in development.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.access.identity import OWNER
from millwork.actions.assets import document_of, found, register
from millwork.actions.perform import Asked, let_in
from millwork.actions.schedule_checks import read_for
from millwork.actions.schedule_texts import schedule_of
from millwork.base.errors import BadRequest, Forbidden, NotFound
from millwork.ports.schedules import Link, ScheduleRow, TriggerRow
from millwork.registry.documents import differences
from millwork.schedule.instances import begins, begins_again
from millwork.spec.schedule import CHILDREN, SELF
from millwork.spec.schedule_file import schedule_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.call import Call
    from millwork.actions.published import Pin
    from millwork.registry.documents import Difference
    from millwork.spec.schedule import Schedule
    from millwork.store.assets import Kept
    from millwork.views.schedules import Copied, DeploymentView


def deploy(call: Call, kept: Kept, to: str, *, is_preview: bool) -> DeploymentView:
    """Puts a version in force in workspace `to`; of a preview nothing is kept.

    Raises BadRequest for what it waits for and is not deployed there, and for a circle, Forbidden
    or NotFound for what this person, or whoever it runs as, may not do there.
    """
    there = _there(call, to)
    schedule = schedule_of(kept.document, kept.version)
    read_for(call, kept.document["text"])
    same = there.context.assets().get(there.workspace, "schedule", kept.name) or kept
    there.require("schedule", "write", same.creator, same.visibility, f"schedule '{kept.name}'")
    _check_run_as(there, schedule)
    links = list(_links(there, schedule))
    wanted = [] if there.workspace == call.workspace else list(_made_of(call, kept))
    before = there.context.schedules().in_force(there.workspace, kept.name)
    answer: DeploymentView = {
        "workspace": there.workspace, "name": kept.name, "after": kept.version,
        "before": before.version if before else "", "is_done": not is_preview,
        "copied": [_copied(each) for each in wanted],
        "differences": _differences(there, before, schedule),
    }  # fmt: skip
    if is_preview:
        return answer
    for each in wanted:
        _copy(there, each)
    if wanted:  # what was asked for is noted where it was, and where it is done, too
        there.context.people().note(
            there.context.clock.wall(), there.who.person, there.workspace, "schedules.deploy",
            f"{kept.name}/{kept.version}", "allowed", there.request,
        )  # fmt: skip
    _put_in_force(there, schedule, before, links)
    return answer


def _there(call: Call, to: str) -> Call:
    if to in ("", call.workspace):
        return call
    return let_in(call.context, call.who, Asked("schedules.deploy", workspace=to))


def _put_in_force(
    there: Call, schedule: Schedule, before: ScheduleRow | None, links: list[Link]
) -> None:
    now = there.context.clock.wall()
    is_going = before is not None and before.state != "off"
    first = there.context.schedules().first_to_come(there.workspace, schedule.name, now)
    row = ScheduleRow(
        there.workspace, schedule.name, schedule.version,
        before.state if before else "on", there.who.person, now,
        begins_again(schedule, now, first) if is_going else begins(schedule, now),
    )  # fmt: skip
    triggers = [
        TriggerRow(there.workspace, schedule.name, _source(each.file, each.dataset), each.every)
        for each in schedule.triggers
    ]
    there.context.schedules().deploy(row, links, triggers, now)
    there.context.nudge()


def check_runs_as(call: Call, schedule: Schedule, row: ScheduleRow) -> None:
    """Raises Forbidden for who may not run a version that nobody has put in force.

    It runs as somebody who has not agreed to it: that needs what putting it in force needs.
    """
    person = schedule.run_as or row.owner
    if person == call.who.person:
        return
    if call.role not in ("owner", "admin"):
        raise Forbidden(
            f"version {schedule.version} is not in force and would run as '{person}': "
            "deploy it first, or ask an owner or admin"
        )
    _check_is_no_more(call, person)


def _check_is_no_more(call: Call, person: str) -> None:
    """Raises Forbidden if somebody is an administrator of the server, and who asks is none."""
    row = call.context.people().person(person)
    if not call.who.is_admin and (person == OWNER or (row and row.is_admin)):
        raise Forbidden(f"'{person}' is an administrator of the server: only one may run it so")


def _source(file: str, dataset: str) -> str:
    return f"file:{file}" if file else f"dataset:{dataset}"


def _check_run_as(there: Call, schedule: Schedule) -> None:
    """Raises Forbidden for who may not have it run as that person, BadRequest for no member."""
    person = schedule.run_as
    if person in ("", there.who.person):
        return
    if there.role not in ("owner", "admin"):
        raise Forbidden(f"run_as '{person}': only an owner or admin may have it run as another")
    if there.context.people().role_in(there.workspace, person) is None:
        raise BadRequest(f"run_as '{person}' is no member of workspace '{there.workspace}'")
    _check_is_no_more(there, person)


def _links(there: Call, schedule: Schedule) -> Iterator[Link]:
    """What it waits for; raises BadRequest for what is not deployed, and for a circle."""
    records = there.context.schedules()
    own = (there.workspace, schedule.name)
    behind = _behind(there, own)
    for each in schedule.depends_on:
        if not each.schedule or each.schedule in (SELF, CHILDREN):
            continue
        place = (each.workspace or there.workspace, each.schedule)
        try:
            _check_grant(there, *place)
        except NotFound as error:
            raise NotFound(f"depends_on: {error}") from None
        if records.in_force(*place) is None:
            where = f" in workspace '{place[0]}'" if each.workspace else ""
            raise BadRequest(f"depends_on: schedule '{place[1]}' is not deployed{where}")
        if each.cycle == "same" and place in behind:
            raise BadRequest(f"depends_on: '{schedule.name}' and '{place[1]}' wait for one another")
        yield Link(*own, *place, each.cycle)


def _behind(there: Call, own: tuple[str, str]) -> set[tuple[str, str]]:
    """All that waits for the same cycle of a schedule, near or far."""
    found_: set[tuple[str, str]] = set()
    todo = [own]
    while todo:
        for link in there.context.schedules().children(*todo.pop()):
            place = (link.workspace, link.schedule)
            if link.cycle == "same" and place not in found_:
                found_.add(place)
                todo.append(place)
    return found_ - {own}


def _check_grant(there: Call, workspace: str, schedule: str) -> None:
    """Raises NotFound for what this person may not see."""
    if workspace == there.workspace:
        found(there, "schedule", schedule)
        return
    other = let_in(there.context, there.who, Asked("schedules.show", workspace=workspace))
    found(other, "schedule", schedule)


def _differences(there: Call, before: ScheduleRow | None, schedule: Schedule) -> list[Difference]:
    """In what the version differs from the one that is in force there."""
    if before is None:
        return []
    kept = there.context.assets().get(there.workspace, "schedule", before.name, before.version)
    if kept is None:
        return []
    old = schedule_of(document_of(kept), kept.version)
    return differences(schedule_document(old), schedule_document(schedule))


# --- what it is made of -------------------------------------------------------------------


def _made_of(call: Call, kept: Kept) -> Iterator[Kept]:
    """The version, behind all that it is made of, each once."""
    seen: set[tuple[str, str, str]] = set()

    def walked(each: Kept) -> Iterator[Kept]:
        place = (each.kind, each.name, each.version)
        if place in seen:
            return
        seen.add(place)
        for pin in _pins(each):
            child = call.context.assets().get(
                call.workspace, pin["kind"], pin["name"], pin["version"]
            )
            if child is None:
                raise NotFound(f"{pin['kind']} '{pin['name']}@{pin['version']}' is not there")
            call.require(child.kind, "read", child.creator, child.visibility)
            yield from walked(child)
        yield each

    return walked(kept)


def _pins(kept: Kept) -> list[Pin]:
    """The versions that one is made of; a schedule is of one alone."""
    own = [kept.document["pin"]] if "pin" in kept.document else []
    return [*kept.document.get("pins", {}).values(), *own]


def _copied(kept: Kept) -> Copied:
    return {"kind": kept.kind, "name": kept.name, "version": kept.version}


def _copy(there: Call, kept: Kept) -> None:
    """Registers a version as it is; one that is there already and the same stays.

    What is new there is seen by whom it is seen here: who may see it all, or its creator.
    """
    assets = there.context.assets()
    same = assets.get(there.workspace, kept.kind, kept.name, kept.version)
    if same and same.digest == kept.digest:
        found(there, kept.kind, kept.name, kept.version)
        return
    is_new = assets.get(there.workspace, kept.kind, kept.name) is None
    register(
        there, kept.kind, kept.name, kept.document, version=kept.version,
        visibility=kept.visibility if is_new else None, description=kept.description,
        uses=[f"{pin['kind']}:{pin['name']}@{pin['version']}" for pin in _pins(kept)],
    )  # fmt: skip
