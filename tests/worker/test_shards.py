"""The loop over leased shards: what becomes of a shard, whatever happens to its worker."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from .shards_service import SHIM, TOKEN, Place, ended, place, until

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["place"]
FILES = sorted((SHIM / "millwork_worker").glob("*.py"))
CAUGHT = "try:\n    for shard in shards(): 1 / 0\nexcept ZeroDivisionError:\n    "
EAGER = "from millwork_worker import leases\nleases.AHEAD = 1e9\n"  # leases 8 from the first
COPY = (
    "for shard in shards():\n"
    "    with shard.output('a.txt') as out:\n"
    "        for path in shard.files: out.write(open(path).read() + '\\n')\n"
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_needs_nothing_but_the_standard_library_of_python_3_8(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + [alias.name for alias in node.names if isinstance(node, ast.Import)]
        if not (isinstance(node, ast.ImportFrom) and node.level)
    }
    assert names - {"pandas", "pyarrow"} <= sys.stdlib_module_names


def test_every_shard_is_done_and_its_output_staged(place: Place) -> None:
    book = place.serve(*place.files(20))
    assert place.run_script(COPY) == (0, "", "")
    assert sorted(book.done) == list(range(20))
    assert {(result["ok"], result["failed"]) for result in book.done.values()} == {(1, 0)}
    assert place.parts() == {f"{n}/a.txt": f"{n}\n" for n in range(20)}
    folders = {path.name for path in (place.output / ".parts").iterdir()}
    assert folders == {f"{n}.{book.done[n]['token'][:8]}" for n in range(20)}


def test_short_shards_are_leased_and_told_of_several_at_a_time(place: Place) -> None:
    book = place.serve(*place.files(200))
    assert place.run_script("for shard in shards(): pass")[0] == 0
    asked = [body["max"] for verb, body in book.calls if verb == "lease"]
    assert (asked[0], max(asked)) == (1, 8)
    assert book.count("lease") < 50
    assert book.count("done_") < 100


def test_long_shards_are_leased_one_by_one(place: Place) -> None:
    book = place.serve(*place.files(4))
    place.run_script("import time\nfor shard in shards(): time.sleep(0.15)")
    assert {body["max"] for verb, body in book.calls if verb == "lease"} == {1}


def test_prefetch_is_the_most_that_is_leased(place: Place) -> None:
    book = place.serve(*place.files(50))
    place.run_script("for shard in shards(prefetch=3): pass")
    assert max(body["max"] for verb, body in book.calls if verb == "lease") == 3


def test_a_shard_is_told_of_while_the_next_one_is_worked_on(place: Place) -> None:
    book = place.serve(*place.files(2))
    place.script("import time\nfor shard in shards(): time.sleep(20 * int(shard.id))")
    until(lambda: 0 in book.done)


def test_items_are_files_or_what_the_code_says(place: Place) -> None:
    inputs = place.files(4)
    both = {"files": [*inputs[0]["files"], *inputs[1]["files"]]}
    book = place.serve(both, both, both, {"key": {"store": 7}})
    text = (
        "for shard in shards():\n"
        "    if shard.id == '1': shard.failed += 1\n"
        "    if shard.id == '2': shard.done(ok=7, failed=5)\n"
        "    if shard.key: print(shard.key, shard.files, shard.attempt)\n"
    )
    assert place.run_script(text)[1] == "{'store': 7} [] 0\n"
    counts = {shard: (result["ok"], result["failed"]) for shard, result in book.done.items()}
    assert counts == {0: (2, 0), 1: (1, 1), 2: (7, 5), 3: (1, 0)}


def test_whoever_asks_says_which_leases_it_knows(place: Place) -> None:
    book = place.serve(*place.files(3))
    place.run_script("import time\nfor shard in shards(): time.sleep(0.3)")
    held = [body["held"] for verb, body in book.calls if verb == "lease"]
    given = [result["token"] for result in book.done.values()]
    assert held[0] == []
    assert all(set(tokens) <= set(given) for tokens in held)
    # The shard before it is being told of while the next one is asked for.
    assert held[1] in ([], given[:1])


# --- exceptions -------------------------------------------------------------------------------


def test_an_exception_that_ends_the_program_fails_the_shard_with_its_text(place: Place) -> None:
    book = place.serve(*place.files(3), retries=0)
    text = (
        "def score(shard):\n"
        "    raise ValueError('no score for ' + shard.id)\n"
        "for shard in shards():\n"
        "    if shard.id == '1': score(shard)\n"
    )
    code, _, err = place.run_script(text)
    assert code == 1
    assert "ValueError: no score for 1" in err
    assert (sorted(book.done), sorted(book.failed)) == ([0], [1])
    assert book.failed[1].endswith("ValueError: no score for 1")
    assert "in score" in book.failed[1]
    assert "millwork_worker" not in book.failed[1]


def test_the_same_when_the_iterator_is_kept(place: Place) -> None:
    book = place.serve(*place.files(1), retries=0)
    assert place.run_script("it = shards()\nfor shard in it: 1 / 0")[0] == 1
    assert "ZeroDivisionError" in book.failed[0]


def test_leases_that_were_not_begun_go_back_uncounted(place: Place) -> None:
    book = place.serve(*place.files(30), retries=0)
    place.run_script(EAGER + "for shard in shards():\n    if shard.id == '11': 1 / 0")
    assert list(book.failed) == [11]
    assert book.released == [12, 13, 14, 15]
    assert not book.leased
    assert sorted([*book.done, 11, *book.todo]) == list(range(30))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for shard in shards(): break", "the loop was left"),
        ("import sys\nfor shard in shards(): sys.exit(3)", "the loop was left"),
        (
            CAUGHT + "for shard in shards(): pass",
            "ZeroDivisionError",
        ),
        (CAUGHT + "pass", "the loop was left"),
    ],
)
def test_a_loop_that_was_left_fails_its_shard(place: Place, text: str, expected: str) -> None:
    book = place.serve(*place.files(1), retries=0)
    place.run_script(text)
    assert expected in book.failed[0]
    assert not book.leased


def test_a_loop_that_was_left_does_not_hold_its_shard_for_long(place: Place) -> None:
    book = place.serve(*place.files(1), retries=0)
    place.script("import time\nfor shard in shards(): break\ntime.sleep(60)")
    until(lambda: "the loop was left" in book.failed.get(0, ""))


def test_a_shard_that_was_ended_stays_ended_after_break(place: Place) -> None:
    book = place.serve(*place.files(3))
    assert place.run_script("for shard in shards():\n    shard.done()\n    break")[0] == 0
    assert (list(book.done), book.errors, book.leased) == ([0], [], {})


def test_with_shard_an_exception_fails_just_the_shard(place: Place) -> None:
    book = place.serve(*place.files(3), retries=1)
    text = (
        "for shard in shards():\n"
        "    with shard, shard.output('a.txt') as out:\n"
        "        out.write('x')\n"
        "        if shard.id == '1': raise ValueError('not this one')\n"
    )
    assert place.run_script(text)[0] == 0
    assert (sorted(book.done), list(book.failed)) == ([0, 2], [1])
    assert len(book.errors) == 2
    assert place.parts() == {"0/a.txt": "x", "2/a.txt": "x"}


def test_a_function_for_each_shard(place: Place) -> None:
    book = place.serve(*place.files(9), retries=0)
    text = (
        "@each_shard\n"
        "def work(shard):\n"
        "    if shard.id == '4': raise ValueError('not this one')\n"
        "print(work())\n"
    )
    code, out, err = place.run_script(text)
    assert (code, out) == (0, "Tally(done=8, failed=1, lost=0)\n")
    assert err.startswith("millwork: shard 4 failed\nTraceback")
    assert list(book.failed) == [4]


def test_several_threads_work_at_once(place: Place) -> None:
    book = place.serve(*place.files(8))
    began = time.monotonic()
    place.run_script("import time\nrun(lambda shard: time.sleep(0.5), threads=8)")
    assert time.monotonic() - began < 3
    assert len(book.done) == 8


def test_an_exit_in_a_thread_ends_the_worker(place: Place) -> None:
    book = place.serve(*place.files(8), retries=0)
    code, _, err = place.run_script("import sys\nrun(lambda shard: sys.exit('enough'), threads=2)")
    assert (code, err) == (1, "enough\n")
    assert "SystemExit: enough" in next(iter(book.failed.values()))


def test_an_output_that_was_written_anew_is_no_failure(place: Place) -> None:
    book = place.serve(*place.files(1))
    text = (
        "for shard in shards():\n"
        "    try:\n"
        "        with shard.output('a') as out: out.write('half'); 1 / 0\n"
        "    except ZeroDivisionError:\n"
        "        with shard.output('a') as out: out.write('whole')\n"
    )
    place.run_script(text)
    assert (list(book.done), place.parts()) == ([0], {"0/a": "whole"})


def test_an_error_in_an_output_fails_the_shard_though_it_was_caught(place: Place) -> None:
    book = place.serve(*place.files(1), retries=0)
    text = (
        "for shard in shards():\n"
        "    try:\n"
        "        with shard.output('a') as out: out.write('half'); 1 / 0\n"
        "    except ZeroDivisionError: pass\n"
    )
    assert place.run_script(text)[0] == 0
    assert "ZeroDivisionError" in book.failed[0]
    assert place.parts() == {}


@pytest.mark.parametrize("name", ["../a", "/a", "", "a/", "a/../../b"])
def test_a_file_stays_within_the_output(place: Place, name: str) -> None:
    place.serve(*place.files(1), retries=0)
    _, _, err = place.run_script(f"for shard in shards(): shard.path({name!r})")
    assert "is no name of a file within an output" in err


def test_the_output_must_be_known(place: Place) -> None:
    place.serve(*place.files(1), retries=9)
    other = {"PAI_OUTPUT_LOGS": str(place.folder)}
    _, _, err = place.run_script(COPY, **other)
    assert "say which output it is for (PAI_OUTPUT_*: PAI_OUTPUT_LOGS, PAI_OUTPUT_SCORES)" in err
    assert place.run_script(COPY, **other, MILLWORK_SHARDS_OUTPUT="scores")[0] == 0
    assert place.parts() == {"0/a.txt": "0\n"}


def test_an_output_that_is_not_on_disk_fails_the_shard(place: Place) -> None:
    book = place.serve(*place.files(2), retries=0)
    text = (
        COPY + "    import shutil\n    if shard.id == '0': shutil.rmtree(shard.staging.folder())\n"
    )
    assert place.run_script(text)[0] == 0
    assert list(book.done) == [1]
    assert book.failed[0].startswith("the output cannot be brought to disk: ")


def test_the_work_waits_for_a_slow_disk(place: Place) -> None:
    book = place.serve(*place.files(60))
    slow = "import os, time\nos.fsync = lambda _: time.sleep(0.005)\n"
    assert place.run_script(EAGER + slow + COPY)[0] == 0
    assert len(book.done) == 60
    assert book.most_leased <= 3 * 8 + 1


# --- leases -----------------------------------------------------------------------------------


def test_a_lease_is_renewed_while_the_work_goes_on(place: Place) -> None:
    book = place.serve(*place.files(1), seconds=0.3)
    place.run_script("import time\nfor shard in shards(): time.sleep(1)")
    renewed = [body["tokens"] for verb, body in book.calls if verb == "renew"]
    assert len(renewed) >= 5
    assert set(map(len, renewed)) == {1}


def test_what_a_lost_lease_wrote_is_removed(place: Place) -> None:
    book = place.serve(*place.files(2))
    text = (
        "import sys\n"
        "for shard in shards():\n"
        "    with shard.output('a') as out: out.write('mine')\n"
        "    print(shard.id, flush=True); sys.stdin.readline()\n"
    )
    process = place.script(text)
    process.kill()
    process.wait()
    words = [sys.executable, "-c", "from millwork_worker import *\n" + text]
    with subprocess.Popen(
        words, env=place.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        until(lambda: book.leased)
        assert worker.stdout.readline() == "0\n"
        assert "0/a" in place.parts()
        book.lose(0)
        worker.stdin.write("\n\n")
        worker.stdin.close()
        assert worker.wait(20) == 0
    assert book.done[0]["token"] == "another"
    assert place.parts() == {"1/a": "mine"}


def test_a_worker_learns_that_its_lease_is_lost(place: Place) -> None:
    book = place.serve(*place.files(1), seconds=0.3)
    process = place.script(
        "import time\nfor shard in shards():\n    while not shard.lost: time.sleep(0.01)\n"
    )
    until(lambda: book.leased)
    book.lose(0)
    assert ended(process) == (0, "", "")


@pytest.mark.parametrize(
    "body", ["time.sleep(60)", "with shard.output('a') as out: time.sleep(60)"]
)
def test_sigterm_gives_all_leases_back(place: Place, body: str) -> None:
    book = place.serve(*place.files(30), retries=0)
    loop = f"for shard in shards():\n  if shard.id == '11':\n    {body}"
    process = place.script(f"{EAGER}import time\n{loop}")
    until(lambda: 10 in book.done and 11 in book.leased.values())
    time.sleep(0.1)  # it is within the body by then
    process.send_signal(signal.SIGTERM)
    code, _, err = ended(process)
    assert (code, err) == (143, "")
    assert (book.leased, book.errors) == ({}, [])
    assert sorted(book.released) == [11, 12, 13, 14, 15]
    assert sorted([*book.done, *book.todo]) == list(range(30))
    assert "11/a" not in place.parts()


def test_ctrl_c_too(place: Place) -> None:
    book = place.serve(*place.files(1))
    process = place.script("import time\nfor shard in shards(): time.sleep(60)")
    until(lambda: book.leased)
    time.sleep(0.1)  # it is at work by then
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] != 0
    assert (book.released, book.errors) == ([0], [])


def test_sigterm_while_there_is_nothing_to_do(place: Place) -> None:
    book = place.serve(*place.files(1))
    place.script("import time\nfor shard in shards(): time.sleep(60)")
    until(lambda: book.leased)
    process = place.script("for shard in shards(): pass")
    until(lambda: book.count("lease") == 2)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143


def test_a_signal_handler_of_the_code_stays(place: Place) -> None:
    place.serve(*place.files(1))
    text = (
        "import signal\n"
        "mine = lambda *_: None\n"
        "signal.signal(signal.SIGTERM, mine)\n"
        "for shard in shards(): assert signal.getsignal(signal.SIGTERM) is mine\n"
    )
    assert place.run_script(text)[0] == 0


def test_a_forked_child_gives_nothing_back(place: Place) -> None:
    book = place.serve(*place.files(3))
    text = (
        "import os, sys\n"
        "for shard in shards():\n"
        "    child = os.fork()\n"
        "    if not child: sys.exit(1)\n"
        "    os.waitpid(child, 0)\n"
    )
    assert place.run_script(text)[0] == 0
    assert (len(book.done), book.errors, book.released) == (3, [], [])


# --- the server goes away -----------------------------------------------------------------------


def test_workers_survive_the_death_of_the_server(place: Place) -> None:
    book = place.serve(*place.files(60))
    slow = COPY + "    import time; time.sleep(0.02)\n"
    workers = [place.script(slow), place.script(slow)]
    assert place.service
    for _ in range(5):
        done = len(book.done)
        until(lambda done=done: len(book.done) > done or book.is_finished)
        place.service.kill()
        time.sleep(0.1)  # so long it is away
        place.service.start()
    assert [ended(worker) for worker in workers] == [(0, "", "")] * 2
    assert sorted(book.done) == list(range(60))
    assert place.parts() == {f"{n}/a.txt": f"{n}\n" for n in range(60)}


def test_the_same_by_tcp(place: Place) -> None:
    book = place.serve(*place.files(30), tcp=True)
    assert place.service
    address = f"http://127.0.0.1:{place.service.port}"
    process = place.script(COPY + "    import time; time.sleep(0.02)", MILLWORK_SHARDS=address)
    until(lambda: len(book.done) > 5)
    place.service.kill()
    time.sleep(0.1)  # so long it is away
    place.service.start()
    assert ended(process) == (0, "", "")
    assert sorted(book.done) == list(range(30))


def test_a_worker_waits_for_a_server_that_is_not_there_yet(place: Place) -> None:
    inputs = place.files(1)
    process = place.script("for shard in shards(): pass")
    time.sleep(0.3)  # so long it is not there
    book = place.serve(*inputs)
    assert ended(process) == (0, "", "")
    assert list(book.done) == [0]


def test_patience_ends(place: Place) -> None:
    text = "from millwork_worker import service\nservice.PATIENCE = 0\n"
    text += "s = service.from_environment(); s.patience = 0.3\ns.call('lease', {})"
    code, _, err = place.run_script(text)
    assert code == 1
    assert "no answer from the shards' service at" in err
    assert "No such file or directory" in err


def test_who_may_not_is_told_so(place: Place) -> None:
    place.serve(*place.files(1))
    code, _, err = place.run_script("for shard in shards(): pass", MILLWORK_SHARDS_TOKEN="x")
    assert code == 1
    assert err.endswith("Refused: no such token\n")


def test_without_a_service_it_says_how_to_get_one(place: Place) -> None:
    code, _, err = place.run_script("for shard in shards(): pass", MILLWORK_SHARDS="")
    assert code == 1
    assert "MILLWORK_SHARDS is not set" in err


def test_the_socket_may_have_a_long_path(place: Place) -> None:
    place.serve(*place.files(1))
    folder = place.folder / ("f" * 120)
    folder.mkdir()
    os.symlink(f"{place.sockets}/s", folder / "s")
    assert place.run_script(COPY, MILLWORK_SHARDS=str(folder / "s"))[0] == 0
    assert TOKEN not in str(place.parts())
