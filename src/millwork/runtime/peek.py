"""Columns found by looking, without doing the work: `python . --peek` answers a line each.

A question is `{"path": ...}`, the columns of the table there; or `{"function": "source.read_csv",
"members": [...], "parameters": {...}, "inputs": {port: {"path": ...} or {"columns": [[name, type],
...]}}}`, the columns that a function would give. The answer is `{"outputs": {port: [[name, type],
...]}}`, a path's port being `table`; `{"refused": "one line"}` if its step would end with that; or
`{"error": "one line"}`.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from pathlib import Path
from typing import IO, Any, cast

import polars as pl

from . import tables
from .problems import StepError
from .step import found_function

_CPU, _MEMORY, _FILE = 20, 8 << 30, 16 << 20  # seconds, bytes of addresses, bytes of a file
_TEMPORAL = re.compile(
    r"(Datetime|Duration)\(time_unit='(ms|us|ns)'(?:, time_zone=(?:None|'(.+)'))?\)"
)


def main(_words: list[str]) -> int:
    """Answer until there is no question left."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))
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
        if "path" in question:
            return {"outputs": {"table": _columns(tables.scan(Path(question["path"])))}}
        return {"outputs": _asked(question)}
    except StepError as error:
        return {"refused": str(error)}
    except Exception as error:  # whatever a library says of somebody's file
        text = str(error).strip().partition("\n")[0] or type(error).__name__
        return {"error": text[:500]}


def _asked(question: dict[str, Any]) -> dict[str, Any]:
    function = found_function(question["function"])
    inputs = {port: _input(given) for port, given in question["inputs"].items()}
    result = function(*question["members"], **inputs, **question["parameters"])
    outputs = result if isinstance(result, dict) else {"table": result}
    return {
        port: _columns(frame.lazy())
        for port, frame in outputs.items()
        if isinstance(frame, pl.LazyFrame | pl.DataFrame)
    }


def _input(given: dict[str, Any]) -> Any:
    if "path" in given:
        return Path(given["path"])
    return pl.LazyFrame(schema={name: _dtype(text) for name, text in given["columns"]})


def _columns(frame: pl.LazyFrame) -> list[list[str]]:
    return [[name, str(dtype)] for name, dtype in frame.collect_schema().items()]


def _dtype(text: str) -> Any:
    """The polars type of that name; TypeError for one that is made of others."""
    match = _TEMPORAL.fullmatch(text)
    if match and match[1] == "Datetime":
        return pl.Datetime(cast("Any", match[2]), match[3])
    if match:
        return pl.Duration(cast("Any", match[2]))
    found = getattr(pl, text, None) if text.isalnum() else None
    if not (isinstance(found, type) and issubclass(found, pl.DataType)):
        raise TypeError(f"columns of type {text} are known only when it runs")
    return found
