"""`millwork runs ...`."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from millwork.actions import runs
from millwork.actions.cancel import cancel
from millwork.actions.why import why
from millwork.app.compose import open_context
from millwork.base.errors import BadRequest
from millwork.base.sizes import format_duration, format_size
from millwork.cli.conclusion import printable
from millwork.cli.tails import Tails

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable

    from rich.table import Table

    from millwork.actions.context import Context
    from millwork.ports import RunRow

_FOLLOW = 0.2


def run(options: Namespace) -> int:
    """Carries out one of the actions on runs."""
    context = open_context()
    if options.action == "list":
        return _list(context, options)
    if options.action == "logs":
        return _logs(context, options)
    if options.action == "show":
        return _show(context, options)
    if options.action == "outputs":
        return _outputs(context, options)
    if options.action == "why":
        return _why(context, options)
    if options.action == "resume":
        from millwork.cli import resume

        return resume.run(context, options)
    if options.action == "trial":
        return _trial(context, options)
    return _cancel(context, options)


def _list(context: Context, options: Namespace) -> int:
    if options.limit < 1:
        raise BadRequest("--limit is at least 1")
    listed = runs.listed(context, options.limit, with_trials=options.trials)
    if options.json:
        return _print_json(listed)
    if not listed:
        sys.stdout.write("no runs yet: millwork run FILE starts one\n")
        return 0
    table = _table("run", "name", "definition", "status", "started", "time")
    for row in listed:
        began = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["created"]))
        took = format_duration(row["seconds"])
        name = printable(row["name"])
        table.add_row(row["run"], name, row["definition"], _status(row), began, took)
    _draw(table)
    return 0


def _show(context: Context, options: Namespace) -> int:
    page = runs.shown(context, options.run)
    if options.json:
        return _print_json(page)
    lines = [f"{page['run']}  {page['name']}  ({page['definition']})  {page['status']}"]
    lines += [page["reason"]] if page["reason"] else []
    lines += [f"tags: {', '.join(f'{k}={v}' for k, v in page['tags'].items())}"] * bool(
        page["tags"]
    )
    experiment = page["facts"].get("experiment")
    lines += [f"experiment: {experiment}"] if experiment else []
    lines += [f"notes: {page['notes']}"] if page["notes"] else []
    sys.stdout.write(printable("\n".join(lines)) + "\n\n")
    table = _table("step", "status", "time", "cpu", "memory", "limits", "reason, metrics")
    for step in page["steps"]:
        _add_step(table, step)
    _draw(table)
    for name, path in page["outputs"].items():
        sys.stdout.write(f"output {name}: {path}\n")
    return 0


def _add_step(table: Table, step: dict[str, Any]) -> None:
    last = step["tries"][-1] if step["tries"] else {}
    usage = last.get("usage", {})
    cpu, memory = usage.get("cpu_seconds"), usage.get("peak_memory")
    metrics = "  ".join(f"{name}={value:g}" for name, value in step["metrics"].items())
    tried = f"{step['attempts']} attempts" if step["attempts"] > 1 else ""
    table.add_row(
        step["node"],
        _status(step),
        format_duration(step["seconds"]) if step["seconds"] is not None else "",
        f"{cpu:.1f} s" if cpu is not None else "",
        format_size(memory) if memory is not None else "",
        usage.get("limits", ""),
        printable("; ".join(part for part in (tried, step["reason"], metrics) if part)),
    )
    for earlier in step["tries"][:-1]:
        table.add_row(f"  attempt {earlier['number']}", _status(earlier), "", "", "", "",
                      printable(earlier["reason"]))  # fmt: skip
    for replica in last.get("replicas", ()):
        _add_replica(table, replica)


def _add_replica(table: Table, replica: dict[str, Any]) -> None:
    usage = replica["usage"]
    cpu, memory = usage.get("cpu_seconds"), usage.get("peak_memory")
    again = f" (start {replica['start']})" if replica["start"] > 1 else ""
    table.add_row(
        f"  {replica['replica']}{again}",
        _status(replica),
        format_duration(replica["seconds"]) if replica["seconds"] is not None else "",
        f"{cpu:.1f} s" if cpu is not None else "",
        format_size(memory) if memory is not None else "",
        usage.get("limits", ""),
        printable(replica["reason"]),
    )


def _logs(context: Context, options: Namespace) -> int:
    given, _, rest = options.run.partition("/")
    step, _, replica = rest.partition("/")
    row = runs.find(context, given)
    wanted = runs.logs_of(context, row, step, replica)
    if options.json:
        return _print_logs(context, row, wanted)
    tails = Tails(context.engine_of(row))
    tails.follow(wanted.processes)
    while options.follow and runs.is_running(context, row, wanted.attempt):
        _write(tails.read())
        time.sleep(_FOLLOW)
        tails.follow(runs.logs_of(context, row, step, replica).processes)
    _write(tails.finish())
    return 0


def _write(parts: Iterable[bytes]) -> None:
    for part in parts:
        sys.stdout.buffer.write(part)
    sys.stdout.flush()


def _print_logs(context: Context, run: RunRow, wanted: runs.Logs) -> int:
    """The whole log as one text, and that of each process if there are several."""
    texts = {process: _text(context, run, process) for _, process in wanted.processes}
    content: dict[str, Any] = {"run": run.id, "attempt": wanted.attempt}
    content["log"] = "".join(texts.values())
    if len(texts) > 1:
        content["logs"] = {process.partition("/")[2]: text for process, text in texts.items()}
    return _print_json(content)


def _text(context: Context, run: RunRow, process: str) -> str:
    tails = Tails(context.engine_of(run))
    tails.follow([("", process)])
    return b"".join(tails.finish()).decode("utf-8", "replace")


def _outputs(context: Context, options: Namespace) -> int:
    result = runs.result(context, options.run)
    if options.json:
        return _print_json(result["outputs"])
    for name, path in result["outputs"].items():
        sys.stdout.write(f"{name}\t{path}\n")
    return 0


def _why(context: Context, options: Namespace) -> int:
    given, _, step = options.run.partition("/")
    answer = why(context, given, step)
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


def _cancel(context: Context, options: Namespace) -> int:
    row = runs.find(context, options.run)
    if row.status != "running":
        raise BadRequest(f"{row.id} is over: it has {row.status}")
    status = cancel(context, row)
    if options.json:
        return _print_json({"run": row.id, "status": status})
    sys.stdout.write(f"{row.id} {status}\n")
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


def _status(row: dict[str, Any]) -> Any:
    from rich.text import Text

    from millwork.cli.live import STYLES

    return Text(row["status"], STYLES.get(row["status"], ""))


def _table(*columns: str) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in ("run", "step", "status"))
    return table


def _draw(table: Table) -> None:
    from rich.console import Console

    # A pipe has no width: lines must not be folded there. Names and reasons are no markup.
    width = None if sys.stdout.isatty() else 200
    Console(width=width, markup=False, emoji=False, highlight=False).print(table)
