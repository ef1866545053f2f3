"""How a batch's input is cut into shards: each file, and each row, is in exactly one."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork import worker
from millwork.base.errors import BadRequest, NoSpace, Unavailable
from millwork.blobs import split as splitting
from millwork.blobs.layout import Layout, writing
from millwork.blobs.split import TABLES, cut
from millwork.spec.model import Split

SHIM = Path(worker.__file__).parent / "shims/batch"
sys.path.append(str(SHIM))
rows: Any = importlib.import_module("millwork_worker.rows")
sys.path.remove(str(SHIM))

quick = pytest.mark.quick
FILES = Split("files", 1)


def shards(
    source: Path, split: Split, to: Path | None = None, only: Any = None
) -> list[dict[str, Any]]:
    to = to or source.parent / "shards.jsonl"
    cut(str(source), split, str(to), only)
    return [json.loads(line) for line in to.read_bytes().splitlines()]


def files(source: Path, split: Split, only: Any = None) -> list[list[str]]:
    return [shard["files"] for shard in shards(source, split, None, only)]


def place(tmp_path: Path, *names: str, content: str = "") -> Path:
    folder = tmp_path / "input"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def refused(source: Path, split: Split) -> str:
    to = source.parent / "shards.jsonl"
    before = to.read_bytes() if to.exists() else None
    with pytest.raises(BadRequest) as caught:
        cut(str(source), split, str(to))
    assert (to.read_bytes() if to.exists() else None) == before
    assert not [name for name in os.listdir(source.parent) if name.startswith(".")]
    return str(caught.value)


# --- whole files --------------------------------------------------------------------------------


@quick
def test_files_are_in_the_order_of_their_bytes_without_hidden_ones(tmp_path: Path) -> None:
    there = ["b", "a/z", "a.txt", "a-b", "ä", "Z", "a/b/c", "€", "new\nline", '"items":7}', "_x"]
    hidden = [".git/config", "a/.b", "_SUCCESS", ".x"]
    folder = place(tmp_path, *there, *hidden)
    expected = [[name] for name in sorted(there, key=os.fsencode)]
    assert files(folder, FILES) == files(folder, Split()) == expected
    layout = Layout(str(tmp_path / "shards.jsonl"))
    assert (layout.total, layout.items) == (len(there), 1)
    layout.close()


@quick
@pytest.mark.parametrize("by", ["auto", "files", "bytes", "rows", "keys"])
def test_an_input_without_files_has_no_shards(tmp_path: Path, by: Any) -> None:
    folder = place(tmp_path)
    (folder / "year=1").mkdir()
    assert shards(folder, Split(by, 1 if by != "auto" else None, keys=("year",))) == []
    layout = Layout(str(tmp_path / "shards.jsonl"))
    assert (layout.total, layout.items) == (0, 1)
    layout.close()


@quick
def test_files_by_number_and_by_bytes(tmp_path: Path) -> None:
    folder = place(tmp_path, *"abcde")
    assert files(folder, Split("files", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    for name, size in zip("abcde", (5, 5, 99, 0, 3), strict=True):
        (folder / name).write_bytes(b"x" * size)
    assert files(folder, Split("bytes", 10)) == [["a", "b"], ["c"], ["d", "e"]]
    assert files(folder, Split("bytes", 11)) == [["a", "b", "c"], ["d", "e"]]
    assert [shard["items"] for shard in shards(folder, Split("bytes", 11))] == [3, 2]


@quick
def test_an_input_may_be_one_file(tmp_path: Path) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"x")
    for split in (FILES, Split("bytes", 9), Split()):
        assert shards(file, split) == [{"files": [""], "items": 1}]
    assert "a.bin: only tables have rows" in refused(file, Split("rows", 1))
    assert refused(tmp_path / "b", FILES) == "b: No such file or directory"


@quick
def test_only_these_files_are_cut(tmp_path: Path) -> None:
    folder = place(tmp_path, "y=1/a", "y=2/b", "y=2/c", "d")
    assert files(folder, Split("files", 5), ["y=2/c", "d", "e"]) == [["d", "y=2/c"]]
    assert shards(folder, Split("keys", keys=("y",)), only=["y=2/c"]) == [
        {"files": ["y=2/c"], "key": {"y": "2"}, "items": 1}
    ]
    (folder / "list").write_text("y=1/a\ty=2/b\ny=2/c\nd\n")
    assert files(folder, Split("list", list="list"), ["y=2/b", "d"]) == [["y=2/b"], ["d"]]


@quick
def test_links_are_followed_and_end_somewhere(tmp_path: Path) -> None:
    folder = place(tmp_path, "b/c")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/d").touch()
    (folder / "a").symlink_to("b")
    (folder / "e").symlink_to(tmp_path / "outside/d")
    (folder / "f").symlink_to(tmp_path / "outside")
    assert files(folder, Split("files", 9)) == [["a/c", "b/c", "e", "f/d"]]
    (folder / "b/up").symlink_to("..")
    assert refused(folder, FILES) == "a/up: a link to a folder above it"
    (folder / "b/up").unlink()
    (folder / "g").symlink_to("nothing")
    assert "g: not a regular file, or a link that leads nowhere" in refused(folder, FILES)


@quick
def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    folder = place(tmp_path, "a")
    os.mkfifo(folder / "b")
    assert "b: not a regular file" in refused(folder, FILES)
    (folder / "b").unlink()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).touch()
    assert "the name b'\\xff' is not UTF-8" in refused(folder, FILES)


@quick
def test_a_layout_is_there_as_a_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "shards.jsonl"
    to.write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoSpace), writing(str(to)) as layout:
        layout.add_files(["a"])
    assert os.listdir(tmp_path) == ["shards.jsonl"]
    assert to.read_text() == "before"


# --- partitions and lists -----------------------------------------------------------------------


@quick
def test_a_shard_for_each_combination_of_keys(tmp_path: Path) -> None:
    names = [
        "year=2013/month=10/a", "year=2013/month=1/b", "year=2012/month=1/x/c",
        "year=2013/month=1/part=2/d", "year=2013/month=%31/e", "year=2012/month=a%2Fb/.hidden",
    ]  # fmt: skip
    folder = place(tmp_path, *names)
    found = shards(folder, Split("keys", keys=("year", "month")))
    assert [(tuple(shard["key"].items()), shard["files"]) for shard in found] == [
        ((("year", "2012"), ("month", "1")), [names[2]]),
        ((("year", "2013"), ("month", "1")), ["year=2013/month=%31/e", names[1], names[3]]),
        ((("year", "2013"), ("month", "10")), [names[0]]),
    ]
    found = shards(folder, Split("keys", keys=("month",)))
    assert [(shard["key"]["month"], shard["items"]) for shard in found] == [("1", 4), ("10", 1)]
    assert found[0]["files"][0] == names[2]


@quick
def test_files_without_the_keys_are_told_of(tmp_path: Path) -> None:
    folder = place(tmp_path, "year=1/month=2/a")
    assert refused(folder, Split("keys", keys=("year", "store"))) == (
        "year=1/month=2/a: no folder above it is named 'store=...'; keys there: year, month"
    )
    (folder / "b").touch()
    expected = "b: no folder above it is named 'year=...'; keys there: none"
    assert refused(folder, Split("keys", keys=("year",))) == expected
    assert "this is a file" in refused(folder / "b", Split("keys", keys=("year",)))


@quick
def test_shards_as_a_list_says(tmp_path: Path) -> None:
    folder = place(tmp_path, "a b", "c", "d/e", "ü")
    (folder / "d/list").write_bytes("\ufeff# shards\r\na b\t./c\r\n\n  \nd/e\tc\t\nd/../ü".encode())
    assert files(folder, Split("list", list="d/list")) == [["a b", "c"], ["d/e", "c"], ["ü"]]


@quick
@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"x", "x: No such file or directory"), (b"d", "d: not a regular file"),
     (b"../a", "../a leads outside of the input"), (b"/a", "/a leads outside of the input"),
     (b"d/../../a", "leads outside"), (b"\xff", "b'\\xff' is not UTF-8"),
     (b"a\0", "embedded null byte")],
)  # fmt: skip
def test_a_list_is_checked(tmp_path: Path, line: bytes, reason: str) -> None:
    folder = place(tmp_path, "a", "d/e")
    (folder / "list").write_bytes(b"# first\na\n" + line + b"\n")
    told = refused(folder, Split("list", list="list"))
    assert told.startswith("list:3: ")
    assert reason in told
    assert refused(folder, Split("list", list="no")) == "no: No such file or directory"
    assert "outside" in refused(folder, Split("list", list="../list"))
    assert "a folder that holds the list" in refused(folder / "list", Split("list", list="list"))


# --- rows ---------------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4) | st.text(
    st.sampled_from('",\t\r\nx'), max_size=6
)
BLANK = st.sampled_from(["", "\n", "\r\n", "\n\n"])
Content = tuple[str, bytes, list[dict[str, Any]]]


def quoted(text: str) -> str:
    return '"{}"'.format(text.replace('"', '""'))


@st.composite
def csv_files(draw: st.DrawFn) -> Content:
    name, comma = draw(st.sampled_from([("csv", ","), ("tsv", "\t"), ("CSV", ",")]))
    end = draw(st.sampled_from(["\n", "\r\n"]))

    def written(value: str) -> str:
        bare = not value.startswith('"') and not set(value) & {"\n", "\r", comma}
        return value if bare and draw(st.booleans()) else quoted(value)

    names = draw(st.lists(TEXT, min_size=2, max_size=3, unique=True))
    values = draw(st.lists(st.lists(TEXT, min_size=len(names), max_size=len(names)), max_size=8))
    text = draw(BLANK)
    for row in [names, *values]:
        text += comma.join(map(written, row)) + end + draw(BLANK)
    if draw(st.booleans()):
        text = text.removesuffix("\n").removesuffix("\r")
    content = text.encode()
    if draw(st.booleans()):
        content = b"\xef\xbb\xbf" + content
    if not values and draw(st.booleans()):
        content = b""
    return name, content, [dict(zip(names, row, strict=True)) for row in values]


@st.composite
def json_files(draw: st.DrawFn) -> Content:
    values = draw(st.lists(st.dictionaries(TEXT, TEXT, max_size=2), max_size=8))
    text = draw(BLANK)
    for row in values:
        text += draw(st.sampled_from(["", " "])) + json.dumps(row, ensure_ascii=False)
        text += draw(st.sampled_from(["\n", "\r\n", " \n \t\n"]))
    if draw(st.booleans()):
        text = text.rstrip()
    bom = b"\xef\xbb\xbf" if draw(st.booleans()) else b""
    return draw(st.sampled_from(["jsonl", "ndjson"])), bom + text.encode(), values


def read(layout: Layout, first: int, count: int, root: Path) -> list[dict[str, Any]]:
    entry = layout.entry(first, count, str(root))
    found = [row for part in entry["rows"] for row in rows.read(rows.Part(**part))]
    assert len(found) == entry["items"]
    return found


@quick
@settings(max_examples=300, deadline=None)
@given(
    st.lists(csv_files() | json_files(), max_size=3),
    st.one_of(
        st.builds(Split, st.just("rows"), st.integers(1, 6)),
        st.builds(Split, st.just("auto"), st.integers(1, 60)),
        st.just(Split()),
    ),
    st.integers(1, 9) | st.just(1 << 18),
)
def test_each_row_is_in_one_shard_in_order(
    tmp_path_factory: pytest.TempPathFactory, tables: list[Content], split: Split, block: int
) -> None:
    folder = tmp_path_factory.mktemp("rows") / "input"
    folder.mkdir()
    expected = []
    for number, (ending, content, values) in enumerate(tables):
        (folder / f"{number}.{ending}").write_bytes(content)
        expected += values
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(splitting, "_BLOCK", block)
        patch.setattr(splitting, "ATOM", 20)
        shards(folder, split)
    layout = Layout(str(folder.parent / "shards.jsonl"))
    found = [read(layout, number, 1, folder) for number in range(layout.total)]
    assert [row for shard in found for row in shard] == expected
    assert all(found)
    if split.by == "rows":
        assert {len(shard) for shard in found[:-1]} <= {split.size}
    if found:
        assert read(layout, 0, layout.total, folder) == expected
    layout.close()


@quick
def test_a_stray_quote_is_no_quote(tmp_path: Path) -> None:
    folder = place(tmp_path, "a.csv", content='a,b\n5" pipe,1\n"6\n""",2\n7",3\n8,"4\n"\n')
    shards(folder, Split("rows", 1))
    layout = Layout(str(tmp_path / "shards.jsonl"))
    found = [read(layout, number, 1, folder)[0] for number in range(layout.total)]
    assert [row["a"] for row in found] == ['5" pipe', '6\n"', '7"', "8"]
    layout.close()


@quick
def test_shards_have_so_many_rows_and_reach_over_files(tmp_path: Path) -> None:
    folder = place(tmp_path, "a.csv", "b.csv", content="n\n1\n2\n3\n")
    assert shards(folder, Split("rows", 2)) == [
        {"rows": [{"file": "a.csv", "start": 0, "end": 6}], "items": 2},
        {"rows": [{"file": "a.csv", "start": 6, "end": 8},
                  {"file": "b.csv", "start": 0, "end": 4}], "items": 2},
        {"rows": [{"file": "b.csv", "start": 4, "end": 8}], "items": 2},
    ]  # fmt: skip


@quick
def test_tables_are_cut_by_bytes_and_other_files_are_not(tmp_path: Path) -> None:
    folder = place(tmp_path, "a.csv", content="n\n" + ("x" * 79 + "\n") * 30_000)
    place(tmp_path, "b.csv", content="n\n1\n")
    found = [part for shard in shards(folder, Split()) for part in shard["rows"]]
    sizes = [part["end"] - part["start"] for part in found]
    assert [1 << 20 <= size < (1 << 20) + 80 for size in sizes] == [True, True, False, False]
    assert len(shards(folder, Split("auto", 1 << 30))) == 1
    place(tmp_path, "c.txt")
    assert files(folder, Split()) == [["a.csv"], ["b.csv"], ["c.txt"]]
    for split in (Split("rows", 5), Split("auto", 5)):
        assert "c.txt: only tables have rows: .csv, .jsonl" in refused(folder, split)


@quick
def test_a_quote_without_end_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place(tmp_path, "a.csv", content='n\n1\n"' + "2\n" * 1000)
    assert [shard["items"] for shard in shards(folder, Split("rows", 1))] == [1, 1]
    monkeypatch.setattr(splitting, "_LONGEST", 500)
    monkeypatch.setattr(splitting, "_BLOCK", 10)
    assert "a.csv: the record at byte 4 has more than" in refused(folder, Split("rows", 1))


def test_the_worker_reads_the_same_kinds() -> None:
    assert rows._KINDS == TABLES


# --- Parquet ------------------------------------------------------------------------------------


def parquet(file: Path, values: range, group: int) -> None:
    pyarrow: Any = pytest.importorskip("pyarrow")
    table = pyarrow.table({"n": list(values)})
    importlib.import_module("pyarrow.parquet").write_table(table, file, row_group_size=group)


def test_parquet_is_cut_by_row_groups(tmp_path: Path) -> None:
    folder = place(tmp_path, "b.jsonl", content='{"n": 10}\n{"n": 11}\n')
    parquet(folder / "a.parquet", range(10), 3)
    parquet(folder / "c.pq", range(12, 12), 3)
    for split, sizes in (
        (Split("rows", 5), [6, 5, 1]),
        (Split("auto", 1), [3, 3, 3, 1, 1, 1]),
        (Split(), [3, 3, 3, 1, 2]),
    ):
        assert [shard["items"] for shard in shards(folder, split)] == sizes
        layout = Layout(str(tmp_path / "shards.jsonl"))
        found = [read(layout, number, 1, folder) for number in range(layout.total)]
        assert [row["n"] for shard in found for row in shard] == list(range(12))
        layout.close()


def test_what_is_no_parquet_is_told_of(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    folder = place(tmp_path, "a.parquet", content="what")
    assert refused(folder, Split("rows", 5)).startswith("a.parquet: ")


@quick
def test_parquet_needs_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = place(tmp_path, "a.parquet")
    for name in ("pyarrow", "pyarrow.parquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(Unavailable, match=r"a.parquet: .* pip install 'millwork\[tables\]'"):
        shards(folder, Split())


# --- the layout ---------------------------------------------------------------------------------


@quick
def test_shards_are_joined(tmp_path: Path) -> None:
    def part(file: str, start: int, end: int | None) -> dict[str, Any]:
        return {"file": file, "start": start, "end": end}

    lines: list[dict[str, Any]] = [
        {"files": ["a", ""], "items": 2},
        {"files": ["b"], "key": {"items": "7"}},
        {"rows": [part("c", 0, 5)], "items": 3},
        {"rows": [part("c", 5, 9), part("d", 0, None)], "items": 4},
        {"rows": [part("d", 9, None)], "items": 10},
    ]
    file = tmp_path / "shards.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    layout = Layout(str(file))
    assert (layout.total, list(layout.items)) == (5, [2, 1, 3, 4, 10])  # type: ignore[arg-type]
    assert layout.entry(0, 2, "/in/") == {"files": ["/in/a", "/in/", "/in/b"], "items": 3}
    assert layout.entry(1) == lines[1]
    assert layout.entry(2, 3, "/in") == {
        "rows": [part("/in/c", 0, 9), part("/in/d", 0, None), part("/in/d", 9, None)], "items": 17,
    }  # fmt: skip
    for first, count in ((5, 1), (4, 2), (-1, 1), (0, 0)):
        with pytest.raises(IndexError):
            layout.entry(first, count)
    layout.close()
    layout.close()
    assert layout.total == 5


@pytest.mark.slow
def test_a_million_shards_are_planned_and_opened_in_little_memory(tmp_path: Path) -> None:
    file, to = tmp_path / "a.jsonl", tmp_path / "shards.jsonl"
    with open(file, "w") as out:
        out.writelines('{"a": 1}\n' for _ in range(1_000_000))
    text = (
        "import sys\n"
        "from millwork.blobs.layout import Layout\n"
        "from millwork.blobs.split import cut\n"
        "from millwork.spec.model import Split\n"
        "cut(sys.argv[1], Split('rows', 1), sys.argv[2])\n"
        "print(Layout(sys.argv[2]).total)\n"
        "status = open('/proc/self/status').read()\n"
        "print(status.partition('VmHWM:')[2].split()[0])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", text, file, to], capture_output=True, text=True, check=True
    )
    total, peak = map(int, found.stdout.split())
    assert total == 1_000_000
    assert peak < 64 << 10  # KiB
