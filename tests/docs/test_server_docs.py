"""The pages about the server say what it does: options, files, errors, metrics, headers."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import sqlite3
import subprocess
import tomllib
from typing import TYPE_CHECKING

import pytest

from millwork.api.guard import HEADERS
from millwork.api.problems import TITLES
from millwork.store.queries import migrations, read
from tests.conftest import COMMAND, run_command
from tests.docs.generate import ROOT, commands
from tests.docs.test_docs import first_column, section, text_of
from tests.e2e.asker import Asker
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEPLOY = ROOT / "deploy"
quick = pytest.mark.quick


def rows(page: str, marker: str) -> dict[str, str]:
    """The first two columns of a table, the first as it is."""
    table = section(text_of(page), f"<!-- {marker} -->").strip().splitlines()[2:]
    cells = [line.split("|") for line in table if line.startswith("|")]
    return {row[1].strip(): row[2].strip() for row in cells}


# --- tables -----------------------------------------------------------------------------------


@quick
def test_every_option_of_up_is_told() -> None:
    table = text_of("operating.md").split("| option | |")[1].split("\n\n")[0]
    told = set(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
    named = {word for cell in told for word in re.findall(r"--[a-z-]+", cell)}
    options = {word for act in commands()["up"]._actions for word in act.option_strings}
    assert named == options - {"-h", "--help"}


@quick
def test_the_headers_are_those_of_the_server() -> None:
    assert rows("security.md", "headers") == {
        f"`{name}`": f"`{value}`" for name, value in HEADERS.items()
    }


@quick
def test_the_statuses_are_those_of_the_server() -> None:
    assert [int(status) for status in rows("api.md", "statuses")] == sorted(TITLES)


# --- a server ---------------------------------------------------------------------------------


def test_what_a_home_holds_and_which_metrics_there_are(home: Path) -> None:
    home.mkdir()
    with sqlite3.connect(home / "millwork.db") as old:  # of version 3
        for statement in [part for text in migrations()[:3] for part in read(text).split(";\n")]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 3")
    page = section(text_of("operating.md"), "\n## What is in the home\n")
    with serving(home) as server:
        asker = Asker.of(server)
        bundle = asker.upload(ROOT / "examples" / "hello")
        asker.run(bundle, "component.yaml")
        for name in first_column(page):
            assert (home / name).exists(), name
        assert len(list((home / "backups").glob("millwork-0003-*.db"))) == 1
        status, body = asker.raw("GET", "/metrics")
    assert status == 200
    assert not (home / "server.json").exists()
    shown = re.findall(r"^# HELP (millwork\w*)", body.decode(), re.MULTILINE)
    told = re.findall(r"`(millwork\w*)`", "".join(rows("operating.md", "metrics")))
    assert sorted(told) == sorted(shown)


def _a_newer_home(home: Path) -> list[str]:
    with sqlite3.connect(home / "millwork.db") as newer:
        newer.execute("PRAGMA user_version = 99")
    return []


def _an_open_token(home: Path) -> list[str]:
    (home / "token").touch(0o644)
    (home / "token").chmod(0o644)
    return []


def _settings_with_a_fault(home: Path) -> list[str]:
    (home / "settings.yaml").write_text("enigne: local\n")
    return []


def _a_damaged_database(home: Path) -> list[str]:
    (home / "millwork.db").write_bytes(b"no database" * 1000)
    return []


def _a_backup_that_cannot_be_made(home: Path) -> list[str]:
    (home / "backups").touch()
    with sqlite3.connect(home / "millwork.db") as old:
        old.execute("PRAGMA user_version = 3")
    return []


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (_a_newer_home, "this Millwork home was written by a newer version of Millwork"),
        (_an_open_token, "token is open to other users (mode 644)"),
        (_settings_with_a_fault, "settings.yaml:1:1: error:"),
        (_a_damaged_database, "is damaged"),
        (_a_backup_that_cannot_be_made, "must be migrated, and no backup of it could be made in"),
        (lambda _: ["--certificate", "x"], "--certificate and --key go together"),
        (lambda _: ["--certificate", "x", "--key", "y"], "cannot be read"),
        (lambda _: ["--database", "postgresql://127.0.0.1:1/x"], "cannot be reached"),
        (
            lambda _: ["--database", "mysql://127.0.0.1/x"],
            "--database: expected the URL of a PostgreSQL database",
        ),
    ],
)
def test_what_it_says_when_it_does_not_start(
    home: Path, prepare: Callable[[Path], list[str]], says: str
) -> None:
    home.mkdir(mode=0o700)
    done = run_command(["up", "--port", "0", *prepare(home)], home)
    assert done.code in (2, 3)
    assert says in done.err
    assert says in "".join(rows("operating.md", "says"))


def test_what_a_second_server_and_a_taken_port_say(home: Path, tmp_path: Path) -> None:
    told = "".join(rows("operating.md", "says"))
    with serving(home) as server:
        port = server.url.rpartition(":")[2]
        second = run_command(["up", "--port", "0"], home)
        other = run_command(["up", "--port", port], tmp_path / "other")
    assert "a server is on this home already: process" in second.err
    assert "a server is on this home already: process" in told
    assert other.err.startswith(f"millwork: cannot listen at 127.0.0.1:{port}: Address already in")
    assert "cannot listen at 127.0.0.1:8899: Address already in use" in told


# --- deploy -----------------------------------------------------------------------------------


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(DEPLOY / "millwork.service")
    return found


@quick
def test_the_unit_lets_steps_survive_the_server() -> None:
    service = unit()["Service"]
    assert service["KillMode"] == "process"
    assert service["OOMPolicy"] == "continue"
    # Each of these would end steps with the server, or keep them from their /ml.
    assert not {"PrivateTmp", "RestrictNamespaces", "PrivateUsers", "SystemCallFilter"} & set(
        service
    )
    words = shlex.split(service["ExecStart"])
    assert words[1] == "up"
    commands()["up"].parse_args(words[2:])


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "millwork.service").read_text()
    (tmp_path / "millwork.service").write_text(text.replace("/opt/millwork/bin/millwork", COMMAND))
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "millwork.service"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if "DelegateSubgroup" not in line]
    assert (done.returncode, complaints) == (0, [])


@quick
def test_the_container_file_names_what_there_is() -> None:
    text = (DEPLOY / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    for line in lines:
        word, _, rest = line.partition(" ")
        assert word in {
            "ARG", "FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE",
            "ENTRYPOINT", "CMD",
        }  # fmt: skip
        if word == "COPY" and not rest.startswith("--from"):
            assert all((ROOT / name).exists() for name in rest.split()[:-1]), line
    (extras,) = re.findall(r"/build\[([a-z0-9,]+)\]", text)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(extras.split(",")) <= set(project["optional-dependencies"])
    (command,) = re.findall(r"^CMD \[(.*)\]$", text, re.MULTILINE)
    words = [word.strip(' "') for word in command.split(",")]
    assert words[0] == "up"
    commands()["up"].parse_args(words[1:])
