"""The comparison with other engines: its arithmetic, its tables, and its bounds on processes."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest
from bench.measure import Cost
from bench.peers import __main__ as command
from bench.peers import kills, page, process, slopes, venvs
from bench.peers.engines import PARALLEL, PROGRAMS, Millwork, Other
from bench.peers.page import Result
from bench.peers.table import PEERS, Peer

from tests.conftest import gone

quick = pytest.mark.quick
IMPOSSIBLE = Peer("No such engine", ("millwork-no-such-engine==1.0",), "none", 1, 1, "never")


def slope() -> slopes.Slope:
    bare = (Cost(9, 18), Cost(11, 22))
    single = [Cost(500, 900), Cost(600, 2000), Cost(600, 100), Cost(700, 1100)]
    return slopes.slope(101, bare, single, Cost(4600, 9000))


@quick
def test_the_slope_has_no_start_in_it() -> None:
    found = slope()
    assert (found.bare, found.each, found.single) == (Cost(10, 20), Cost(40, 80), Cost(600, 1000))
    assert (found.times, found.error) == (Cost(4, 4), Cost(1, 9.5))


@quick
def test_a_row_has_a_cell_for_each_column() -> None:
    row = Result("E", "1.2", "a file", "again", {"chain": slope(), "fan": "exit code 1"})
    assert page.cost_line(row) == (
        "| E | 1.2 | a file | 101 / - | 40.0 | 4.0 | 4.0 ± 0.5 | exit code 1 |  |  | 0.60 |"
    )
    assert page.bare_line([row]) == (
        "| bare loop of subprocesses |  | none | 60 / 60 | 10.0 to 10.0 | 1 | 1 |  | 1 | 1 |  |"
    )
    killed = Result("E", "1.2", again="again", kill=kills.Aftermath((1, 2, 1), True, 0))
    assert page.kill_line(killed) == "| E | again | 1, 2, 1 | yes | exit code 0 |"
    skipped = Result("E", "1.2", skipped="skipped")
    for line, head in ((page.cost_line, page.COSTS), (page.kill_line, page.KILLS)):
        for result in (row, killed, skipped):
            assert line(result).count("|") == head[0].count("|") == head[1].count("|")


@quick
def test_only_what_stands_between_the_marks_is_replaced() -> None:
    text = f"before\n{page.START}old\n{page.END}\nafter\n"
    new = page.renewed(text, "new\n")
    assert new == f"before\n{page.START}\nnew\n\n{page.END}\nafter\n"
    assert page.renewed(new, "new\n") == new
    with pytest.raises(ValueError, match="peers"):
        page.renewed("no marks", "new")
    page.renewed(page.PAGE.read_text(encoding="utf-8"), "new")


@quick
@pytest.mark.parametrize(
    ("log", "starts", "at_once"),
    [
        ("start 0\nend 0\nstart 1\nend 1\nstart 2\nend 2\n", (1, 1, 1), False),
        ("start 0\nend 0\nstart 1\nstart 1\nend 1\nend 1\nstart 2\nend 2\n", (1, 2, 1), True),
        ("start 0\nend 0\nstart 1\nend 1\nstart 1\nend 1\n", (1, 2, 0), False),
    ],
)
def test_starts_are_counted(log: str, starts: tuple[int, ...], at_once: bool) -> None:
    assert kills.read(log) == (starts, at_once)


@quick
def test_every_peer_is_pinned_and_has_a_program(tmp_path: Path) -> None:
    for peer in PEERS:
        assert all("==" in requirement for requirement in peer.requirements)
        engine = Other(peer, tmp_path / "bin" / "python", tmp_path)
        start = engine.start("fan", 3, tmp_path)
        assert Path(start.words[1]).is_file()
        assert start.words[2:] == ["fan", "3"]
        assert start.env["PEERS_PARALLEL"] == "2"
        homes = [value for name, value in start.env.items() if name.endswith("HOME")]
        assert all(Path(home).is_relative_to(tmp_path) for home in homes)
    assert {path.stem.removesuffix("_steps") for path in PROGRAMS.glob("*_steps.py")} == {
        peer.package for peer in PEERS
    }


def test_a_peer_that_cannot_be_installed_is_skipped_with_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = venvs.python_of

    def offline(package: str, requirements: tuple[str, ...]) -> Path:
        return real(package, requirements, tmp_path / "venvs", ("--offline", "--no-index"))

    monkeypatch.setattr(venvs, "python_of", offline)
    result = command.peer_result(IMPOSSIBLE, tmp_path)
    assert result.skipped == "skipped: cannot be installed here"
    assert "millwork-no-such-engine" in capsys.readouterr().err
    assert not (tmp_path / "venvs" / IMPOSSIBLE.package / venvs.STAMP).exists()
    assert (tmp_path / "venvs" / ".gitignore").read_text() == "*\n"


def python(folder: Path, code: str) -> process.Start:
    return process.Start([sys.executable, "-S", "-E", "-c", code], dict(os.environ), folder)


def test_a_command_that_does_not_end_is_ended(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(process.DidNotRun, match=r"no end in 0\.5 s"):
        process.bounded_cost(python(tmp_path, "import time; time.sleep(60)"), 0.5)
    with pytest.raises(process.DidNotRun, match="exit code 3"):
        process.bounded_cost(python(tmp_path, "raise SystemExit(3)"))
    assert time.monotonic() - began < 30


def test_an_orphan_in_a_session_of_its_own_is_ended(tmp_path: Path) -> None:
    code = (
        "import subprocess; p = subprocess.Popen(['sleep', '60'], start_new_session=True); "
        "print(p.pid)"
    )
    start = python(tmp_path, code)
    assert process.bounded_cost(start).cpu > 0
    assert gone(int(start.log.read_text()))


def test_millwork_is_measured_as_any_other(tmp_path: Path) -> None:
    engine = Millwork("none", tmp_path)
    for shape in PARALLEL:
        assert process.bounded_cost(engine.start(shape, 2, tmp_path)).cpu > 0
