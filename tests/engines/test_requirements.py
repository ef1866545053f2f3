from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from millwork.engines.local.requirements import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    interpreter.cache_clear()
    yield
    interpreter.cache_clear()


def test_this_python_is_found_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    own = ".".join(map(str, sys.version_info[:2]))
    assert interpreter("") == interpreter(own) == interpreter("3") == sys.executable


def test_a_python_of_a_conda_environment_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert interpreter("3.4") is None
    interpreter.cache_clear()
    program = tmp_path / "envs/old/bin/python3.4"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (tmp_path / ".conda").mkdir()
    (tmp_path / ".conda/environments.txt").write_text(f"/gone\n{tmp_path}/envs/old\n")
    assert interpreter("3.4") == str(program)
