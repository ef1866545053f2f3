"""A record of many runs: one real run, and as many copies of its rows as are wanted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.ports import Master

WORKSPACES = 4
_LETTERS = 10  # of a run's id, which its attempts' ids begin with

# Of ten runs seven have succeeded, one failed, one was cancelled, one waits or, rarely, runs.
_STATUS = """
CASE n % 10 WHEN 7 THEN 'failed' WHEN 8 THEN 'cancelled' WHEN 9 THEN
    CASE n % 70 WHEN 69 THEN 'running' ELSE 'queued' END
ELSE 'succeeded' END
"""
_NUMBERS = """
WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :count)
"""
_NEW = "'0' || substr('000000000' || n, -9)"
_STATEMENTS = (
    f"""{_NUMBERS}
    INSERT INTO run (id, name, definition, version, status, created, began, ended, reason, notes,
        tags, facts, master_pid, master_started, master_boot, epoch, last_event, workspace, creator,
        visibility, priority, demand, allotment)
    SELECT {_NEW}, name || n, definition, version, {_STATUS}, created - n * 7.0, began - n * 7.0,
        CASE WHEN n % 10 = 9 THEN NULL ELSE ended - n * 7.0 END, reason, notes, tags, facts, :pid,
        :started, :boot, epoch, CASE WHEN n % 10 = 9 AND n % 70 <> 69 THEN 1 ELSE last_event END,
        CASE n / 10 % :workspaces WHEN 0 THEN 'default' ELSE 'team' || n / 10 % :workspaces END,
        creator, CASE n % 5 WHEN 0 THEN 'private' ELSE 'public' END, priority, demand, allotment
    FROM run, number WHERE id = :run""",
    f"""{_NUMBERS}
    INSERT INTO step (run, name, position, status, attempts, attempt, started, ended, reason,
        outputs, metrics, verdict, identity, spec)
    SELECT {_NEW}, name, position, status, attempts, {_NEW} || substr(attempt, :letters + 1),
        started - n * 7.0, ended - n * 7.0, reason, outputs, metrics, verdict, identity, spec
    FROM number, step WHERE run = :run""",
    f"""{_NUMBERS}
    INSERT INTO attempt (id, run, step, number, token, deadline, gpus, status, created, launched,
        ended, code, reason, usage, handle)
    SELECT {_NEW} || substr(id, :letters + 1), {_NEW}, step, attempt.number, token, deadline, gpus,
        status, created - n * 7.0, launched - n * 7.0, ended - n * 7.0, code, reason, usage, handle
    FROM number, attempt WHERE run = :run""",
    f"""{_NUMBERS}
    INSERT INTO event (run, seq, time, kind, data)
    SELECT {_NEW}, seq, time - n * 7.0, kind, data FROM number, event
    WHERE run = :run AND seq <= 5""",
    """INSERT INTO workspace (name, quota, creator, created)
    VALUES ('team1', :quota, 'owner', 0), ('team2', :quota, 'owner', 0),
        ('team3', :quota, 'owner', 0)""",
    "UPDATE workspace SET quota = :quota WHERE name = 'default'",
)


def copy_run(database: Path, run: str, count: int, master: Master) -> None:
    """Adds `count` copies of a run's rows, in one transaction, to several workspaces.

    Those that run have a `master` that lives; those that wait never come to their turn.
    """
    values = {
        "run": run, "count": count, "letters": _LETTERS, "workspaces": WORKSPACES,
        "pid": master.pid, "started": master.started, "boot": master.boot, "quota": '{"runs":0}',
    }  # fmt: skip
    assert len(run) == _LETTERS
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # nobody else is here, and it is big
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _STATEMENTS:
            connection.execute(statement, values)
        connection.execute("COMMIT")


def copies(count: int) -> list[str]:
    """The ids of those copies in the workspace `default` that have succeeded."""
    numbers = (n for n in range(1, count + 1) if n // 10 % WORKSPACES == 0 and n % 10 < 7)
    return [f"0{n:09}" for n in numbers]
