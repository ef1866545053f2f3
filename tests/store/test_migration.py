"""A database of an earlier version: it is saved first, then all of it is migrated, or nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from millwork.base.errors import Unavailable
from millwork.store.queries import POSTGRES, migrations, read
from millwork.store.runs import RunStore
from tests.conftest import environment, run_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.conftest import Millwork
    from tests.store.server import Server

OLD = 3
# What version 3 may hold, by table: a sweep's trial among the runs, a result, shards, a replica.
RUN = {
    "definition": "pipe", "version": "1.0.0", "facts": "{}", "master_pid": 7, "epoch": 2,
    "master_started": "1", "master_boot": "b", "last_event": 2, "tags": '{"k": "v"}',
}  # fmt: skip
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "run": [
        {**RUN, "id": "r1", "name": "it's; done", "status": "succeeded", "created": 1.5,
         "ended": 9.0},
        {**RUN, "id": "r2", "name": "trial", "status": "running", "created": 2.5,
         "facts": '{"sweep": "r1"}', "cancel": 1},
        {**RUN, "id": "r3", "name": "failed", "status": "failed", "created": 3.5, "ended": 4.0,
         "reason": "no\nway", "notes": "ñ"},
    ],
    "definition": [{"digest": "d", "document": '{"name": "c"}'}],
    "step": [
        {"run": "r1", "name": "a", "position": 0, "status": "succeeded", "attempts": 1,
         "attempt": "r1-1", "started": 2.0, "ended": 3.0, "spec": '{"component": "d"}',
         "outputs": '{"o": {"path": "/p", "type": "any"}}', "metrics": '{"m": 0.5}',
         "identity": '{"key": "k1"}'},
        {"run": "r2", "name": "a", "position": 0, "status": "running", "attempts": 1,
         "attempt": "r2-1", "spec": "{}"},
    ],
    "attempt": [
        {"id": "r1-1", "run": "r1", "step": "a", "number": 1, "token": "t", "created": 2.0,
         "status": "succeeded", "ended": 3.0, "code": 0, "usage": '{"cpu_seconds": 1.5}'},
        {"id": "r2-1", "run": "r2", "step": "a", "number": 1, "token": "u", "created": 2.6,
         "verdict": '{"name": "x"}'},
    ],
    "replica": [{"attempt": "r2-1", "name": "worker-0", "number": 0, "opened": 2.7}],
    "artifact": [{"attempt": "r1-1", "port": "o", "manifest": '{"files": []}'}],
    "result": [
        {"key": "k1", "attempt": "r1-1", "outputs": '{"o": {}}', "metrics": "{}", "created": 3.0}
    ],
    "event": [
        {"run": "r1", "seq": seq, "time": 2.0, "kind": "StepChanged", "data": "{}"}
        for seq in (1, 2)
    ],
    "batch": [{"id": 1, "run": "r1", "step": "a", "attempt": "r1-1", "layout": "x"}],
    "cut": [{"batch": 1, "shard": 0, "atom": 0, "size": 1, "count": 4}],
    "shard": [{"batch": 1, "shard": 0, "status": "done", "ok": 4}],
    "lease": [{"batch": 1, "token": "l", "shard": 1, "attempt": 1, "worker": "w", "at": 2.0}],
}  # fmt: skip
TOUCH = "from millwork.app.compose import open_context; open_context()"


def inserts() -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (f"INSERT INTO {table} ({', '.join(row)}) VALUES ({{}})", row)
        for table, rows in ROWS.items()
        for row in rows
    ]


@pytest.fixture
def old(home: Path) -> Path:
    """The database of a home that an earlier version has made, as that version made it."""
    home.mkdir(mode=0o700)
    path = home / "millwork.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN")
    for script in migrations()[:OLD]:
        for statement in read(script).split(";\n"):
            connection.execute(statement)
    for text, row in inserts():
        connection.execute(text.format(", ".join("?" * len(row))), list(row.values()))
    connection.execute(f"PRAGMA user_version = {OLD}")
    connection.execute("COMMIT")
    connection.close()
    return path


def content(path: Path) -> dict[str, list[dict[str, Any]]]:
    """What the old tables hold, without the columns that are new."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    found = {
        table: [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in ROWS
    }
    connection.close()
    for row in found["run"]:
        for name in ("workspace", "creator", "visibility", "trial", "priority", "demand",
                     "allotment"):  # fmt: skip
            row.pop(name, None)
    return found


def schema(path: Path) -> tuple[int, list[Any]]:
    with sqlite3.connect(path) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        return version, connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()


def backups(home: Path) -> list[Path]:
    return sorted((home / "backups").glob("*.db"))


def test_all_survives_and_the_old_database_is_kept(millwork: Millwork, old: Path) -> None:
    before, home = content(old), old.parent
    old_schema = schema(old)
    listed = {run["run"]: run for run in millwork("runs", "list", "--json").json}
    assert listed["r1"]["status"] == "succeeded"
    assert "r2" not in listed, "the trial of a sweep is listed as a run"
    assert listed["r3"]["reason"] == "no\nway"
    shown = millwork("runs", "show", "r1", "--json").json
    assert shown["name"] == "it's; done"
    assert shown["steps"][0]["metrics"] == {"m": 0.5}
    assert shown["steps"][0]["tries"][0]["usage"] == {"cpu_seconds": 1.5}
    assert content(old) == before
    assert schema(old)[0] == len(migrations())
    (saved,) = backups(home)
    assert saved.name.startswith(f"millwork-{OLD:04}-20")
    assert content(saved) == before
    assert schema(saved) == old_schema
    assert os.listdir(home / "backups") == [saved.name]
    assert (saved.stat().st_mode & 0o777, saved.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    store = RunStore(str(old))
    assert [result.attempt for result in store.results("k1", "r1")] == ["r1-1"]
    assert store.manifest("r1-1", "o") == '{"files": []}'
    assert [row.is_trial for row in store.runs(5)] == [False, True, False]
    (trial,) = store.database.execute("SELECT trial FROM run WHERE id = 'r2'").fetchone()
    assert trial == 1
    store.close()
    assert millwork("runs", "list").code == 0
    assert backups(home) == [saved], "there is one backup for one migration"


def test_a_new_home_has_no_backup(millwork: Millwork, home: Path) -> None:
    assert millwork("runs", "list").code == 0
    assert not (home / "backups").exists()


@pytest.mark.parametrize("point", [
    "migrate.copied:kill", "migrate.saved:kill", "migrate.statement:kill:1",
    "migrate.statement:kill:3", "migrate.statement:kill:4", "migrate.statement:kill:12",
    "store.writing:kill", "store.committed:kill", "migrate.statement:exception:4",
])  # fmt: skip
def test_whatever_kills_it_leaves_the_old_or_the_new_one(old: Path, point: str) -> None:
    before, home = content(old), old.parent
    old_schema = schema(old)
    env = environment(home, {"MILLWORK_FAULT": point})
    done = subprocess.run([sys.executable, "-c", TOUCH], env=env, capture_output=True, check=False)
    assert done.returncode == (1 if "exception" in point else -signal.SIGKILL), done.stderr
    now = schema(old)
    is_new = point.startswith("store.committed")
    assert now == old_schema if not is_new else now[0] == len(migrations())
    assert content(old) == before
    assert run_command(["runs", "list"], home).code == 0
    assert schema(old)[0] == len(migrations())
    assert content(old) == before
    assert backups(home)
    for saved in backups(home):
        assert (content(saved), schema(saved)) == (before, old_schema)
    assert not list((home / "backups").glob(".*"))


def test_without_a_backup_nothing_is_migrated(millwork: Millwork, old: Path) -> None:
    (old.parent / "backups").write_text("a file is in the way")
    before = (content(old), schema(old))
    refused = millwork("runs", "list")
    assert refused.code == 3
    assert "no backup of it could be made" in refused.err
    assert "Nothing was changed" in refused.err
    assert (content(old), schema(old)) == before
    (old.parent / "backups").unlink()
    assert millwork("runs", "list").code == 0


def test_many_come_at_once_and_one_migrates(old: Path) -> None:
    before, home = content(old), old.parent
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda _: run_command(["runs", "list"], home).code, range(6)))
    assert codes == [0] * 6
    assert content(old) == before
    assert len(backups(home)) == 1


@pytest.mark.quick
def test_a_newer_database_is_left_alone(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Unavailable, match="written by a newer version"):
        RunStore(str(old))
    assert not (old.parent / "backups").exists()


def test_facts_name_the_database(place: str) -> None:
    store = RunStore(place)
    facts = store.database.facts(2.0)
    assert facts.kind in ("SQLite", "PostgreSQL")
    assert facts.schema == facts.newest == len(migrations())
    assert facts.size > 10_000
    assert facts.version[0].isdigit()
    assert "p/ss" not in str(facts)
    assert "p%2Fss" not in str(facts)
    store.close()


@pytest.mark.quick
def test_a_database_that_is_gone_has_no_facts(tmp_path: Path) -> None:
    store = RunStore(str(tmp_path / "millwork.db"))
    os.rename(tmp_path / "millwork.db", tmp_path / "elsewhere.db")
    with pytest.raises(Unavailable):
        store.database.facts(0.1)
    assert not (tmp_path / "millwork.db").exists()
    store.close()


# --- PostgreSQL -------------------------------------------------------------------------------


@pytest.fixture
def old_url(postgres: Server) -> str:
    """A database in PostgreSQL as an earlier version has left it."""
    url = postgres.new()
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE schema_version (number INTEGER PRIMARY KEY,"
            " migrated TIMESTAMPTZ NOT NULL DEFAULT now())"
        )
        connection.execute(
            "SELECT set_config('millwork.home', '', false), set_config('millwork.place', '', false)"
        )
        for number, script in enumerate(migrations(POSTGRES)[:OLD], start=1):
            connection.execute(read(script).encode())
            connection.execute("INSERT INTO schema_version (number) VALUES (%s)", [number])
        for text, row in inserts():
            places = ", ".join(["%s"] * len(row))
            connection.execute(text.format(places).encode(), list(row.values()))
    return url


def rows_of(url: str) -> tuple[int, dict[str, Any]]:
    """The version, and the rows of old tables by what was put into them."""
    found = {}
    with psycopg.connect(url) as connection:
        for table, rows in ROWS.items():
            names = sorted({name for row in rows for name in row})
            query = f"SELECT {', '.join(names)} FROM {table} ORDER BY {', '.join(names)}"
            found[table] = json.dumps(connection.execute(query.encode()).fetchall())
        newest = connection.execute("SELECT max(number) FROM schema_version").fetchone()
        assert newest is not None
        return int(newest[0]), found


def test_postgres_keeps_every_row(old_url: str) -> None:
    _, before = rows_of(old_url)
    store = RunStore(old_url)
    assert rows_of(old_url) == (len(migrations(POSTGRES)), before)
    assert [(row.id, row.is_trial, row.workspace) for row in store.runs(5)] == [
        ("r3", False, "default"), ("r2", True, "default"), ("r1", False, "default"),
    ]  # fmt: skip
    assert store.database.execute("SELECT trial FROM run WHERE id = 'r2'").fetchone()["trial"] == 1
    assert [result.attempt for result in store.results("k1", "r1")] == ["r1-1"]
    assert store.steps("r1")[0].metrics == {"m": 0.5}
    store.close()


@pytest.mark.parametrize("number", [1, OLD + 1])
def test_postgres_has_all_of_a_migration_or_nothing(
    postgres: Server, old_url: str, home: Path, number: int
) -> None:
    url = old_url if number > OLD else postgres.new()
    before = rows_of(url) if number > OLD else None
    env = environment(home, {"MILLWORK_FAULT": "migrate.statement:kill",
                             "MILLWORK_DATABASE": url})  # fmt: skip
    done = subprocess.run([sys.executable, "-c", TOUCH], env=env, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    if before:
        assert rows_of(url) == before
    else:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT to_regclass('run')").fetchone() == (None,)
    RunStore(url).close()
    if before:
        assert rows_of(url) == (len(migrations(POSTGRES)), before[1])
