"""What one date of a backfill costs, with all the processes that a scheduler consists of."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import cycles, measure
from bench.peers import venvs
from bench.peers.engines import PROGRAMS, STEP, Other
from bench.peers.process import DidNotRun, Start, bounded_cost
from bench.peers.table import BACKFILLERS, Peer
from millwork import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 400.0


@dataclass(frozen=True)
class Dated:
    """One engine's row; `why` says why there are no numbers, milliseconds of CPU otherwise."""

    name: str
    version: str
    processes: str
    dates: int = 0
    each: float = 0.0
    bare: float = 0.0
    why: str = ""

    @property
    def cells(self) -> list[str]:
        """Its row in the table."""
        head = [self.name, self.version, self.processes]
        if self.why:
            return [*head, self.why, "", ""]
        return [*head, str(self.dates), f"{self.each:.1f}", f"{self.each / self.bare:.1f}"]


def dated(names: list[str]) -> Iterator[Dated]:
    """A row for each engine whose package is named, or for all."""
    if not names or "millwork" in names:
        with tempfile.TemporaryDirectory() as folder:
            bare, parts = cycles.date_cost(Path(folder))
        yield Dated(
            "**Millwork**, mounts: none", __version__, "server, API, scheduler, driver",
            cycles.DATES, sum(parts.values()), bare,
        )  # fmt: skip
    for peer in BACKFILLERS:
        if not names or peer.package in names:
            yield _of_peer(peer)


def _of_peer(peer: Peer) -> Dated:
    row = Dated(peer.name, peer.version, peer.state)
    try:
        python = venvs.python_of(peer.package, peer.requirements)
        few, many = (_cost(peer, python, count) for count in (peer.chain, peer.fan))
    except venvs.NotInstalled:
        return Dated(**{**vars(row), "why": "skipped: cannot be installed here"})
    except DidNotRun as error:
        return Dated(**{**vars(row), "why": str(error)})
    with tempfile.TemporaryDirectory() as folder:
        bare = measure.bare_loop(60, 1, Path(folder)).cpu
    each = (many - few) / (peer.fan - peer.chain)
    return Dated(**{**vars(row), "dates": peer.fan, "each": each, "bare": bare})


def _cost(peer: Peer, python: Path, count: int) -> float:
    """Milliseconds of CPU of a backfill of so many dates, from an empty home on."""
    program = str(PROGRAMS / f"{peer.package.removeprefix('apache-')}_dates.py")
    with tempfile.TemporaryDirectory() as folder:
        engine, out = Other(peer, python, Path(folder)), Path(folder, "out")
        out.mkdir()
        known = engine.start("chain", count, out)
        env = {**known.env, "PEERS_STEP": "\n".join(STEP)}
        start = Start([str(python), program, str(count)], env, known.cwd)
        cost = bounded_cost(start, _PATIENCE).cpu
        wrote = len(list(out.iterdir()))
    if wrote < count:
        raise DidNotRun(f"{wrote} of {count} dates wrote their file")
    return cost
