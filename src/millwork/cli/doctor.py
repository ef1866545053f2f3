"""`millwork doctor`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from millwork.actions.doctor import examine
from millwork.app.compose import open_context
from millwork.app.home import filesystem_of

if TYPE_CHECKING:
    from argparse import Namespace


def run(options: Namespace) -> int:
    """Prints what works here; returns 3 if runs cannot work at all."""
    context = open_context()
    findings = examine(context, filesystem_of(context.home))
    if options.json:
        sys.stdout.write(json.dumps(findings, ensure_ascii=False) + "\n")
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]"}
    for finding in findings:
        table.add_row(marks[finding["state"]], finding["what"], finding["says"])
    Console(soft_wrap=not sys.stdout.isatty()).print(table)
    return 0
