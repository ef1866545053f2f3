"""Entry scripts of AzureML's parallel components, run over shards."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from .shards_service import Place, ended, place, until

if TYPE_CHECKING:
    import subprocess

__all__ = ["place"]
RUN = ("-m", "millwork_worker.azureml")
NAMES = "def run(mini_batch): return [os.path.basename(path) for path in mini_batch]\n"


def entry(place: Place, text: str) -> str:
    (place.folder / "score.py").write_text("import os, sys, time\n" + text)
    return "score.py"


def start(place: Place, text: str, *options: str) -> subprocess.Popen[str]:
    return place.start(*RUN, *options, entry(place, text))


def test_an_entry_script_runs_over_shards(place: Place) -> None:
    inputs = place.files(6)
    pairs = [{"files": [*inputs[n]["files"], *inputs[n + 1]["files"]]} for n in (0, 2, 4)]
    book = place.serve(*pairs)
    script = entry(
        place,
        "import argparse\n"
        "def init():\n"
        "    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--model')\n"
        "    print('init', parser.parse_known_args()[0].model, __name__, sys.path[0][-3:])\n"
        "def shutdown(): print('shutdown')\n" + NAMES,
    )
    words = (*RUN, "--append-row", "all.txt", script, "--model", "m", "--allowed_failed_percent")
    code, out, err = place.run(*words)
    assert (code, err) == (0, "")
    assert out == f"init m score {str(place.folder)[-3:]}\nshutdown\n"
    assert place.parts() == {"0/all.txt": "0\n1\n", "1/all.txt": "2\n3\n", "2/all.txt": "4\n5\n"}
    assert {(result["ok"], result["failed"]) for result in book.done.values()} == {(2, 0)}


def test_as_many_items_succeeded_as_were_returned(place: Place) -> None:
    inputs = place.files(3)
    book = place.serve({"files": [item["files"][0] for item in inputs]})
    ended(start(place, "def run(mini_batch): return (1,)"))
    assert (book.done[0]["ok"], book.done[0]["failed"]) == (1, 2)


def test_the_context_is_given_where_it_is_wanted(place: Place) -> None:
    files = place.files(1)[0]["files"]
    book = place.serve({"files": files, "key": {"store": 7}})
    text = (
        "def run(mini_batch, mini_batch_context):\n"
        "    print(mini_batch_context.partition_key_value, mini_batch_context.minibatch_index)\n"
        "    return mini_batch\n"
    )
    assert ended(start(place, text))[1] == "{'store': 7} 0\n"
    assert len(book.done) == 1


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("raise ValueError('no score')", "ValueError: no score"),
        ("sys.exit(42)", "in run\n"),
        ("return None", "run() returned NoneType; it must return a list"),
        ("return 'abc'", "run() returned str"),
        ("os.kill(os.getpid(), 9)", "score.py: the process was killed by SIGKILL in run()"),
        ("os._exit(3)", "score.py: the process ended with exit code 3 in run()"),
    ],
)
def test_an_error_fails_the_mini_batch_with_its_text(
    place: Place, body: str, expected: str
) -> None:
    book = place.serve(*place.files(3), retries=0)
    text = (
        f"def run(mini_batch):\n    if mini_batch[0].endswith('/1'): {body}\n    return mini_batch"
    )
    code, _, _ = ended(start(place, text))
    assert code == 0
    assert (sorted(book.done), list(book.failed)) == ([0, 2], [1])
    assert expected in book.failed[1]
    assert "millwork_worker" not in book.failed[1]


def test_a_timeout_is_real_and_says_where_it_hung(place: Place) -> None:
    book = place.serve(*place.files(3), retries=0)
    text = (
        "def deep(): \n"
        "    while True: pass\n"
        "def init(): print('init', flush=True)\n"
        "def run(mini_batch):\n"
        "    if mini_batch[0].endswith('/1'): deep()\n"
        "    return mini_batch"
    )
    began = time.monotonic()
    code, out, _ = ended(start(place, text, "--timeout", "0.5"))
    assert code == 0
    assert time.monotonic() - began < 8
    assert (sorted(book.done), list(book.failed)) == ([0, 2], [1])
    assert book.failed[1].startswith("score.py: run() took longer than 0.5 s\n")
    assert "in deep" in book.failed[1]
    assert out == "init\ninit\n"


def test_nothing_of_a_killed_mini_batch_stays(place: Place) -> None:
    place.serve(*place.files(1), retries=0)
    text = "def run(mini_batch): os.system('sleep 77.7')"
    ended(start(place, text, "--timeout", "0.5"))
    found = [name for name in os.listdir("/proc") if name.isdigit() and _is_sleep(name)]
    assert found == []


def _is_sleep(process: str) -> bool:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return b"77.7" in file.read().split(b"\0")
    except OSError:
        return False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def init(): raise ValueError('no model')\n" + NAMES, "ValueError: no model"),
        ("def init(): sys.exit(42)\n" + NAMES, "score.py"),
        ("x = 1", "score.py: there is no function run(mini_batch)"),
        ("def run(:", "SyntaxError"),
    ],
)
def test_a_script_that_does_not_start_costs_no_shard(
    place: Place, text: str, expected: str
) -> None:
    book = place.serve(*place.files(2))
    code, _, err = ended(start(place, text))
    assert code == 1
    assert expected in err
    assert (book.calls, book.errors) == ([], [])


def test_an_init_that_fails_later_ends_the_worker(place: Place) -> None:
    book = place.serve(*place.files(9), retries=0)
    text = (
        "def init():\n"
        "    if os.path.exists('once'): raise ValueError('no more')\n"
        "    open('once', 'w')\n"
        "def run(mini_batch): os._exit(1)\n"
    )
    code, _, err = ended(start(place, text))
    assert code == 1
    assert "ValueError: no more" in err
    assert len(book.failed) == 2
    assert not book.leased


def test_several_mini_batches_run_at_once(place: Place) -> None:
    book = place.serve(*place.files(6))
    text = "def run(mini_batch): time.sleep(0.5); return mini_batch"
    began = time.monotonic()
    assert ended(start(place, text, "--processes", "3"))[0] == 0
    assert time.monotonic() - began < 2.8
    assert len(book.done) == 6


def test_sigterm_ends_the_child_and_gives_the_lease_back(place: Place) -> None:
    book = place.serve(*place.files(1))
    text = "def run(mini_batch): print(os.getpid(), flush=True); time.sleep(60)"
    process = start(place, text)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143
    assert (book.released, book.errors) == ([0], [])
    until(lambda: not os.path.exists(f"/proc/{child}"))


def test_a_lost_lease_ends_the_mini_batch(place: Place) -> None:
    book = place.serve(*place.files(1), seconds=0.3)
    process = start(place, "def run(mini_batch): time.sleep(60)")
    until(lambda: book.leased)
    book.lose(0)
    assert ended(process)[0] == 0
    assert book.errors == []


def test_rows_without_pandas_are_an_error_that_says_so(place: Place) -> None:
    file = place.folder / "a.csv"
    file.write_text("a\n1\n")
    book = place.serve({"rows": [{"file": str(file), "start": 0, "end": 4}]}, retries=0)
    ended(start(place, "sys.modules['pandas'] = None\n" + NAMES))
    assert "a mini-batch of rows is a DataFrame, and pandas cannot be imported" in book.failed[0]


def test_rows_are_data_frames(place: Place) -> None:
    pytest.importorskip("pandas")
    file = place.folder / "a.csv"
    file.write_text("a,b\n" + "".join(f"{n},x y\n" for n in range(20)))
    book = place.serve(
        {"rows": [{"file": str(file), "start": 0, "end": 60}]},
        {"rows": [{"file": str(file), "start": 60, "end": 200}]},
        {"files": [str(file), str(file)], "key": {"store": 7}},
    )
    text = (
        "def run(frame):\n"
        "    print(frame.shape)\n"
        "    return frame.iloc[1:].assign(twice=frame['a'] * 2)\n"
    )
    ended(start(place, text, "--append-row", "all.txt", "--tabular"))
    assert sum(result["ok"] for result in book.done.values()) == 57
    assert {result["failed"] for result in book.done.values()} == {1}
    assert place.parts()["0/all.txt"].startswith('1 "x y" 2\n2 "x y" 4\n')
    assert place.parts()["2/all.txt"].startswith('1 "x y" 7 2\n')
