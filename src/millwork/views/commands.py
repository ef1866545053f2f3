"""What an attempt was started with, as people and programs read it."""

from __future__ import annotations

from typing import TypedDict


class StepCommand(TypedDict):
    """What one of an attempt's processes was started with.

    `argv` are its words, the first of them the program; `folder` is where it found `usercode`,
    `input` and `output`. `variables` are those that Millwork set, besides which it saw those of
    the engine. Of variables whose value is a secret, `secrets` has the name of the secret. Of a job
    it is one of its `replicas`.
    """

    run: str
    step: str
    attempt: str
    replica: str
    replicas: list[str]
    folder: str
    image: str
    argv: list[str]
    variables: dict[str, str]
    secrets: dict[str, str]
