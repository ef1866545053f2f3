"""The report of a sweep: one page with a chart of its trials and a table, without any script."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Mapping, NamedTuple, Optional

if TYPE_CHECKING:
    from typing import List, Sequence, Tuple


_WIDTH, _HEIGHT = 760, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 16, 14, 40
_LINES = 5
_SVG = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" aria-label="{{}}">'
_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem; color: #1b1f24; background: #fff }
svg { max-width: 100%; height: auto } h1 { font-size: 1.3rem }
table { border-collapse: collapse; margin-top: 1rem } td, th { padding: .2rem .8rem .2rem 0 }
th { text-align: left; border-bottom: 1px solid #c5cbd3 } td { border-bottom: 1px solid #eceff2 }
td.n { text-align: right; font-variant-numeric: tabular-nums } tr.best td { font-weight: 600 }
.grid { stroke: #e3e7eb } .label { fill: #57606a; font-size: 12px }
.succeeded { fill: #0b6bcb; stroke: #0b6bcb } .stopped { fill: #fff; stroke: #b35900 }
.other { stroke: #c0262d } .line { fill: none; stroke: #1a7f37; stroke-width: 1.5 }
.chosen { fill: none; stroke: #1a7f37; stroke-width: 2 }
"""


class Row(NamedTuple):
    """One trial: `metric` is None if it came to no value."""

    number: int
    run: str
    status: str
    reason: str
    values: Mapping[str, str]
    metric: Optional[float]


def page(title: str, metric: str, goal: str, rows: Sequence[Row], best: int) -> str:
    """A whole HTML page; `best` is the number of the best trial, 0 if there is none."""
    found = next((row for row in rows if row.number == best), None)
    told = (
        f"Best: trial {best}, {metric} = {found.metric:g}"
        if found and found.metric is not None
        else f"No trial has come to a value of {metric} yet"
    )
    return "\n".join([
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(told)} ({escape(goal)}; {len(rows)} trials)</p>",
        chart(metric, goal, rows, best),
        _table(metric, rows, best),
        "</body></html>\n",
    ])  # fmt: skip


def chart(metric: str, goal: str, rows: Sequence[Row], best: int) -> str:
    """The metric over the number of the trial, with the best so far as a line, as SVG."""
    measured = [(row, row.metric) for row in rows if row.metric is not None]
    scale = _Scale([value for _, value in measured], max((row.number for row in rows), default=1))
    parts = [_SVG.format(escape(metric)), *scale.axes(metric)]
    parts.append(f'<path class="line" d="{_line(goal, measured, scale)}"/>')
    for row in rows:
        x, name = scale.x(row.number), escape(_told(metric, row))
        if row.metric is None:
            parts.append(
                f'<path class="other" d="M{x - 3:.1f} {_HEIGHT - _BOTTOM - 6}l6 6m-6 0l6 -6">'
                f"<title>{name}</title></path>"
            )
            continue
        y = scale.y(row.metric)
        kind = "succeeded" if row.status == "succeeded" else "stopped"
        if row.number == best:
            parts.append(f'<circle class="chosen" cx="{x:.1f}" cy="{y:.1f}" r="8"/>')
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4"><title>{name}</title></circle>'
        )
    return "\n".join([*parts, "</svg>"])


class _Scale:
    """Where numbers stand in the picture."""

    def __init__(self, values: Sequence[float], count: int) -> None:
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        rest = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        self._low, self._high = low - rest, high + rest
        self._count = max(count, 1)

    def x(self, number: int) -> float:
        """The middle of a trial's column."""
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (number - 0.5) / self._count

    def y(self, value: float) -> float:
        """The height of a value."""
        share = (value - self._low) / (self._high - self._low)
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share

    def axes(self, metric: str) -> List[str]:
        """Lines with their values, the numbers of the trials, and what both are."""
        parts = []
        for line in range(_LINES):
            value = self._low + (self._high - self._low) * line / (_LINES - 1)
            y = self.y(value)
            parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
            parts.append(
                f'<text class="label" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
                f"{value:.4g}</text>"
            )
        parts.extend(
            f'<text class="label" x="{self.x(number):.1f}" y="{_HEIGHT - _BOTTOM + 16}" '
            f'text-anchor="middle">{number}</text>'
            for number in range(1, self._count + 1, math.ceil(self._count / 20))
        )
        parts.append(
            f'<text class="label" x="{_LEFT}" y="{_HEIGHT - 6}">{escape(metric)} by trial; '
            "line: best so far; hollow: stopped early; cross: no value</text>"
        )
        return parts


def _line(goal: str, measured: Sequence[Tuple[Row, float]], scale: _Scale) -> str:
    path, best = "", None
    for row, value in measured:
        if row.status != "succeeded":
            continue
        better = best is None or (value > best if goal == "maximize" else value < best)
        best = value if better or best is None else best
        x, y = scale.x(row.number), scale.y(best)
        path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    return path


def _told(metric: str, row: Row) -> str:
    values = ", ".join(f"{name}={value}" for name, value in row.values.items())
    found = row.reason or row.status if row.metric is None else f"{metric}={row.metric:g}"
    return f"trial {row.number}: {values}: {found}"


def _table(metric: str, rows: Sequence[Row], best: int) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    head = "".join(
        f"<th>{escape(name)}</th>" for name in ("trial", metric, *names, "status", "run")
    )
    lines = [f"<table><tr>{head}</tr>"]
    for row in rows:
        shown = "" if row.metric is None else f"{row.metric:g}"
        cells = "".join(f'<td class="n">{text}</td>' for text in (row.number, shown))
        status = f"{row.status}: {row.reason}" if row.reason else row.status
        texts = (*(row.values.get(name, "") for name in names), status, row.run)
        cells += "".join(f"<td>{escape(text)}</td>" for text in texts)
        mark = ' class="best"' if row.number == best else ""
        lines.append(f"<tr{mark}>{cells}</tr>")
    return "\n".join([*lines, "</table>"])
