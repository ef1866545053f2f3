"""The command lines of podman and docker, built from what a replica asks for; nothing is run.

The step's own variables are words of the command line and never the client's environment: a
component that sets PATH must not break podman. Secrets are the exception, `-e NAME` without a
value, so that no value can be read from a list of processes.
"""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind: TypeAlias = Literal["podman", "docker"]

PULLS = ("missing", "always", "never")
OURS = "/run/millwork"
"""The folder of a container that is Millwork's own."""
HOME = f"{OURS}/home"
"""The home of a user that the image does not know."""

# What the clients, their runtimes and the loader before them read of their own environment.
_OF_THE_CLIENT = {
    "HOME", "PATH", "TMPDIR", "USER", "LOGNAME", "REGISTRY_AUTH_FILE", "NOTIFY_SOCKET",
    "GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GOTRACEBACK", "DOCKER_API_VERSION",
    "DOCKER_AUTH_CONFIG", "DOCKER_CERT_PATH", "DOCKER_CONFIG", "DOCKER_CONTEXT", "DOCKER_HOST",
}  # fmt: skip
_PREFIXES_OF_THE_CLIENT = (
    "CONTAINER_", "CONTAINERS_", "DOCKER_CONTENT_", "DOCKER_DEFAULT_", "DOCKER_TLS", "LD_",
    "LIBPOD_", "LISTEN_", "PODMAN_", "STORAGE_", "XDG_", "_CONTAINERS_", "_OCI_",
)  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What a workspace says of containers.

    `command` is the client with its global options, empty for podman, else docker.
    `run_options` are put before the image of every `run`. `pull` is one of `PULLS`. `authfile`
    holds the logins of registries. `image` is for components that name none.
    """

    command: tuple[str, ...] = ()
    run_options: tuple[str, ...] = ()
    network: str = "host"
    pull: str = "missing"
    authfile: str = ""
    image: str = ""


@dataclass(frozen=True)
class Tool:
    """A client that works here.

    `rootless`: the caller is root within a container. `limits` are those it holds to, of
    `memory`, `cpu` and `processes`.
    """

    kind: Kind
    command: tuple[str, ...]
    version: str = ""
    rootless: bool = False
    limits: tuple[str, ...] = ("memory", "cpu", "processes")

    @property
    def has_groups(self) -> bool:
        """Whether containers get control groups of their own here."""
        return bool(self.limits)


@dataclass(frozen=True)
class Bind:
    """A file or folder of the host's, at `target` in the container."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Caps:
    """Limits of a container: bytes of memory, cores, processes and threads; None for no limit."""

    memory: int | None = None
    cpu: float | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Container:
    """What is to run, and how.

    `argv` replaces the image's entry point and command. `secrets` are names of variables whose
    values the client finds in its own environment. `home` is a folder of the host's that a
    caller who is not root gets as HOME. `gpus` are device numbers. `shared_memory` (bytes) is
    the size of /dev/shm; None leaves it at the client's 64 MB. `remove`: it is gone when it ends.
    """

    image: str
    argv: tuple[str, ...]
    name: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    mounts: tuple[Bind, ...] = ()
    workdir: str = "/ml/usercode"
    caps: Caps = field(default_factory=Caps)
    shared_memory: int | None = None
    network: str = ""
    gpus: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    home: str = ""
    remove: bool = False


@dataclass(frozen=True)
class Caller:
    """Who starts containers, and the limits (soft, hard) that a container cannot go beyond."""

    uid: int
    gid: int
    open_files: tuple[int, int]
    processes: tuple[int, int]


def caller() -> Caller:
    """The user and the limits of this process."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)
    # podman lowers its own limit to the number of process ids, and cannot always raise it again.
    with open("/proc/sys/kernel/pid_max", encoding="ascii") as file:
        most = int(file.read())
    soft, hard = (
        most if limit == resource.RLIM_INFINITY else min(limit, most)
        for limit in resource.getrlimit(resource.RLIMIT_NPROC)
    )
    return Caller(os.geteuid(), os.getegid(), files, (soft, hard))


def run_words(tool: Tool, settings: Settings, container: Container, who: Caller) -> tuple[str, ...]:
    """The words that run a container in the foreground, without a terminal or standard input.

    The image must be here already: this never pulls. Raises BadRequest for a secret under a name
    that the client itself reads, and for a variable or label that cannot be said.
    """
    network = container.network or settings.network
    # What the step prints is not kept a second time; podman lets it write to our file itself.
    log = "passthrough" if tool.kind == "podman" else "none"
    words = [*tool.command, "run", "--pull", "never", "--log-driver", log]
    words += ["--rm"] if container.remove else []
    words += ["--name", container.name] if container.name else []
    words += ["--network", network] if network else []
    # Bound folders are the user's: they are not given a label of SELinux's.
    words += ["--security-opt", "label=disable"]
    words += ["--user", "0:0" if tool.rootless else f"{who.uid}:{who.gid}"]
    words += _limits(container, who)
    words += _gpus(tool, container.gpus)
    for name, value in container.labels.items():
        words += ["--label", f"{_checked(name)}={value}"]
    for mount in _ordered(container, tool, who):
        words += ["--mount", mount_words(mount)]
    words += ["--workdir", container.workdir] if container.workdir else []
    words += _variables(tool, container, who)
    entry, *arguments = container.argv
    return (*words, *settings.run_options, "--entrypoint", entry, container.image, *arguments)


def mount_words(mount: Bind) -> str:
    """A bind mount as one record of CSV, in which a path may hold anything but NUL."""
    fields = ["type=bind", f"src={mount.source}", f"dst={mount.target}"]
    if mount.read_only:
        fields.append("readonly")
    return ",".join(map(_csv, fields))


def inspect_words(tool: Tool, reference: str) -> tuple[str, ...]:
    """The words that print an image's description as JSON."""
    return (*tool.command, "image", "inspect", checked_reference(reference))


def pull_words(tool: Tool, settings: Settings, reference: str) -> tuple[str, ...]:
    """The words that fetch an image; BadRequest if docker is to use logins in a file it cannot."""
    reference = checked_reference(reference)
    if not settings.authfile:
        return (*tool.command, "pull", "--quiet", reference)
    if tool.kind == "podman":
        return (*tool.command, "pull", "--quiet", "--authfile", settings.authfile, reference)
    folder, name = os.path.split(settings.authfile)
    if name != "config.json":
        raise BadRequest("authfile: docker reads logins only from a file named config.json")
    return (*tool.command, "--config", folder or ".", "pull", "--quiet", reference)


def remove_words(tool: Tool, names: Iterable[str]) -> tuple[str, ...]:
    """The words that end containers and remove them; those that are gone do not matter."""
    ignore = ("--ignore",) if tool.kind == "podman" else ()
    return (*tool.command, "rm", "--force", *ignore, "--volumes", *names)


def checked_reference(reference: str) -> str:
    """The reference, if a client will take it for one; raises BadRequest."""
    is_plain = reference.isprintable() and " " not in reference
    if not reference or not is_plain or reference.startswith("-"):
        raise BadRequest(f"{reference!r} is not a reference to an image")
    return reference


def is_root(tool: Tool, who: Caller) -> bool:
    """Whether the step is root within its container."""
    return tool.rootless or who.uid == 0


def _limits(container: Container, who: Caller) -> list[str]:
    # The clients' defaults are higher than some callers may go: then nothing would start.
    words = ["--ulimit", "nofile={}:{}".format(*who.open_files)]
    words += ["--ulimit", "nproc={}:{}".format(*who.processes)]
    caps = container.caps
    if caps.memory is not None:
        words += ["--memory", str(caps.memory), "--memory-swap", str(caps.memory)]
    if caps.cpu is not None:
        words += ["--cpus", f"{caps.cpu:g}"]
    if caps.processes is not None:
        words += ["--pids-limit", str(caps.processes)]
    if container.shared_memory is not None:
        words += ["--shm-size", str(container.shared_memory)]
    return words


def _gpus(tool: Tool, gpus: tuple[str, ...]) -> list[str]:
    """GPUs by CDI for podman, by docker's own option for docker (which reads CSV)."""
    if not gpus:
        return []
    if tool.kind == "docker":
        return ["--gpus", _csv(f"device={','.join(gpus)}")]
    return [word for gpu in gpus for word in ("--device", f"nvidia.com/gpu={gpu}")]


def _ordered(container: Container, tool: Tool, who: Caller) -> list[Bind]:
    """The mounts, a folder before what lies in it."""
    mounts = list(container.mounts)
    if container.home and not is_root(tool, who):
        mounts.append(Bind(container.home, HOME))
    return sorted(mounts, key=lambda mount: mount.target.rstrip("/").count("/"))


def _variables(tool: Tool, container: Container, who: Caller) -> list[str]:
    env = dict(container.env)
    if container.home and not is_root(tool, who):
        env.setdefault("HOME", HOME)
    words = []
    for name, value in env.items():
        if name not in container.secrets:
            words += ["--env", f"{_checked(name)}={value}"]
    for name in container.secrets:
        if name in _OF_THE_CLIENT or name.startswith(_PREFIXES_OF_THE_CLIENT):
            raise BadRequest(
                f"a secret cannot be the variable {name} in a container:"
                f" {tool.kind} reads {name} itself"
            )
        words += ["--env", _checked(name)]
    return words


def _checked(name: str) -> str:
    # Without a value, podman takes a name that ends in * for a pattern over its own variables.
    if not name or "=" in name or name.endswith("*"):
        raise BadRequest(f"{name!r} cannot be the name of a variable or label in a container")
    return name


def _csv(text: str) -> str:
    if not any(sign in text for sign in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'
