"""A fault in a file: what is wrong, and exactly where."""

from __future__ import annotations

from millwork.base.records import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong in a file.

    `line` and `column` count from 1; 0 means that the place is not known.
    `path` is the field's, dotted: `parameters.rounds.default`.
    `severity` is `error` or `warning`.
    """

    file: str
    line: int
    column: int
    path: str
    severity: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f"{self.path}: " if self.path else ""
        return f"{place}: {self.severity}: {where}{self.message}"
