"""Runs by the beginning of their id: found by its index, of those that a person may see."""

from __future__ import annotations

from contextlib import closing

from millwork.ports.store import Master, RunRow
from millwork.store.runs import RunStore


def test_runs_are_found_by_what_their_id_begins_with(place: str) -> None:
    with closing(RunStore(place)) as store:
        for number, run in enumerate(("ab", "abc", "abz", "ac", "b", "aba%")):
            row = RunRow(
                run, "n", "d", "1", "running", float(number), master=Master(1, "1", "1"), epoch=1,
                creator="ann", visibility="private" if run == "abz" else "public",
            )  # fmt: skip
            store.create_run(row, [], {})
        assert store.find_runs("ab") == ["ab", "aba%", "abc", "abz"]
        assert store.find_runs("a%") == store.find_runs("A") == []
        assert store.find_runs_in("default", "ab", None) == ["ab", "aba%", "abc", "abz"]
        assert store.find_runs_in("default", "ab", "ann") == ["ab", "aba%", "abc", "abz"]
        assert store.find_runs_in("default", "ab", "bob") == ["ab", "aba%", "abc"]
        assert store.find_runs_in("other", "ab", None) == []
