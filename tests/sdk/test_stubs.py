"""Stubs of components, as type checkers read them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from millwork.sdk.stubs import main, stub
from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

FLIGHTS = EXAMPLES / "flights"


@pytest.mark.quick
def test_a_stub_has_every_argument_and_output() -> None:
    text = stub(FLIGHTS / "split", FLIGHTS)
    assert "class SplitOutputs:\n    train: Wire\n    test: Wire\n" in text
    assert "rows: str | PathLike[str] | Wire | Node, key: str | Wire | Node" in text
    assert "test_share: float | Wire | Node | None = ..." in text
    assert "\nsplit: Split\n" in text
    assert "\nflights: Flights\n" in text
    compile(text, "steps.pyi", "exec")


@pytest.mark.quick
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FLIGHTS / "split")]) == 0
    assert capsys.readouterr().out == stub(FLIGHTS / "split")
    assert main(["nothing.yaml"]) == 2
    assert capsys.readouterr().err.startswith("millwork: cannot read nothing.yaml")


USE = """\
from steps import extract, split, train

tables = extract().outputs
parts = split(rows=tables.flights, key="day", seed=3)
reveal_type(parts.outputs.test)
train(train=parts.outputs.trian, target="a", baseline="b", ignore="c")
train(train=parts.outputs.train, target=1, baseline="b", ignore="c")
split.run(rows="data", keys="day")
"""


def test_a_type_checker_finds_mistakes(tmp_path: Path) -> None:
    steps = [FLIGHTS / name for name in ("extract", "split", "train")]
    (tmp_path / "steps.pyi").write_text(stub(*steps))
    (tmp_path / "use.py").write_text(USE)
    words = ["-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), "use.py"]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    lines = [line.partition(": ")[2] for line in done.stdout.splitlines()]
    assert lines[0] == 'note: Revealed type is "millwork.sdk.wires.Wire"', done.stdout
    assert '"SplitOutputs" has no attribute "trian"; maybe "train"?' in lines[1]
    assert 'Argument "target" to "__call__" of "Train" has incompatible type "int"' in lines[2]
    assert any('Unexpected keyword argument "keys" for "run" of "Split"' in line for line in lines)
    assert all(line.startswith("use.py:") for line in done.stdout.splitlines()[:-1])
