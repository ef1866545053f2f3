"""One line of the table of figures."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One figure: what it is, what was measured, the bound, and whether it is kept."""

    what: str
    measured: str
    bound: str
    kept: bool
