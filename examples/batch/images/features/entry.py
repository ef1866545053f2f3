"""The same as Azure ML has it: it calls the entry script with one mini-batch after the other."""

from pathlib import Path

from describe import describe


def init() -> None:
    print("init", flush=True)


def run(mini_batch: list[str]) -> list[str]:
    return [describe(Path(path)) for path in mini_batch]


def shutdown() -> None:
    print("shutdown", flush=True)
