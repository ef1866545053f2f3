"""Passwords: what may be one, and how they are kept and compared (argon2id)."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.ids import new_token
from millwork.base.names import is_text

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_SHORTEST = 12
_LONGEST = 1024


def new_password() -> str:
    """A password that nobody guesses: 80 random bits."""
    return new_token()


def check_new(password: str) -> None:
    """Raises BadRequest for what is not good enough to be a password."""
    if not _SHORTEST <= len(password) <= _LONGEST:
        raise BadRequest(f"password: expected {_SHORTEST} to {_LONGEST} characters")
    if not is_text(password):
        raise BadRequest("password: text with NUL or a broken character cannot be one")


def hashed(password: str) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether this is the password; without one to compare with it takes as long, and is not."""
    from argon2.exceptions import InvalidHashError, VerificationError

    # Made in any case, so that the first name that nobody has takes no longer than another.
    nobody = _nobody()
    if len(password) > _LONGEST or not is_text(password):
        password = ""
    try:
        return _hasher().verify(kept or nobody, password) and bool(kept)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether it was hashed in another way than is usual now."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher  # takes longer to import than all else of a request

    return PasswordHasher()


@cache
def _nobody() -> str:
    return hashed(os.urandom(16).hex())
