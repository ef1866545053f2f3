"""Shards for programs in any language: `next`, `renew`, `done`, `fail` and `map`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .shards_service import SHIM, Place, ended, place, until

__all__ = ["place"]
COMMAND = ("-m", "millwork_worker")
HOSTILE = [
    "plain", "two words", "-rf", "$(touch pwned)", "`touch pwned`", "a;touch pwned", "{}", "'", '"',
    "new\nline", "*", "~", "\\", "&", "|cat", "\udcff\udcfe", "ü", "--", "%s",
]  # fmt: skip


def test_a_shell_takes_shards_and_tells_of_them(place: Place) -> None:
    book = place.serve(*place.files(2), retries=0)
    code, out, _ = place.run(*COMMAND, "next", "--wait")
    shard = json.loads(out)
    assert code == 0
    assert out.count("\n") == 1
    assert shard["files"] == [str(place.folder / "0")]
    with open(shard["staged"] + "/a", "w") as file:
        file.write("x")
    assert place.run(*COMMAND, "renew", shard["token"]) == (0, "", "")
    assert place.run(*COMMAND, "done", shard["token"], "--ok", "3", "--failed=1") == (0, "", "")
    assert book.done[0] == {"token": shard["token"], "ok": 3, "failed": 1}

    shard = json.loads(place.run(*COMMAND, "next")[1])
    assert place.run(*COMMAND, "next") == (4, "", "")
    words = ("fail", shard["token"], "--error", "it is so", "--final")
    assert place.run(*COMMAND, *words) == (0, "", "")
    assert book.failed == {1: "it is so"}
    assert place.run(*COMMAND, "next", "--wait") == (3, "", "")
    assert place.parts() == {"0/a": "x"}
    assert not os.path.exists(shard["staged"])


def test_a_shell_learns_that_its_lease_is_lost(place: Place) -> None:
    book = place.serve(*place.files(1))
    shard = json.loads(place.run(*COMMAND, "next")[1])
    book.lose(0)
    assert place.run(*COMMAND, "renew", shard["token"])[0] == 5
    code, _, err = place.run(*COMMAND, "done", shard["token"])
    assert (code, err) == (5, "millwork: the lease was lost; nothing of it is kept\n")
    assert not os.path.exists(shard["staged"])


@pytest.mark.parametrize(
    "words",
    [[], ["what"], ["next", "x"], ["next", "--wait=1"], ["done"], ["done", "a", "b"], ["renew"],
     ["done", "a", "--ok"], ["done", "a", "--ok", "x"], ["fail", "a", "--what", "x"], ["map"],
     ["map", "--", "echo"], ["map", "--jobs", "0", "--", "echo", "{}"]],
)  # fmt: skip
def test_wrong_words_are_told(place: Place, words: list[str]) -> None:
    code, _, err = place.run(*COMMAND, *words)
    assert code == 2
    assert err


def test_without_a_service_it_says_so(place: Place) -> None:
    code, _, err = place.run(*COMMAND, "next", MILLWORK_SHARDS="")
    assert code == 1
    assert err.startswith("millwork: there are no shards here")


# --- the command of its own --------------------------------------------------------------------


def test_the_command_needs_neither_a_search_path_nor_a_python_of_that_name(place: Place) -> None:
    place.serve(*place.files(1, "a b"))
    env = {**place.env(), "MILLWORK_PYTHON": sys.executable, "PYTHONPATH": "/elsewhere"}
    env["PATH"] = f"{SHIM}/bin:{env['PATH']}"

    def run(*words: str) -> tuple[int, str, str]:
        found = subprocess.run(
            words, env=env, cwd=place.folder, capture_output=True, text=True, check=False
        )
        return found.returncode, found.stdout, found.stderr

    code, out, err = run("millwork", "shard", "next", "--wait")
    assert (code, err) == (0, "")
    assert json.loads(out)["files"] == [str(place.folder / "a b")]
    assert run("millwork", "shard", "done", json.loads(out)["token"]) == (0, "", "")
    relative = os.path.relpath(f"{SHIM}/bin/millwork", place.folder)
    assert run(relative, "shard", "next", "--wait") == (3, "", "")
    assert run("millwork", "shard", "what")[0] == 2
    for words in ([], ["run", "x"], ["shards"]):
        code, out, err = run("millwork", *words)
        assert (code, out) == (127, "")
        assert "only 'millwork shard next|renew|done|fail|map'" in err


def test_the_command_is_executable_and_starts_nothing_but_python() -> None:
    command = SHIM / "bin/millwork"
    assert os.access(command, os.X_OK)
    found = subprocess.run(
        [command, "shard", "what"], env={"PATH": "", "MILLWORK_PYTHON": sys.executable},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (found.returncode, "not found" in found.stderr) == (2, False)


# --- map ----------------------------------------------------------------------------------------


def test_map_gives_hostile_names_as_they_are(place: Place) -> None:
    book = place.serve(*place.files(0, *HOSTILE))
    code, _, err = place.run(*COMMAND, "map", "--to", "all", "--", "cat", "{}")
    assert (code, err) == (0, "")
    assert len(book.done) == len(HOSTILE)
    staged = (place.output / ".parts").rglob("all")
    found = {path.read_bytes() for path in staged}
    assert found == {os.fsencode(name) for name in HOSTILE}
    assert not (place.folder / "pwned").exists()


def test_map_keeps_the_order_of_the_files_and_words_that_hold_the_place(place: Place) -> None:
    inputs = place.files(3)
    book = place.serve({"files": [item["files"][0] for item in inputs]}, {"files": ["-n"]})
    place.run(*COMMAND, "map", "--to", "all", "--", "printf", "%s,", "<{}>", "x")
    shown = "".join(f"<{place.folder}/{n}>,x," for n in range(3))
    assert place.parts() == {"0/all": shown, "1/all": "<./-n>,x,"}
    assert book.done[0]["ok"] == 3


def test_map_at_once_gives_the_files_at_standard_input(place: Place) -> None:
    place.serve({"files": ["a b", "new\nline"]}, {"files": ["c"]})
    place.run(*COMMAND, "map", "-0", "--to", "all", "--", "cat")
    assert place.parts() == {"0/all": "a b\0new\nline\0", "1/all": "c\0"}


def test_map_fails_a_shard_with_what_the_command_said(place: Place) -> None:
    book = place.serve(*place.files(3), retries=0)
    script = (
        'case $1 in */1) echo "no, $1" >&2; exit 3;; esac; echo > "$MILLWORK_STAGED/$(basename $1)"'
    )
    code, _, err = place.run(*COMMAND, "map", "--", "sh", "-c", script, "sh", "{}")
    assert code == 0
    assert (sorted(book.done), list(book.failed)) == ([0, 2], [1])
    assert book.failed[1].startswith("exit code 3: sh -c")
    assert book.failed[1].endswith(f"\nno, {place.folder}/1")
    assert f"no, {place.folder}/1\n" in err
    assert place.parts() == {"0/0": "\n", "2/2": "\n"}


def test_map_says_what_cannot_be_started_and_what_was_killed(place: Place) -> None:
    book = place.serve(*place.files(1), retries=0)
    place.run(*COMMAND, "map", "--", "no-such-program", "{}")
    assert book.failed[0].startswith("no-such-program: ")
    book = place.serve(*place.files(1), retries=0)
    place.run(*COMMAND, "map", "--", "sh", "-c", "kill -9 $$", "{}")
    assert book.failed[0].startswith("killed by SIGKILL: sh -c")


def test_map_is_for_files(place: Place) -> None:
    book = place.serve({"key": {"a": 1}}, {"rows": [{"file": "a.csv", "start": 0, "end": 9}]})
    place.run(*COMMAND, "map", "--", "cat", "{}")
    assert set(book.failed.values()) == {
        "map works on files, and shard 0 is none", "map works on files, and shard 1 is none",
    }  # fmt: skip


def test_map_works_on_several_shards_at_once(place: Place) -> None:
    book = place.serve(*place.files(6))
    began = time.monotonic()
    place.run(*COMMAND, "map", "--jobs", "6", "--", "sh", "-c", "sleep 0.5", "{}")
    assert time.monotonic() - began < 2.5
    assert len(book.done) == 6


def has_ended(process: int) -> bool:
    """Whether a process runs no more; its orphan's entry stays until the machine's init looks."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_sigterm_ends_the_commands_and_gives_the_leases_back(place: Place, jobs: str) -> None:
    book = place.serve(*place.files(2))
    process = place.start(
        *COMMAND, "map", "--jobs", jobs, "--", "sh", "-c", "echo $$; sleep 60", "{}"
    )
    assert process.stdout is not None
    commands = [int(process.stdout.readline()) for _ in range(int(jobs))]
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143
    assert (sorted(book.released), book.errors) == (list(range(int(jobs))), [])
    for command in commands:
        until(lambda command=command: has_ended(command))
