"""What a step costs: the slope between a run of one step and a run of many."""

from __future__ import annotations

import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import measure
from bench.measure import Cost
from bench.peers.engines import PARALLEL, Millwork
from bench.peers.process import DidNotRun, bounded_cost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bench.peers.engines import Engine

BARE_STEPS = 60


@dataclass(frozen=True)
class Slope:
    """One step's cost bare and in a run, and the cost of a run of one step; milliseconds.

    `error` is what a step's cost may be off by because runs of one step differ among themselves.
    """

    count: int
    bare: Cost
    each: Cost
    single: Cost
    error: Cost

    @property
    def times(self) -> Cost:
        """How many times the bare loop's cost a step has."""
        return Cost(self.each.cpu / self.bare.cpu, self.each.wall / self.bare.wall)

    @property
    def times_error(self) -> Cost:
        """What `times` may be off by for the same reason."""
        return Cost(self.error.cpu / self.bare.cpu, self.error.wall / self.bare.wall)


def slope(count: int, bares: Sequence[Cost], singles: Sequence[Cost], many: Cost) -> Slope:
    """From what was measured before and after the run of `count` steps, and that run's cost."""
    bare, one = _over(statistics.mean, bares), _over(statistics.median, singles)
    error = _over(lambda values: (max(values) - min(values)) / 2, singles)
    return Slope(count, bare, (many - one).each(count - 1), one, error.each(count - 1))


def _over(function: Callable[[list[float]], float], costs: Sequence[Cost]) -> Cost:
    return Cost(function([cost.cpu for cost in costs]), function([cost.wall for cost in costs]))


def measured(engine: Engine, shape: str) -> Slope:
    """Bare, one step, many, one step, bare. Raises DidNotRun."""
    count, parallel = engine.sizes[shape], PARALLEL[shape]
    bares = [measure.bare_loop(BARE_STEPS, parallel, engine.home)]
    singles = [_run(engine, shape, 1), _run(engine, shape, 1)]
    many = _run(engine, shape, count)
    singles += [_run(engine, shape, 1), _run(engine, shape, 1)]
    bares.append(measure.bare_loop(BARE_STEPS, parallel, engine.home))
    return slope(count, bares, singles, many)


def warm_up(engine: Engine) -> None:
    """A run of one step that does not count: it makes the engine's home. Raises DidNotRun."""
    _run(engine, "chain", 1)


def _run(engine: Engine, shape: str, count: int) -> Cost:
    """One run, of which every step must have written its file."""
    with tempfile.TemporaryDirectory(dir=engine.home.parent) as out:
        cost = bounded_cost(engine.start(shape, count, Path(out)))
        wrote = len(list(Path(out).iterdir()))
    if not isinstance(engine, Millwork) and wrote != count:
        raise DidNotRun(f"{wrote} of {count} steps wrote their file")
    return cost
