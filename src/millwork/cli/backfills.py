"""`millwork backfills ...`: dates as `FIRST..LAST`, what would be done, and how far it is."""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from millwork.access.verbs import VERBS
from millwork.base.sizes import format_duration
from millwork.cli.answers import show_more
from millwork.cli.asking import add_workspace, explain
from millwork.cli.conclusion import printable
from millwork.cli.tables import WIDE, console, status_text, table

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Iterator, Mapping

    from millwork.access.verbs import Verb

_ACTIONS = {
    "pause": ("paused", "begin nothing more of it, until it is resumed"),
    "resume": ("running", "go on with one that is paused"),
    "cancel": ("cancelled", "cancel what waits of it, and stop what runs"),
}
_MEANINGS = {
    "schedule": "whose cycles are done", "ranges": "business dates; up to seven times",
    "order": "the oldest business date first, or the newest", "parallel": "1 to 10 at once",
    "redo": "which of the cycles that there are already are done as well",
    "since": "of each day only the cycles from this time of day on, such as 06:00",
    "until": "of each day only the cycles up to this time of day",
    "downstream": "with all that waits for it, or nothing of that",
    "include": "with this schedule, which waits for it; several times",
    "exclude": "dry runs of this schedule; several times",
    "parameters": "values instead, such as 'NAME={\"day\": \"${yyyymmdd}\"}'",
    "name": "for people (default: the schedule and its dates)",
}  # fmt: skip
_RANGE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?")


def add(actions: _SubParsersAction[Any]) -> None:
    """Adds the words for what is done to a backfill, and tells how dates are said."""
    for name in {"create", "preview"} & actions.choices.keys():
        for option in actions.choices[name]._actions:
            if option.dest == "ranges":
                option.metavar = "FIRST..LAST"
        explain(actions, name, _MEANINGS)
    for name, (_, summary) in _ACTIONS.items():
        own = actions.add_parser(name, help=summary, description=summary)
        own.add_argument("backfill", metavar="BACKFILL", help="the backfill")
        add_workspace(own)
        own.add_argument("--json", action="store_true", help="print what the API answers")


def asked(word: str, options: Namespace) -> tuple[Verb, dict[str, Any]] | None:
    """The verb that one of these words stands for, and its arguments; None for another word."""
    if getattr(options, "ranges", None):
        options.ranges = [_range(word) for word in options.ranges]
    if word not in _ACTIONS:
        return None
    given = {"backfill": options.backfill, "status": _ACTIONS[word][0]}
    return VERBS["backfills.change"], given


def _range(word: str) -> str:
    """`FIRST..LAST`, or one date, as JSON; what is neither stays as it is."""
    found = _RANGE.fullmatch(word)
    if not found:
        return word if word.startswith("{") else json.dumps({"first": word})
    return json.dumps({"first": found[1], "last": found[2] or found[1]})


def code_of(_: Any) -> int:
    """All that is answered has been done."""
    return 0


def show(verb: str, answer: Any) -> None:
    """Prints what a verb answers."""
    if verb == "backfills.list":
        _list(answer)
    elif verb == "backfills.preview":
        _preview(answer)
    else:
        _one(answer)


def _list(page: Mapping[str, Any]) -> None:
    if not page["items"]:
        sys.stdout.write("no such backfills\n")
        return
    out = console()
    is_wide = out.width >= WIDE
    more = ("by", "created") if is_wide else ()
    made = table("backfill", "name", "status", "over", "of", "at once", *more)
    for index in (0, *range(2, 6 + len(more))):
        made.columns[index].no_wrap = True
    for row in page["items"]:
        over = _over(row) if row["ended"] is None else row["total"]
        own = (row["creator"], _when(row["created"])) if is_wide else ()
        made.add_row(
            row["id"], printable(row["name"]), status_text(row), str(over), str(row["total"]),
            str(row["parallel"]), *own,
        )  # fmt: skip
    out.print(made)
    show_more(page)


def _when(instant: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(instant))


def _over(row: Mapping[str, Any]) -> int:
    return sum(row["counts"].get(status, 0) for status in ("succeeded", "failed", "cancelled"))


def _one(row: Mapping[str, Any]) -> None:
    said = row["document"]
    ranges = ", ".join(
        each["first"] if each["first"] == each["last"] else f"{each['first']}..{each['last']}"
        for each in said["ranges"]
    )
    counts = ", ".join(f"{count:,} {status}" for status, count in sorted(row["counts"].items()))
    left = "" if row["left"] is None else f", about {format_duration(row['left'])} left"
    lines = {
        "backfill": f"{row['id']}, {row['name']}",
        "schedules": ", ".join(row["schedules"]),
        "left out": ", ".join(row["left_out"]),
        "dates": f"{ranges}, {'newest' if said['order'] == 'desc' else 'oldest'} first",
        "parameters": ", ".join(_instead(said.get("parameters", {}))),
        "status": f"{row['status']}, {row['parallel']} at once",
        "instances": f"{row['total']:,}: {counts}{left}",
        "by": f"{row['creator']}, {_when(row['created'])}",
    }
    for name, value in lines.items():
        if value:
            sys.stdout.write(f"{name + ':':<12}{printable(value)}\n")


def _instead(parameters: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The values that are said instead, each with its schedule."""
    for place, own in parameters.items():
        for name, value in own.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{place}: {name} = {text}"


def _preview(answer: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{count:,} {state}" for state, count in sorted(answer["counts"].items()))
    dry = f", {answer['dry']:,} of them dry runs" if answer["dry"] else ""
    sys.stdout.write(
        f"{answer['total']:,} cycles: {counts}\n{answer['chosen']:,} to be done{dry}\n"
    )
    if answer["left_out"]:
        sys.stdout.write(f"left out, as you may not operate it: {', '.join(answer['left_out'])}\n")
    made = table("turn", "schedule", "date", "scheduled", "there is", "")
    made.columns[2].no_wrap = made.columns[3].no_wrap = True
    for each in answer["items"]:
        what = "dry run" if each["is_dry"] else "to be done"
        at = f"{datetime.fromisoformat(each['cyctime']):%Y-%m-%d %H:%M %z}"
        made.add_row(
            str(each["turn"] + 1), each["schedule"], each["bizdate"], at, each["state"],
            what if each["is_chosen"] else "",
        )  # fmt: skip
    if answer["items"]:
        console().print(made)
    show_more(answer)
