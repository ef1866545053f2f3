"""`millwork runs ...`."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from millwork.app.compose import open_context
from millwork.app.doors import server_door
from millwork.base.errors import BadRequest
from millwork.base.sizes import format_duration
from millwork.cli import tables
from millwork.cli.conclusion import printable
from millwork.cli.sources import HomeRuns, ServerRuns
from millwork.cli.tails import Tails

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping

    from millwork.actions.context import Context
    from millwork.cli.sources import Logs, Runs
    from millwork.client.door import HttpDoor

_FOLLOW = 0.2


def run(options: Namespace) -> int:
    """Carries out one of the actions on runs."""
    if options.action == "trial":
        return _trial(open_context(), options)
    door = server_door(options.workspace)
    if options.action == "resume":
        return _resume(door, options)
    runs: Runs = ServerRuns(door) if door else HomeRuns(open_context(), options.workspace)
    if door and options.action in ("show", "logs") and options.follow:
        from millwork.cli.following import waiting

        found = door.ask("runs.result", run=options.run.partition("/")[0])["run"]
        with waiting(door, f"run {found}", f"runs show {found} -f"):
            return _look(runs, options)
    return _look(runs, options)


def _look(runs: Runs, options: Namespace) -> int:
    if options.action == "show":
        from millwork.cli import show

        return show.run(runs.shown, options)
    actions = {
        "list": _list, "logs": _logs, "outputs": _outputs, "why": _why, "cancel": _cancel,
    }  # fmt: skip
    return actions[options.action](runs, options)


def _resume(door: HttpDoor | None, options: Namespace) -> int:
    from millwork.cli import resume

    resume.check(options)
    if door is None:
        return resume.run(open_context(), options)
    from millwork.cli import served

    return served.resume(door, options)


def _list(runs: Runs, options: Namespace) -> int:
    if options.limit < 1:
        raise BadRequest("--limit is at least 1")
    wanted = {name: getattr(options, name) for name in ("status", "name", "creator", "tag")}
    wanted = {name: text for name, text in wanted.items() if text}
    listed = runs.listed(options.limit, wanted, with_trials=options.trials)
    if options.json:
        return _print_json(listed)
    if not listed:
        none = "no such runs" if wanted else "no runs yet: millwork run FILE starts one"
        sys.stdout.write(f"{none}\n")
        return 0
    table = tables.table("run", "name", "definition", "status", "started", "time")
    for row in listed:
        began = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["created"]))
        took = format_duration(row["seconds"])
        name = printable(row["name"])
        table.add_row(row["run"], name, row["definition"], tables.status_text(row), began, took)
    tables.console().print(table)
    return 0


def _logs(runs: Runs, options: Namespace) -> int:
    given, _, rest = options.run.partition("/")
    step, _, replica = rest.partition("/")
    if options.follow:
        _wait_for_start(runs, given, step)
    wanted = runs.logs(given, step, replica)
    if options.json:
        return _print_logs(wanted)
    coming = runs.followed(wanted) if options.follow else None
    if coming is not None:
        _write(coming)
        return 0
    tails = Tails(wanted.reading)
    tails.follow(wanted.processes)
    while options.follow and runs.is_running(wanted):
        _write(tails.read())
        time.sleep(_FOLLOW)
        tails.follow(runs.logs(wanted.run, step, replica).processes)
    _write(tails.finish())
    return 0


def _wait_for_start(runs: Runs, run: str, step: str) -> None:
    """Returns when the step that is meant has been tried, or will not be."""
    while _may_start(runs.result(run), step):
        time.sleep(_FOLLOW)  # steps are begun by another process, which tells nobody


def _may_start(result: Mapping[str, Any], step: str) -> bool:
    meant = [each for each in result["steps"] if step in ("", each["node"])]
    is_untried = len(meant) == 1 and (meant[0]["status"], meant[0]["attempts"]) == ("pending", 0)
    return is_untried and result["status"] in ("queued", "running")


def _write(parts: Iterable[bytes]) -> None:
    for part in parts:
        sys.stdout.buffer.write(part)
        sys.stdout.flush()


def _print_logs(wanted: Logs) -> int:
    """The whole log as one text, and that of each process if there are several."""
    texts = {process: _text(wanted, process) for _, process in wanted.processes}
    content: dict[str, Any] = {"run": wanted.run, "attempt": wanted.attempt}
    content["log"] = "".join(texts.values())
    if len(texts) > 1:
        content["logs"] = {process.rpartition("/")[2]: text for process, text in texts.items()}
    return _print_json(content)


def _text(logs: Logs, process: str) -> str:
    tails = Tails(logs.reading)
    tails.follow([("", process)])
    return b"".join(tails.finish()).decode("utf-8", "replace")


def _outputs(runs: Runs, options: Namespace) -> int:
    result = runs.result(options.run)
    if options.json:
        return _print_json(result["outputs"])
    for name, path in result["outputs"].items():
        sys.stdout.write(f"{name}\t{path}\n")
    return 0


def _why(runs: Runs, options: Namespace) -> int:
    given, _, step = options.run.partition("/")
    answer = runs.why(given, step)
    if options.json:
        return _print_json(answer)
    sys.stdout.write(f"{answer['step']}: {answer['verdict']}\n")
    if answer["verdict"] == "reused":
        sys.stdout.write(f"its outputs are those of {answer['attempt']}\n")
    elif answer["compared_with"]:
        sys.stdout.write(f"compared with run {answer['compared_with']}:\n")
        for difference in answer["differences"] or [{"field": "nothing differs", "files": []}]:
            _write_difference(difference)
    return 0


def _write_difference(difference: dict[str, Any]) -> None:
    sys.stdout.write(f"  {difference['field']}")
    if "before" in difference:
        before, now = (json.dumps(difference[side])[:60] for side in ("before", "now"))
        sys.stdout.write(f": {before} -> {now}")
    sys.stdout.write("\n")
    for file in difference["files"]:
        sys.stdout.write(f"    {file['change']:<8} {file['path']}\n")


def _cancel(runs: Runs, options: Namespace) -> int:
    answer = runs.cancel(options.run)
    if options.json:
        return _print_json(answer)
    sys.stdout.write(f"{answer['run']} {answer['status']}\n")
    return 0


def _trial(context: Context, options: Namespace) -> int:
    from millwork.actions import trials
    from millwork.cli.arguments import read_arguments, read_pairs

    if options.number is None:
        return _print_json(trials.known(context, options.run, options.metric))
    tried = read_pairs("--set", "NAME=VALUE", options.set)
    wanted = trials.Wanted(
        options.run, options.number, tried, options.metric, read_arguments(options)
    )
    trials.drive(context, wanted, _tell)
    return 0


def _tell(content: object) -> None:
    """Prints a line of JSON for a driver; a driver that is gone is no reason to stop here."""
    try:
        _print_json(content)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_json(content: object) -> int:
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return 0
