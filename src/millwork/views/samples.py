"""What a step used over time, as people and programs read it."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class UsageSample(TypedDict):
    """What a process and all that it has started used at one moment.

    `time` is in Unix seconds, `cpu_seconds` are those so far, memory is in bytes, `gpu_percent` of
    all its GPUs together; what is not known is left out.
    """

    time: float
    cpu_seconds: float
    memory: int
    processes: int
    gpu_memory: NotRequired[int]
    gpu_percent: NotRequired[float]


class StepUsage(TypedDict):
    """The samples of the last attempt at a step: of a job, those of one of its `replicas`."""

    run: str
    step: str
    attempt: str
    replica: str
    replicas: list[str]
    samples: list[UsageSample]
