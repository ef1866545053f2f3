"""The port of the lease service, which gives out the shards of batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.records import dataclass, field
from millwork.spec.model import Split

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FENCED = 4
"""The exit code of a service whose run another master has taken over."""


@dataclass(frozen=True)
class Opening:
    """All that the batch of an attempt is opened with; plain enough for JSON.

    Workers are known by `token`. `source` is the input on this machine, `root` the input as they
    see it; `only` is a file that lists which of its files are wanted, if not all are. `rules` are
    those of the lease machine. `seats` is how many workers there may be at once, `names` are those
    of all; `gone` are those that have ended, and whether they were lost. What earlier attempts have
    done counts, unless it is to be done `anew`. `folder` is the attempt's, in which the layout and
    the workers' logs lie. Of an input that `is_brought`, the first worker brings it.
    """

    step: str
    attempt: str
    token: str
    source: str
    root: str
    folder: str
    split: Split
    rules: Mapping[str, Any]
    seats: int
    names: tuple[str, ...] = ()
    gone: Mapping[str, bool] = field(default_factory=dict)
    only: str = ""
    anew: bool = False
    is_brought: bool = False

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Opening:
        """The opening whose fields came as JSON."""
        split = {**given["split"], "keys": tuple(given["split"]["keys"])}
        names = tuple(given["names"])
        return cls(**{**given, "split": Split(**split), "names": names})


@dataclass(frozen=True)
class News:
    """What a run needs to know: how many more workers would find work, and how many there are.

    Once the verdict is there, `vain` are those who still work on what nobody wants.
    """

    wanted: int
    live: int
    verdict: str = ""
    reason: str = ""
    vain: tuple[str, ...] = ()


class Leasing(Protocol):
    """Gives out shards, in a process that may end and be started again."""

    def open(self, opening: Opening) -> None:
        """Begins to give out the shards of an attempt. Raises OSError if it cannot."""

    def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        """A worker has ended, by itself or not."""

    def close(self, attempt: str) -> None:
        """The attempt is over."""

    def news(self) -> Sequence[tuple[str, News]]:
        """What has changed since the last call, by attempt; the engine is woken when there is."""

    def stop(self) -> None:
        """The run is over."""


class NoLeasing:
    """For a run without batches."""

    def open(self, opening: Opening) -> None:
        """There is none to open."""
        raise AssertionError(opening)

    def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        """Nobody leases anything."""

    def close(self, attempt: str) -> None:
        """None is open."""

    def news(self) -> Sequence[tuple[str, News]]:
        """There are never any."""
        return ()

    def stop(self) -> None:
        """Nothing was started."""
