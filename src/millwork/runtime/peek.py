"""Columns found by looking, without doing the work: `python . --peek` answers a line each.

A question is `{"path": ...}`, the columns of the table there, and with `"rows": N` its first rows
and how many there are; or `{"function": "source.read_csv", "members": [...], "parameters": {...},
"inputs": {port: {"path": ...} or {"columns": [[name, type], ...]}}}`, the columns that a function
would give: those that a function `NAME_columns` beside it tells, or else those of what it returns.
The answer is
`{"outputs": {port: [[name, type], ...]}}`, a path's port being `table`; `{"refused": "one line"}`
if its step would end so; or `{"error": "one line"}`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from . import dtypes, tables
from .problems import StepError
from .step import found_function

if TYPE_CHECKING:
    from collections.abc import Callable

_CPU = 5, 6  # seconds
_MEMORY, _FILE = 8 << 30, 16 << 20  # bytes of addresses, bytes of a file


def main(_words: list[str]) -> int:
    """Answer until there is no question left."""
    resource.setrlimit(resource.RLIMIT_CPU, _CPU)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE, _FILE))
    answer_all(sys.stdin, sys.stdout)
    return 0


def answer_all(questions: IO[str], answers: IO[str]) -> None:
    """One line of JSON for each line of JSON."""
    for line in questions:
        answers.write(json.dumps(answer(json.loads(line)), ensure_ascii=False) + "\n")
        answers.flush()


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """What is found, or why nothing is."""
    try:
        if "rows" in question:
            return _first_rows(Path(question["path"]), question["rows"])
        if "path" in question:
            return {"outputs": {"table": _columns(tables.scan(Path(question["path"])))}}
        return {"outputs": _asked(question)}
    except StepError as error:
        return {"refused": str(error)}
    except Exception as error:  # whatever a library says of somebody's file
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        return {"error": text[:500]}


def _first_rows(path: Path, count: int) -> dict[str, Any]:
    """The first rows of a table as texts, a missing value as an empty one."""
    table = tables.scan(path)
    frame, total = table.head(count).collect(), table.select(pl.len()).collect().item()
    rows = [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()]
    return {"outputs": {"table": _columns(frame.lazy())}, "rows": rows, "total": total}


def _asked(question: dict[str, Any]) -> dict[str, Any]:
    function = _telling(question["function"])
    inputs = {port: _input(given) for port, given in question["inputs"].items()}
    result = function(*question["members"], **inputs, **question["parameters"])
    outputs = result if isinstance(result, dict) else {"table": result}
    return {
        port: _columns(frame.lazy())
        for port, frame in outputs.items()
        if isinstance(frame, pl.LazyFrame | pl.DataFrame)
    }


def _telling(name: str) -> Callable[..., Any]:
    """The function that tells the columns: the one beside, or that which does the work."""
    try:
        return found_function(f"{name}_columns")
    except AttributeError:
        return found_function(name)


def _input(given: dict[str, Any]) -> Any:
    if "path" in given:
        return Path(given["path"])
    return pl.LazyFrame(schema={name: dtypes.named(text) for name, text in given["columns"]})


def _columns(frame: pl.LazyFrame) -> list[list[str]]:
    return [[name, str(dtype)] for name, dtype in frame.collect_schema().items()]
