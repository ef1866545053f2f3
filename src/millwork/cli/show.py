"""`millwork runs show`: one run, once or until it is over."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from millwork.base.sizes import format_duration, format_size
from millwork.cli.conclusion import printable
from millwork.cli.progress import progress_text, rate_text
from millwork.cli.tables import console, status_text, table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

    Shown = Callable[[str], Mapping[str, Any]]

_REDRAWN, _TOLD = 0.5, 1.0
_LONGEST = 300
_GOING = ("queued", "running")


def run(shown: Shown, options: Namespace) -> int:
    """Shows a run; with `--follow` again and again until nobody drives it."""
    page = shown(options.run)
    if options.follow and page["status"] in _GOING:
        page = _follow(shown, page, as_json=options.json)
    if options.json:
        sys.stdout.write(_json(page))
    else:
        _print(page)
    return 0


def _follow(shown: Shown, page: Mapping[str, Any], *, as_json: bool) -> Mapping[str, Any]:
    """Shows the run as it goes; what it is at the end."""
    if sys.stdout.isatty() and not as_json:
        return _redraw(shown, page)
    told = ""
    while page["status"] in _GOING:
        said = _json(page) if as_json else f"{_line(page)}\n"
        new = _json({**page, "seconds": 0}) if as_json else said
        if new != told:
            told = new
            sys.stdout.write(said)
            sys.stdout.flush()
        time.sleep(_TOLD)  # another process drives the run, and tells nobody of its steps
        page = shown(page["run"])
    return page


def _redraw(shown: Shown, page: Mapping[str, Any]) -> Mapping[str, Any]:
    from rich.console import Group
    from rich.live import Live

    with Live(console=console(), auto_refresh=False, transient=True) as live:
        while page["status"] in _GOING:
            live.update(Group(*_parts(page)), refresh=True)
            time.sleep(_REDRAWN)  # as often as people can read it
            page = shown(page["run"])
    return page


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False) + "\n"


def _line(page: Mapping[str, Any]) -> str:
    """The run in one line: what runs, and how far its batches are."""
    steps = page["steps"]
    ended = sum(step["status"] not in ("pending", "running") for step in steps)
    names = [
        f"{step['node']} {progress_text(step['batch'])}" if "batch" in step else step["node"]
        for step in steps
        if step["status"] == "running"
    ]
    line = f"{page['run']} {page['status']}, {ended} of {len(steps)} steps ended"
    return printable(": ".join(filter(None, (line, "; ".join(names)))))


def _print(page: Mapping[str, Any]) -> None:
    drawn = console()
    for part in _parts(page):
        drawn.print(part, soft_wrap=isinstance(part, str))
    for name, path in page["outputs"].items():
        sys.stdout.write(f"output {name}: {path}\n")


def _parts(page: Mapping[str, Any]) -> Iterator[RenderableType]:
    lines = [f"{page['run']}  {page['name']}  ({page['definition']})  {page['status']}"]
    lines += [page["reason"]] if page["reason"] else []
    lines += [f"tags: {', '.join(f'{k}={v}' for k, v in page['tags'].items())}"] * bool(
        page["tags"]
    )
    experiment = page["facts"].get("experiment")
    lines += [f"experiment: {experiment}"] if experiment else []
    lines += [f"notes: {page['notes']}"] if page["notes"] else []
    lines += _timing_lines(page["facts"].get("scheduling", {}))
    yield printable("\n".join(lines)) + "\n"
    steps = table("step", "status", "time", "cpu", "memory", "limits", "reason, metrics")
    for step in page["steps"]:
        _add_step(steps, step)
    yield steps
    for step in page["steps"]:
        if "batch" in step:
            yield from _batch_parts(step["node"], step["batch"])


def _timing_lines(scheduling: Mapping[str, Any]) -> list[str]:
    """A run's clocks, and the values of its scheduling parameters."""
    if not scheduling:
        return []
    bizdate, cyctime, zone = (scheduling[name] for name in ("bizdate", "cyctime", "timezone"))
    lines = [f"business date {bizdate}, scheduled time {cyctime} ({zone})"]
    return lines + [f"  {name} = {value}" for name, value in scheduling["values"].items()]


def _add_step(to: Table, step: Mapping[str, Any]) -> None:
    last = step["tries"][-1] if step["tries"] else {}
    metrics = "  ".join(f"{name}={value:g}" for name, value in step["metrics"].items())
    tried = f"{step['attempts']} attempts" if step["attempts"] > 1 else ""
    carried = _carried(last.get("usage", {}))
    says = "; ".join(part for part in (tried, step["reason"], carried, metrics) if part)
    _add_row(to, step["node"], step, last.get("usage", {}), says)
    for earlier in step["tries"][:-1]:
        to.add_row(f"  attempt {earlier['number']}", status_text(earlier), "", "", "", "",
                   printable(earlier["reason"]))  # fmt: skip
    for replica in last.get("replicas", ()):
        again = f" (start {replica['start']})" if replica["start"] > 1 else ""
        name = f"  {replica['replica']}{again}"
        _add_row(to, name, replica, replica["usage"], replica["reason"])


def _carried(usage: Mapping[str, Any]) -> str:
    """What an incremental batch has of an earlier run."""
    if "nothing_carried" in usage:
        return f"no shards carried over: {usage['nothing_carried']}"
    if "carried_shards" not in usage:
        return ""
    return f"{usage['carried_shards']} shards carried over from {usage['carried_from']}"


def _add_row(
    to: Table, name: str, row: Mapping[str, Any], usage: Mapping[str, Any], says: str
) -> None:
    cpu, memory = usage.get("cpu_seconds"), usage.get("peak_memory")
    to.add_row(
        name,
        status_text(row),
        format_duration(row["seconds"]) if row["seconds"] is not None else "",
        f"{cpu:.1f} s" if cpu is not None else "",
        format_size(memory) if memory is not None else "",
        usage.get("limits", ""),
        printable(says),
    )


def _batch_parts(step: str, batch: Mapping[str, Any]) -> Iterator[RenderableType]:
    """How far a batch is, its workers, what is slow, and what has failed."""
    yield f"\n{step}: {progress_text(batch)}"
    if batch["workers"]:
        rows = table("  worker", "done", "failed", "holds", "items", "items/s")
        for worker in batch["workers"]:
            rows.add_row(
                f"  {printable(worker['worker'])}",
                *(f"{worker[name]:,}" for name in ("done", "failed", "held", "items")),
                rate_text(worker["items_per_second"]),
            )
        yield rows
    for slow in batch["stragglers"]:
        copies = f", {slow['copies']} copies" if slow["copies"] > 1 else ""
        name = printable(slow["worker"])
        yield f"  shard {slow['shard']} on {name} for {slow['seconds']:.0f} s{copies}"
    for error in batch["errors"]:
        said = printable(error["error"]).strip().splitlines() or ["no reason was given"]
        yield f"  shard {error['shard']} failed: {said[-1][:_LONGEST]}"
        if error["log"]:
            yield f"    log: {error['log']}"
    if batch["failed_shards"]:
        yield f"  all that failed: {batch['failed_shards']}"
