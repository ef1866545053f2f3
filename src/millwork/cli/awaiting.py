"""`--wait`: an instance of a server, with what its runs print, until it is over."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Unavailable
from millwork.cli.conclusion import printable
from millwork.cli.following import Followed, follow, waiting
from millwork.client.door import HttpDoor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.app.doors import Door

_OVER = ("succeeded", "failed", "cancelled")
_PULSE = 0.5


def server_of(door: Door) -> HttpDoor:
    """The server that it is waited for; raises Unavailable if there is none to begin anything."""
    if not isinstance(door, HttpDoor):
        raise Unavailable("--wait: there is no server to begin it; millwork up starts one")
    return door


def wait(door: HttpDoor, instance: str, *, as_json: bool) -> int:
    """Shows what becomes of an instance until it is over; 0 if it has succeeded, else 1.

    As JSON it is shown alone, when it is over.
    """
    with waiting(door, f"instance {instance}", f"instances show {instance}"):
        row = _until_over(door, instance, is_shown=not as_json)
    reason = f": {row['reason']}" if row["reason"] else ""
    said = f"instance {instance} {row['status']}{reason}"
    sys.stdout.write(f"{json.dumps(row, ensure_ascii=False) if as_json else printable(said)}\n")
    return 0 if row["status"] == "succeeded" else 1


def _until_over(door: HttpDoor, instance: str, *, is_shown: bool) -> Mapping[str, Any]:
    followed, told = set[str](), list[str]()
    while True:
        row: dict[str, Any] = door.ask("instances.show", instance=instance)
        seen = [each["run"] for each in row["runs"] if each["status"]]
        new = [run for run in reversed(seen) if run not in followed]
        if is_shown and new:
            followed.add(new[0])
            _follow(door, new[0])
            continue
        if row["status"] in _OVER:
            return row
        if is_shown and row["why"] and row["why"] != told:
            told = row["why"]
            sys.stderr.write(f"millwork: waits: {printable('; '.join(told))}\n")
        time.sleep(_PULSE)  # a server tells of runs, but not of instances


def _follow(door: HttpDoor, run: str) -> None:
    page = door.ask("runs.show", run=run)
    steps = [step["node"] for step in page["steps"]]
    follow(door, Followed(run, page["name"], steps), Namespace(json=False, output=None))
