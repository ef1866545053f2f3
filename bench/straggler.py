"""Draws docs/images/straggler.svg from a real run: `python -m bench.straggler [FILE]`.

Four workers, one eight times slower than the others, share 80 shards that sleep. Each notes when it
began and ended a shard; which result was accepted is what the run's rows say.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from bench.home import Home

if TYPE_CHECKING:
    from collections.abc import Iterable

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "straggler.svg"
SHARDS, WORKERS, SECONDS, SLOWER = 80, 4, 0.3, 8
SLOW = f"worker-{WORKERS - 1}"
PROGRAM = f"""
import json, os, time
from millwork_worker import shards

name = os.environ["MILLWORK_WORKER_NAME"]
seconds = {SECONDS} * ({SLOWER} if name == "{SLOW}" else 1)
for shard in shards():
    begun = time.time()
    try:
        time.sleep(seconds)  # the work, of known length
        with shard.output("all") as out:
            print(shard.id, file=out)
    finally:  # one that is no longer wanted is ended in its sleep
        print(json.dumps([name, int(shard.id), begun, time.time()]), flush=True)
"""
FIELDS = {
    "job_type": "ElasticBatchJob",
    "batch": {"input": "files", "split": {"files": 1}, "append": "all"},
    "inputs": {"files": {"type": "folder"}},
    "outputs": {"result": {"type": "folder"}},
}

LEFT, TOP, WIDTH, LANE, GAP, RIGHT = 88, 66, 720, 44, 12, 24
INK, SOFT, LINE, MARK = "#1f2933", "#52606d", "#d9e2ec", "#b42318"


@dataclass(frozen=True)
class Try:
    """One worker's time on one shard, in seconds since the first began."""

    worker: str
    shard: int
    begin: float
    end: float
    is_copy: bool
    is_accepted: bool


def measured(folder: Path) -> list[Try]:
    """Runs the batch; every try of every shard. Raises RuntimeError if the run does not succeed."""
    home = Home(folder)
    home.component("straggler", "python3 main.py", **FIELDS)
    (folder / "straggler" / "main.py").write_text(PROGRAM)
    (folder / "files").mkdir()
    for number in range(SHARDS):
        (folder / "files" / f"{number:02}").write_text("")
    component, files = str(folder / "straggler"), f"files={folder / 'files'}"
    done = home.call("run", component, "-i", files, "--replicas", str(WORKERS))
    if done.returncode:
        raise RuntimeError(done.stderr)
    logs = sorted(home.path.glob("attempts/*/worker-*/log"))
    noted = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    with closing(sqlite3.connect(home.path / "millwork.db")) as database:
        accepted = dict(database.execute("SELECT shard, worker FROM shard WHERE status = 'done'"))
    return _tries(noted, {shard: name.partition("/")[0] for shard, name in accepted.items()})


def _tries(noted: Iterable[tuple[str, int, float, float]], accepted: dict[int, str]) -> list[Try]:
    by_time = sorted(noted, key=lambda each: each[2])
    zero, seen, found = by_time[0][2], set[int](), []
    for worker, shard, begin, end in by_time:
        is_mine = accepted[shard] == worker
        found.append(Try(worker, shard, begin - zero, end - zero, shard in seen, is_mine))
        seen.add(shard)
    return found


def drawn(tries: list[Try]) -> str:
    """The picture: a lane a worker, time from left to right, a colour a shard."""
    workers = sorted({each.worker for each in tries})
    end = max(each.end for each in tries if each.is_accepted)
    last = max(each.end for each in tries)
    scale = WIDTH / (int(last) + 1)
    bottom = TOP + len(workers) * (LANE + GAP)
    width, height = LEFT + WIDTH + RIGHT, bottom + 74
    box = {"viewBox": f"0 0 {width} {height}", "role": "img", "font-family": "sans-serif"}
    svg = ET.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **box})
    ET.SubElement(svg, "title").text = _told(tries, end)
    # A ground of its own: the page around it may be light or dark.
    _box(svg, 0.5, 0.5, width - 1, height - 1, fill="#ffffff", stroke=LINE, rx="8")
    _text(svg, 16, 28, f"{len({t.shard for t in tries})} shards, {len(workers)} workers", 16, INK)
    _text(svg, 16, 48, f"{SLOW} is {SLOWER} times slower than the others", 13, SOFT)
    for second in range(int(last) + 2):
        at = LEFT + second * scale
        _line(svg, at, TOP - 6, at, bottom, LINE)
        _text(svg, at, bottom + 16, f"{second} s", 12, SOFT, "middle")
    for row, worker in enumerate(workers):
        top = TOP + row * (LANE + GAP)
        _text(svg, LEFT - 10, top + LANE / 2 + 4, worker, 13, INK, "end")
        for each in tries:
            if each.worker == worker:
                _draw_try(svg, each, LEFT + each.begin * scale, top, each.end - each.begin, scale)
    _line(svg, LEFT + end * scale, TOP - 12, LEFT + end * scale, bottom, INK, "4 3")
    _text(svg, LEFT + end * scale, TOP - 18, f"done: {end:.1f} s", 12, INK, "middle")
    _legend(svg, bottom + 46)
    ET.indent(svg, " ")
    return ET.tostring(svg, encoding="unicode") + "\n"


def _draw_try(
    svg: ET.Element, each: Try, left: float, top: float, seconds: float, scale: float
) -> None:
    look = {"fill": f"hsl({each.shard * 137 % 360}, 62%, 80%)", "stroke": "#ffffff"}
    if each.is_copy:
        look |= {"stroke": MARK, "stroke-width": "2.5"}
    if not each.is_accepted:
        look |= {"fill": "#ffffff", "stroke": SOFT, "stroke-dasharray": "4 3"}
    _box(svg, left + 0.5, top, max(seconds * scale - 1, 2), LANE, rx="3", **look)
    ink = INK if each.is_accepted else SOFT
    _text(svg, left + seconds * scale / 2, top + LANE / 2 + 4, str(each.shard), 12, ink, "middle")


def _legend(svg: ET.Element, top: float) -> None:
    copy = {"fill": "#f1f5f8", "stroke": MARK, "stroke-width": "2.5"}
    vain = {"fill": "#ffffff", "stroke": SOFT, "stroke-dasharray": "4 3"}
    entries = (
        ("accepted", {"fill": "#d3e8c8", "stroke": "#ffffff"}),
        ("a copy of a slow shard, accepted first", copy),
        ("overtaken by its copy: no longer wanted", vain),
    )
    at = float(LEFT)
    for name, look in entries:
        _box(svg, at, top, 22, 16, rx="3", **look)
        _text(svg, at + 30, top + 13, name, 13, INK)
        at += 58 + 6.5 * len(name)


def _told(tries: list[Try], end: float) -> str:
    copies = [str(each.shard) for each in tries if each.is_copy]
    return f"{len(tries)} tries of shards by worker over {end:.1f} s; copied: {', '.join(copies)}"


def _box(svg: ET.Element, x: float, y: float, wide: float, high: float, **look: str) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{wide:.1f}", "height": f"{high:.1f}"}
    ET.SubElement(svg, "rect", {**place, **look})


def _line(
    svg: ET.Element, x: float, y: float, to_x: float, to_y: float, ink: str, dash: str = ""
) -> None:
    place = {"x1": f"{x:.1f}", "y1": f"{y:.1f}", "x2": f"{to_x:.1f}", "y2": f"{to_y:.1f}"}
    more = {"stroke-dasharray": dash} if dash else {}
    ET.SubElement(svg, "line", {**place, "stroke": ink, **more})


def _text(
    svg: ET.Element, x: float, y: float, text: str, size: int, ink: str, anchor: str = "start"
) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "font-size": str(size), "text-anchor": anchor}
    ET.SubElement(svg, "text", {**place, "fill": ink}).text = text


def main() -> None:
    """Measures and draws."""
    to = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory() as folder:
        tries = measured(Path(folder))
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(drawn(tries), encoding="utf-8")
    for each in tries:
        if each.is_copy or not each.is_accepted:
            print(each)


if __name__ == "__main__":
    main()
