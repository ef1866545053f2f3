"""Metaflow: writes the flow, which must be a file with a method for each step, and runs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import one_step

HEAD = """\
import sys

sys.path.insert(0, {here!r})
from metaflow import FlowSpec, step
import one_step


class Steps(FlowSpec):
"""
TAIL = """\
    @step
    def end(self):
        pass


if __name__ == "__main__":
    Steps()
"""
CHAIN_STEP = """\
    @step
    def {name}(self):
        {work}
        self.next(self.{after})

"""
FAN = """\
    @step
    def start(self):
        self.numbers = list(range({count}))
        self.next(self.each, foreach="numbers")

    @step
    def each(self):
        one_step.work(self.input)
        self.next(self.join)

    @step
    def join(self, inputs):
        self.next(self.end)

"""


def chain(count: int) -> str:
    """The flow's methods: the empty `start`, then one a step."""
    names = ["start", *(f"step{number}" for number in range(count)), "end"]
    works = ["pass", *(f"one_step.work({number})" for number in range(count))]
    return "".join(
        CHAIN_STEP.format(name=name, work=work, after=after)
        for name, work, after in zip(names, works, names[1:], strict=False)
    )


def main() -> None:
    """Writes the flow and becomes its run."""
    shape, count = one_step.asked()
    file = Path("flow.py")
    if one_step.again():
        os.execv(sys.executable, [sys.executable, str(file), "resume"])
    body = chain(count) if shape == "chain" else FAN.format(count=count)
    file.write_text(HEAD.format(here=str(Path(__file__).parent)) + body + TAIL)
    words = [sys.executable, str(file), "run", "--max-workers", str(one_step.PARALLEL)]
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
