"""What running processes use: from their control groups, or from all processes of their sessions.

A process that leaves its session is counted only within control groups.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

from millwork.ports.engine import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Extent: TypeAlias = "tuple[tuple[str, ...], tuple[int, ...]]"
"""The folders of a process's control groups, if it has any, and its sessions' ids."""

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ROOT = "/sys/fs/cgroup"
_GPUS = "/proc/driver/nvidia/gpus"


def samples(extents: Mapping[str, Extent]) -> dict[str, Sample]:
    """What each uses now; those of which nothing is known are left out."""
    found: dict[str, tuple[Sample, list[int]]] = {}
    owners: dict[int, str] = {}
    for name, (groups, sessions) in extents.items():
        known = _of_groups(groups) if groups else None
        if known:
            found[name] = known
        else:
            owners |= dict.fromkeys(sessions, name)
    if owners:
        found |= _of_sessions(owners)
    if not os.path.isdir(_GPUS):
        return {name: sample for name, (sample, _) in found.items()}
    from millwork.engines.host.gpus import with_gpus

    return with_gpus(found)


def groups_of(pid: int) -> tuple[str, ...]:
    """The folders of the control groups that a process is in; none if they cannot be seen here."""
    found = []
    with suppress(OSError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as file:
        for line in file:
            _, names, path = line.rstrip("\n").split(":", 2)
            if names in ("", "memory", "cpuacct", "cpu,cpuacct", "cpuacct,cpu"):
                found.append(f"{_ROOT}/{names}{path}" if names else f"{_ROOT}{path}")
    return tuple(folder for folder in found if os.path.isdir(folder))


def _of_groups(groups: Sequence[str]) -> tuple[Sample, list[int]] | None:
    cpu = memory = None
    for group in groups:
        cpu = cpu if cpu is not None else _cpu(group)
        memory = memory if memory is not None else _memory(group)
    if cpu is None or memory is None:
        return None
    pids = list(_pids(groups[0]))
    return Sample(cpu, memory, len(pids)), pids


def _cpu(group: str) -> float | None:
    """Seconds, by version 1 or 2."""
    nanoseconds = _text(f"{group}/cpuacct.usage")
    if nanoseconds:
        return int(nanoseconds) / 1e9
    microseconds = _field(f"{group}/cpu.stat", "usage_usec")
    return None if microseconds is None else microseconds / 1e6


def _memory(group: str) -> int | None:
    """Bytes without the page cache that can be given back at once: Kubernetes' working set."""
    used = _text(f"{group}/memory.current") or _text(f"{group}/memory.usage_in_bytes")
    if not used:
        return None
    stat = f"{group}/memory.stat"
    idle = _field(stat, "total_inactive_file") or _field(stat, "inactive_file") or 0
    return max(0, int(used) - idle)


def _pids(group: str) -> Iterator[int]:
    for folder, _, _ in os.walk(group):
        for line in _text(f"{folder}/cgroup.procs").split():
            yield int(line)


def _of_sessions(owners: Mapping[int, str]) -> dict[str, tuple[Sample, list[int]]]:
    """Sums over the processes of each owner's sessions; shared pages count in each of them.

    A process's time holds that of the children that it has waited for.
    """
    ticks = dict.fromkeys(owners.values(), 0)
    pages = dict.fromkeys(owners.values(), 0)
    pids: dict[str, list[int]] = {name: [] for name in owners.values()}
    for name in os.listdir("/proc"):
        if not name.isdecimal():
            continue
        # The name of the program, in brackets, may hold anything.
        fields = _text(f"/proc/{name}/stat").rpartition(")")[2].split()
        owner = owners.get(int(fields[3])) if fields else None
        if owner is not None and fields[0] != "Z":
            ticks[owner] += sum(map(int, fields[11:15]))
            pages[owner] += int(fields[21])
            pids[owner].append(int(name))
    return {
        name: (Sample(ticks[name] / _TICKS, pages[name] * _PAGE, len(own)), own)
        for name, own in pids.items()
        if own
    }


def _field(path: str, name: str) -> int | None:
    for line in _text(path).splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    return None


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
