"""Homes that cannot be used, and disks that are full: said with what to do, nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import COMMAND, EXAMPLES, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Component, Millwork, Pipeline

HELLO = EXAMPLES / "hello" / "component.yaml"


def test_a_home_that_is_a_file(millwork: Millwork, home: Path) -> None:
    home.write_text("not a folder")
    for words in (["run", HELLO], ["runs", "list"], ["doctor"]):
        result = millwork(*words)
        assert (result.code, result.out) == (3, "")
        assert f"the Millwork home {home} cannot be made" in result.err
        assert "set MILLWORK_HOME to a folder of yours" in result.err
    assert home.read_text() == "not a folder"


def test_a_home_whose_database_is_none(millwork: Millwork, home: Path) -> None:
    home.mkdir()
    (home / "millwork.db").write_text("not a database, and longer than its header would be" * 100)
    for words in (["run", HELLO], ["runs", "list"]):
        result = millwork(*words)
        assert result.code == 3
        assert f"the database in {home} is damaged" in result.err


def test_a_home_that_cannot_be_written(home: Path) -> None:
    home.mkdir()
    words = [COMMAND, "run", "--", "id"]
    if os.geteuid() == 0:  # root writes anywhere, unless it lacks that capability
        os.chown(home, 65534, 65534)
        drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
        if subprocess.run([*drop, "true"], capture_output=True, check=False).returncode:
            pytest.skip("capabilities cannot be dropped here")
        words = [*drop, *words]
    home.chmod(0o555)
    done = subprocess.run(
        words, env=environment(home), cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert f"the Millwork home {home} cannot be written; set MILLWORK_HOME" in done.stderr
    assert os.listdir(home) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MiB."""
    disk = tmp_path / "home"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=12m", "millwork-test", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(file: Path) -> None:
    """Writes until nothing more fits."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT)
    with suppress(OSError):
        while os.write(descriptor, bytes(4096)):
            pass
    os.close(descriptor)


def check_database(home: Path) -> list[tuple[Any, ...]]:
    """The status and reason of each run, read past Millwork."""
    with sqlite3.connect(f"file:{home}/millwork.db?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return database.execute("SELECT status, reason FROM run ORDER BY created").fetchall()


def test_a_step_that_fills_the_disk(
    millwork: Millwork, component: Component, pipeline: Pipeline, small_disk: Path
) -> None:
    fill = "cat /dev/zero > ${PAI_OUTPUT_O}big; cat /dev/zero > ${PAI_OUTPUT_O}rest; sleep 0.2; "
    component(fill + "exit 0", "fill", outputs={"o": {}})
    component("true", "next", inputs={"o": {}})
    nodes = {"fill": {}, "next": {"inputs": {"o": {"from": "fill.o"}}}}
    result = millwork("run", pipeline(nodes), "--json")
    assert result.code == 1, result
    assert "no space left on the disk" in result.err
    assert result.json["status"] == "failed"
    assert "no space left on" in result.out.lower()
    listed = millwork("runs", "list", "--json")
    assert [(run["status"], run["reason"]) for run in listed.json] == [
        ("failed", result.json["reason"])
    ]
    # A full disk runs nothing new, and says so.
    again = millwork("run", "--", "true")
    assert again.code in (1, 3)
    assert "no space left on the disk" in again.err
    assert millwork("runs", "show", "last").code == 0
    rows = check_database(small_disk)
    assert rows[0] == ("failed", result.json["reason"])
    assert {status for status, _ in rows} == {"failed"}
    shutil.rmtree(small_disk / "attempts")
    assert millwork("run", "--", "true").code == 0


def test_an_outcome_is_kept_on_a_full_disk(
    millwork: Millwork, component: Component, pipeline: Pipeline, small_disk: Path
) -> None:
    # The file has no name any more, and goes with the last process that holds it.
    witness = small_disk.parent / "witness"
    hold = "exec 9>big; rm big; cat /dev/zero >&9; (sleep 60) & "
    component(f"{hold} echo started >> {witness}; exit 0", "fill")
    result = millwork("run", pipeline({"fill": {}}), "--json")
    assert "recorder" not in json.dumps(result.json)
    assert witness.read_text() == "started\n"


def test_a_disk_that_is_full_before_the_run(millwork: Millwork, small_disk: Path) -> None:
    assert millwork("run", "--json", "--", "true").code == 0
    fill(small_disk / "ballast")
    result = millwork("run", "--json", "--", "true")
    assert result.code == 3
    assert "no space left on" in result.err
    assert millwork("runs", "list", "--json").code == 0
    (small_disk / "ballast").unlink()
    assert check_database(small_disk) == [("succeeded", "")]
    assert millwork("run", "--", "true").code == 0
