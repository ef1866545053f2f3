from __future__ import annotations

import errno
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.base.errors import NoSpace, RunFailed
from millwork.blobs import parts, published
from millwork.blobs.artifacts import seal
from millwork.blobs.parts import Carried, Part, publish, report_failed
from millwork.blobs.published import Names
from tests.blobs.test_parts_crash import LOG, Shards, dying, expected, record_of, stage, tree

if TYPE_CHECKING:
    from typing import Any

pytestmark = pytest.mark.quick


class World:
    """One batch's output and record, and an earlier one's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.output = folder / "out"
        self.record = folder / "published.jsonl"
        self.output.mkdir(parents=True)

    def publish(
        self, shards: Shards, append: str = LOG, carried: Carried | None = None
    ) -> dict[str, object]:
        publish(str(self.output), stage(self.output, shards), append, str(self.record), carried)
        return tree(self.output)

    def carried(self, shards: set[int] | list[range], count: int) -> Carried:
        return Carried(str(self.output), str(self.record), shards, count)

    def rows(self) -> list[object]:
        return record_of(self.record)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "now")


@pytest.fixture
def earlier(tmp_path: Path) -> World:
    return World(tmp_path / "earlier")


# --- what comes of it -------------------------------------------------------------------------


def test_append_files_become_one_in_the_order_of_the_shards(world: World) -> None:
    shards = {0: {LOG: b"zero\n"}, 2: {"x": b"x"}, 3: {LOG: b""}, 10: {LOG: b"ten\n"}}
    assert world.publish(shards) == {LOG: b"zero\nten\n", "x": b"x"}
    assert world.rows() == [
        {"shard": 0, "append": [0, 5], "files": []},
        {"shard": 2, "append": None, "files": ["x"]},
        {"shard": 10, "append": [5, 9], "files": []},
    ]


def test_what_several_shards_call_alike_gets_their_number(world: World) -> None:
    shards = {
        1: {"part.parquet": b"1", "deep/a.b/c": b"1", "own.txt": b"1"},
        12: {"part.parquet": b"12", "deep/a.b/c": b"12"},
    }
    assert world.publish(shards, "") == {
        "part-00001.parquet": b"1",
        "part-00012.parquet": b"12",
        "deep": None,
        "deep/a.b": None,
        "deep/a.b/c-00001": b"1",
        "deep/a.b/c-00012": b"12",
        "own.txt": b"1",
    }
    assert world.rows()[1] == {
        "shard": 12,
        "append": None,
        "files": ["deep/a.b/c-00012", "part-00012.parquet"],
    }


def test_numbers_are_as_wide_as_the_highest_shards(world: World) -> None:
    found = world.publish({7: {"x": b""}, 123456: {"x": b""}}, "")
    assert set(found) == {"x-000007", "x-123456"}


def test_a_name_that_looks_numbered_is_told_apart(world: World) -> None:
    shards = {1: {"x.csv": b"1"}, 2: {"x.csv": b"2"}, 3: {"x-00002.csv": b"3"}}
    assert world.publish(shards, "") == {
        "x-00001.csv": b"1",
        "x-00002.csv": b"2",
        "x-00002-00003.csv": b"3",
    }


def test_a_file_of_one_and_a_folder_of_another_are_told_apart(world: World) -> None:
    shards = {0: {"x": b"file"}, 1: {"x/y": b"in a folder"}}
    found = world.publish(shards, "")
    assert found == {"x-00000": b"file", "x": None, "x/y": b"in a folder"}


def test_nothing_staged_makes_an_empty_append_file(world: World) -> None:
    assert world.publish({0: {}, 1: {}}) == {LOG: b""}
    assert world.rows() == []


def test_nothing_at_all_makes_nothing(world: World) -> None:
    assert world.publish({}, "") == {}


def test_leases_that_were_not_accepted_leave_nothing(world: World) -> None:
    late = stage(world.output, {0: {LOG: b"late", "d/x": b"late"}}, token="late")
    os.chmod(os.path.join(late[0].folder, "d"), 0o500)
    os.chmod(late[0].folder, 0)
    (world.output / ".parts" / "stray").write_bytes(b"")
    assert world.publish({0: {LOG: b"accepted"}}) == {LOG: b"accepted"}


def test_what_the_step_wrote_elsewhere_stays(world: World) -> None:
    (world.output / "sub").mkdir()
    (world.output / "sub" / "notes").write_bytes(b"own")
    found = world.publish({0: {"sub/x": b"0"}}, "")
    assert found == {"sub": None, "sub/notes": b"own", "sub/x": b"0"}


def test_parts_of_an_earlier_attempt_are_taken(world: World, earlier: World) -> None:
    old = stage(earlier.output, {0: {LOG: b"0", "x": b"0"}})
    new = stage(world.output, {1: {LOG: b"1", "x": b"1"}})
    publish(str(world.output), iter([*old, *new]), LOG, str(world.record))
    assert tree(world.output) == {LOG: b"01", "x-00000": b"0", "x-00001": b"1"}


def test_links_are_moved_as_they_are(world: World) -> None:
    folder = world.output / ".parts" / "0.0.aa"
    folder.mkdir(parents=True)
    (folder / "latest").symlink_to("model.bin")
    (folder / "up").symlink_to("../..")
    publish(str(world.output), [Part(0, str(folder))], "", str(world.record))
    assert tree(world.output) == {"latest": "-> model.bin", "up": "-> ../.."}


def test_a_name_may_hold_any_bytes(world: World) -> None:
    name = os.fsdecode(b"\xff\n.csv")
    found = world.publish({0: {name: b"0"}, 1: {name: b"1"}}, "")
    assert found == {os.fsdecode(b"\xff\n-0000%d.csv" % n): b"%d" % n for n in (0, 1)}
    assert seal(str(world.output)).size == 2


def test_an_append_file_may_be_in_a_folder(world: World) -> None:
    found = world.publish({0: {"d/log": b"0", "d/x": b"x"}, 1: {"d/log": b"1"}}, "d/log")
    assert found == {"d": None, "d/log": b"01", "d/x": b"x"}


# --- incremental runs -------------------------------------------------------------------------


def test_what_is_valid_of_an_earlier_run_comes_first(world: World, earlier: World) -> None:
    earlier.publish({n: {LOG: b"old%d\n" % n, "part.csv": b"old%d" % n} for n in range(4)})
    before = tree(earlier.output)
    found = world.publish({0: {LOG: b"new\n", "part.csv": b"new"}}, LOG, earlier.carried({1, 3}, 4))
    assert found == {
        LOG: b"old1\nold3\nnew\n",
        "part-00001.csv": b"old1",
        "part-00003.csv": b"old3",
        "part-00004.csv": b"new",
    }
    assert world.rows() == [
        {"shard": 1, "append": [0, 5], "files": ["part-00001.csv"]},
        {"shard": 3, "append": [5, 10], "files": ["part-00003.csv"]},
        {"shard": 4, "append": [10, 14], "files": ["part-00004.csv"]},
    ]
    assert tree(earlier.output) == before


def test_an_incremental_run_carries_on_from_an_incremental_run(
    world: World, earlier: World, tmp_path: Path
) -> None:
    first = World(tmp_path / "first")
    first.publish({0: {LOG: b"a"}, 1: {LOG: b"b", "x": b"b"}})
    earlier.publish({0: {LOG: b"c", "x": b"c"}}, LOG, first.carried({1}, 2))
    found = world.publish({0: {LOG: b"d"}}, LOG, earlier.carried([range(1), range(1, 3)], 3))
    assert found == {LOG: b"bcd", "x": b"b", "x-00002": b"c"}
    assert [row["shard"] for row in world.rows() if isinstance(row, dict)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("shards", "kept"),
    [(set(), b""), ([], b""), ([range(2, 4), range(1)], b"023"), ([range(9, 12)], b"")],
)
def test_shards_are_chosen_by_set_or_ranges(
    world: World, earlier: World, shards: set[int] | list[range], kept: bytes
) -> None:
    earlier.publish({n: {LOG: b"%d" % n} for n in range(5)})
    assert world.publish({}, LOG, earlier.carried(shards, 5))[LOG] == kept


def test_links_of_an_earlier_run_are_copied_as_links(world: World, earlier: World) -> None:
    earlier.publish({0: {"x": b"0"}}, "")
    (earlier.output / "x").unlink()
    (earlier.output / "x").symlink_to("y")
    assert world.publish({}, "", earlier.carried({0}, 1)) == {"x": "-> y"}


@pytest.mark.parametrize("lost", [LOG, "x"])
def test_an_earlier_output_that_lost_something_is_refused(
    world: World, earlier: World, lost: str
) -> None:
    earlier.publish({0: {LOG: b"0", "x": b"0"}})
    (earlier.output / lost).unlink()
    with pytest.raises(RunFailed, match=f"has lost {lost}"):
        world.publish({}, LOG, earlier.carried({0}, 1))


def test_a_new_folder_where_an_earlier_file_is_is_refused(world: World, earlier: World) -> None:
    earlier.publish({0: {"x": b"0"}}, "")
    with pytest.raises(RunFailed, match="x of the earlier run"):
        world.publish({0: {"x/y": b"1"}}, "", earlier.carried({0}, 1))


def test_an_earlier_name_is_not_taken_twice(world: World, earlier: World) -> None:
    earlier.publish({0: {"x-00001": b"0"}}, "")
    with pytest.raises(RunFailed, match="another has the name x-00001"):
        world.publish({0: {"x": b"1"}}, "", earlier.carried({0}, 1))


# --- what is refused, before anything is moved -------------------------------------------------


@pytest.mark.parametrize(
    ("own", "named"),
    [(LOG, LOG), ("x", "x"), ("d/y", "d/y"), ("d", "d"), ("x/inside", "x"), ("d/y/z", "d/y")],
)
def test_files_of_the_steps_own_are_not_overwritten(world: World, own: str, named: str) -> None:
    place = world.output / own
    place.parent.mkdir(exist_ok=True, parents=True)
    place.write_bytes(b"own")
    shards = {0: {LOG: b"0", "x": b"0", "d/y": b"0"}}
    parted = stage(world.output, shards)
    before = tree(world.folder)
    for _ in range(2):
        with pytest.raises(RunFailed, match=named):
            publish(str(world.output), iter(parted), LOG, str(world.record))
        assert tree(world.folder) == before
    if place.is_file():
        place.unlink()


def test_a_link_of_the_steps_own_is_not_followed(world: World, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (world.output / "d").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunFailed, match="out/d is no folder"):
        world.publish({0: {"d/x": b"0"}})
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("linked", [".parts", ".parts/0.0.aa"])
def test_staged_folders_that_are_links_are_refused(
    world: World, tmp_path: Path, linked: str
) -> None:
    outside = tmp_path / "outside"
    (outside / "0.0.aa").mkdir(parents=True)
    (outside / "x").write_bytes(b"precious")
    place = world.output / linked
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    before = tree(outside)
    for accepted in ([], [Part(0, str(world.output / ".parts" / "0.0.aa"))])[linked != ".parts" :]:
        with pytest.raises(RunFailed, match="is no folder"):
            publish(str(world.output), accepted, "", str(world.record))
    assert tree(outside) == before


def test_only_files_and_links_are_published(world: World) -> None:
    folder = Path(stage(world.output, {0: {"x": b"0"}})[0].folder)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "sock"))
    server.close()
    for append in ("", "sock"):
        with pytest.raises(RunFailed, match="sock is n"):
            publish(str(world.output), [Part(0, str(folder))], append, str(world.record))
    assert (folder / "x").exists()


def test_an_append_file_that_is_a_link_is_refused(world: World) -> None:
    folder = world.output / ".parts" / "0.0.aa"
    folder.mkdir(parents=True)
    (folder / LOG).symlink_to("/etc/hostname")
    with pytest.raises(RunFailed, match="no plain file"):
        publish(str(world.output), [Part(0, str(folder))], LOG, str(world.record))


def test_nothing_is_put_where_the_parts_are(world: World) -> None:
    with pytest.raises(RunFailed, match="no output may be called"):
        world.publish({0: {".parts/x": b"0"}})


def test_a_name_that_gets_too_long_is_refused_in_time(world: World) -> None:
    with pytest.raises(RunFailed, match="File name too long"):
        world.publish({0: {"x" * 255: b"0"}, 1: {"x" * 255: b"1"}})
    assert len(tree(world.output / ".parts")) == 4


@pytest.mark.parametrize("denied", ["x", ""])
def test_what_may_not_be_read_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, denied: str
) -> None:
    # Root may read everything: the answer is made up.
    end = os.path.join("0.0.aa", denied) if denied else "0.0.aa"
    monkeypatch.setattr(os, "access", lambda path, _mode: not path.endswith(end))
    with pytest.raises(RunFailed, match=end):
        world.publish({0: {"x": b"0"}})


# --- disks ------------------------------------------------------------------------------------


def test_a_full_disk_leaves_nothing_half_written(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shards = {n: {LOG: b"%d\n" % n, "x": b""} for n in range(4)}
    accepted = stage(world.output, shards)
    real, calls = os.copy_file_range, iter(range(100))

    def full(*args: int) -> int:
        if next(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*args)

    monkeypatch.setattr(os, "copy_file_range", full)
    with pytest.raises(NoSpace, match="out"):
        publish(str(world.output), accepted, LOG, str(world.record))
    assert set(os.listdir(world.output)) == {".parts"}
    assert ".spare" not in os.listdir(world.output / ".parts")
    publish(str(world.output), [], LOG, str(world.record))
    assert tree(world.output) == expected(shards, LOG)


def test_bytes_are_copied_where_ranges_cannot(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: int) -> int:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "copy_file_range", refused)
    monkeypatch.setattr(parts, "_BLOCK", 7)
    shards = {n: {LOG: bytes(range(50))} for n in range(3)}
    assert world.publish(shards) == {LOG: bytes(range(50)) * 3}


def test_files_on_another_disk_are_copied(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.rename

    def other_disk(source: str, target: str) -> None:
        if os.path.basename(source) == "x":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        real(source, target)

    monkeypatch.setattr(os, "rename", other_disk)
    accepted = stage(world.output, {0: {"x": b"0"}})
    os.chmod(os.path.join(accepted[0].folder, "x"), 0o750)
    for step in range(1, 200):
        with dying(step):
            publish(str(world.output), accepted, "", str(world.record))
            break
    assert tree(world.output) == {"x": b"0"}
    assert (world.output / "x").stat().st_mode & 0o111


def test_a_file_that_appears_meanwhile_is_not_overwritten(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = stage(world.output, {0: {"x": b"0"}})
    make_plan = published.make_plan

    def late(*args: Any) -> None:
        make_plan(*args)
        (world.output / "x").write_bytes(b"other")

    monkeypatch.setattr(parts, "make_plan", late)
    with pytest.raises(RunFailed, match="something wrote"):
        publish(str(world.output), accepted, "", str(world.record))
    assert (world.output / "x").read_bytes() == b"other"
    assert Path(accepted[0].folder, "x").read_bytes() == b"0"


# --- again, and after a crash -------------------------------------------------------------------


def test_once_more_changes_nothing(world: World) -> None:
    world.publish({0: {LOG: b"0", "x": b"0"}, 1: {"x": b"1"}})
    before = {path: path.stat() for path in sorted(world.folder.rglob("*"))}
    unread = (pytest.fail("the shards were read again") for _ in range(1))
    publish(str(world.output), unread, LOG, str(world.record))
    assert {path: path.stat() for path in sorted(world.folder.rglob("*"))} == before


# --- the rest ---------------------------------------------------------------------------------


def test_failed_shards_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "failed_shards.jsonl"
    rows: list[dict[str, object]] = [
        {"shard": 3, "files": ["a.png"], "error": "boom é\n", "attempts": 3},
        {"shard": 4},
    ]
    report_failed(str(path), iter(rows))
    assert [json.loads(line) for line in path.read_text().splitlines()] == rows
    assert os.listdir(tmp_path) == [path.name]
    with pytest.raises(RunFailed, match="absent"):
        report_failed(str(tmp_path / "absent" / "x"), [])


@given(st.lists(st.text("ab", max_size=3)))
def test_names_are_known_once_and_twice(paths: list[str]) -> None:
    names = Names()
    for path in paths:
        names.add(path)
    names.sort()
    for path in {*paths, "c"}:
        assert (path in names) == (path in paths)
        assert names.has_twice(path) == (paths.count(path) > 1)
