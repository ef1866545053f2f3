"""Tables as the verbs print them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

_WIDTH = 200
WIDE = 110  # characters from which all columns of a list have room
_RIGHT = ("done", "over", "failed", "holds", "items", "items/s")


def status_text(row: Mapping[str, Any]) -> Text:
    """A status in its colour."""
    from rich.text import Text

    from millwork.cli.live import STYLES

    return Text(row["status"], STYLES.get(row["status"], ""))


def table(*columns: str) -> Table:
    """A table without lines; ids, steps and statuses are never folded, numbers stand right."""
    from rich.table import Table

    made = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    for column in columns:
        made.add_column(
            column,
            overflow="fold",
            no_wrap=column in ("run", "step", "status", *_RIGHT),
            justify="right" if column in _RIGHT else "left",
        )
    return made


def console() -> Console:
    """Standard output. A pipe has no width: lines must not be folded there."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDTH
    return Console(width=width, markup=False, emoji=False, highlight=False)  # names are no markup
