"""Runs: asked for, looked at, and ended."""

from __future__ import annotations

import re
from typing import Any, Literal, TypedDict

from millwork.actions import runs as looking
from millwork.actions.call import Call
from millwork.actions.cancel import cancel as end
from millwork.actions.deletion import delete_run
from millwork.actions.exchange import EventFeed
from millwork.actions.lineage import lineage_of_run
from millwork.actions.pages import with_one_more
from millwork.actions.requests import RunWish, ask
from millwork.actions.resume import requeue
from millwork.actions.run_source import source_of_run
from millwork.actions.runs import found
from millwork.actions.timing import read_timing
from millwork.base.cursor import read_cursor, write_cursor
from millwork.base.errors import BadRequest, Conflict
from millwork.base.names import is_text
from millwork.blobs.code import GitState, without_credentials
from millwork.plan.scheduling import Timing
from millwork.views.assets import RunLineage
from millwork.views.plans import RunSource
from millwork.views.retention import RunDeleted
from millwork.views.runs import RunPage, RunResult, RunView

_MOST = 200
_LONGEST_URL = 1000
_LONGEST_NAME, _LONGEST_NOTE = 200, 10_000

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class RunAsked(TypedDict):
    """A run that was asked for; `notices` say what people should know of it."""

    run: str
    status: str
    notices: list[str]


class Commit(TypedDict):
    """A commit in full, whether files differ from it, and the repository without credentials."""

    commit: str
    dirty: bool
    url: str


class RunStatus(TypedDict):
    """What a run is now."""

    run: str
    status: str


class Event(TypedDict):
    """One change of a run; `seq` numbers those of the run, from 1."""

    run: str
    seq: int
    time: float
    kind: str
    data: dict[str, Any]


class EventPage(TypedDict):
    """A part of a run's history; `next` is the number to go on after."""

    items: list[Event]
    next: int | None


def list_(
    call: Call,
    limit: int = 50,
    after: str = "",
    sort: Literal["created", "-created"] = "-created",
    status: Status | Literal[""] = "",
    name: str = "",
    creator: str = "",
    tag: str = "",
    definition: str = "",
    trials: bool = False,
) -> RunPage:
    """The runs of a workspace, newest first.

    `tag` is `NAME=VALUE`; `trials` shows the runs that sweeps have begun, too.
    """
    count = with_one_more(limit)
    key, equals, value = tag.partition("=")
    if tag and not equals:
        raise BadRequest("tag: expected NAME=VALUE")
    place: Any = read_cursor(after, float, str)
    rows = call.context.store.list_runs(
        call.workspace, limit=count, after=place, ascending=sort == "created",
        status=status, name=name, creator=creator, tag=(key, value) if tag else None,
        definition=definition, with_trials=trials,
        private_of=None if call.sees_all("run") else call.who.person,
    )  # fmt: skip
    items = looking.summaries(call.context, rows[:limit])
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": items, "next": write_cursor(last.created, last.id) if last else None}


def create(
    call: Call,
    component: str = "",
    pipeline: str = "",
    bundle: str = "",
    code: str = "",
    file: str = "",
    draft: str = "",
    revision: int = 0,
    inputs: dict[str, str] | None = None,
    outputs: dict[str, str] | None = None,
    parameters: dict[str, Any] | None = None,
    replicas: dict[str, int] | None = None,
    name: str = "",
    note: str = "",
    tags: dict[str, str] | None = None,
    priority: int = 5,
    visibility: Literal["public", "private"] = "public",
    parallel: int | None = None,
    engine: str = "",
    image: str = "",
    require_image: bool = False,
    first: str = "",
    last: str = "",
    only: str = "",
    force: list[str] | None = None,
    incremental: bool = False,
    commits: dict[str, Commit] | None = None,
    bizdate: str = "",
    cyctime: str = "",
    timezone: str = "",
) -> RunAsked:
    """Asks for a run; it waits for its turn.

    What is run is one of: `component` or `pipeline` of the registry, NAME or NAME@VERSION; a
    `draft`, at the `revision` that was looked at (0: as it is now); or the `file` in an uploaded
    `bundle`, or in a `code` source of the registry at its commit. `commits` says which commit a
    component of a bundle is of. Scheduling parameters are of the business date `bizdate` and the
    scheduled time `cyctime`, civil in `timezone`: now where nothing is said, and the day before.
    """
    _check_said(name, note, tags)
    return _asked(call, RunWish(
        component=component, pipeline=pipeline, bundle=bundle, code=code, file=file, draft=draft,
        revision=revision, inputs=inputs or {}, outputs=outputs or {}, parameters=parameters or {},
        replicas=replicas or {}, name=name, note=note, tags=tags or {}, priority=priority,
        visibility=visibility, parallel=parallel, engine=engine, image=image, first=first,
        last=last, only=only, require_image=require_image, force=tuple(force or ()),
        incremental=incremental, commits=_commits(commits or {}),
        timing=_timing(call, bizdate, cyctime, timezone),
    ))  # fmt: skip


def show(call: Call, run: str) -> RunView:
    """All that is known of a run: its steps, their attempts, its outputs."""
    return looking.page_of(call.context, found(call, run))


def source(call: Call, run: str) -> RunSource:
    """What was run, as a pipeline's text: to draw it, to change it, and to run it again.

    It is the text that was given, or is written anew from the steps; then files that were given
    are inputs. `faces` are those of its steps, whether their components are registered or not.
    """
    return source_of_run(call.context, found(call, run))


def result(call: Call, run: str) -> RunResult:
    """What a run has come to."""
    return looking.result_of(call.context, found(call, run))


def change(
    call: Call,
    run: str,
    priority: int | None = None,
    name: str | None = None,
    note: str | None = None,
    visibility: Literal["public", "private"] | None = None,
    tags: dict[str, str] | None = None,
) -> RunView:
    """Changes the priority of a run that waits, or what is said about a run.

    `tags` take the place of those that it has.
    """
    row = found(call, run, "operate")
    _check_said(name, note, tags)
    if visibility not in (None, row.visibility):
        call.require("run", "write", row.creator, row.visibility, f"run '{run}'")
    if priority is not None:
        check_priority(priority)
        if not call.context.admissions().set_priority(row.id, priority):
            raise Conflict(f"{row.id} does not wait any more: it is {row.status}")
    if any(said is not None for said in (name, note, visibility, tags)):
        call.context.store.describe(
            row.id, row.name if name is None else name, row.notes if note is None else note,
            visibility or row.visibility, row.tags if tags is None else tags,
        )  # fmt: skip
    call.context.nudge()
    return show(call, row.id)


def cancel(call: Call, run: str) -> RunStatus:
    """Ends a run; one that runs is told to end, and is over when nothing of it runs any more."""
    row = found(call, run, "operate")
    if row.status == "queued":
        if call.context.admissions().withdraw(row.id, call.context.clock.wall()):
            return {"run": row.id, "status": "cancelled"}
        row = found(call, run, "operate")
    if row.status != "running":
        has = "was" if row.status == "cancelled" else "has"
        raise Conflict(f"{row.id} is over: it {has} {row.status}")
    return {"run": row.id, "status": end(call.context, row, patience=2.0, takes_over=False)}


def resume(call: Call, run: str) -> RunStatus:
    """Has a run that failed or was cancelled go on with what is undone, when its turn comes."""
    row = found(call, run, "operate")
    if row.status in ("queued", "running"):
        raise Conflict(f"{row.id} is not over: it is {row.status}")
    requeue(call.context, row)
    call.context.nudge()
    return {"run": row.id, "status": "queued"}


def delete(call: Call, run: str) -> RunDeleted:
    """Deletes a run that is over; outputs that something else names stay."""
    return delete_run(call.context, found(call, run, "delete"))


def events(call: Call, run: str, after: int = 0, limit: int = 200) -> EventPage:
    """A run's history, oldest first."""
    count = with_one_more(limit)
    row = found(call, run)
    rows = call.context.store.some_events(row.id, after, count)
    items: list[Any] = [dict(event) for event in rows[:limit]]
    return {"items": items, "next": items[-1]["seq"] if len(rows) > limit else None}


def follow(call: Call, run: str, since: str = "") -> EventFeed:
    """A run's history from its beginning, and then as it goes on (server-sent events).

    `since` or `Last-Event-ID` goes on behind the last message that was seen.
    """
    row = found(call, run)
    return EventFeed(call.workspace, row.id, since)


def lineage(call: Call, run: str) -> RunLineage:
    """What a run was made of, and what was made of it."""
    return lineage_of_run(call, found(call, run))


def _check_said(name: str | None, note: str | None, tags: dict[str, str] | None) -> None:
    name, note = name or "", note or ""
    if len(name) > _LONGEST_NAME or not name.isprintable() or not is_text(name):
        raise BadRequest(f"name: expected at most {_LONGEST_NAME} characters in one line")
    if len(note) > _LONGEST_NOTE or not is_text(note):
        raise BadRequest(f"note: expected at most {_LONGEST_NOTE:,} characters")
    _check_tags(tags or {})


def _asked(call: Call, wish: RunWish) -> RunAsked:
    submitted = ask(call, wish)
    call.context.nudge()
    run = submitted.run
    return {"run": run.id, "status": run.status, "notices": list(submitted.notices)}


def _timing(call: Call, bizdate: str, cyctime: str, timezone: str) -> Timing | None:
    if not (bizdate or cyctime or timezone):
        return None
    return read_timing(call.context.clock.wall(), bizdate, cyctime, timezone)


def _check_tags(tags: dict[str, str]) -> None:
    for name, value in tags.items():
        if not 0 < len(name) <= _LONGEST_NAME or "=" in name or not name.isprintable():
            raise BadRequest(f"tags: a name has 1 to {_LONGEST_NAME} characters, none of them =")
        if len(value) > _LONGEST_NOTE or not is_text(name + value):
            raise BadRequest(f"tags.{name}: expected at most {_LONGEST_NOTE:,} characters")
    if len(tags) > _MOST:
        raise BadRequest(f"tags: at most {_MOST}")


def _commits(said: dict[str, Commit]) -> dict[str, GitState]:
    for commit in said.values():
        is_one = re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit["commit"])
        if not is_one or len(commit["url"]) > _LONGEST_URL or len(said) > _MOST:
            raise BadRequest("commits: expected a commit in full for each component's name")
    return {
        name: GitState(each["commit"], dirty=each["dirty"], url=without_credentials(each["url"]))
        for name, each in said.items()
    }


def check_priority(priority: int) -> None:
    """Raises BadRequest for a priority that is none."""
    if not 1 <= priority <= 9:
        raise BadRequest("priority: 1 to 9, the highest first")
