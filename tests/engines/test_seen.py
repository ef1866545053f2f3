"""Columns that were seen: remembered until a file changes, and not of what is young or too much."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from millwork.engines.local import seen
from millwork.engines.local.seen import Seen

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick

ANSWER = {"outputs": {"table": [["a", "Int64"]]}}


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of two files; the clock stands an hour on, so that they are not young."""
    folder = tmp_path / "table"
    (folder / "part").mkdir(parents=True)
    for name in ("a.csv", "part/b.csv"):
        (folder / name).write_text("a\n1\n")
    hour = time.time_ns() + 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: hour)
    return folder


def test_a_table_is_remembered_until_a_file_of_it_changes(tmp_path: Path, old: Path) -> None:
    place = str(tmp_path / "columns.json")
    first = Seen(place, "code")
    key = first.key(str(old))
    first.remember(key, ANSWER)
    again = Seen(place, "code")
    assert again.recall(again.key(str(old))) == ANSWER
    other = Seen(place, "other code")
    assert other.recall(other.key(str(old))) is None
    (old / "part" / "b.csv").write_text("b\n1\n")
    assert again.recall(again.key(str(old))) is None
    assert again.key(str(old / "a.csv")) not in ("", key)


def test_a_file_that_comes_or_goes_is_a_change(tmp_path: Path, old: Path) -> None:
    look = Seen(str(tmp_path / "columns.json"), "code")
    before = look.key(str(old))
    (old / "c.csv").write_text("a\n1\n")
    with_another = look.key(str(old))
    (old / "a.csv").unlink()
    assert len({before, with_another, look.key(str(old))}) == 3


def test_what_is_young_absent_or_too_much_is_not_remembered(
    tmp_path: Path, old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Seen(str(tmp_path / "columns.json"), "code")
    assert look.key(str(old / "absent.csv")) == ""
    monkeypatch.setattr(seen, "_MOST_FILES", 1)
    assert look.key(str(old)) == ""
    monkeypatch.undo()
    assert look.key(str(old)) == ""  # by the real clock they were written just now
    look.remember("", ANSWER)
    assert look.recall("") is None
    assert not (tmp_path / "columns.json").exists()


def test_the_latest_are_kept_and_a_damaged_file_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "columns.json"
    monkeypatch.setattr(seen, "_MOST_TABLES", 2)
    look = Seen(str(place), "code")
    for key in ("one", "two", "three"):
        look.remember(key, ANSWER)
    assert [bool(look.recall(key)) for key in ("one", "two", "three")] == [False, True, True]
    for damaged in ("[", "[1]", '{"three": 1}'):
        place.write_text(damaged)
        assert look.recall("three") is None
    place.unlink()
    place.mkdir()
    look.remember("one", ANSWER)
    assert os.listdir(tmp_path) == ["columns.json"]
