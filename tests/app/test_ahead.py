"""What may fork a built-in's step is begun at once, by what is remembered and still so."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from millwork import runtime
from millwork.app import ahead
from millwork.blobs import code
from millwork.worker import environment

LOCK = "nothing==1.0\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with the code and the environment of built-ins; the latter has no library in it.

    All of it was written a while ago.
    """
    home, source = tmp_path / "home", tmp_path / "runtime"
    shutil.copytree(Path(runtime.__file__).parent, source)
    monkeypatch.setattr(runtime, "__file__", str(source / "__init__.py"))
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    monkeypatch.delenv("MILLWORK_URL", raising=False)
    monkeypatch.delenv("MILLWORK_WARM", raising=False)
    keep(home)
    build(home)
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3_000_000_000)
    return home


def keep(home: Path) -> str:
    """The code as it is now, kept as a run keeps it."""
    return code.snapshot(str(Path(runtime.__file__).parent), str(home / "code")).digest


def build(home: Path) -> None:
    wanted = str(Path(runtime.__file__).parent / "requirements.txt")
    envs = str(home / "envs")
    memo = Path(environment._memo(envs, wanted, sys.executable))
    memo.parent.mkdir(parents=True)
    memo.write_text(LOCK)
    env = Path(environment._folder(envs, LOCK))
    (env / "bin").mkdir(parents=True)
    (env / "bin" / "python").symlink_to(sys.executable)
    (env / ".ready").touch()


def begun() -> str:
    """The digest of the code that the process is for; empty if none was begun."""
    process = ahead.begin()
    if process is None:
        return ""
    process.is_ready()
    process._end()
    return process.digest


def test_what_was_found_is_remembered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = keep(home)
    assert begun() == digest

    def read_again(*_: object) -> None:
        raise AssertionError("the code was read again")

    monkeypatch.setattr(code, "scan", read_again)
    assert begun() == digest


@pytest.mark.parametrize("name", ["step.py", "functions/new.py"])
def test_code_that_has_changed_is_no_longer_what_was_remembered(home: Path, name: str) -> None:
    first = begun()
    with (Path(runtime.__file__).parent / name).open("a") as file:
        file.write("\n")
    assert begun() == "", "no run has kept that code yet"
    second = keep(home)
    assert begun() == second != first
    assert begun() == second


def test_an_environment_that_is_gone_is_not_begun(home: Path) -> None:
    assert begun()
    shutil.rmtree(environment._folder(str(home / "envs"), LOCK))
    assert begun() == ""


def test_what_is_young_is_not_remembered(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    shutil.rmtree(home)
    keep(home)
    build(home)
    assert begun()
    assert not (home / "ahead").exists()


@pytest.mark.parametrize("text", [b"", b"\xff\n\0", b"digest\nenv\nstate"])
def test_a_memo_that_says_nothing_is_replaced(home: Path, text: bytes) -> None:
    (home / "ahead").write_bytes(text)
    assert begun()
    kept = (home / "ahead").read_bytes()
    assert kept != text
    assert begun()
    assert (home / "ahead").read_bytes() == kept


def test_a_memo_that_cannot_be_kept_is_no_trouble(home: Path) -> None:
    (home / "ahead").mkdir()
    assert begun()
    assert not list(home.glob("ahead.*"))


def test_a_python_that_cannot_be_started_begins_nothing(home: Path) -> None:
    python = Path(environment._folder(str(home / "envs"), LOCK), "bin", "python")
    python.unlink()
    assert begun() == ""
    python.write_text("no program")
    assert begun() == ""


def test_nothing_is_begun_where_it_is_not_wanted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "server.json").touch()
    assert begun() == ""
    os.unlink(home / "server.json")
    monkeypatch.setenv("MILLWORK_WARM", "no")
    assert begun() == ""
    monkeypatch.delenv("MILLWORK_WARM")
    assert begun()
    monkeypatch.setenv("MILLWORK_URL", "http://127.0.0.1:1")
    assert begun() == ""
