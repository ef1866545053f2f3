"""Connections: what they may say, who sees them, and which one a URI is read with."""

from __future__ import annotations

import pytest

from millwork.actions.connections import FIELDS, TYPES, check
from millwork.base.errors import BadRequest

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("kind", "fields", "secret", "says"),
    [
        ("ftp", {}, "", "type: expected one of s3"),
        ("s3", {"password": "x"}, "", "a secret is kept by its name"),
        ("s3", {"endpoint": "ftp://x"}, "", "endpoint: expected"),
        ("s3", {"endpoint": "http://u:p@x"}, "", "endpoint: expected"),
        ("postgres", {"url": "postgresql://u:p@h/d"}, "", "without a password"),
        ("postgres", {}, "", "needs it"),
        ("nas", {"path": "relative"}, "", "an absolute path"),
        ("nas", {"path": "/a/../b"}, "", "an absolute path"),
        ("nas", {"path": "/a"}, "x", "has none"),
        ("http", {"url": "https://h", "max_size": "much"}, "", "a size"),
        ("http", {"url": "https://h", "allow_private": "yes"}, "", "true or false"),
        ("s3", {"patience": "1e9"}, "", "seconds"),
        ("s3", {"region": "a\nb"}, "", "line breaks"),
        ("s3", {}, "no name!", "the name of a secret"),
    ],
)
def test_faults_are_told(kind: str, fields: dict[str, str], secret: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        check(kind, fields, secret)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(BadRequest) as caught:
        check("oss", {"nonsense": "x", "addressing": "y"}, "")
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("s3", {}),
        ("s3", {"endpoint": "http://127.0.0.1:8333", "access_key": "a", "patience": "2.5"}),
        ("oss", {"endpoint": "https://oss-cn-hangzhou.aliyuncs.com"}),
        ("nas", {"path": "/mnt/share"}),
        ("http", {"url": "https://data.example.org/files", "allow_private": "true"}),
        ("postgres", {"url": "postgresql://me@db.example.org:5432/sales?sslmode=require"}),
        ("duckdb", {"path": "/data/house.duckdb"}),
        ("git", {"url": "https://git.example.org/team", "user": "me"}),
    ],
)
def test_what_is_right_is_taken(kind: str, fields: dict[str, str]) -> None:
    check(kind, fields, "")


def test_every_field_is_of_a_known_type() -> None:
    for field in FIELDS.values():
        assert set(field.types) <= set(TYPES), field.name
