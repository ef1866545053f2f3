"""Identifiers: short enough to type, sorted by age, never guessable as a sequence."""

from __future__ import annotations

from os import urandom

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_EPOCH = 1_735_689_600  # 2025-01-01: six letters last until 2059


def new_id(now: float) -> str:
    """Ten letters and digits, the first six from the time `now` in Unix seconds."""
    seconds = max(0, int(now) - _EPOCH)
    random = int.from_bytes(urandom(3), "big")
    return _encode(seconds, 6) + _encode(random, 4)


def new_token() -> str:
    """A fencing token: 16 random letters and digits."""
    return _encode(int.from_bytes(urandom(10), "big"), 16)


def _encode(number: int, length: int) -> str:
    letters = [_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(length))]
    return "".join(letters)
