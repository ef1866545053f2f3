"""`millwork gc`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.actions.gc import collect
from millwork.actions.tally import Wish
from millwork.app.compose import home_settings, open_context
from millwork.base.errors import BadRequest
from millwork.base.sizes import format_size

if TYPE_CHECKING:
    from argparse import Namespace

    from millwork.views.retention import Collected, Removed


def run(options: Namespace) -> int:
    """Removes what nothing names any more, and prints what it was.

    Returns 1 if something that should be gone is not; runs that others need may go another time.
    """
    context = open_context()
    rules = home_settings().retention
    if options.older_than is not None:
        if not 0 <= options.older_than <= 36_500:
            raise BadRequest("--older-than: days, 0 or more")
        days = options.older_than
        rules = replace(rules, runs_days=days, instances_days=days)
    if options.local and not context.artifacts():
        raise BadRequest(
            "--local: the settings keep no artifacts in S3, so these are the only ones"
        )
    found = collect(context, Wish(rules, options.dry_run, options.local))
    if options.json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
    else:
        _print(found, context.home)
    return int(any(left["kind"] != "run" for left in found["left"]))


def _print(found: Collected, home: str) -> None:
    kinds: dict[str, list[Removed]] = {}
    for item in found["items"]:
        kinds.setdefault(item["kind"], []).append(item)
    for kind, items in kinds.items():
        count, size = (sum(item[each] for item in items) for each in ("count", "bytes"))
        sys.stdout.write(f"{kind:<12}  {count:>7}  {format_size(size):>10}\n")
    for left in found["left"]:
        sys.stdout.write(f"left: {left['kind']} {left['name']}: {left['why']}\n")
    verb = "would be freed" if found["is_dry"] else "freed"
    place = os.path.normpath(home)
    sys.stdout.write(f"{format_size(found['bytes'])} {verb} in {place}\n")
