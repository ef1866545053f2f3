"""What verbs answer, for people: lists as tables, one thing line by line."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from millwork.cli.conclusion import printable
from millwork.cli.tables import console, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_TIMES = frozenset({"created", "changed", "used", "expires", "time", "registered", "launched",
                    "ended", "modified"})  # fmt: skip
_MOST_COLUMNS = 8
_LONGEST = 60
_MOST_ROWS = 20


def show(answer: Any) -> None:
    """Prints an answer."""
    if isinstance(answer, str):
        sys.stdout.write(answer)
    elif isinstance(answer, dict) and isinstance(answer.get("items"), list):
        _show_page(answer)
    elif isinstance(answer, dict) and answer.get("kind") == "table" and "rows" in answer:
        _show_rows(answer)
    else:
        sys.stdout.writelines(f"{printable(line)}\n" for line in _lines(answer))


def _show_page(page: Mapping[str, Any]) -> None:
    items = page["items"]
    if items and isinstance(items[0], dict):
        _print_table(items)
    else:
        sys.stdout.writelines(f"{printable(str(item))}\n" for item in items)
    if not items:
        sys.stdout.write("none\n")
    for name, value in page.items():
        if name not in ("items", "next") and value not in (None, "", [], {}):
            sys.stdout.write(f"{name}: {printable(_word(name, value))}\n")
    show_more(page)


def show_more(page: Mapping[str, Any]) -> None:
    """Tells how the rest of a list is asked for, if there is any."""
    if page.get("next"):
        sys.stderr.write(f"millwork: there are more: --after {page['next']}\n")


def _show_rows(preview: Mapping[str, Any]) -> None:
    """The first rows of a table that is looked at, as many columns as have room."""
    columns, rows = preview["columns"], preview["rows"]
    made = table(*map(printable, columns[:_MOST_COLUMNS]))
    for row in rows[:_MOST_ROWS]:
        made.add_row(*(printable(cell)[:_LONGEST] for cell in row[:_MOST_COLUMNS]))
    console().print(made)
    more = [] if preview["is_whole"] and len(rows) <= _MOST_ROWS else ["there are more rows"]
    if len(columns) > _MOST_COLUMNS:
        more.append(f"{len(columns) - _MOST_COLUMNS} more columns")
    if more:
        sys.stderr.write(f"millwork: {'; '.join(more)}: --json has what was read\n")


def _print_table(items: Sequence[Mapping[str, Any]]) -> None:
    columns = [name for name in items[0] if any(_is_told(item.get(name)) for item in items)]
    kinds = {item.get("kind") for item in items}
    columns = [name for name in columns if name != "kind" or len(kinds) > 1][:_MOST_COLUMNS]
    made = table(*columns)
    if made.columns:
        made.columns[0].no_wrap = True
    for item in items:
        made.add_row(*(printable(_word(name, item.get(name)))[:_LONGEST] for name in columns))
    console().print(made)


def _is_told(value: Any) -> bool:
    """Whether a value has room in a row, and says anything."""
    if isinstance(value, dict):
        return bool(value) and not any(isinstance(inner, dict | list) for inner in value.values())
    if isinstance(value, list):
        return bool(value) and not any(isinstance(inner, dict | list) for inner in value)
    return value not in (None, "")


def _lines(value: Any, indent: str = "") -> Iterator[str]:
    """A thing with a line for each of its fields; what is empty is left out."""
    for name, inner in value.items():
        if inner in (None, "", [], {}):
            continue
        is_list = isinstance(inner, list) and isinstance(inner[0], dict)
        if isinstance(inner, dict):
            yield f"{indent}{name}:"
            yield from _lines(inner, f"{indent}  ")
        elif is_list:
            yield f"{indent}{name}:"
            for each in inner:
                first, *rest = list(_lines(each, f"{indent}    ")) or [""]
                yield f"{indent}  - {first.strip()}"
                yield from rest
        elif isinstance(inner, str) and "\n" in inner:
            yield f"{indent}{name}:"
            yield from (f"{indent}  {line}" for line in inner.splitlines())
        else:
            yield f"{indent}{name}: {_word(name, inner)}"


def _word(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _TIMES and isinstance(value, int | float):
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(value)) if value else ""
    if isinstance(value, dict):
        return ", ".join(f"{key}={_word(key, inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_word("", inner) for inner in value)
    return str(value)
