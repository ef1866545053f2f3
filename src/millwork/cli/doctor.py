"""`millwork doctor`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from millwork.actions.doctor import examine, examine_artifacts
from millwork.app.compose import container_settings, open_context
from millwork.app.home import filesystem_of
from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace


def run(options: Namespace) -> int:
    """Prints what works here, or which results are damaged: returns 1 if one is."""
    context = open_context()
    if (options.what == "storage") != bool(options.place):
        raise BadRequest("millwork doctor storage NAME|URI: name a connection, or where data lies")
    if options.what == "storage":
        from millwork.actions.doctor_storage import MOUNT, examine_storage
        from millwork.actions.resume import Unwatched

        findings = examine_storage(context, options.place, Unwatched())
        damaged = any(each["state"] != "ok" and each["what"] != MOUNT for each in findings)
    elif options.what:
        findings = examine_artifacts(context)
        damaged = any(finding["state"] != "ok" for finding in findings)
    else:
        findings = examine(context, filesystem_of(context.home), container_settings())
        damaged = False
    if options.json:
        sys.stdout.write(json.dumps(findings, ensure_ascii=False) + "\n")
        return int(damaged)
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]"}
    for finding in findings:
        table.add_row(marks[finding["state"]], finding["what"], finding["says"])
    # A pipe has no width: lines must not be folded there.
    (Console() if sys.stdout.isatty() else Console(width=200)).print(table)
    return int(damaged)
