from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import BadRequest, MillworkError, Unavailable
from millwork.blobs import code
from millwork.blobs.code import GitState, checkout, copy, git_state, scan, snapshot

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def paths(folder: Path) -> list[str]:
    return [entry.path for entry in scan(str(folder)).files]


@pytest.mark.quick
def test_a_tree_holds_paths_sizes_and_x_bits(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "x = 1\n", "lib/run.sh": "#!/bin/sh\n"})
    (tmp_path / "lib/run.sh").chmod(0o755)
    (tmp_path / "empty").mkdir()
    tree = scan(str(tmp_path))
    assert [(entry.path, entry.size, entry.executable) for entry in tree.files] == [
        ("lib/run.sh", 10, True),
        ("main.py", 6, False),
    ]
    assert tree.size == 16


@pytest.mark.quick
def test_the_digest_changes_with_content_name_and_x_bit_only(tmp_path: Path) -> None:
    write(tmp_path, {"a": "1", "b": "2"})
    first = scan(str(tmp_path)).digest
    os.utime(tmp_path / "a", (1, 1))
    assert scan(str(tmp_path)).digest == first
    (tmp_path / "a").chmod(0o755)
    program = scan(str(tmp_path)).digest
    (tmp_path / "a").chmod(0o644)
    (tmp_path / "b").rename(tmp_path / "c")
    renamed = scan(str(tmp_path)).digest
    write(tmp_path, {"c": "3"})
    assert len({first, program, renamed, scan(str(tmp_path)).digest}) == 4


@pytest.mark.quick
def test_git_environments_and_byte_code_never_belong(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "main.py": "",
            ".git/config": "",
            "sub/.git": "gitdir: elsewhere",
            "env/pyvenv.cfg": "",
            "env/bin/python": "",
            "pkg/__pycache__/a.pyc": "",
            "pkg/a.py": "",
        },
    )
    assert paths(tmp_path) == ["main.py", "pkg/a.py"]


@pytest.mark.quick
def test_only_the_first_ignore_file_applies(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "a", ".amlignore": "b", "a": "", "b": "", "c": ""})
    assert paths(tmp_path) == [".amlignore", ".gitignore", "a", "c"]
    write(tmp_path, {".millworkignore": "c\n.*"})
    assert paths(tmp_path) == ["a", "b"]


RULES = """
# data
*.csv
!keep.csv
/build/
logs/**
docs/*.txt
**/deep/x
a[0-9].py
back\\ slash
trailing\\
folder
!folder/never.txt
"""
FILES = [
    "one.csv", "keep.csv", "sub/two.csv", "sub/keep.csv", "build/x", "sub/build/x", "logs/a/b",
    "docs/a.txt", "docs/sub/a.txt", "deep/x", "p/q/deep/x", "a1.py", "ab.py", "back slash",
    "folder/never.txt", "sub/folder/z", "build2/x", "# data", "ünï.csv", "m.py",
]  # fmt: skip


def test_ignore_rules_are_those_of_git(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": RULES, **dict.fromkeys(FILES, "")})
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    listed = subprocess.run(
        ["git", "-C", tmp_path, "ls-files", "-z", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert paths(tmp_path) == sorted(listed.strip("\0").split("\0"))


@pytest.mark.quick
def test_translated_rules_are_remembered_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "code", {".gitignore": "*.csv", "a.csv": "", "b": ""})
    store = tmp_path / "store"
    first = scan(str(folder), str(store))
    assert [path.name[:8] for path in store.iterdir()] == [".ignore-"]
    monkeypatch.setitem(__import__("sys").modules, "pathspec", None)
    assert scan(str(folder), str(store)) == first
    assert [entry.path for entry in first.files] == [".gitignore", "b"]


@pytest.mark.quick
def test_links_inside_stay_links_and_absolute_ones_become_relative(tmp_path: Path) -> None:
    write(tmp_path, {"a/one": "1"})
    (tmp_path / "a/two").symlink_to("one")
    (tmp_path / "up").symlink_to(tmp_path / "a")
    (tmp_path / "round").symlink_to(f"../{tmp_path.name}/a/one")
    links = {entry.path: entry.link for entry in scan(str(tmp_path)).files if entry.link}
    assert links == {"a/two": "one", "up": "a", "round": "a/one"}


@pytest.mark.quick
@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "sub/../../outside"])
def test_a_link_outside_is_refused_by_name(tmp_path: Path, target: str) -> None:
    folder = write(tmp_path / "code", {"a": ""})
    (folder / "bad").symlink_to(target)
    with pytest.raises(BadRequest, match=r"code/bad is a link to .*outside the code folder"):
        scan(str(folder))
    write(folder, {".millworkignore": "bad"})
    assert "bad" not in paths(folder)


@pytest.mark.quick
def test_sockets_and_fifos_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadRequest, match="pipe is neither"):
        scan(str(tmp_path))
    (tmp_path / "pipe").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "sock"))
        with pytest.raises(BadRequest, match="sock is neither"):
            scan(str(tmp_path))


@pytest.mark.quick
def test_too_many_files_and_no_folder_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "MAX_FILES", 2)
    write(tmp_path, {"a": "", "b": "", "c": ""})
    with pytest.raises(BadRequest, match=r"more than 2 files.*millworkignore"):
        scan(str(tmp_path))
    with pytest.raises(BadRequest, match="does not exist"):
        scan(str(tmp_path / "none"))


@pytest.mark.quick
def test_snapshot_keeps_read_only_and_copy_gives_writable_files(tmp_path: Path) -> None:
    folder = write(tmp_path / "code", {"main.py": "x = 1\n", "bin/run": "#!/bin/sh\n"})
    (folder / "bin/run").chmod(0o755)
    (folder / "link").symlink_to("bin/run")
    os.utime(folder / "main.py", ns=(0, 1_234_567_890_123_456_789))
    store = tmp_path / "store"
    tree = snapshot(str(folder), str(store))
    assert tree == scan(str(folder)) == scan(str(store / tree.digest))
    assert (store / tree.digest / "main.py").stat().st_mode & 0o777 == 0o444
    assert (store / tree.digest / "bin/run").stat().st_mode & 0o777 == 0o555
    target = tmp_path / "attempt"
    target.mkdir()
    copy(tree.digest, str(store), str(target))
    assert scan(str(target)) == tree
    assert (target / "main.py").stat().st_mode & 0o200
    assert (target / "main.py").stat().st_mtime_ns == 1_234_567_890_123_456_789
    (target / "main.py").write_text("changed")
    assert scan(str(store / tree.digest)) == tree


@pytest.mark.quick
def test_a_store_inside_the_code_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": ""})
    first = snapshot(str(tmp_path), str(tmp_path / "home"))
    assert snapshot(str(tmp_path), str(tmp_path / "home")) == first


@pytest.mark.quick
def test_what_is_kept_has_its_own_digest_even_if_a_file_changes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "code", {"a": "old"})
    before = scan(str(folder))
    monkeypatch.setattr(code, "scan", lambda *_: write(folder, {"a": "new"}) and before)
    kept = snapshot(str(folder), str(tmp_path / "store"))
    assert kept.digest != before.digest
    assert (tmp_path / "store" / kept.digest / "a").read_text() == "new"
    (folder / "a").unlink()
    monkeypatch.setattr(code, "scan", lambda *_: before)
    with pytest.raises(BadRequest, match="vanished"):
        snapshot(str(folder), str(tmp_path / "store"))
    assert [path.name for path in (tmp_path / "store").iterdir()] == [kept.digest]


@pytest.mark.quick
def test_many_snapshots_at_once_leave_one_copy(tmp_path: Path) -> None:
    folder = write(tmp_path / "code", {f"f{number}": str(number) for number in range(20)})
    trees = []
    threads = [
        threading.Thread(
            target=lambda: trees.append(snapshot(str(folder), str(tmp_path / "store")))
        )
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(trees) == 8
    assert [path.name for path in (tmp_path / "store").iterdir()] == [trees[0].digest]


@pytest.mark.quick
def test_copying_code_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(MillworkError, match="is gone"):
        copy("0" * 64, str(tmp_path), str(tmp_path))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = write(tmp_path / "repo", {"main.py": "1", "sub/a.py": "2"})
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    commit(folder, "first")
    git(folder, "-c", "user.name=t", "-c", "user.email=t@t", "tag", "-a", "v1", "-m", "v1")
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)
    return done.stdout.decode().strip()


def commit(folder: Path, message: str) -> None:
    git(folder, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-a", "-m", message)


def test_git_state_tells_commit_origin_and_changes_below_the_folder(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD")
    git(repository, "remote", "add", "origin", "https://me:secret@example.com/r.git")
    clean = GitState(head, dirty=False, url="https://example.com/r.git")
    assert git_state(str(repository / "sub")) == clean
    write(repository, {"main.py": "changed"})
    assert git_state(str(repository / "sub")) == clean
    assert git_state(str(repository)) == GitState(head, dirty=True, url=clean.url)
    git(repository, "checkout", "-q", "main.py")
    write(repository, {"sub/new.py": ""})
    state = git_state(str(repository / "sub"))
    assert state
    assert state.dirty


def test_git_state_outside_a_repository_starts_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert git_state(str(tmp_path)) is None
    (tmp_path / ".git").mkdir()
    assert git_state(str(tmp_path)) is None


def test_git_state_without_a_commit_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert git_state(str(tmp_path)) is None


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_checkout_takes_branches_tags_and_commits(
    repository: Path, tmp_path: Path, scheme: str
) -> None:
    url, cache = f"{scheme}{repository}", str(tmp_path / "cache")
    first = git(repository, "rev-parse", "HEAD")
    write(repository, {"main.py": "later"})
    commit(repository, "second")
    second = git(repository, "rev-parse", "HEAD")
    folder, state = checkout(url, None, None, cache)
    assert state == GitState(second, dirty=False, url=url)
    assert sorted(os.listdir(folder)) == ["main.py", "sub"]
    assert checkout(url, "main", None, cache)[0] == folder
    tagged, state = checkout(url, "v1", "sub", cache)
    assert (state.commit, os.listdir(tagged)) == (first, ["a.py"])
    shutil.rmtree(repository)
    assert checkout(url, first, "sub", cache)[0] == tagged
    assert sorted(os.listdir(cache)) == sorted([first, second])


def test_checkout_says_what_is_missing(repository: Path, tmp_path: Path) -> None:
    url, cache = str(repository), str(tmp_path / "cache")
    with pytest.raises(BadRequest, match="no branch or tag nope"):
        checkout(url, "nope", None, cache)
    with pytest.raises(BadRequest, match="no folder nope"):
        checkout(url, None, "nope", cache)
    with pytest.raises(BadRequest, match="leaves the repository"):
        checkout(url, None, "../..", cache)
    with pytest.raises(BadRequest, match="does not appear to be a git repository"):
        checkout(str(tmp_path / "none"), None, None, cache)
    with pytest.raises(BadRequest, match="has no commit 000"):
        checkout(url, "0" * 40, None, cache)
    assert len(os.listdir(cache)) == 1


def test_an_unreachable_remote_is_unavailable_and_shows_no_password(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as failure:
        checkout("https://me:secret@127.0.0.1:1/r.git", None, None, str(tmp_path))
    assert "secret" not in str(failure.value)
    assert "127.0.0.1" in str(failure.value)


@pytest.mark.quick
@pytest.mark.parametrize(
    ("url", "ref"),
    [
        ("ext::sh -c touch% /tmp/owned", None),
        ("--upload-pack=touch /tmp/owned", None),
        ("git://example.com/r", None),
        ("fd::17", None),
        ("", None),
        ("https://example.com/\nr", None),
        ("https://example.com/r", "--output=/tmp/owned"),
        ("https://example.com/r", "a..b"),
        ("https://example.com/r", "a b"),
        ("https://example.com/r", ""),
    ],
)
def test_hostile_urls_and_refs_are_refused(
    url: str, ref: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BadRequest):
        checkout(url, ref, None, str(tmp_path))


@pytest.mark.quick
@pytest.mark.parametrize(
    ("url", "clean"),
    [
        ("https://me:pa@ss@h/r", "https://h/r"),
        ("https://token@h/r", "https://h/r"),
        ("ssh://git:pw@h/r", "ssh://git@h/r"),
        ("git@h:r.git", "git@h:r.git"),
        ("/a/b@c", "/a/b@c"),
    ],
)
def test_credentials_leave_urls(url: str, clean: str) -> None:
    assert code.without_credentials(url) == clean


@pytest.mark.quick
def test_too_much_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code, "MAX_SIZE", 1000)
    (tmp_path / "data.bin").write_bytes(bytes(1001))
    with pytest.raises(BadRequest, match="name a smaller folder as the code"):
        code.scan(str(tmp_path))


# --- gathered from several places -------------------------------------------------------------


def kept(tree: code.Tree) -> list[str]:
    return [entry.path for entry in tree.files]


def test_further_files_and_folders_are_put_into_the_copy(tmp_path: Path) -> None:
    write(
        tmp_path, {"src/main.py": "m", "lib/a/x.py": "x", "lib/.amlignore": "no*", "lib/no.py": ""}
    )
    write(tmp_path, {"one.txt": "1"})
    includes = [str(tmp_path / "src/../lib"), str(tmp_path / "one.txt")]
    store = str(tmp_path / "store")
    tree = code.gather(str(tmp_path / "src"), includes, store)
    assert kept(tree) == ["lib/.amlignore", "lib/a/x.py", "main.py", "one.txt"]
    assert code.gather(str(tmp_path / "src"), includes, store) == tree
    assert not [name for name in os.listdir(store) if "gathered" in name]


def test_a_zip_may_stand_for_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"src/main.py": "m", "lib/x.py": "x"})
    includes, store = [str(tmp_path / "lib.zip")], str(tmp_path / "store")
    tree = code.gather(str(tmp_path / "src"), includes, store)
    assert kept(tree) == ["lib.zip", "main.py"]
    os.utime(tmp_path / "lib/x.py", (1, 1))
    assert code.gather(str(tmp_path / "src"), includes, store) == tree
    shutil.unpack_archive(tmp_path / "store" / tree.digest / "lib.zip", tmp_path / "out")
    assert (tmp_path / "out/x.py").read_text() == "x"


def test_the_code_may_be_a_file_or_nothing_but_includes(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "m", "lib/x.py": "x"})
    store = str(tmp_path / "store")
    assert kept(code.gather(str(tmp_path / "main.py"), [], store)) == ["main.py"]
    assert kept(code.gather("", [str(tmp_path / "lib")], store)) == ["lib/x.py"]


def test_an_include_that_is_not_there_is_named(tmp_path: Path) -> None:
    write(tmp_path, {"src/main.py": "m"})
    with pytest.raises(BadRequest, match=r"additional_includes: there is no .*/gone"):
        code.gather(str(tmp_path / "src"), [str(tmp_path / "gone")], str(tmp_path / "store"))
