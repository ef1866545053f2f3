"""docs/python.md: its code is run, and prints what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import millwork
from tests.conftest import EXAMPLES, environment

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text(encoding="utf-8")
FILES = re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)```", PAGE, re.DOTALL)
PRINTED = re.findall(r"<!-- prints -->\n```\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("index", range(len(FILES)), ids=[name for name, _ in FILES])
def test_the_code_prints_what_the_page_says(index: int, tmp_path: Path) -> None:
    assert len(FILES) == len(PRINTED)
    name, code = FILES[index]
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    (tmp_path / name).write_text(code)
    done = subprocess.run(
        [sys.executable, name], cwd=tmp_path, env=environment(tmp_path / "home"),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    last = [line for line in done.stderr.splitlines() if re.match(r"\w+Error: ", line)]
    printed = "".join(f"{line}\n" for line in [*done.stdout.splitlines(), *last])
    assert printed.replace("\n\n", "\n") == PRINTED[index], done.stderr


@pytest.mark.quick
def test_the_page_shows_the_flights_as_they_are() -> None:
    text = (EXAMPLES / "flights" / "flights.py").read_text(encoding="utf-8")
    assert f"<!-- the flights -->\n```python\n{text}```" in PAGE


@pytest.mark.quick
def test_the_page_names_what_is_public() -> None:
    errors = {"BadRequest", "InvalidFile", "MillworkError", "Unavailable"}
    types = {"Node", "Outputs", "Wire"}
    for name in set(millwork._HOMES) - errors - types:  # type: ignore[attr-defined]
        assert re.search(rf"\b{name}\b", PAGE), name
    from dataclasses import fields

    for field in fields(millwork.RunOptions):
        assert f"`{field.name}`" in PAGE
