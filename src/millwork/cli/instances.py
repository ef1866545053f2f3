"""`millwork instances ...`: the grid in letters, what an instance waits for, and what is done."""

from __future__ import annotations

import sys
import time
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from millwork.access.verbs import VERBS
from millwork.cli.answers import show_more
from millwork.cli.asking import add_workspace, explain
from millwork.cli.conclusion import printable
from millwork.cli.tables import console, status_text, table
from millwork.ports.schedules import Kind, Status

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Mapping, Sequence

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from millwork.access.verbs import Verb

_ACTIONS = {
    "rerun": "run them again, once they are over",
    "stop": "end their runs; what waits is cancelled",
    "succeed": "set what waits or has failed to succeeded",
    "freeze": "keep what waits from beginning",
    "thaw": "let what is frozen begin",
    "unneed": "wait no longer for one dependency",
    "priority": "give them another priority",
}
_FILTERS = {
    "schedule": "only of that schedule", "status": "only of that status",
    "kind": "only of that kind", "origin": "only of that backfill or test",
    "first": "from that business date on", "last": "up to that business date",
}  # fmt: skip
_CHOICES = {"status": get_args(Status), "kind": get_args(Kind)}
_GRID = {
    "first": "from that business date on", "last": "up to that business date",
    "text": "schedules with this in their name", "kind": "only of that kind",
}  # fmt: skip
_LETTERS = {
    "failed": ("F", "bold red"), "running": ("R", "cyan"), "starting": ("R", "cyan"),
    "waiting": ("W", ""), "cancelled": ("C", "yellow"), "succeeded": ("S", "green"),
}  # fmt: skip
_FROZEN, _DRY, _NONE = ("Z", "blue"), ("D", "dim green"), ("·", "dim")
_LEGEND = "S succeeded D dry run F failed R running W waiting Z frozen C cancelled · none"
_WIDEST_NAME = 32
_OTHERS, _REASON = 96, 16  # what the columns but two take; the least room for a reason


def add(actions: _SubParsersAction[Any]) -> None:
    """Adds a word for each thing that is done to instances, and tells what lists are asked by."""
    explain(actions, "list", _FILTERS)
    explain(actions, "grid", _GRID)
    for name, summary in _ACTIONS.items():
        own = actions.add_parser(name, help=summary, description=summary)
        own.add_argument("instances", nargs="*", metavar="ID", help="instances; or say which by")
        for option, text in _FILTERS.items():
            words = _CHOICES.get(option)
            name_ = None if words else option.upper()
            own.add_argument(f"--{option}", choices=words, metavar=name_, help=text)
        if name == "rerun":
            own.add_argument(
                "--downstream", action="store_true", help="and all that waits for the same cycle"
            )
            own.add_argument(
                "--version", choices=("original", "latest"), default="original",
                help="whose definitions are taken (default: original)",
            )  # fmt: skip
        elif name == "unneed":
            own.add_argument(
                "--dependency", required=True, metavar="NAME", help="as `instances show` calls it"
            )
        elif name == "priority":
            own.add_argument("--to", type=int, required=True, metavar="N", help="1 to 9")
        add_workspace(own)
        own.add_argument("--json", action="store_true", help="print what the API answers")


def asked(word: str, options: Namespace) -> tuple[Verb, dict[str, Any]] | None:
    """The verb that one of these words stands for, and its arguments; None for another word."""
    if word not in _ACTIONS:
        return None
    given: dict[str, Any] = {"action": word}
    said = {name: getattr(options, name) for name in _FILTERS if getattr(options, name)}
    if options.instances:
        given["instances"] = options.instances
    if said or not options.instances:
        given["filter"] = said
    if word == "rerun":
        given |= {"downstream": options.downstream, "version": options.version}
    elif word == "unneed":
        given["dependency"] = options.dependency
    elif word == "priority":
        given["priority"] = options.to
    return VERBS["instances.operate"], given


def code_of(answer: Any) -> int:
    """0, or 2 if nothing of what was asked for could be done."""
    is_nothing = "not_changed" in answer and not answer["changed"] and answer["not_changed"]
    return 2 if is_nothing else 0


def show(verb: str, answer: Any) -> None:
    """Prints what a verb answers."""
    shows = {
        "list": _list, "grid": _grid, "show": _one, "graph": _graph, "events": _events,
        "operate": _operated,
    }  # fmt: skip
    shows[verb.partition(".")[2]](answer)


def _list(page: Mapping[str, Any]) -> None:
    if not page["items"]:
        sys.stdout.write("no such instances\n")
        return
    out = console()
    rows = page["items"]
    room = out.width - _OTHERS - max(len(row["schedule"]) for row in rows)
    is_wide = room >= _REASON
    has_kinds = any(row["kind"] != "recurring" for row in rows)
    more = ("run", "why") if is_wide else ("kind",) if has_kinds else ()
    made = table("instance", "schedule", "date", "scheduled", "status", *more)
    for index in (0, 2, 3):
        made.columns[index].no_wrap = True
    made.columns[1].overflow = made.columns[-1].overflow = "ellipsis"
    made.columns[-1].no_wrap = True
    for row in rows:
        at = _clock(row) if is_wide else f"{datetime.fromisoformat(row['cyctime']):%m-%d %H:%M}"
        why = printable(_note(row))
        why = why if len(why) <= room else f"{why[: room - 1]}…"
        own = [row["run"], why] if is_wide else [row["kind"]] if has_kinds else []
        made.add_row(row["id"], row["schedule"], row["bizdate"], at, _status(row), *own)
    if is_wide:
        out.print(made)
    else:
        _with_notes(out, made, [printable(row["reason"]) for row in rows])
    show_more(page)


def _with_notes(out: Console, made: Table, notes: Sequence[str]) -> None:
    """A table each of whose rows is one line, with a note below those that have one."""
    from rich.padding import Padding

    with out.capture() as said:
        out.print(made)
    head, *lines = said.get().splitlines()
    sys.stdout.write(f"{head}\n")
    for line, note in zip(lines, notes, strict=True):
        sys.stdout.write(f"{line}\n")
        if note:
            out.print(Padding(note, (0, 0, 0, 2), expand=False))


def _clock(row: Mapping[str, Any]) -> str:
    at = datetime.fromisoformat(row["cyctime"])
    return f"{at:%Y-%m-%d %H:%M:%S %z}" if at.second else f"{at:%Y-%m-%d %H:%M %z}"


def _status(row: Mapping[str, Any]) -> Text:
    if row["is_frozen"] and row["status"] == "waiting":
        from rich.text import Text

        return Text("frozen", "blue")
    return status_text(row)


def _note(row: Mapping[str, Any]) -> str:
    kind = "" if row["kind"] == "recurring" else row["kind"]
    return ": ".join(filter(None, (kind, row["reason"])))


# --- the grid -----------------------------------------------------------------------------


def _grid(answer: Mapping[str, Any]) -> None:
    """A line a schedule and a letter a business date; many dates stand in several blocks."""
    if not answer["items"]:
        sys.stdout.write("no schedule is deployed\n")
        return
    out = console()
    first, last = (date.fromisoformat(answer[name]) for name in ("first", "last"))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    names = max(len(row["schedule"]) for row in answer["items"])
    width = min(max(names, len("business date")), _WIDEST_NAME)
    room = max(out.width - width - 2, 7)
    step = 3 if 3 * len(days) <= room else 2 if 2 * len(days) <= room else 1
    most = max(room // step, 1)
    for start in range(0, len(days), most):
        _block(answer["items"], days[start : start + most], width, step)
    out.print(_LEGEND, style="dim")
    show_more(answer)


def _block(rows: Sequence[Mapping[str, Any]], days: Sequence[date], width: int, step: int) -> None:
    from rich.text import Text

    out = console()
    blank = " " * (width + 2)
    months = [f"{day:%b}" if day.day == 1 or day == days[0] else "" for day in days]
    line = [" "] * (step * len(days) + 3)
    for index, month in enumerate(months):
        if index * step + len(month) <= step * len(days) + 3 and month:
            line[index * step : index * step + len(month)] = month
    out.print(f"{'business date':<{width}}  {''.join(line).rstrip()}", style="dim")
    if step > 2:
        out.print(blank + "".join(f"{day.day:02d}".ljust(step) for day in days), style="dim")
    else:
        for digit in (0, 1):
            shown = "".join(f"{day.day:02d}"[digit].ljust(step) for day in days)
            out.print(f"{blank}{shown}".rstrip(), style="dim")
    for row in rows:
        cells = {cell["bizdate"]: cell for cell in row["cells"]}
        name = row["schedule"]
        text = Text(f"{name if len(name) <= width else name[: width - 1] + '…':<{width}}  ")
        for day in days:
            letter, style = _letter(cells.get(day.isoformat()))
            text.append(letter, style)
            text.append(" " * (step - 1))
        if row["state"] != "on":
            text.append(f" {row['state']}", "dim")
        out.print(text, no_wrap=True, overflow="crop")


def _letter(cell: Mapping[str, Any] | None) -> tuple[str, str]:
    """What of a cell matters most: what has failed, then what goes on."""
    if cell is None:
        return _NONE
    counts = cell["counts"]
    status = next((status for status in _LETTERS if counts.get(status)), "")
    if status == "waiting" and cell["frozen"]:
        return _FROZEN
    if status == "succeeded" and cell["dry"] >= counts["succeeded"]:
        return _DRY
    return _LETTERS.get(status, _NONE)


# --- one instance -------------------------------------------------------------------------


def _one(row: Mapping[str, Any]) -> None:
    status = f"{row['status']}: {row['reason']}" if row["reason"] else row["status"]
    frozen = ", frozen" if row["is_frozen"] else ", a dry run" if row["is_dry"] else ""
    state = f" ({row['state'] or 'not deployed'})" if row["state"] != "on" else ""
    lines = {
        "instance": f"{row['id']}, {row['kind']}", "origin": row["origin"],
        "schedule": f"{row['schedule']} {row['uses']}{state}",
        "business date": row["bizdate"], "scheduled": f"{_clock(row)}, {row['timezone']}",
        "status": f"{status}{frozen}", "priority": row["priority"],
        "runs": ", ".join(f"{each['run']} {each['status']}".strip() for each in row["runs"]),
    }  # fmt: skip
    for name, value in lines.items():
        if value != "":
            sys.stdout.write(f"{name + ':':<15}{printable(str(value))}\n")
    _section("waits:", row["why"])
    _section("waits for:", [*map(_need, row["waits_for"]), *map(_file, row["files"])])
    values = [
        f"{name} = {value}"
        for kind in ("scheduling_parameters", "parameters", "inputs")
        for name, value in row["values"][kind].items()
    ]
    _section("values:", values)
    _section("faults:", row["faults"])
    may = [name for name, reason in row["actions"].items() if not reason]
    sys.stdout.write(f"{'may be done:':<15}{', '.join(may) or 'nothing'}\n")


def _section(title: str, lines: Sequence[str]) -> None:
    for index, line in enumerate(lines):
        sys.stdout.write(f"{title if not index else '':<15}{printable(line)}\n")


def _need(need: Mapping[str, Any]) -> str:
    if need["is_removed"]:
        return f"{need['name']}: removed"
    return need["why"] or f"{need['name']}: done"


def _file(file: Mapping[str, Any]) -> str:
    return f"{file['uri'] or file['name']}{': removed' if file['is_removed'] else ''}"


def _graph(answer: Mapping[str, Any]) -> None:
    made = table("", "schedule", "date", "scheduled", "status", "waits for", "instance")
    made.columns[2].no_wrap = made.columns[3].no_wrap = made.columns[6].no_wrap = True
    needs: dict[str, list[str]] = {}
    for edge in answer["edges"]:
        names = needs.setdefault(edge["after"], [])
        if edge["name"] not in names:
            names.append(edge["name"])
    here = {node["workspace"] for node in answer["nodes"] if node["level"] == 0}
    for node in sorted(answer["nodes"], key=lambda node: (node["level"], node["scheduled"])):
        where = "" if node["workspace"] in here else f"{node['workspace']}/"
        made.add_row(
            f"{node['level']:+d}" if node["level"] else "this", f"{where}{node['schedule']}",
            node["bizdate"], _clock(node), _status(node),
            printable(", ".join(needs.get(node["id"], []))), node["id"],
        )  # fmt: skip
    console().print(made)
    if not answer["is_whole"]:
        sys.stderr.write("millwork: there are more: --depth N goes farther, up to 500 in all\n")


def _events(page: Mapping[str, Any]) -> None:
    if not page["items"]:
        sys.stdout.write("nothing has happened to it\n")
        return
    made = table("time", "who", "what", "more")
    made.columns[0].no_wrap = True
    for event in page["items"]:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event["time"]))
        more = ", ".join(f"{name}={value}" for name, value in event["data"].items())
        made.add_row(when, event["person"] or "scheduler", event["kind"], printable(more))
    console().print(made)
    show_more(page)


def _operated(answer: Mapping[str, Any]) -> None:
    is_none = not answer["changed"] and not answer["not_changed"]
    sys.stdout.write(f"{answer['changed']:,} changed{': no such instances' if is_none else ''}\n")
    if not answer["not_changed"]:
        return
    sys.stderr.write(f"millwork: {answer['not_changed']:,} not changed:\n")
    for each in answer["refused"]:
        sys.stderr.write(f"millwork: {each['instance']}: {printable(each['reason'])}\n")
