"""What must not happen to a batch: output lost in silence, a run that hangs, code of the user's."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from tests.e2e.batches import Batch, good, reason

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Millwork

STAGES_A_LINK = """\
import os
from millwork_worker import shards
for shard in shards():
    with shard.output("rows.txt") as out:
        for path in shard.files:
            print(os.path.basename(path), file=out)
    with shard.output(f"each/{shard.id}.txt") as out:
        out.write("of " + shard.id)
    if shard.id == "1" and not os.path.exists(MENDED):
        os.symlink("/etc/hostname", shard.path("link"))
"""


@pytest.fixture
def batch(component: Component, tmp_path: Path, home: Path) -> Batch:
    return Batch(component, tmp_path, home)


def test_after_a_publication_that_failed_all_is_done_anew(batch: Batch, tmp_path: Path) -> None:
    """Its files are no longer where the next attempt would look for them."""
    batch.files(6)
    mended = tmp_path / "mended"
    failed = batch.run(batch.write(STAGES_A_LINK.replace("MENDED", repr(str(mended)))), 2)
    assert "outside the output" in reason(failed)
    mended.write_text("")
    resumed = batch.command("runs", "resume", failed.json["run"], "--json")
    found = good(resumed)
    assert (found / "rows.txt").read_text() == "".join(f"{n:03}.txt\n" for n in range(6))
    assert sorted(os.listdir(found / "each")) == ["0.txt", "1.txt", "2.txt"]


def test_a_worker_that_gives_itself_another_name_is_refused(batch: Batch) -> None:
    batch.files(4)
    program = (
        "import os\nos.environ['MILLWORK_WORKER_NAME'] = 'elsewhere'\n"
        "from millwork_worker import shards\nfor shard in shards(): os._exit(0)\n"
    )
    began = time.monotonic()
    failed = batch.run(batch.write(program), 2)
    assert failed.code == 1
    assert time.monotonic() - began < 30


def test_modules_beside_the_user_are_not_taken_for_python_s(
    batch: Batch, millwork: Millwork, tmp_path: Path
) -> None:
    batch.files(4)
    here = tmp_path / "here"
    here.mkdir()
    for name in ("secrets.py", "queue.py", "uvicorn.py"):
        (here / name).write_text("raise SystemExit('this is the user\\'s')")
    file = batch.write("from millwork_worker import shards\nfor shard in shards(): pass\n")
    done = millwork("run", file, "-i", f"given={batch.given}", "--json", cwd=here)
    assert done.code == 0, done.err


def test_a_shard_of_which_some_items_failed_is_told_of(batch: Batch, home: Path) -> None:
    batch.files(4)
    program = (
        "from millwork_worker import shards\n"
        "for shard in shards():\n"
        "    with shard.output('rows.txt') as out: out.write(shard.id)\n"
        "    shard.failed = int(shard.id == '1')\n"
    )
    allowed = {"partial_is_failure": True, "mini_batch_error_threshold": 1, "max_retries": 1}
    found = good(batch.run(batch.write(program, batch=allowed)))
    assert (found / "rows.txt").read_text() == "01", "the others of its items are there"
    (file,) = (home / "attempts").glob("*/failed_shards.jsonl")
    (line,) = map(json.loads, file.read_text().splitlines())
    assert (line["shard"], line["status"], line["error"]) == (1, "partial", "1 of 2 items failed")
