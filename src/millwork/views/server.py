"""The server as people and programs read it."""

from __future__ import annotations

from typing import Literal, TypedDict


class Health(TypedDict):
    """The process answers."""

    status: Literal["ok"]


class EngineView(TypedDict):
    """An engine; `shortcoming` says why it cannot do all, empty if it can."""

    name: str
    shortcoming: str


class MachineView(TypedDict):
    """What the server's machine has: cores, bytes of memory, and how many GPUs."""

    cpu: float
    memory: int
    gpus: int


class About(TypedDict):
    """What the server is, and what it has to do; `promise` says what its workspaces are."""

    version: str
    engines: list[EngineView]
    machine: MachineView
    database: str
    running: int
    queued: int
    promise: str
