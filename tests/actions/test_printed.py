"""The numbers that a user's pattern finds in what a process has printed."""

from __future__ import annotations

import pytest

from millwork.actions.printed import numbers_in


@pytest.mark.quick
@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"acc=(\S+)", [0.5, 2.0]),
        (r"acc=(\d+)|none", [0.0, 2.0]),  # whose group is in one of its words only
        (r"acc=(\d*)", [0.0, 2.0]),
    ],
)
def test_what_is_no_number_is_left_out(pattern: str, found: list[float]) -> None:
    text = "acc=0.5 none acc=high acc=2"
    assert list(numbers_in(text, pattern)) == found
