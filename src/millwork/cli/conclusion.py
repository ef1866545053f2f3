"""The last words about a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def conclusion(result: Mapping[str, Any], logs: Mapping[str, str]) -> list[str]:
    """The last lines about a run: why it failed, its metrics, its outputs, how it ended."""
    lines: list[str] = []
    for step, text in logs.items():
        lines += [f"--- the end of the log of '{step}'", *text.splitlines(), "---"]
    metrics = [
        (f"{step['node']}.{name}", f"{value:,.6g}")
        for step in result["steps"]
        for name, value in step["metrics"].items()
    ]
    tables = _columns("metric", "value", metrics)
    tables += _columns("output", "where it lies", list(result["outputs"].items()))
    lines += ["", *tables] if tables else []
    for step in result["steps"]:
        lines += _batch_lines(step) if "batch" in step else ()
    end = f"run {result['run']} {result['status']}"
    only = result["steps"][0] if len(result["steps"]) == 1 else None
    reason = only["reason"] if only and only["reason"] else result["reason"]
    lines.append(f"{end}: {reason}" if reason else end)
    if result["status"] == "failed" and logs:
        lines.append(f"the whole log: millwork runs logs {result['run']}/{next(iter(logs))}")
    return lines


def _batch_lines(step: Mapping[str, Any]) -> list[str]:
    """What came of a step's batch: shards, items, and where those are told of that failed."""
    from millwork.cli.progress import progress_text  # a run without batches does not pay for it

    batch = step["batch"]
    line = f"{step['node']}: {progress_text(batch)}"
    if batch["carried_shards"]:
        line += f", {batch['carried_shards']} carried over"
    elif batch["nothing_carried"]:
        line += f", none carried over: {batch['nothing_carried']}"
    return [line, batch["failed_shards"]] if batch["failed_shards"] else [line]


def _columns(left: str, right: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    width = max(len(left), *(len(name) for name, _ in rows))
    lines = [f"{name:<{width}}  {value}" for name, value in [(left, right), *rows]]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:], ""]


def printable(text: str) -> str:
    """`text` with what could steer a terminal written as escapes; lines stay lines."""
    return "".join(
        letter if letter.isprintable() or letter in "\n\t" else repr(letter)[1:-1]
        for letter in text
    )
