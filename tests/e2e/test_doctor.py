"""`millwork doctor`: what it says of home, database and server, and how to mend each."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import TYPE_CHECKING

from millwork.app.process import LocalMasters
from millwork.store.queries import migrations

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Millwork
    from tests.store.server import Server


def said(millwork: Millwork, what: str, **more: dict[str, str]) -> tuple[str, str]:
    """The state of one finding, and what it says."""
    findings = millwork("doctor", "--json", **more).json  # type: ignore[arg-type]
    (found,) = [finding for finding in findings if finding["what"] == what]
    return found["state"], found["says"]


def test_a_new_home_is_sound(millwork: Millwork, home: Path) -> None:
    findings = {each["what"]: each for each in millwork("doctor", "--json").json}
    names = ("home", "permissions", "database", "backups", "audit", "server")
    assert {findings[name]["state"] for name in names} <= {"ok", "note"}
    assert all(findings[name]["state"] == "ok" for name in names[1:])
    newest = len(migrations())
    assert f"{home}/millwork.db" in findings["database"]["says"]
    assert f"version {newest} of its tables" in findings["database"]["says"]
    assert "KiB" in findings["database"]["says"]
    assert findings["permissions"]["says"].endswith("(mode 700)")
    assert "none runs" in findings["server"]["says"]
    assert findings["backups"]["says"].startswith("none yet")
    assert "permissions" in millwork("doctor").out


def test_a_home_that_others_can_read(millwork: Millwork, home: Path) -> None:
    assert millwork("runs", "list").code == 0
    home.chmod(0o755)
    state, says = said(millwork, "permissions")
    assert (state, says.endswith(f"chmod 700 {home}")) == ("note", True)
    os.system(says.rpartition(": ")[2])  # what it says mends it
    assert said(millwork, "permissions")[0] == "ok"


def test_the_server_of_the_home(millwork: Millwork, home: Path) -> None:
    assert millwork("runs", "list").code == 0
    me = LocalMasters().me()
    record = {"pid": me.pid, "started": me.started, "boot": me.boot, "url": "http://127.0.0.1:1"}
    file = home / "server.json"
    file.write_text(json.dumps(record))
    assert said(millwork, "server") == ("ok", f"http://127.0.0.1:1, process {me.pid}")
    file.write_text(json.dumps({**record, "started": "1"}))  # its id was given away again
    state, says = said(millwork, "server")
    assert (state, "millwork up takes over" in says) == ("note", True)
    for text in ("", "[]", "{}", '{"pid": "x"}', "nonsense"):
        file.write_text(text)
        state, says = said(millwork, "server")
        assert (state, "remove it" in says) == ("note", True)


def test_an_audit_log_that_was_changed(millwork: Millwork, home: Path) -> None:
    assert millwork("runs", "list").code == 0
    connection = sqlite3.connect(home / "millwork.db")
    values = "1, 1.0, 'eve', '', 'runs.list', '', 'allowed', 'q', '', 'forged'"
    connection.execute(f"INSERT INTO audit VALUES ({values})")
    connection.commit()
    connection.close()
    state, says = said(millwork, "audit")
    assert (state, says.startswith("entry 1 is not as it was written")) == ("note", True)


def test_backups_are_counted(millwork: Millwork, home: Path) -> None:
    assert millwork("runs", "list").code == 0
    (home / "backups").mkdir()
    for name in ("millwork-0002-20250101T000000Z.db", "millwork-0003-20260101T000000Z.db", ".new"):
        (home / "backups" / name).write_bytes(bytes(1024))
    assert said(millwork, "backups")[1].startswith("2 of the database, 2.0 KiB; the newest is")


def test_postgres_is_named_without_its_password(millwork: Millwork, postgres: Server) -> None:
    url = postgres.new()
    env = {"MILLWORK_DATABASE": url}
    state, says = said(millwork, "database", env=env)
    assert state == "ok"
    assert says.startswith("PostgreSQL 1")
    assert f"127.0.0.1:{postgres.port}/{url.rpartition('/')[2]}" in says
    shown = millwork("doctor", env=env).out
    assert "p/ss" not in shown
    assert "p%2F" not in shown
    assert "backups" not in shown
