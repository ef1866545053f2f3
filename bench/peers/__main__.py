"""`make peers`: measures every engine and writes the tables of docs/peers.md.

Names of packages, `millwork` among them, may be given to measure only those and write nothing.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.peers import dates, page, venvs
from bench.peers.engines import PARALLEL, Millwork, Other
from bench.peers.kills import Aftermath, after_kill
from bench.peers.page import Result
from bench.peers.process import DidNotRun
from bench.peers.slopes import Slope, measured, warm_up
from bench.peers.table import PEERS, Peer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.peers.engines import Engine


def examined(make: Callable[[Path], Engine], folder: Path) -> Result:
    """Everything about the engine of a folder; what it fails at is a word in its place."""
    engine = make(folder / "costs")
    slopes: dict[str, Slope | str] = {}
    for shape in PARALLEL:
        try:
            if not slopes:
                warm_up(engine)
            slopes[shape] = measured(engine, shape)
        except DidNotRun as error:
            slopes[shape] = str(error)
    kill: Aftermath | str
    try:
        kill = after_kill(make(folder / "kill"))
    except DidNotRun as error:
        kill = str(error)
    return Result(engine.name, engine.version, engine.state, engine.again, slopes, kill)


def peer_result(peer: Peer, folder: Path) -> Result:
    """A peer's result, or that it cannot be installed here."""
    try:
        python = venvs.python_of(peer.package, peer.requirements)
    except venvs.NotInstalled as error:
        print(f"{peer.name}: {error}", file=sys.stderr)
        word = "skipped: cannot be installed here"
        return Result(peer.name, peer.version, peer.state, peer.again, skipped=word)
    return examined(partial(Other, peer, python), folder)


def main(names: list[str]) -> int:
    """Prints a row as each engine is done, then writes; returns 1 if Millwork could not run."""
    results = []
    works: list[str | Peer] = ["none", "ml", *PEERS]
    print("\n".join(page.COSTS))
    for work in works:
        name = work.package if isinstance(work, Peer) else "millwork"
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            if isinstance(work, Peer):
                result = peer_result(work, Path(folder))
            else:
                result = examined(partial(Millwork, work), Path(folder))
        results.append(result)
        print(page.cost_line(result), flush=True)
    print("\n".join(["", *page.KILLS, *map(page.kill_line, results)]))
    print("\n".join(["", *page.DATES]))
    rows = []
    for row in dates.dated(names):
        rows.append(row)
        print(page.date_line(row), flush=True)
    if not names:
        text = page.PAGE.read_text(encoding="utf-8")
        page.PAGE.write_text(page.renewed(text, page.tables(results, rows)), encoding="utf-8")
    return 0 if all(result.known for result in results if "Millwork" in result.name) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
