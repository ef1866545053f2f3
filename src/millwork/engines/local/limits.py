"""Memory, cpu and process limits: cgroup v1 or v2 where they can be written, else rlimits."""

from __future__ import annotations

import os
import time
from signal import SIGKILL
from typing import TYPE_CHECKING, Protocol

from millwork.base.errors import Unavailable
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS = "millwork"
_PERIOD = 100_000  # microseconds, the kernel's default
_V1 = ("memory", "cpu", "cpuacct", "pids")
_V2 = ("memory", "cpu", "pids")
_SWAP = ("memory.memsw.limit_in_bytes", "memory.swap.max")  # absent without swap accounting
_PATIENCE = 5.0  # seconds that killed processes may take to go
_PAUSE = 0.005


@dataclass(frozen=True)
class Limits:
    """What one attempt may use: cores, bytes, processes and threads; None is no limit."""

    cpu: float | None = None
    memory: int | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Usage:
    """What an attempt has used so far; None where it is not known.

    `peak_memory` is in bytes and counts the page cache that the attempt filled, as the kernel
    does; `oom_kills` counts processes that the kernel killed for the memory limit.
    """

    cpu_seconds: float | None = None
    peak_memory: int | None = None
    oom_kills: int | None = None
    throttled_seconds: float | None = None


class Box(Protocol):
    """The limits of one attempt, as they stand around its processes."""

    @property
    def groups(self) -> tuple[str, ...]:
        """The folders of its control groups: keep them to `reopen` after a crash."""

    @property
    def procs(self) -> tuple[str, ...]:
        """Files into which a process writes `0` to enter the box, in this order."""

    @property
    def ulimits(self) -> tuple[tuple[str, int], ...]:
        """Limits that the shell sets: letters of bash's `ulimit` (`v` in KiB, `u`) and numbers.

        dash calls `u` `p`: `ulimit -u N 2>/dev/null || ulimit -p N`.
        """

    def usage(self) -> Usage:
        """What was used so far."""

    def pids(self) -> list[int]:
        """The processes inside; empty also where they cannot be known (rlimit)."""

    def kill(self) -> bool:
        """SIGKILL whatever is inside until it is empty; False if that took more than 5 s."""

    def close(self) -> None:
        """Remove the box; nothing happens if it is gone already or will not go."""


class Limiter(Protocol):
    """One way of limiting attempts on this machine."""

    @property
    def name(self) -> str:
        """`cgroup v1`, `cgroup v2` or `rlimit`."""

    @property
    def controls(self) -> tuple[str, ...]:
        """What it really limits here, of `memory`, `cpu` and `processes`."""

    def open(self, attempt: str, limits: Limits) -> Box:
        """A new box; Unavailable when the kernel refuses it."""

    def reopen(self, attempt: str, groups: tuple[str, ...] = ()) -> Box:
        """The box that another process opened; `groups` are the ones it had then, if known."""


def detect(root: str = "/sys/fs/cgroup", proc: str = "/proc/self/cgroup") -> Limiter:
    """The best limiter that works here, found by making and removing a group (under 1 ms).

    Below version 2, the nearest group above this process that hands out memory control is used,
    so that limits of the service or session around Millwork still hold.
    """
    if os.path.exists(f"{root}/cgroup.controllers"):
        for base in _ancestors(root, proc):
            if controllers := _probe_v2(base):
                return _GroupsV2(base, controllers)
        return _Rlimits()
    mounts = {name: path for name in _V1 if (path := _probe_v1(f"{root}/{name}"))}
    return _GroupsV1(mounts) if "memory" in mounts else _Rlimits()


def _probe_v1(mount: str) -> str | None:
    """The hierarchy's real folder if groups can be made there."""
    mount = os.path.realpath(mount)
    try:
        _make(f"{mount}/{_OURS}")
        probe = f"{mount}/{_OURS}/probe-{os.getpid()}"
        _make(probe)
        usable = os.access(f"{probe}/cgroup.procs", os.W_OK)
        os.rmdir(probe)
    except OSError:
        return None
    return mount if usable else None


def _ancestors(root: str, proc: str) -> Iterator[str]:
    """The groups above this process, nearest first."""
    with open(proc, encoding="utf-8") as file:
        own = next((line[3:].strip() for line in file if line.startswith("0::/")), "/")
    own = "" if ".." in own.split("/") else own.rstrip("/")
    while own:
        yield root + own
        own = own.rpartition("/")[0]
    yield root


def _probe_v2(base: str) -> tuple[str, ...]:
    """The controllers that groups below `base` get; none if they cannot limit memory."""
    ours = f"{base}/{_OURS}"
    # The kernel lets a process move only if its mover may write to the group above both.
    if not os.access(f"{base}/cgroup.procs", os.W_OK):
        return ()
    try:
        made = _make(ours)
        _hand_down(base)
        _hand_down(ours)
        probe = f"{ours}/probe-{os.getpid()}"
        _make(probe)
        offered = _read(f"{probe}/cgroup.controllers").split()
        os.rmdir(probe)
        if "memory" in offered:
            return tuple(name for name in _V2 if name in offered)
        if made:
            os.rmdir(ours)
    except OSError:
        pass
    return ()


def _hand_down(group: str) -> None:
    """Give a group's controllers to the groups below it, each that it has and may give."""
    given = _read(f"{group}/cgroup.subtree_control").split()
    for name in _read(f"{group}/cgroup.controllers").split():
        if name in _V2 and name not in given:
            try:
                _write(f"{group}/cgroup.subtree_control", f"+{name}")
            except OSError:
                continue  # a group with processes of its own cannot


@dataclass(frozen=True)
class _GroupsV1:
    mounts: dict[str, str]
    name = "cgroup v1"

    @property
    def controls(self) -> tuple[str, ...]:
        return _control_names(self.mounts)

    def open(self, attempt: str, limits: Limits) -> Box:
        box = self.reopen(attempt)
        settings = []
        if limits.memory is not None:
            settings.append(("memory", "memory.limit_in_bytes", str(limits.memory)))
            settings.append(("memory", "memory.memsw.limit_in_bytes", str(limits.memory)))
        if limits.cpu is not None:
            settings.append(("cpu", "cpu.cfs_period_us", str(_PERIOD)))
            settings.append(("cpu", "cpu.cfs_quota_us", str(_quota(limits.cpu))))
        if limits.processes is not None:
            settings.append(("pids", "pids.max", str(limits.processes)))
        return _furnish(box, settings)

    def reopen(self, attempt: str, groups: tuple[str, ...] = ()) -> _BoxV1:  # noqa: ARG002
        return _BoxV1({name: f"{mount}/{_OURS}/{attempt}" for name, mount in self.mounts.items()})


@dataclass(frozen=True)
class _GroupsV2:
    base: str
    controllers: tuple[str, ...]
    name = "cgroup v2"

    @property
    def controls(self) -> tuple[str, ...]:
        return _control_names(self.controllers)

    def open(self, attempt: str, limits: Limits) -> Box:
        box = self.reopen(attempt)
        settings = []
        if limits.memory is not None:
            settings.append(("memory", "memory.max", str(limits.memory)))
            settings.append(("memory", "memory.swap.max", "0"))
        if limits.cpu is not None:
            settings.append(("cpu", "cpu.max", f"{_quota(limits.cpu)} {_PERIOD}"))
        if limits.processes is not None:
            settings.append(("pids", "pids.max", str(limits.processes)))
        return _furnish(box, settings)

    def reopen(self, attempt: str, groups: tuple[str, ...] = ()) -> _BoxV2:
        group = groups[0] if groups else f"{self.base}/{_OURS}/{attempt}"
        return _BoxV2(dict.fromkeys(self.controllers, group))


class _Rlimits:
    """No groups: the address space and the user's processes are limited, if at all."""

    name = "rlimit"

    @property
    def controls(self) -> tuple[str, ...]:
        return ("memory",) if os.geteuid() == 0 else ("memory", "processes")

    def open(self, attempt: str, limits: Limits) -> Box:  # noqa: ARG002
        ulimits = []
        if limits.memory is not None:
            ulimits.append(("v", max(1, limits.memory // 1024)))
        if limits.processes is not None and os.geteuid() != 0:
            ulimits.append(("u", limits.processes + _own_tasks()))
        return _NoBox(tuple(ulimits))

    def reopen(self, attempt: str, groups: tuple[str, ...] = ()) -> Box:  # noqa: ARG002
        return _NoBox(())


@dataclass(frozen=True)
class _NoBox:
    ulimits: tuple[tuple[str, int], ...]
    groups: tuple[str, ...] = ()
    procs: tuple[str, ...] = ()

    def usage(self) -> Usage:
        return Usage()

    def pids(self) -> list[int]:
        return []

    def kill(self) -> bool:
        return True

    def close(self) -> None:
        return


@dataclass(frozen=True)
class _GroupBox:
    """Groups of one attempt: controller to folder; several controllers may share one."""

    folders: dict[str, str]
    ulimits: tuple[tuple[str, int], ...] = ()

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.folders.values()))

    @property
    def procs(self) -> tuple[str, ...]:
        return tuple(f"{group}/cgroup.procs" for group in self.groups)

    def pids(self) -> list[int]:
        found: set[int] = set()
        for group in self.groups:
            for folder in _below(group):
                found.update(int(line) for line in _read(f"{folder}/cgroup.procs").split())
        # 0 stands for a process of another pid namespace; as a signal's target it means us.
        return sorted(found - {0})

    def kill(self) -> bool:
        deadline = time.monotonic() + _PATIENCE
        self._forbid_forks()
        while pids := self.pids():
            for group in self.groups:
                _try_write(f"{group}/cgroup.kill", "1")
            for pid in pids:
                try:
                    os.kill(pid, SIGKILL)
                except OSError:
                    continue
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True

    def close(self) -> None:
        deadline = time.monotonic() + _PATIENCE / 10
        for group in self.groups:
            while not _remove(group) and time.monotonic() < deadline:
                time.sleep(_PAUSE)

    def _forbid_forks(self) -> None:
        """A fork bomb would outrun a loop of kills."""
        if "pids" in self.folders:
            _try_write(f"{self.folders['pids']}/pids.max", "0")

    def _file(self, controller: str, name: str) -> str:
        return f"{self.folders[controller]}/{name}" if controller in self.folders else ""


class _BoxV1(_GroupBox):
    def usage(self) -> Usage:
        throttled = _field(self._file("cpu", "cpu.stat"), "throttled_time")
        cpu = _number(self._file("cpuacct", "cpuacct.usage"))
        return Usage(
            cpu_seconds=None if cpu is None else cpu / 1e9,
            peak_memory=_number(self._file("memory", "memory.max_usage_in_bytes")),
            oom_kills=_field(self._file("memory", "memory.oom_control"), "oom_kill"),
            throttled_seconds=None if throttled is None else throttled / 1e9,
        )


class _BoxV2(_GroupBox):
    def usage(self) -> Usage:
        # cpu.stat counts time even where the cpu controller is not handed down.
        stat = self._file("memory", "cpu.stat")
        cpu, throttled = _field(stat, "usage_usec"), _field(stat, "throttled_usec")
        return Usage(
            cpu_seconds=None if cpu is None else cpu / 1e6,
            peak_memory=_number(self._file("memory", "memory.peak")),
            oom_kills=_field(self._file("memory", "memory.events"), "oom_kill"),
            throttled_seconds=None if throttled is None else throttled / 1e6,
        )


def _furnish(box: _BoxV1 | _BoxV2, settings: list[tuple[str, str, str]]) -> Box:
    """Make a box's groups and write (controller, file, value) where the controller is there."""
    path = ""
    try:
        for path in box.groups:
            _make(os.path.dirname(path))
            _make(path)
        for controller, name, value in settings:
            path = box._file(controller, name)
            if path and (name not in _SWAP or os.path.exists(path)):
                _write(path, value)
    except OSError as error:
        box.close()
        raise Unavailable(f"cannot limit the step: {path}: {error.strerror}") from error
    return box


def _control_names(controllers: dict[str, str] | tuple[str, ...]) -> tuple[str, ...]:
    names = {"memory": "memory", "cpu": "cpu", "pids": "processes"}
    return tuple(name for controller, name in names.items() if controller in controllers)


def _quota(cores: float) -> int:
    return max(1000, round(cores * _PERIOD))


def _own_tasks() -> int:
    """Threads that this user has already: RLIMIT_NPROC counts them all, not a step's own."""
    user, count = os.getuid(), 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                info = os.stat(f"/proc/{name}/task")
            except OSError:
                continue
            count += info.st_nlink - 2 if info.st_uid == user else 0
    return count


def _make(group: str) -> bool:
    """Whether the group is new; OSError if there is none afterwards."""
    try:
        os.mkdir(group)
    except FileExistsError:
        return False
    return True


def _below(group: str) -> list[str]:
    """A group and those that the step made below it, parents first."""
    found = [group]
    for folder in found:
        try:
            if os.stat(folder).st_nlink == 2:
                continue  # no folder in it: reading all of its files' names costs 40 us
            with os.scandir(folder) as entries:
                found += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
    return found


def _remove(group: str) -> bool:
    for folder in reversed(_below(group)):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return True


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:
        return ""


def _number(path: str) -> int | None:
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _field(path: str, name: str) -> int | None:
    for line in _read(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return None


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _try_write(path: str, text: str) -> None:
    try:
        _write(path, text)
    except OSError:
        return
