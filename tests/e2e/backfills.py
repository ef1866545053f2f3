"""Backfills on a real server, and how many of their steps ran at once, as the steps tell."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from millwork.store.runs import RunStore
from millwork.store.schedules import ScheduleStore
from tests.e2e.asker import Asker
from tests.e2e.server import serving
from tests.kill import backlog

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.server import Server

FIRST = date(2024, 1, 1)
_PATIENCE = 120.0
# A step ends when as many have begun as are to run at once, and a while later: whoever is too many
# begins meanwhile. If they do not come, it gives up.
_SCRIPT = """\
echo "begin $(date +%s%N)" >>{effects}
tries=0
while [ "$(grep -c begin {effects})" -lt {most} ] && [ $tries -lt 300 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
sleep 0.4
echo "end $(date +%s%N)" >>{effects}
"""


def keep_daily(home: Path, command: str) -> None:
    """A schedule `daily` whose step's command may use `${day}`: each date is done anew."""
    with backlog.opened(home) as context:
        backlog.keep_pipeline(context, command, {"day": "${yyyymmdd}"})
        backlog.deploy(context, "daily", every="day", at="02:00", instances="at_once")


def backfill(found: Server, first: date, dates: int, parallel: int) -> dict[str, Any]:
    """So many dates of the schedule, done; the backfill as it is then."""
    asker, last = Asker.of(found), first + timedelta(days=dates - 1)
    wish = {
        "schedule": "daily", "parallel": parallel, "redo": "all",
        "ranges": [{"first": first.isoformat(), "last": last.isoformat()}],
    }  # fmt: skip
    made = asker.ask("POST", "/workspaces/default/backfills", wish)
    deadline = time.monotonic() + _PATIENCE
    # The record itself is looked at: asking the API would cost what is measured elsewhere.
    with closing(RunStore(f"{found.home}/millwork.db", str(found.home))) as store:
        records = ScheduleStore(store.database)
        while _is_going(records, made["id"]):
            assert time.monotonic() < deadline, backlog.statuses(store)
            time.sleep(0.05)  # what the server does gives no event
    shown: dict[str, Any] = asker.ask("GET", f"/workspaces/default/backfills/{made['id']}")
    return shown


def _is_going(records: ScheduleStore, backfill: str) -> bool:
    row = records.backfill(backfill)
    return row is not None and row.status == "running"


def most_at_once(folder: Path, parallel: int, expected: int, dates: int) -> tuple[int, int]:
    """How many steps of a backfill ran at once at most, and how many did at all.

    `expected` is how many are to be seen at once: no more than there is room for on this machine.
    """
    home, effects, script = folder / "home", folder / "effects", folder / "step.sh"
    home.mkdir(parents=True)
    effects.touch()
    script.write_text(_SCRIPT.format(effects=effects, most=expected))
    keep_daily(home, f"sh {script} ${{day}}")
    with serving(home) as found:
        shown = backfill(found, FIRST, dates, parallel)
        assert shown["status"] == "succeeded", shown
    told = sorted(
        (int(at), 1 if what == "begin" else -1)
        for what, at in map(str.split, effects.read_text().splitlines())
    )
    now, most = 0, 0
    for _, one in told:
        now += one
        most = max(most, now)
    return most, len(told) // 2
