"""The engine port: whatever can run a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.plan.jobs import Hosts, Place
    from millwork.plan.model import Plan, Step
    from millwork.spec.model import Environment

OutcomeKind: TypeAlias = Literal["exited", "lost", "not started"]


OUT_OF_MEMORY = "out_of_memory"
"""In the usage of a process that was killed for its memory limit."""


@dataclass(frozen=True)
class Outcome:
    """How an attempt, or one of its processes, ended.

    `code` is the exit code as a shell gives it (128 + n for signal n), None unless `exited`.
    `reason` says in a few words what went wrong, empty when nothing did. `usage` holds
    `cpu_seconds` and `peak_memory` (bytes) where they are known, and which means were used:
    `limits`, `mounts`, `environment`, `packages`. `at` is when, in Unix seconds, where that is
    known. `again`: the rules of its job want the attempt made once more.
    """

    kind: OutcomeKind
    code: int | None = None
    reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0
    again: bool = False


def process_of(attempt: str, replica: str, number: int = 0) -> str:
    """The id of a replica's process; `number` counts the times that it was started again."""
    return f"{attempt}/{replica}~{number}" if number else f"{attempt}/{replica}"


@dataclass(frozen=True)
class Ended:
    """An engine's word that a process is over, with nothing of it left running."""

    process: str
    outcome: Outcome


@dataclass(frozen=True)
class Image:
    """The image that a step will run in.

    `id` is the sha256 of its configuration, `digest` what a registry knows it by, empty for an
    image that was only built. `notices` are for people.
    """

    reference: str
    id: str
    digest: str = ""
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sample:
    """What a running process and all that it has started use at one moment.

    `cpu_seconds` are those so far; memory is in bytes, `gpu_percent` of all its GPUs together. What
    is not known is None.
    """

    cpu_seconds: float
    memory: int
    processes: int
    gpu_memory: int | None = None
    gpu_percent: float | None = None


class Engine(Protocol):
    """Runs plans. Handles are opaque text, kept by the store, and mean nothing to anybody else.

    A plain step is one process, of the attempt's own id. Those of a job's replicas are
    `ATTEMPT/worker-0`, and `ATTEMPT/worker-0~1` when started again.
    """

    @property
    def name(self) -> str:
        """`local` or `container`."""

    @property
    def shortcoming(self) -> str:
        """Why steps cannot have a real `/ml` here; empty if they can."""

    def root(self, attempt: str, mounts: str) -> str:
        """Where `usercode`, `input` and `output` will be for this attempt: `/ml`, or elsewhere."""

    def lacks(self, environment: Environment) -> str:
        """What of an environment it cannot give, for people; empty if it can give all."""

    def environment(self, code: str, wished: Environment | None) -> str | None:
        """The digest of what a component's environment resolves to.

        That is the environment it wishes for, or else the requirements of its code's snapshot.
        Empty if there are none, None if that is not known yet.
        """

    def images(self, steps: Iterable[Step]) -> Mapping[str, Image]:
        """The images that steps, whose code is set aside, will run in, by the steps' names.

        Empty on an engine that uses none. Raises BadRequest or Unavailable, with the step's name,
        if there is no such image, or if the step cannot run in it.
        """

    def hosts(self, attempt: str, places: tuple[Place, ...]) -> Hosts:
        """Where an attempt's replicas find one another: the same each time it is asked."""

    def furnish(self, attempt: str, plan: Plan) -> None:
        """Makes all that the plan's replicas find; raises MillworkError or OSError."""

    def start(self, process: str, plan: Plan, place: int = 0) -> str:
        """Starts the replica at `place` of a plan that was furnished, and returns its handle.

        Raises MillworkError or OSError if it cannot.
        """

    def adopt(self, process: str) -> None:
        """Watches a process that an earlier master started, or was about to start."""

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        """Waits at most `timeout` seconds for processes to end; may return early with none."""

    def stop(self, process: str, grace: float) -> None:
        """Asks it to end, and ends it after `grace` seconds; `observe` tells when."""

    def folder(self, attempt: str) -> str:
        """Where the attempt's outputs lie, as this process can read them."""

    def aside(self, attempt: str) -> str:
        """Where files about the attempt may lie, which it does not see: the logs are there, too."""

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        """What it printed from `offset` on, and the offset to go on from."""

    def extent(self, process: str) -> tuple[int, tuple[int, int]]:
        """How many bytes it has printed so far, and from where to where they were not kept."""

    def silence(self, process: str) -> float:
        """Seconds since it last printed, or was started."""

    def usage(self) -> Mapping[str, Sample]:
        """What the processes under watch use now, by their ids, where it is known."""
