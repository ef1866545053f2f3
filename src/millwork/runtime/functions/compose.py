"""Reports put together of words, tables, and sections of other reports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import reports, tables
from ..problems import StepError, listed
from ..reports import MOST_BARS, MOST_POINTS, MOST_ROWS, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

_PLACE = re.compile(r"\{\s*(\w+)\s*(?::([^|{}]*))?(?:\|([^{}]*))?\}")
_HEADING = re.compile(r"#{1,6}\s+(.*)")


def compose_report(
    *,
    first: Path,
    second: Path | None = None,
    third: Path | None = None,
    fourth: Path | None = None,
    fifth: Path | None = None,
    sixth: Path | None = None,
    title: str,
    text: str = "",
) -> Report:
    """One report of what comes in, and of words about it."""
    given = {
        "first": first, "second": second, "third": third, "fourth": fourth, "fifth": fifth,
        "sixth": sixth,
    }  # fmt: skip
    paths = {place: path for place, path in given.items() if path is not None}
    report = Report(title)
    plan = text if text.strip() else "\n\n".join(f"{{{place}}}" for place in paths)
    for heading, words, found in _parts(plan):
        if found is None:
            report.add("text", heading, text=words)
            continue
        place, what, other = (each.strip() for each in found.groups(""))
        if place not in paths:
            raise StepError(f"text: nothing comes in at '{place}'; there are: {listed(paths)}")
        if (paths[place] / reports.FILE).is_file():
            _add_sections(report, place, reports.read(paths[place]), what, other)
        else:
            _add_table(report, place, tables.scan(paths[place]), what, other)
    return report


def _parts(plan: str) -> Iterator[tuple[str, str, re.Match[str] | None]]:
    """Words under their heading, and between them what is to be shown."""
    heading, words = "", ""
    for paragraph in re.split(r"\n\s*\n", plan.strip()):
        lines = paragraph.strip()
        place, title = _PLACE.fullmatch(lines), _HEADING.fullmatch(lines)
        if not (place or title):
            line = " ".join(lines.split())
            words = f"{words}\n\n{line}" if words else line
            continue
        if heading or words:
            yield heading, words, None
        heading, words = title[1] if title else "", ""
        if place:
            yield "", "", place
    if heading or words:
        yield heading, words, None


def _add_sections(
    report: Report, place: str, content: Mapping[str, Any], what: str, title: str
) -> None:
    """The sections of a report whose titles begin with `what`, or that are of that kind."""
    sections = content["sections"]
    chosen = [each for each in sections if each["kind"] == what or each["title"].startswith(what)]
    if not chosen:
        titles = listed(f"'{each['title']}'" for each in sections)
        raise StepError(f"text: the report at '{place}' has no section '{what}'; it has: {titles}")
    for each in chosen:
        fields = {key: value for key, value in each.items() if key not in _HEAD}
        report.add(each["kind"], title or each["title"], each["note"], **fields)


_HEAD = ("kind", "title", "note")


def _add_table(report: Report, place: str, table: pl.LazyFrame, what: str, title: str) -> None:
    """A table, shown in one of the ways."""
    show = _WAYS.get(what or "table")
    if show is None:
        raise StepError(f"text: '{place}' is a table, shown as {listed(_WAYS)}, and not '{what}'")
    show(report, place, table, title)


def _as_table(report: Report, _place: str, table: pl.LazyFrame, title: str) -> None:
    rows = tables.height(table)
    note = f"The first {MOST_ROWS:,} of {rows:,} are shown." if rows > MOST_ROWS else ""
    shown = tables.collected(table.head(MOST_ROWS))
    report.table(title, shown.columns, shown.rows(), note)


def _as_metrics(report: Report, place: str, table: pl.LazyFrame, title: str) -> None:
    names, columns = _named_numbers(place, table, 1000)
    report.metrics(title, dict(zip(names, columns[next(iter(columns))], strict=True)))


def _as_bars(report: Report, place: str, table: pl.LazyFrame, title: str) -> None:
    names, columns = _named_numbers(place, table, MOST_BARS + 1)
    report.add(
        "bar",
        title,
        x_label=table.collect_schema().names()[0],
        y_label=next(iter(columns)) if len(columns) == 1 else "",
        categories=[str(name) for name in names],
        series=[{"name": name, "y": values} for name, values in columns.items()],
    )


def _as_lines(report: Report, place: str, table: pl.LazyFrame, title: str) -> None:
    places, columns = _named_numbers(place, table, MOST_POINTS)
    x = [each if isinstance(each, int | float) else str(each) for each in places]
    report.add(
        "line",
        title,
        x_label=table.collect_schema().names()[0],
        y_label=next(iter(columns)) if len(columns) == 1 else "",
        series=[{"name": name, "x": x, "y": values} for name, values in columns.items()],
    )


def _named_numbers(
    place: str, table: pl.LazyFrame, most: int
) -> tuple[list[Any], dict[str, list[Any]]]:
    """The first column, and those after it that hold numbers; StepError if there are none."""
    schema = table.collect_schema()
    wanted = [name for name in schema.names()[1:] if tables.is_number(schema[name])]
    if not wanted:
        raise StepError(f"text: '{place}' needs a first column of names, then columns of numbers")
    found = tables.collected(table.head(most))
    return found.to_series(0).to_list(), {name: found[name].to_list() for name in wanted}


_WAYS: dict[str, Callable[[Report, str, Any, str], None]] = {
    "table": _as_table,
    "metrics": _as_metrics,
    "bar": _as_bars,
    "line": _as_lines,
}
