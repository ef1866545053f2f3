"""What a step measured, one value after the other, as people and programs read it."""

from __future__ import annotations

from typing import TypedDict


class MetricPoint(TypedDict):
    """A value, and which one it was from 1 on."""

    number: int
    value: float


class MetricSeries(TypedDict):
    """The values of one metric, oldest first; of more than are told, `count` is how many."""

    name: str
    count: int
    points: list[MetricPoint]


class StepMetrics(TypedDict):
    """What the last attempt at a step has measured so far."""

    run: str
    step: str
    attempt: str
    items: list[MetricSeries]
