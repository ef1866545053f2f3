"""Conditions: what they mean, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.spec.condition import holds, parse, references

pytestmark = pytest.mark.quick

VALUES = {"check.score": 0.93, "check.names": ["a", "b"], "parameters.mode": "full", "x-1.n": 3}


def read(text: str) -> Any:
    return holds(parse(text), lambda reference: VALUES.get(str(reference)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("check.score > 0.9", True),
        ("check.score > 0.9 and parameters.mode == 'full'", True),
        ('check.score <= 0.9 or parameters.mode != "full"', False),
        ("not (x-1.n >= 4 or x-1.n < 3)", True),
        ("not x-1.n == 3", False),
        ("'a' in check.names", True),
        ("true and not false", True),
        ("x-1.n == 3.0", True),
        ("parameters.unknown == null", True),
        ("1 < 2 and 2 < 1 or 3 == 3", True),
        ("-1.5e3 < -2", True),
        ("check.score", True),
    ],
)
def test_what_holds(text: str, expected: bool) -> None:
    assert read(text) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "column 1: a value"),
        ("check.score >", "column 14: a value"),
        ("score > 1", "column 1: a value, node.output or parameters.name is expected, not 'score'"),
        ("(1 == 1", "column 8: ')' is missing"),
        ("1 == 1 2", "column 8: nothing is expected after this"),
        ("1 == $HOME", "column 6: '$' is not understood"),
        ("__import__('os')", "column 1"),
        ("1 < 'a'", "1 < 'a' cannot be compared"),
        ("not " * 40 + "true", "nested too deep"),
        ("(" * 40 + "1" + ")" * 40, "nested too deep"),
        ("1 == 1 " * 200, "at most 1000 characters"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as caught:
        read(text)
    assert message in str(caught.value)


def test_what_a_condition_reads() -> None:
    condition = parse("a.b == 1 and (c.d.e > parameters.p or not a.b)")
    assert [str(found) for found in references(condition)] == [
        "a.b",
        "c.d.e",
        "parameters.p",
        "a.b",
    ]
