"""Documents: one digest for one content, and every difference of two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.registry.documents import differences, digest_of

pytestmark = pytest.mark.quick

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=10,
)


def test_the_order_of_fields_is_no_part_of_the_content() -> None:
    assert digest_of({"a": 1, "b": "ü"}) == digest_of({"b": "ü", "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 1.0})


def test_nan_has_no_digest() -> None:
    with pytest.raises(ValueError, match="JSON"):
        digest_of({"a": float("nan")})


def test_differences_name_the_place() -> None:
    before = {"command": "a", "parameters": {"rounds": {"default": 1}}, "ports": ["x", "y"]}
    after = {"command": "b", "parameters": {"rounds": {}, "seed": {}}, "ports": ["x"]}
    assert differences(before, after) == [
        {"path": "command", "change": "changed", "before": "a", "after": "b"},
        {"path": "parameters.rounds.default", "change": "removed", "before": 1, "after": None},
        {"path": "parameters.seed", "change": "added", "before": None, "after": {}},
        {"path": "ports.1", "change": "removed", "before": "y", "after": None},
    ]


def test_true_is_not_one() -> None:
    assert [found["path"] for found in differences({"a": True}, {"a": 1})] == ["a"]


@given(JSON, JSON)
def test_equal_documents_and_only_they_have_no_difference(one: Any, other: Any) -> None:
    assert differences(one, one) == []
    is_same = digest_of({"it": one}) == digest_of({"it": other})
    assert (differences({"it": one}, {"it": other}) == []) == is_same
