"""What processes use of NVIDIA's GPUs, by NVIDIA's own library (the package nvidia-ml-py)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.engine import Sample


def with_gpus(found: Mapping[str, tuple[Sample, list[int]]]) -> dict[str, Sample]:
    """The samples with what their processes use of GPUs; as they are if the library is not here."""
    library = _library()
    if library is None:
        return {name: sample for name, (sample, _) in found.items()}
    memory: dict[int, int] = {}
    percent: dict[int, float] = {}
    try:
        _read(library, memory, percent)
    except library.NVMLError:  # a GPU that has fallen off the bus takes no run with it
        return {name: sample for name, (sample, _) in found.items()}
    return {
        name: replace(
            sample,
            gpu_memory=sum(memory.get(pid, 0) for pid in pids),
            gpu_percent=sum(percent.get(pid, 0.0) for pid in pids),
        )
        for name, (sample, pids) in found.items()
    }


@cache
def _library() -> Any:
    try:
        library = import_module("pynvml")
    except ImportError:
        return None
    try:
        library.nvmlInit()
    except library.NVMLError:
        return None
    return library


def _read(library: Any, memory: dict[int, int], percent: dict[int, float]) -> None:
    """Bytes and per cent by process id, summed over the GPUs."""
    for number in range(library.nvmlDeviceGetCount()):
        device = library.nvmlDeviceGetHandleByIndex(number)
        for each in library.nvmlDeviceGetComputeRunningProcesses(device):
            memory[each.pid] = memory.get(each.pid, 0) + (each.usedGpuMemory or 0)
        try:
            used = library.nvmlDeviceGetProcessUtilization(device, 0)
        except library.NVMLError:  # nothing has run on it lately
            continue
        latest = {each.pid: each.smUtil for each in sorted(used, key=lambda each: each.timeStamp)}
        for pid, share in latest.items():
            percent[pid] = percent.get(pid, 0.0) + share
