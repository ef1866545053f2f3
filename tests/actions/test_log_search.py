"""Words in a log: found where a reader of blocks finds the line."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from millwork.actions import log_search
from millwork.engines.host import logs

if TYPE_CHECKING:
    from millwork.ports import Engine

pytestmark = pytest.mark.quick
BLOCK = 4096


class Logs:
    """Logs in folders, as the engines of a machine keep them."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        return logs.read(f"{self.folder}/{process}", offset)

    def extent(self, process: str) -> tuple[int, tuple[int, int]]:
        return logs.extent(f"{self.folder}/{process}")


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return cast("Engine", Logs(tmp_path))


def write(engine: Any, data: bytes) -> None:
    folder = Path(engine.folder) / "p"
    folder.mkdir()
    (folder / "log").write_bytes(data)


def found(engine: Engine, words: str, **asked: int) -> list[tuple[int, int]]:
    return [(hit.offset, hit.line) for hit in log_search.hits(engine, "p", words, **asked)]


def test_each_line_is_found_once_and_whatever_its_case(engine: Engine) -> None:
    write(engine, b"Error one error\nnothing\nan ERROR")
    assert found(engine, "error") == [(0, 0), (24, 2)]
    assert found(engine, "error", after=1) == [(24, 2)]
    assert found(engine, "absent") == []


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("\x1b[31mre\x1b[0md", "red"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x07ed", "linked"),
        (" 10 %\r 20 %\r done\r", "done"),
        ("ÜBER alles", "über"),
        ("\ud83d\ude00 smile".encode("utf-16", "surrogatepass").decode("utf-16"), "😀"),
    ],
)
def test_it_is_found_in_what_is_shown(engine: Engine, line: str, words: str) -> None:
    write(engine, f"first\n{line}\nlast".encode())
    assert found(engine, words) == [(6, 1)]
    assert found(engine, "last")[0][1] == 2


@pytest.mark.parametrize("hidden", ["31m", "10 %", "http"])
def test_it_is_not_found_in_what_is_not_shown(engine: Engine, hidden: str) -> None:
    write(engine, b"\x1b[31mred\x1b[0m\n 10 %\r done\n\x1b]8;;http://x\x07link")
    assert found(engine, hidden) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_line_in_its_block_is_the_one_that_a_reader_of_blocks_has(
    engine: Engine, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block's lines begin in it, behind its first byte (web/src/models/logs.ts)."""
    chance = random.Random(seed)
    codes = b"\x1b[1m" if seed % 2 else b""
    lines = [codes + chance.randbytes(chance.randrange(90)).hex().encode() for _ in range(900)]
    data = b"\n".join(lines)
    write(engine, data)
    kept = [(0, len(data))]
    if seed % 3 == 0:
        monkeypatch.setattr(logs, "HEAD", 8 * BLOCK)
        end = 11 * BLOCK + chance.randrange(1, BLOCK)
        (Path(cast("Any", engine).folder) / "p/dropped").write_text(str(end))
        kept = [(0, 8 * BLOCK), (end, len(data))]
    wanted = []
    for start, end in kept:
        for place in range(start // BLOCK * BLOCK, end, BLOCK):
            first = max(place, start)
            starts = [first] if first == start else []
            starts += [first + m.end() for m in re.finditer(b"\n", data[first : place + BLOCK])]
            for number, begin in enumerate(starts):
                if begin <= end and b"ab" in data[begin:end].partition(b"\n")[0]:
                    whole = first == start
                    wanted.append((begin, number if whole else number + 1))
    assert found(engine, "AB", block=BLOCK) == wanted
    assert wanted


def test_a_million_lines_are_searched_at_once(engine: Engine) -> None:
    write(engine, b"".join(b"line %d of a log\n" % number for number in range(1_000_000)))
    began = time.perf_counter()
    [(_, line)] = found(engine, "LINE 999999 of")
    took = time.perf_counter() - began
    assert line == 999_999
    assert took < 2, f"{took:.2f} s"
