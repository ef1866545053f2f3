"""Which shards of an earlier run still count: the rule, apart from runs."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.actions.incremental import CARRIED, INPUTS, ONLY, Earlier, carried_of, prepare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick
NAMES = tuple("abcdefgh")
SHARDS = st.lists(
    st.tuples(st.booleans(), st.sets(st.sampled_from(NAMES), min_size=1, max_size=3)), max_size=8
)
STATES = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["old", "new"]))


class NoMemo:
    """Remembers nothing."""

    def recall(self, stamp: tuple[int, int, int, int, int]) -> str | None:
        return None

    def remember(self, stamp: tuple[int, int, int, int, int], digest: str) -> None:
        pass


@given(SHARDS, STATES)
def test_a_shard_counts_if_all_that_it_touches_is_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, shards: list[tuple[bool, set[str]]],
    states: dict[str, str],
) -> None:  # fmt: skip
    folder = tmp_path_factory.mktemp("batch")
    carried, left = prepared(folder, shards, states)
    stale = {name for name in NAMES if states.get(name) != "old"}
    for number, (is_done, files) in enumerate(shards):
        if number in carried:
            assert is_done
            assert files.isdisjoint(stale)
    covered = {name for number in carried for name in shards[number][1]}
    assert left == sorted(states.keys() - covered)
    # What is not carried over is done anew with all its files, as far as they are there.
    for number, (_, files) in enumerate(shards):
        if number not in carried:
            assert files & states.keys() <= set(left)
    for number, (is_done, files) in enumerate(shards):
        if is_done and alone(shards, number) and files.isdisjoint(stale):
            assert number in carried


def alone(shards: list[tuple[bool, set[str]]], number: int) -> bool:
    """Whether no other shard has a file of this one."""
    others = [files for other, (_, files) in enumerate(shards) if other != number]
    return all(files.isdisjoint(shards[number][1]) for files in others)


def prepared(
    folder: Path, shards: list[tuple[bool, set[str]]], states: dict[str, str]
) -> tuple[set[int], list[str]]:
    """The shards that are carried over, and the files that are left."""
    source, before, now = folder / "source", folder / "before", folder / "now"
    for each in (source, before, now):
        each.mkdir()
    for name, state in states.items():
        (source / name).write_text(state)
    digest = sha256(b"old").hexdigest()
    lines = [
        json.dumps({"shard": number, "done": done, "files": dict.fromkeys(sorted(files), digest)})
        for number, (done, files) in enumerate(shards)
    ]
    (before / INPUTS).write_text("".join(f"{line}\n" for line in lines))
    prepare(Earlier("r-1", str(before), {"out": "/out"}), str(source), str(now), NoMemo())
    carried = carried_of(str(now), "out")
    assert carried is not None
    assert carried.next == len(shards)
    assert json.loads((now / CARRIED).read_text())["attempt"] == "r-1"
    numbers = {number for span in carried.shards if isinstance(span, range) for number in span}
    return numbers, json.loads((now / ONLY).read_text())
