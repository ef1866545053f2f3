"""What a run is made of (Step), and what a step asks an engine for (Plan)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass, field
from millwork.spec.model import Resources

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import (
        Component,
        Environment,
        JobOptions,
        ReplicaGroup,
        RunPolicy,
        Secret,
        Value,
    )


@dataclass(frozen=True)
class StepOutput:
    """An output of another step of the same run."""

    step: str
    port: str


@dataclass(frozen=True)
class GivenPath:
    """A file or folder of the user's, absolute."""

    path: str


@dataclass(frozen=True)
class GivenUri:
    """Data elsewhere, by its URI. `dataset` is the NAME@VERSION that it was asked for by."""

    uri: str
    dataset: str = ""


InputSource: TypeAlias = StepOutput | GivenPath | GivenUri


@dataclass(frozen=True)
class Guard:
    """A condition for a step, and what its references stand for, by their text."""

    text: str
    values: Mapping[str, Value | StepOutput]


@dataclass(frozen=True)
class Each:
    """A list, given or left by a step, of which each item becomes the parameter `into`."""

    items: Value | StepOutput
    into: str
    max_parallel: int | None = None


@dataclass(frozen=True)
class Step:
    """One node in one run, its arguments resolved as far as they are known before the run.

    `name` is the node's; within a sub-pipeline `outer.inner`. With `each` it stands for a step
    for every item of a list that is known only at run time: `name[0]`, `name[1]`, ..., whose
    `parent` it is.
    `code` is the digest of the code's snapshot, empty for none. `file_names` are the names of the
    files that outputs of one file are written as. `replicas` by role in lower case; none is one.
    `job` and `run_policy` stand in for the component's. `image` is the one that was found for the
    component's, on an engine that uses images. `destinations` are URIs to which outputs are
    brought as well, by port. `scheduling` are the values of the scheduling parameters that its
    command names (`${name}`).
    """

    name: str
    component: Component
    inputs: Mapping[str, InputSource] = field(default_factory=dict)
    parameters: Mapping[str, Value | StepOutput] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    env: Mapping[str, str | Secret] = field(default_factory=dict)
    resources: Resources = field(default_factory=Resources)
    timeout: float | None = None
    retries: int = 0
    on_lost: str = "retry"
    continue_on_failure: bool = False
    code: str = ""
    guards: tuple[Guard, ...] = ()
    each: Each | None = None
    parent: str = ""
    file_names: Mapping[str, str] = field(default_factory=dict)
    replicas: Mapping[str, ReplicaGroup] = field(default_factory=dict)
    job: JobOptions | None = None
    run_policy: RunPolicy | None = None
    image: str = ""
    destinations: Mapping[str, str] = field(default_factory=dict)
    scheduling: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_job(self) -> bool:
        """Whether it is a job, of one replica or many, and not a plain command."""
        kind = self.component
        is_typed = kind.job_type != "Job" or kind.work == "distributed" or kind.batch is not None
        return is_typed or bool(self.replicas or self.run_policy or kind.run_policy)

    @property
    def reads(self) -> tuple[str, ...]:
        """The names of the steps whose outputs this one needs, each once."""
        guarded = (value for guard in self.guards for value in guard.values.values())
        listed = (self.each.items,) if self.each else ()
        sources = (*self.inputs.values(), *self.parameters.values(), *guarded, *listed)
        wired = (source.step for source in sources if isinstance(source, StepOutput))
        return tuple(dict.fromkeys(wired))

    @property
    def upstream(self) -> tuple[str, ...]:
        """The names of the steps that must have ended before this one starts, each once."""
        return tuple(dict.fromkeys((*self.reads, *self.after)))


@dataclass(frozen=True)
class Graph:
    """The steps of a run in the order of the file, and where the run's outputs come from."""

    steps: Mapping[str, Step]
    outputs: Mapping[str, StepOutput]


@dataclass(frozen=True)
class Route:
    """How a URI is reached: the fields of a connection, and the name of the secret it needs."""

    uri: str
    fields: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""


@dataclass(frozen=True)
class Transfer:
    """Data that is brought from a URI to `path` below the plan's root, or from there to the URI.

    With `mount` it is not brought, but seen there: `wanted` if that can be done, or `needed`.
    """

    port: str
    path: str
    route: Route
    is_upload: bool = False
    mount: Literal["", "wanted", "needed"] = ""


@dataclass(frozen=True)
class Finish:
    """When a step has succeeded, for the replica that brings its outputs away.

    `success` lists sets of replicas of which one must have ended well as a whole; none for a step
    of one process. For others that end by themselves, `grace` says how many seconds they may take.
    With `any_exit_code` any end but by a signal is a good one.
    """

    success: tuple[tuple[str, ...], ...] = ()
    grace: Mapping[str, float] = field(default_factory=dict)
    any_exit_code: bool = False


@dataclass(frozen=True)
class Warm:
    """A built-in's step: its function's words, and the functions of all of the run's built-ins.

    None of them if it is the only one, for which no process is worth beginning.
    """

    words: tuple[str, ...]
    functions: tuple[str, ...]


@dataclass(frozen=True)
class Artifact:
    """Data for an input: a path of the host's, and whether a single file is meant.

    With a `route` it is brought within the attempt, and of `path` only the last part counts.

    Of a step that ran for each item of a list there are `parts`, which become `0`, `1`, ... in
    one folder; or `text`, the JSON list of their values, which becomes a file.
    """

    path: str
    is_file: bool = False
    parts: tuple[str, ...] | None = None
    text: str | None = None
    route: Route | None = None


@dataclass(frozen=True)
class Mount:
    """A file or folder that is put at `target` for the step: read-only, or as a copy of its own."""

    source: str
    target: str
    read_only: bool = True
    is_copy: bool = False


@dataclass(frozen=True)
class Replica:
    """One process of a step, with everything it is started with.

    `secrets` are further variables, each by the name of the secret that is its value: who starts
    the process looks it up, so that a plan can be shown and kept. `starts_after` names roles of
    which all replicas must be `running`, or `ready`, or ended, before this one starts. `files`
    are its own, as those of the plan.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    role: str = "worker"
    index: int = 0
    resources: Resources = field(default_factory=Resources)
    starts_after: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its place in the job: `worker-0`."""
        return f"{self.role}-{self.index}"


@dataclass(frozen=True)
class Rendered:
    """What a command is run as: its words, and the variables that only it gets."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What a step asks an engine for, in no engine's terms.

    `root` is the folder that holds `usercode`, `input` and `output`: `/ml`, or elsewhere.
    `folders` (parents first) are made below `root` before the start, and `files` written.
    `code` is the digest of the snapshot that becomes `usercode`. `links` are made after that, by
    name to target, where the code has nothing of that name. `environment` stands in for the
    requirements.txt of the code. `shims` are small packages of ours that stand in for a cloud's
    own, by name. `driver` is a program of ours that runs in place of a command, with the
    replica's words as arguments; it may start further runs. `carries` are folders that earlier
    attempts left, by where they go on below `root`: checkpoints. `leases` is the folder of the
    socket at which a batch's shards are leased, empty for none. `transfers` are made within the
    attempt: downloads before the command, uploads after the step has succeeded (`finish`).
    A step that is `warm` may be forked from a process that is ready for it.
    """

    replicas: tuple[Replica, ...]
    root: str
    mounts: tuple[Mount, ...]
    files: Mapping[str, str]
    folders: tuple[str, ...]
    code: str = ""
    image: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    environment: Environment | None = None
    shims: tuple[str, ...] = ()
    driver: str = ""
    carries: Mapping[str, str] = field(default_factory=dict)
    leases: str = ""
    transfers: tuple[Transfer, ...] = ()
    finish: Finish = field(default_factory=Finish)
    warm: Warm | None = None
