"""Component and pipeline as the rest of Millwork sees them, whatever dialect they came in.

All classes are frozen. `source` is where a definition was read from; it takes no part in
comparison, so that two equal definitions are equal wherever they stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.document import Place

Value: TypeAlias = "str | int | float | bool | tuple[str, ...]"
Flavour: TypeAlias = Literal["millwork", "pai", "azureml-old", "azureml-v2"]
Syntax: TypeAlias = Literal["shell", "braces", "dollar"]
Work: TypeAlias = Literal[
    "command", "distributed", "parallel", "sweep", "spark", "hdinsight", "external"
]
JOB_TYPES = ("Job", "TFJob", "PyTorchJob", "XGBoostJob", "MPIJob", "ElasticBatchJob")
Path: TypeAlias = "tuple[str | int, ...]"


@dataclass(frozen=True)
class Source:
    """Where a definition was read; all is empty when it came from no file.

    `file` is as it was named, `folder` absolute, `places` of the fields within the text.
    """

    file: str = ""
    folder: str = ""
    text: str = ""
    places: Mapping[Path, Place] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Input:
    """A named data port that a component reads.

    `native` is its type in the words of its flavour, where that is not Millwork's; `mode` how it
    comes to the step, in these words too (AzureML: download, ro_mount, direct, ...).
    """

    type: str = "any"
    required: bool = True
    sources: tuple[str, ...] = ()
    description: str = ""
    native: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Output:
    """A named data port that a component writes; `native` and `mode` as for an input."""

    type: str = "any"
    storage: tuple[str, ...] = ()
    description: str = ""
    native: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Range:
    """Bounds of a number; None is no bound."""

    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False


@dataclass(frozen=True)
class Parameter:
    """A named typed value (PAI: hyperparameter)."""

    type: str
    default: Value | None = None
    required: bool = False
    range: Range | None = None
    length: tuple[int, int] | None = None
    enum: tuple[Value, ...] = ()
    pattern: str = ""
    input: str = ""
    dtype: str = ""
    group: str = "params"
    display_name: str = ""
    description: str = ""


@dataclass(frozen=True)
class Code:
    """Where a component's code is: a folder beside its file, a Git repository, or a URI.

    No code at all if `path`, `git` and `uri` are empty. `includes` are further files, folders and
    zips that are put into the folder's copy, relative to the component's file (AzureML).
    """

    path: str = "."
    git: str = ""
    ref: str = ""
    uri: str = ""
    includes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Environment:
    """The Python packages a component asks for by itself, apart from its code's requirements.txt.

    `requirements` is the text of a requirements file, its paths absolute; `python` the version
    wanted (`3.10`), empty for the host's. Empty requirements: nothing is installed.
    """

    requirements: str = ""
    python: str = ""


@dataclass(frozen=True)
class Constraints:
    """What compute the component can use (seed 000, constraints)."""

    instance_type: str = "CPU"
    multiple_instances: bool = True
    multiple_gpus: bool = False


@dataclass(frozen=True)
class Resources:
    """What one replica gets: cores, bytes of memory, GPUs, processes; None is no limit."""

    cpu: float | None = None
    memory: int | None = None
    gpu: int = 0
    processes: int | None = None


@dataclass(frozen=True)
class Elastic:
    """Between how many replicas torchrun may go on with; what is empty or None is not said."""

    least: int
    most: int
    backend: str = "c10d"
    id: str = ""
    conf: str = ""
    max_restarts: int | None = None


@dataclass(frozen=True)
class JobOptions:
    """What of a job is not the same everywhere; the defaults are the seed's listings.

    `name` and `namespace` are the job's, for an AIMaster and for torchrun.
    A port that is None is the seed's, 9999 or TensorFlow's 2222, or the engine's choice; `tf_port`
    is the first replica's, that of each further one `tf_port_step` higher. `master_port`: DLC has
    23456. `master_is_localhost`: KubeDL's master calls itself so.
    `tf_environment`: operators and Azure ML say `cloud` in TF_CONFIG. `evaluator_in_cluster`:
    KubeDL leaves it out. `dynamic_workers`: each sees only itself and the parameter servers.
    `processes` of each replica, told to torchrun (NPROC_PER_NODE, PET_*); `elastic` its bounds.
    `per_host`: Azure ML starts each process itself; so many replicas share a host (LOCAL_RANK).
    `dmlc`: Kubeflow's trainer sets DMLC_* for XGBoost.
    `mpi` decides the hostfile's form, `mpi_folder` where it lies; `mpi_agent` is the folder of what
    stands in for an sshd, empty where there is one; `slots` are processes of a host;
    `launcher_works` too, as it does when it was made of the first worker; `mpirun` starts the
    command, where the command is not itself an `mpirun`; `waits_for_workers` as KubeDL's does.
    """

    name: str = ""
    namespace: str = "default"
    master_port: int | None = None
    worker_port: int | None = None
    master_is_localhost: bool = False
    tf_port: int | None = None
    tf_port_step: int = 0
    tf_environment: str = ""
    evaluator_in_cluster: bool = True
    dynamic_workers: bool = False
    processes: int | None = None
    elastic: Elastic | None = None
    per_host: int | None = None
    dmlc: bool = False
    mpi: Literal["openmpi", "intel", "mpich"] = "openmpi"
    mpi_folder: str = "/etc/mpi"
    mpi_agent: str = ""
    slots: int = 1
    launcher_works: bool = False
    mpirun: bool = False
    waits_for_workers: bool = True


@dataclass(frozen=True)
class RunPolicy:
    """When a job has succeeded, what is started again, and what it waits for.

    `restarts` of all kinds together are made at most (None: 3, or of a batch's workers 10),
    `memory_restarts` of them for want of memory.
    `restart` starts the whole `gang` again (AIMaster: Sync) or the `replica` (Async), and
    `restart_policy` says after which ends; empty is what the job type has. `retry_codes` are the
    exit codes, and ranges of them, that ExitCode takes for passing. Times are seconds:
    `hang_timeout` without output from any replica, `pending_timeout` without room to start,
    `finish_grace` and `evaluator_grace` for replicas that still run when the job has succeeded
    (pai-contract 1.3, 1.4).
    """

    restarts: int | None = None
    memory_restarts: int = 1
    restart: Literal["", "gang", "replica"] = ""
    restart_policy: Literal["", "Never", "OnFailure", "ExitCode", "Always"] = ""
    retry_codes: tuple[str, ...] = ("130", "137", "138", "143")
    success: Literal["", "all_workers"] = ""
    hang_timeout: float | None = None
    pending_timeout: float | None = None
    finish_grace: float = 10.0
    evaluator_grace: float = 0.0


@dataclass(frozen=True)
class Split:
    """How a batch's input is cut into shards.

    By `files` or `bytes` of whole files, or by `rows` of tables, `size` of them a shard; by the
    folders of partition `keys`; or as the file `list` within the input says, a shard a line. By
    `auto` Millwork chooses between files and rows, and what size.
    """

    by: Literal["auto", "files", "bytes", "rows", "keys", "list"] = "auto"
    size: int | None = None
    keys: tuple[str, ...] = ()
    list: str = ""


@dataclass(frozen=True)
class Batch:
    """What is leased to a component's replicas, shard by shard, and what becomes of their output.

    `input` and `output` are ports; of what shards stage for `output`, the file `append` becomes
    one file in the order of the shards. The other fields are AzureML's, with Millwork's defaults:
    how often a shard is tried again, and how many items, shards (-1: any number) and percent of
    the shards may fail. None may, unless a number is said of items or of shards: then that counts.
    """

    input: str
    split: Split = field(default_factory=Split)
    output: str = ""
    append: str = ""
    max_retries: int = 2
    error_threshold: int | None = None
    mini_batch_error_threshold: int | None = None
    allowed_failed_percent: float = 100.0
    partial_is_failure: bool = False
    speculates: bool = True


@dataclass(frozen=True)
class Secret:
    """A variable's value that is kept apart, by name; only a step's environment gets it."""

    name: str


@dataclass(frozen=True)
class Metric:
    """A number read from the log: the first group of `regex`."""

    name: str
    regex: str
    description: str = ""


@dataclass(frozen=True)
class Progress:
    """PAI's progress definitions: patterns for the share done (0..1) and the seconds left."""

    overall: str = ""
    remaining: str = ""


@dataclass(frozen=True)
class Component:
    """A versioned, reusable step.

    `syntax` is how the command takes values: as variables of a shell (`shell`), or in the place
    of `{inputs.x}` (`braces`) or `${{inputs.x}}` (`dollar`). `work` is what it does, and `body`
    what some work needs beyond a command, with scalars as text. `refusals` are the reasons for
    which no run takes it, each with its place; it can be read, drawn and converted all the same.
    """

    name: str
    version: str
    command: str
    flavour: Flavour = "millwork"
    syntax: Syntax = "shell"
    work: Work = "command"
    body: Mapping[str, Any] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    version_description: str = ""
    display_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    job_type: str = "Job"
    job: JobOptions | None = None
    run_policy: RunPolicy | None = None
    batch: Batch | None = None
    image: str = ""
    code: Code = field(default_factory=Code)
    environment: Environment | None = None
    env: Mapping[str, str | Secret] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    constraints: Constraints | None = None
    resources: Resources = field(default_factory=Resources)
    is_deterministic: bool = True
    any_exit_code: bool = False
    timeout: float | None = None
    mounts: str = "ml"
    metrics: tuple[Metric, ...] = ()
    progress: Progress | None = None
    source: Source = field(default_factory=Source, compare=False)


@dataclass(frozen=True)
class Reference:
    """A wire's other end: `extract.flights`, `parameters.rounds`, `inputs.train`."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.name}"


@dataclass(frozen=True)
class LocalPath:
    """A file or folder given in a pipeline, relative to the pipeline's own file."""

    path: str


Binding: TypeAlias = Reference | LocalPath


@dataclass(frozen=True)
class ReplicaGroup:
    """How many replicas of one role, and what each asks for beyond the node's resources."""

    count: int
    resources: Resources | None = None


@dataclass(frozen=True)
class ForEach:
    """Run a node once for each item of a list; the item becomes the parameter `into`."""

    items: Reference
    into: str
    max_parallel: int | None = None


@dataclass(frozen=True)
class PipelineNode:
    """A component with its arguments in one pipeline.

    `component` is the path of its file, empty if the pipeline's own file defines it. `file_names`
    are the names of the files that outputs of one file are written as.
    """

    component: str
    inputs: Mapping[str, Binding] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    when: str = ""
    foreach: ForEach | None = None
    retries: int = 0
    timeout: float | None = None
    on_lost: str = "retry"
    continue_on_failure: bool = False
    env: Mapping[str, str | Secret] = field(default_factory=dict)
    resources: Resources | None = None
    replicas: Mapping[str, ReplicaGroup] = field(default_factory=dict)
    job: JobOptions | None = None
    run_policy: RunPolicy | None = None
    file_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """Words on the canvas, for people: where they stand, and how large and in what colour."""

    text: str
    at: tuple[float, float]
    size: tuple[float, float] | None = None
    colour: str = "yellow"


@dataclass(frozen=True)
class Pipeline:
    """A graph of nodes; it has ports and parameters of its own, so it is a component too.

    `definitions` are those of its nodes that stand in its own file. `data` is what its inputs
    are where a run gives nothing else. `refusals` as for a component; `experiment` is kept on
    the run. `scheduling_parameters` are expressions, by the names that its nodes say (`${name}`).
    """

    name: str
    version: str
    nodes: Mapping[str, PipelineNode]
    flavour: Flavour = "millwork"
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    data: Mapping[str, LocalPath] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()
    experiment: str = ""
    version_description: str = ""
    display_name: str = ""
    description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, Input] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    scheduling_parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, Reference] = field(default_factory=dict)
    layout: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    source: Source = field(default_factory=Source, compare=False)


Definition: TypeAlias = Component | Pipeline
