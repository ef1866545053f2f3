"""Which atoms each shard consists of: each in one, in order, of sizes that follow the speed."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.batch.changes import ShardsCut
from millwork.batch.cuts import TARGET, Cuts

pytestmark = pytest.mark.quick

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("cut"), st.integers(0, 9)),
        st.tuples(st.just("measure"), st.floats(0, 1e6)),
        st.tuples(st.just("restore")),
    ),
    max_size=40,
)


def _atoms(cuts: Cuts) -> list[int]:
    """The atoms of all shards, in the order of the shards."""
    spans = [cuts.atoms_of(shard) for shard in range(cuts.total)]
    assert all(count > 0 for _, count in spans), "there is no empty shard"
    return [atom for first, count in spans for atom in range(first, first + count)]


def _restored(atoms: int, blocks: list[ShardsCut]) -> Cuts:
    cuts = Cuts(atoms, by_speed=True)
    cuts.restore(blocks)
    return cuts


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.integers(0, 400), STEPS)
def test_every_atom_is_in_one_shard_in_order(atoms: int, steps: list[tuple[str, float]]) -> None:
    cuts, blocks = Cuts(atoms, by_speed=True), list[ShardsCut]()
    for name, *words in steps:
        if name == "cut":
            left, block = cuts.left, cuts.cut(int(words[0]))
            assert (block is None) == (not left)
            blocks += [block] if block else []
        elif name == "measure" and cuts.total:
            cuts.measure(cuts.total - 1, words[0])
        elif name == "restore":
            cuts = _restored(atoms, blocks)
        assert _atoms(cuts) == list(range(atoms - cuts.left))
    while block := cuts.cut(3):
        blocks.append(block)
    assert cuts.is_whole
    assert _atoms(cuts) == list(range(atoms))
    again = _restored(atoms, blocks)
    shards = range(cuts.total)
    assert [again.atoms_of(each) for each in shards] == [cuts.atoms_of(each) for each in shards]
    assert (again.total, again.left, again.is_whole) == (cuts.total, 0, True)


@given(st.integers(0, 60))
def test_where_a_size_was_asked_for_each_atom_is_a_shard(atoms: int) -> None:
    cuts = Cuts(atoms, by_speed=False)
    assert (cuts.total, cuts.is_whole, cuts.cut(4)) == (atoms, True, None)
    assert [cuts.atoms_of(shard) for shard in range(atoms)] == [(atom, 1) for atom in range(atoms)]


def test_as_long_as_nothing_is_known_a_shard_is_one_atom() -> None:
    cuts = Cuts(1000, by_speed=True)
    assert cuts.cut(3) == ShardsCut(0, 0, 1, 3)
    assert cuts.cut(0) == ShardsCut(3, 3, 1, 1), "nobody is known to be there: cut for one"


@pytest.mark.parametrize("seconds", [0.001, 0.01, 0.5, 5.0, 30.0])
def test_a_shard_takes_about_ten_seconds(seconds: float) -> None:
    """Of atoms that take `seconds` each, far from the end."""
    cuts = Cuts(10_000_000, by_speed=True)
    sizes = []
    for _ in range(30):
        block = cuts.cut(2)
        assert block is not None
        cuts.measure(block.shard, block.size * seconds)
        sizes.append(block.size)
    assert sizes[-1] == pytest.approx(max(1, TARGET / seconds), abs=1)
    assert all(after <= 2 * before for before, after in pairwise(sizes)), "one measure says little"


def test_the_size_follows_when_the_speed_changes() -> None:
    cuts, sizes = Cuts(10_000_000, by_speed=True), []
    for turn in range(200):
        block = cuts.cut(1)
        assert block is not None
        cuts.measure(block.shard, block.size * (0.1 if turn < 100 else 1.0))
        sizes.append(block.size)
    assert sizes[50] == pytest.approx(100, abs=1)
    assert sizes[-1] == pytest.approx(10, abs=1)


def test_a_shard_that_took_no_time_is_no_division_by_zero() -> None:
    cuts = Cuts(1000, by_speed=True)
    cuts.cut(1)
    cuts.measure(0, 0.0)
    block = cuts.cut(1)
    assert block is not None
    assert block.size == 2


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.integers(1, 5000), st.integers(1, 9), st.floats(1e-6, 1.0))
def test_shards_get_smaller_to_the_end(atoms: int, workers: int, seconds: float) -> None:
    cuts, sizes = Cuts(atoms, by_speed=True), list[int]()
    while cuts.left:
        left, block = cuts.left, cuts.cut(workers)
        assert block is not None
        assert block.count <= workers, "one for each"
        assert block.size <= max(1, left // (4 * workers)), "a fourth of a part at most"
        cuts.measure(block.shard, block.size * seconds)
        sizes.append(block.size)
    peak = sizes.index(max(sizes))
    assert all(before + 1 >= after for before, after in pairwise(sizes[peak:]))
    assert sizes[-1] == 1
