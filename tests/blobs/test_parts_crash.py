"""Batches of any kind against a plain rule, with crashes on the way; what the tests share."""

from __future__ import annotations

import json
import os
import re
import signal
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.errors import RunFailed
from millwork.blobs.parts import Carried, Part, publish

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOG = "log.jsonl"
Shards = dict[int, dict[str, bytes]]
_CALLS = (
    *("open", "rename", "unlink", "rmdir", "mkdir", "symlink", "fsync", "copy_file_range"),
    *("write", "utime", "scandir", "lstat"),
)


def stage(output: Path, shards: Shards, token: str = "aa") -> list[Part]:
    """Files as workers leave them; a shard without files leaves no folder."""
    for shard, files in shards.items():
        for path, data in files.items():
            place = output / ".parts" / f"{shard}.{shard}.{token}" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
    return [Part(shard, str(output / ".parts" / f"{shard}.{shard}.{token}")) for shard in shards]


def tree(folder: Path) -> dict[str, object]:
    """What is below a folder: bytes of files, text of links, None for folders."""
    found: dict[str, object] = {}
    for place in sorted(folder.rglob("*")):
        path = str(place.relative_to(folder))
        if place.is_symlink():
            found[path] = f"-> {os.readlink(place)}"
        else:
            found[path] = place.read_bytes() if place.is_file() else None
    return found


def record_of(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def expected(shards: Shards, append: str) -> dict[str, object]:
    """The output by the plain rule, for less than 100,000 shards."""
    counts = Counter(path for files in shards.values() for path in files if path != append)
    folders = {str(up) for path in counts for up in Path(path).parents} - {"."}
    taken = {path for path in counts if counts[path] > 1 or path in folders}
    while more := {path for path in counts if _base(path) in taken} - taken:
        taken |= more
    found: dict[str, object] = dict.fromkeys(folders)
    for shard, files in shards.items():
        for path, data in files.items():
            stem, suffix = os.path.splitext(path)
            name = f"{stem}-{shard:05}{suffix}" if path in taken else path
            if path != append:
                assert name not in found
                found[name] = data
    if append:
        found[append] = b"".join(files.get(append, b"") for files in shards.values())
    return found


def _base(path: str) -> str:
    stem, suffix = os.path.splitext(path)
    return re.sub(r"-\d{5}\Z", "", stem) + suffix if re.search(r"-\d{5}\Z", stem) else ""


class Dead(BaseException):
    """The machine stands still."""


@contextmanager
def dying(step: int) -> Iterator[list[str]]:
    """From the call `step` to the system on, none has an effect; yields those that had one."""
    done: list[str] = []

    def limited(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if len(done) >= step:
                raise Dead
            done.append(name)
            return real(*args, **options)

        return call

    with _calls_patched(limited), suppress(Dead):
        yield done


@contextmanager
def _calls_patched(
    limited: Callable[[str, Callable[..., Any]], Callable[..., Any]],
) -> Iterator[None]:
    real = {name: getattr(os, name) for name in _CALLS}
    # Neither kind of crash loses what the kernel has, and syncs are most of the time.
    real["fsync"] = lambda _descriptor: None
    with ExitStack() as stack:
        for name in _CALLS:
            stack.enter_context(mock.patch.object(os, name, limited(name, real[name])))
        yield


NAMES = st.sampled_from(
    ["x", "x.csv", "d/x", "x-00001", "x-00002.csv", "x-00002-00003.csv", "d/y.z/x", "d/y.z", LOG]
)
FILES = st.dictionaries(NAMES, st.binary(max_size=6), max_size=4).filter(
    lambda files: "d/y.z" not in files or "d/y.z/x" not in files
)
BATCHES = st.dictionaries(st.integers(0, 6), FILES, max_size=5).map(
    lambda shards: dict(sorted(shards.items()))
)


@pytest.mark.quick
@settings(max_examples=150, deadline=None)
@given(BATCHES, st.sampled_from(["", LOG]), st.integers(1, 250), st.integers(1, 250))
def test_any_batch_is_as_the_plain_rule_says_whenever_it_crashes(
    shards: Shards, append: str, first: int, second: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        output, record = Path(name, "out"), Path(name, "published.jsonl")
        accepted = stage(output, shards)
        stage(output, shards, token="late")
        output.mkdir(exist_ok=True)
        for step in (first, second, 10**9):
            with dying(step):
                publish(str(output), iter(accepted), append, str(record))
        assert tree(output) == expected(shards, append)
        assert set(os.listdir(name)) == {"out", record.name}
        check_record(record_of(record), shards, output, append)


@pytest.mark.quick
@settings(max_examples=80, deadline=None)
@given(BATCHES, BATCHES, st.sets(st.integers(0, 6)), st.integers(1, 300))
def test_an_incremental_run_loses_nothing_whenever_it_crashes(
    old: Shards, new: Shards, valid: set[int], step: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        before, output = Path(name, "before"), Path(name, "out")
        records = str(Path(name, "before.jsonl")), str(Path(name, "published.jsonl"))
        publish(str(before), stage(before, old), LOG, records[0])
        kept, accepted = tree(before), stage(output, new)
        carried = Carried(str(before), records[0], valid, 7)
        refused = ""
        for last in (step, 10**9):
            try:
                with dying(last):
                    publish(str(output), iter(accepted), LOG, records[1], carried)
            except RunFailed as error:
                refused = str(error)
        assert tree(before) == kept
        if refused:
            assert re.search("another has the name|of the earlier run", refused)
            assert os.listdir(output) == [".parts"]
            return
        shards = {shard: files for shard, files in old.items() if shard in valid}
        shards |= {7 + shard: files for shard, files in new.items()}
        check_record(record_of(Path(records[1])), shards, output, LOG)
        assert sum(place.is_file() for place in output.rglob("*")) == 1 + sum(
            path != LOG for files in shards.values() for path in files
        )


def check_record(rows: list[Any], shards: Shards, output: Path, append: str) -> None:
    """Every line of the record says what its shard published."""
    whole = (output / append).read_bytes() if append else b""
    said = {row["shard"]: row for row in rows}
    assert list(said) == sorted(said)
    for shard, files in shards.items():
        row = said.pop(shard, {"append": None, "files": []})
        start, end = row["append"] or (0, 0)
        assert whole[start:end] == (files.get(append, b"") if append else b"")
        data = sorted((output / path).read_bytes() for path in row["files"])
        assert data == sorted(files[path] for path in files if path != append)
    assert not said


# --- kill -9 ----------------------------------------------------------------------------------


def _killed_at(step: int, work: Callable[[], None]) -> bool:
    """Do `work` in a process that kills itself at its call `step` to the system."""
    child = os.fork()
    if not child:
        counted = iter(range(1, step + 1))

        def limited(_name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **options: Any) -> Any:
                if next(counted, step) == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **options)

            return call

        with _calls_patched(limited):
            try:
                work()
            except BaseException:
                os._exit(1)
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL)
    return status != 0


def _batch(folder: Path, before: Path) -> Callable[[], None]:
    """A batch of all kinds of things, staged anew in a folder; the call that publishes it."""
    output = folder / "out"
    shards = {n: {LOG: b"%d\n" % n, "d/x": b"%d" % n, "x.csv": b""} for n in range(2)}
    accepted = stage(output, shards)
    (output / ".parts" / "0.0.aa" / "latest").symlink_to("x.csv")
    stage(output, {1: {"d/late": b"late"}}, token="late")
    accepted += stage(folder / "attempt1", {4: {LOG: b"4\n", "x.csv": b"4"}})
    carried = Carried(str(before), f"{before}.jsonl", [range(1, 3)], 3)
    record = str(folder / "published.jsonl")
    return lambda: publish(str(output), iter(accepted), LOG, record, carried)


def test_killed_at_any_call_it_comes_to_the_same_bytes(tmp_path: Path) -> None:
    before = tmp_path / "before"
    earlier = {n: {LOG: b"old%d\n" % n, "d/x": b"old%d" % n} for n in range(3)}
    publish(str(before), stage(before, earlier), LOG, f"{before}.jsonl")
    _batch(tmp_path / "whole", before)()
    whole = tree(tmp_path / "whole")
    work = _batch(tmp_path / "steps", before)
    # Killed at call 1, 2, 3, ... of ever the same publication, each going on where it was cut.
    step = 1
    while _killed_at(step, work):
        step += 1
    assert tree(tmp_path / "steps") == whole
    # And each call once, in a publication of its own.
    step, was_killed = 1, True
    while was_killed:
        folder = tmp_path / str(step)
        work = _batch(folder, before)
        was_killed = _killed_at(step, work)
        work()
        assert tree(folder) == whole, f"killed at call {step}"
        step += 1
    assert step > 100
