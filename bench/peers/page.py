"""The tables of docs/peers.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bench.peers.dates import Dated
    from bench.peers.kills import Aftermath
    from bench.peers.slopes import Slope

PAGE = Path(__file__).resolve().parents[2] / "docs" / "peers.md"
START, END = "<!-- peers -->\n", "<!-- end -->"
SHAPES = ("chain", "fan")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(*cells: str) -> tuple[str, str]:
    return _line(cells), "|" + "---|" * len(cells)


_COST = ("CPU ms a step", "CPU x bare", "wall x bare")
COSTS = _head(
    "engine", "version", "state it keeps", "steps, chain / fan-out",
    *(f"chain: {name}" for name in _COST),
    *(f"fan-out: {name}" for name in _COST), "CPU s, run of one step",
)  # fmt: skip
KILLS = _head(
    "engine", "how it is started again", "starts of steps 1, 2, 3", "step 2 twice at once",
    "the restart ended with",
)  # fmt: skip
DATES = _head(
    "engine", "version", "processes", "dates", "CPU ms a date", "CPU x bare",
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """What was found out about one engine; a shape that could not be measured has a word."""

    name: str
    version: str
    state: str = ""
    again: str = ""
    slopes: Mapping[str, Slope | str] = field(default_factory=dict)
    kill: Aftermath | str = ""
    skipped: str = ""

    @property
    def known(self) -> list[Slope]:
        """The shapes that were measured."""
        return [slope for slope in self.slopes.values() if not isinstance(slope, str)]


def cost_line(result: Result) -> str:
    """An engine's row of the first table."""
    head = [result.name, result.version, result.state]
    if result.skipped:
        return _line([*head, result.skipped, *[""] * 7])
    slopes = [result.slopes.get(shape, "-") for shape in SHAPES]
    counts = " / ".join("-" if isinstance(slope, str) else str(slope.count) for slope in slopes)
    cells = [cell for slope in slopes for cell in _cells(slope)]
    single = [slope.single.cpu / 1000 for slope in result.known]
    fixed = f"{sum(single) / len(single):.2f}" if single else ""
    return _line([*head, counts, *cells, fixed])


def _cells(slope: Slope | str) -> list[str]:
    if isinstance(slope, str):
        return [slope, "", ""]
    times, error = slope.times, slope.times_error
    return [
        _with_error(slope.each.cpu, slope.error.cpu),
        _with_error(times.cpu, error.cpu),
        _with_error(times.wall, error.wall),
    ]


def _with_error(value: float, error: float) -> str:
    """The value, and the error where it is a tenth of it or more."""
    return f"{value:.1f}" if error < value / 10 else f"{value:.1f} ± {error:.1f}"


def kill_line(result: Result) -> str:
    """An engine's row of the second table."""
    head, kill = [result.name, result.again], result.kill
    if result.skipped or isinstance(kill, str):
        return _line([*head, result.skipped or str(kill), "", ""])
    starts = ", ".join(map(str, kill.starts))
    return _line([*head, starts, "yes" if kill.at_once else "no", f"exit code {kill.code}"])


def date_line(row: Dated) -> str:
    """An engine's row of the third table."""
    return _line(row.cells)


def bare_line(results: Sequence[Result]) -> str:
    """The bare loop's row: the least and the most that it took."""
    cells = []
    for shape in SHAPES:
        found = [result.slopes.get(shape, "") for result in results]
        cpu = [slope.bare.cpu for slope in found if not isinstance(slope, str)]
        cells += [f"{min(cpu):.1f} to {max(cpu):.1f}" if cpu else "", "1", "1"]
    return _line(["bare loop of subprocesses", "", "none", "60 / 60", *cells, ""])


def machine() -> str:
    """The day and the machine, without its name."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    kernel = ".".join(platform.release().split(".")[:2])
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, {memory:.0f} GiB, "
        f"Linux {kernel}, Python {platform.python_version()}."
    )


def tables(results: Sequence[Result], dates: Sequence[Dated]) -> str:
    """The tables, as they stand between the marks."""
    costs = [*COSTS, bare_line(results), *map(cost_line, results)]
    kills = [*KILLS, *map(kill_line, results)]
    parts = [machine(), "### What a step costs", "\n".join(costs)]
    parts += ["### Killed in mid-step, and started again", "\n".join(kills)]
    lines = [*DATES, *map(date_line, dates)]
    parts += ["### A backfilled date of one step", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def renewed(text: str, new: str) -> str:
    """A page with `new` between its marks."""
    head, _, rest = text.partition(START)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"no {START.strip()} with an {END} after it")
    return f"{head}{START}\n{new}\n{END}{tail}"
