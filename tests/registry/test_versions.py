"""Versions: their form, their order, and which one comes next."""

from __future__ import annotations

import pytest

from millwork.registry.versions import is_version, next_version, number_of

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("kind", "highest", "expected"),
    [
        ("component", "", "1.0.0"),
        ("component", "1.0.9", "1.0.10"),
        ("pipeline", "", "1.0.0"),
        ("model", "", "0.1.0"),
        ("model", "0.1.0", "0.2.0"),
        ("model", "1.4.7", "1.5.0"),
        ("dataset", "", "v1"),
        ("dataset", "v9", "v10"),
        ("image", "", "1"),
        ("code", "4", "5"),
    ],
)
def test_the_next_version_follows_the_highest(kind: str, highest: str, expected: str) -> None:
    assert next_version(kind, number_of(highest)) == expected


def test_versions_are_ordered_by_their_numbers() -> None:
    found = sorted(["1.10.0", "1.9.0", "latest", "1.9.10", "0.1.0"], key=number_of)
    assert found == ["latest", "0.1.0", "1.9.0", "1.9.10", "1.10.0"]
    assert number_of("v9") < number_of("v10")


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("component", "1.0"),
        ("component", "1.0.0-beta"),
        ("component", "01.0.0"),
        ("component", "1.0.1000000"),
        ("component", "١.0.0"),
        ("model", "v1"),
        ("dataset", "1"),
        ("dataset", "v0"),
        ("image", "../x"),
        ("code", ""),
        ("code", "a b"),
    ],
)
def test_a_version_of_another_form_is_refused(kind: str, version: str) -> None:
    assert not is_version(kind, version)


def test_the_highest_numbers_keep_their_order_within_64_bits() -> None:
    assert number_of("999999.999999.999999") < 2**63
    assert number_of("2.0.0") > number_of("1.999999.999999")
