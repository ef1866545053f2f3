"""`millwork schedules ...`: which there are, what is in force of them, and when they are due."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from millwork.cli import answers
from millwork.cli.conclusion import printable
from millwork.cli.tables import WIDE, console, table

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Mapping, Sequence

    from millwork.access.verbs import Verb

_WHOLE = frozenset(("create", "show", "version", "switch"))


def add(actions: _SubParsersAction[Any]) -> None:
    """Adds what is said of a test: there are no words besides the verbs."""
    if "test" in actions.choices:
        actions.choices["test"].add_argument(
            "--wait", action="store_true", help="wait for its end, and show what its run prints"
        )


def asked(_word: str, _options: Namespace) -> tuple[Verb, dict[str, Any]] | None:
    """No word stands for another verb."""
    return None


def code_of(answer: Any) -> int:
    """0, or 2 if a text that was looked at has errors."""
    faults = answer.get("faults", ()) if isinstance(answer, dict) else ()
    return 2 if any(fault["severity"] == "error" for fault in faults) else 0


def show(verb: str, answer: Any) -> None:
    """Prints what a verb answers."""
    action = verb.partition(".")[2]
    if action == "list":
        _list(answer)
    elif action in _WHOLE:
        _one(answer)
    elif action == "preview":
        _preview(answer)
    elif action == "deploy":
        _deployment(answer)
    else:
        answers.show(answer)


def _list(page: Mapping[str, Any]) -> None:
    if not page["items"]:
        sys.stdout.write("none\n")
        return
    out = console()
    is_wide = out.width >= WIDE
    names = ("schedule", "pipeline", "recurs", "state", "version", "next")
    made = table(*(name for name in names if is_wide or name != "pipeline"))
    for column in made.columns:
        column.no_wrap = column.header != "recurs"
    for row in page["items"]:
        first = _time(row["next"][0]["cyctime"]) if row["next"] else ""
        state = row["in_force"]["state"] if row["in_force"] else "not deployed"
        pipeline = (row["pipeline"],) if is_wide else ()
        made.add_row(row["name"], *pipeline, row["words"], state, row["version"], first)
    out.print(made)
    answers.show_more(page)


def _one(view: Mapping[str, Any]) -> None:
    lines = {name: view[name] for name in ("name", "version", "pipeline", "words")}
    for name, text in {**lines, "state": _state(view["in_force"])}.items():
        sys.stdout.write(f"{name}: {printable(text)}\n")
    for fault in view["warnings"]:
        sys.stdout.write(f"warning: {printable(fault['message'])}\n")
    _cycles(view["next"])


def _state(in_force: Mapping[str, Any] | None) -> str:
    if in_force is None:
        return "not deployed"
    return f"{in_force['state']}, version {in_force['version']}, deployed by {in_force['owner']}"


def _deployment(answer: Mapping[str, Any]) -> None:
    what = f"{answer['workspace']}/{answer['name']} {answer['after']}"
    instead = f", in place of {answer['before']}" if answer["before"] else ""
    said = "deployed" if answer["is_done"] else "would be deployed"
    sys.stdout.write(printable(f"{said}: {what}{instead}") + "\n")
    for each in answer["copied"]:
        sys.stdout.write(
            printable(f"with it: {each['kind']} {each['name']} {each['version']}") + "\n"
        )
    if answer["differences"]:
        made = table("field", "before", "after")
        for each in answer["differences"]:
            made.add_row(
                *map(printable, (each["path"], _text(each["before"]), _text(each["after"])))
            )
        console().print(made)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _preview(answer: Mapping[str, Any]) -> None:
    for fault in answer["faults"]:
        place = f"{fault['line']}:{fault['column']}: " if fault["line"] else ""
        path = f"{fault['path']}: " if fault["path"] else ""
        sys.stdout.write(f"{place}{fault['severity']}: {path}{printable(fault['message'])}\n")
    if answer["words"]:
        sys.stdout.write(f"{answer['words']}\n")
    _cycles(answer["cycles"])


def _cycles(cycles: Sequence[Mapping[str, Any]]) -> None:
    if not cycles:
        return
    names = list(cycles[0]["values"])
    made = table("scheduled", "business date", "", *names)
    for cycle in cycles:
        note = "dry run" if cycle["is_dry"] else "again" if cycle["fold"] else ""
        values = (printable(cycle["values"][name]) for name in names)
        made.add_row(_time(cycle["cyctime"]), cycle["bizdate"], note, *values)
    console().print(made)


def _time(cyctime: str) -> str:
    return f"{datetime.fromisoformat(cyctime):%a %Y-%m-%d %H:%M %z}"
