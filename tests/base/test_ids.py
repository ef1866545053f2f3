"""Ids are short, sorted by age, and not to be guessed."""

import pytest

from millwork.base.ids import new_id, new_token
from millwork.base.names import is_node

pytestmark = pytest.mark.quick

NOW = 1_790_000_000.0


def test_an_id_is_ten_letters_and_digits_and_may_name_a_folder() -> None:
    made = new_id(NOW)
    assert len(made) == 10
    assert is_node(made)
    assert made == made.lower()
    assert not set(made) & set("ilou")


def test_a_later_id_sorts_after_an_earlier_one() -> None:
    ids = [new_id(NOW + second) for second in range(200)]
    assert ids == sorted(ids)


def test_ids_of_one_second_differ() -> None:
    assert len({new_id(NOW) for _ in range(200)}) > 190
    assert len({new_id(NOW)[:6] for _ in range(20)}) == 1


def test_a_clock_before_the_epoch_gives_an_id_all_the_same() -> None:
    assert new_id(0.0)[:6] == "000000"


def test_tokens_are_long_and_differ() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {16}
