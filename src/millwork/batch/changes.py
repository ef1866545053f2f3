"""What is kept of a step's shards as they go, and the rows that a later master finds.

A change holds what the rows are after it, so it may be written twice. A lease's renewals are not
kept: a master that takes over gives every lease its full time once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from millwork.batch.rules import VerdictName

ShardStatus: TypeAlias = Literal["todo", "leased", "done", "failed"]


@dataclass(frozen=True)
class ShardsCut:
    """From number `shard` on there are `count` shards of `size` atoms each, from `atom` on."""

    shard: int
    atom: int
    size: int
    count: int


@dataclass(frozen=True)
class Leased:
    """One lease: a try of a shard. `attempt` counts the shard's leases from 0, copies too."""

    shard: int
    attempt: int
    token: str


@dataclass(frozen=True)
class ShardsLeased:
    """A worker has leases, `at` seconds of the machine's clock; kept before it is told."""

    worker: str
    leases: tuple[Leased, ...]
    at: float


@dataclass(frozen=True)
class Done:
    """An accepted result: its output is the shard's. `seconds`: how long it took."""

    shard: int
    attempt: int
    token: str
    worker: str
    ok: int
    failed: int
    seconds: float
    is_partial: bool = False


@dataclass(frozen=True)
class ShardsDone:
    """Results were accepted; every other lease of these shards is void."""

    results: tuple[Done, ...]


@dataclass(frozen=True)
class ShardFailed:
    """A try failed, and its lease is void.

    `status` is what the shard is now: `todo`, `leased` (another worker has it too), or `failed`
    for good, which voids all its leases. `failures` is how often it has failed, `losses` how often
    its leases were lost: too often is a failure, too. `place` is where its worker's log was then.
    """

    shard: int
    attempt: int
    token: str
    worker: str
    error: str
    failures: int
    losses: int
    status: ShardStatus
    place: str = ""


@dataclass(frozen=True)
class Returned:
    """A lease that brought nothing; `losses` is how often the shard's leases were lost."""

    shard: int
    token: str
    losses: int
    status: ShardStatus


@dataclass(frozen=True)
class ShardsReturned:
    """Leases of a worker are void, since it was `lost`, or has `left`, or they `expired`.

    Those that expired are kept as late: if their result comes first after all, it is accepted.
    """

    worker: str
    reason: Literal["lost", "left", "expired"]
    leases: tuple[Returned, ...]


@dataclass(frozen=True)
class LeasesDropped:
    """Late leases are void, for their worker gave them up."""

    tokens: tuple[str, ...]


@dataclass(frozen=True)
class ResultRefused:
    """A result came whose lease is void; its output is nobody's."""

    token: str


@dataclass(frozen=True)
class BatchJudged:
    """The step's verdict is certain; it does not change."""

    status: VerdictName
    reason: str


Change: TypeAlias = (
    ShardsCut
    | ShardsLeased
    | ShardsDone
    | ShardFailed
    | ShardsReturned
    | LeasesDropped
    | ResultRefused
    | BatchJudged
)


class ShardRow(NamedTuple):
    """A shard as it was kept; one that was never leased needs no row.

    `token`, `worker`, `ok`, `bad` (items that failed), `seconds` are of the accepted result;
    `failed_on` are the workers on which it failed, `error` is the last failure's text.
    """

    shard: int
    status: ShardStatus
    attempts: int
    failures: int = 0
    losses: int = 0
    failed_on: tuple[str, ...] = ()
    error: str = ""
    token: str = ""
    worker: str = ""
    ok: int = 0
    bad: int = 0
    seconds: float = 0.0
    is_partial: bool = False


class LeaseRow(NamedTuple):
    """A lease that is not void, as it was kept; `at` is when it was given."""

    shard: int
    attempt: int
    token: str
    worker: str
    at: float
    is_late: bool = False
