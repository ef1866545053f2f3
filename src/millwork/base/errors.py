"""Every error a user can meet, and the exit code it leads to.

MillworkError
├── BadRequest       2  the request was wrong: what and where
│   ├── InvalidFile     a component or pipeline file with faults, all of them at once
│   ├── NotFound        there is no such thing, or none that this person may see
│   ├── Conflict        it is not, or no longer, in the state that the request is for
│   ├── Forbidden       this person may not do that
│   └── Unauthenticated nobody knows who asks
├── RunFailed        1  the run was carried out and failed
├── Fenced           1  another process has taken the run over
└── Unavailable      3  something needed could not be reached or started
    ├── Missing         it has to be given first: trying again does not help
    ├── NoSpace         the disk is full
    └── Unsure          nobody knows whether it was done
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.base.faults import Fault


class MillworkError(Exception):
    """Something went wrong that a person can act on.

    The class docstring's first line is the default message.
    """

    exit_code = 1

    def __init__(self, message: str = "") -> None:
        text = message or (type(self).__doc__ or "").splitlines()[0]
        # A file's name may hold any bytes; what is said about it must be kept and printed.
        super().__init__(text.encode("utf-8", "backslashreplace").decode())


class BadRequest(MillworkError):
    """The request was wrong."""

    exit_code = 2


class InvalidFile(BadRequest):
    """A file has faults; `faults` holds every one with its place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


class NotFound(BadRequest):
    """There is no such thing."""


class Conflict(BadRequest):
    """It is not in the state that this request is for."""


class Forbidden(BadRequest):
    """You may not do that."""


class Unauthenticated(BadRequest):
    """Log in, or send a token."""


class RunFailed(MillworkError):
    """The run failed."""


class Fenced(MillworkError):
    """Another process has taken this run over."""


class Unavailable(MillworkError):
    """Something that was needed could not be reached or started."""

    exit_code = 3


class Missing(Unavailable):
    """Something that was needed has not been given."""


class NoSpace(Unavailable):
    """There is no space left on the disk that holds the Millwork home."""


class Unsure(Unavailable):
    """The connection was lost as it was being kept: look whether it was done."""
