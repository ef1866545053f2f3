"""A process with transfers: a program of ours brings its data, and starts what was to be started.

It stands outside the step's own confinement of files, and within its limits; it takes the
credentials out of the environment before it starts anything (docs/storage.md).
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from millwork.base.errors import Unavailable
from millwork.engines.host import recorder
from millwork.worker import mounts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.plan.model import Plan
    from millwork.ports import Secrets

PROGRAM = "millwork.blobs.places.stage"
VARIABLE = "MILLWORK_TRANSFER_SECRETS"


def release(folder: str) -> None:
    """Takes away what is still mounted for a process that is over, however it ended."""
    with open(f"{folder}/{recorder.ORDER}", encoding="utf-8") as file:
        order = json.load(file)
    if any(transfer["mount"] for transfer in order["transfers"]):
        mounts.release(f"{order['attempt']}/ml/input/data")


def staged(
    words: Sequence[str], plan: Plan, process: str, attempts: str, secrets: Secrets | None
) -> tuple[list[str], dict[str, str]]:
    """The words with a program of ours before them, and the variables that it needs.

    Raises Unavailable for a secret that is not there.
    """
    values = {}
    for name in {transfer.route.secret for transfer in plan.transfers} - {""}:
        value = secrets.value(name) if secrets else None
        if value is None:
            raise Unavailable(f"there is no secret '{name}': millwork secrets set {name}")
        values[name] = value
    folder = f"{attempts}/{process}"
    order = {
        "attempt": f"{attempts}/{process.partition('/')[0]}",
        "reason": f"{folder}/{recorder.REASON}",
        "replica": process.partition("/")[2].partition("~")[0],
        "transfers": [asdict(transfer) for transfer in plan.transfers],
        "finish": asdict(plan.finish),
    }
    path = f"{folder}/{recorder.ORDER}"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(order, file)
    words = [sys.executable, "-E", "-P", "-m", PROGRAM, path, "--", *words]
    return words, {VARIABLE: json.dumps(values)}
