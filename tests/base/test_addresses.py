"""Addresses: what is of the public network, and what only looks like it."""

from __future__ import annotations

import pytest

from millwork.base.addresses import is_public

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "10.1.2.3", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1",
        "239.255.255.250", "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "fec0::1",
        "ff02::1", "ff0e::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::7f00:1", "::808:808",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::7f00:1", "2002:7f00:1::",
        "2002:a00:1::1", "2001::1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_within(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    "text",
    ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_addresses_of_everybody(text: str) -> None:
    assert is_public(text)


def test_what_is_no_address() -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public("localhost")
