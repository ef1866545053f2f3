from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import threading
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import BadRequest, MillworkError, NoSpace
from millwork.blobs import artifacts, folders
from millwork.blobs.artifacts import BadOutput, Item, Manifest, export, seal, verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    (folder / "assets").mkdir(parents=True)
    (folder / "part").mkdir()
    (folder / "model.bin").write_bytes(b"model" * 100)
    (folder / "part/0.parquet").write_bytes(b"rows")
    (folder / "latest").symlink_to("model.bin")
    return folder


@pytest.mark.quick
def test_a_manifest_names_every_file_with_size_and_sha256(output: Path) -> None:
    manifest = seal(str(output))
    assert manifest.files == (
        Item("assets/", 0, ""),
        Item("latest", 0, "", "model.bin"),
        Item("model.bin", 500, sha256(b"model" * 100).hexdigest()),
        Item("part/0.parquet", 4, sha256(b"rows").hexdigest()),
    )
    assert manifest.size == 504
    assert verify(str(output), manifest) == []


@pytest.mark.quick
def test_the_same_content_has_the_same_digest(output: Path, tmp_path: Path) -> None:
    manifest = seal(str(output))
    export(str(output), manifest, str(tmp_path / "twin"))
    assert seal(str(tmp_path / "twin")) == manifest
    (tmp_path / "twin/part/0.parquet").write_bytes(b"ROWS")
    assert seal(str(tmp_path / "twin")).digest != manifest.digest
    (tmp_path / "empty").mkdir()
    assert seal(str(tmp_path / "empty")) == Manifest.of([])


@pytest.mark.quick
def test_json_is_compact_and_comes_back_equal(output: Path) -> None:
    (output / os.fsdecode(b"bad\xff name")).write_text("x")
    manifest = seal(str(output))
    text = manifest.to_json()
    assert Manifest.from_json(text) == manifest
    assert ["assets/", 0, ""] in json.loads(text)
    assert " " not in text.replace("bad\\udcff name", "")


@pytest.mark.quick
@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/passwd"])
def test_a_manifest_cannot_name_files_elsewhere(path: str) -> None:
    with pytest.raises(BadOutput, match="outside its artifact"):
        Manifest.from_json(json.dumps([[path, 1, "0"]]))


@pytest.mark.quick
def test_every_file_and_folder_is_synced(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), output))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    seal(str(output))
    assert sorted(synced) == [".", "assets", "model.bin", "part", "part/0.parquet"]
    assert synced[-1] == "."


@pytest.mark.quick
@pytest.mark.parametrize("target", ["/etc/passwd", "../../x", "/ml/input/data/a"])
def test_links_outside_are_refused(output: Path, target: str) -> None:
    (output / "away").symlink_to(target)
    with pytest.raises(BadOutput, match=f"away is a link to {target}, outside .* copy the file"):
        seal(str(output), "/ml/output/model")


@pytest.mark.quick
def test_absolute_links_inside_become_relative(output: Path) -> None:
    (output / "part/best").symlink_to("/ml/output/model/model.bin")
    (output / "host").symlink_to(output / "part")
    manifest = seal(str(output), "/ml/output/model/")
    assert (output / "part/best").readlink().as_posix() == "../model.bin"
    assert {item.path: item.link for item in manifest.files if item.link} == {
        "host": "part", "latest": "model.bin", "part/best": "../model.bin",
    }  # fmt: skip
    assert verify(str(output), manifest) == []


@pytest.mark.quick
def test_special_files_are_refused(output: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(output / "sock"))
        with pytest.raises(BadOutput, match="sock is neither"):
            seal(str(output))


def test_a_large_file_that_cannot_be_brought_to_the_disk_is_no_output(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (output / "large").write_bytes(b"x" * (5 << 20))
    assert seal(str(output)).size > 5 << 20

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BadOutput, match="Input/output error"):
        seal(str(output))


@pytest.mark.quick
def test_a_file_that_still_grows_is_refused(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = folders.hash_file

    def slow(path: str, *, sync: bool = False) -> tuple[str, os.stat_result]:
        with open(path, "ab") as file:
            file.write(b"more")
        return real(path, sync=sync)

    monkeypatch.setattr(artifacts, "hash_file", slow)
    with pytest.raises(BadOutput, match="changed while it was read"):
        seal(str(output))


@pytest.mark.quick
def test_a_missing_output_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MillworkError, match="none: No such file"):
        seal(str(tmp_path / "none"))


@pytest.mark.quick
def test_verify_names_every_fault(output: Path) -> None:
    (output / "same").write_text("1234")
    manifest = seal(str(output))
    (output / "model.bin").write_bytes(b"cut")
    (output / "part/0.parquet").unlink()
    (output / "same").write_text("4321")
    (output / "latest").unlink()
    (output / "latest").symlink_to("same")
    (output / "extra").write_text("")
    changed = (
        f"same: changed: sha256 is {sha256(b'4321').hexdigest()}, not {sha256(b'1234').hexdigest()}"
    )
    rest = [
        "extra: does not belong to the artifact",
        "latest: links to same, not model.bin",
        "model.bin: has 3 bytes, not 500",
        "part/0.parquet: is missing",
    ]
    assert sorted(verify(str(output), manifest)) == sorted([*rest, changed])
    assert sorted(verify(str(output), manifest, quick=True)) == rest


@pytest.mark.quick
def test_verify_quick_reads_nothing(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = seal(str(output))
    monkeypatch.setattr(artifacts, "hash_file", None)
    assert verify(str(output), manifest, quick=True) == []


@pytest.mark.quick
def test_export_keeps_content_times_and_x_bits(output: Path, tmp_path: Path) -> None:
    (output / "run").write_text("#!/bin/sh\n")
    (output / "run").chmod(0o755)
    manifest = seal(str(output))
    target = tmp_path / "new/results"
    export(str(output), manifest, str(target))
    assert verify(str(target), manifest) == []
    assert (target / "run").stat().st_mode & 0o700 == 0o700
    assert (target / "assets").is_dir()
    assert os.stat(target / "run").st_mtime_ns == os.stat(output / "run").st_mtime_ns


@pytest.mark.quick
def test_export_takes_an_empty_folder_and_refuses_any_other(output: Path, tmp_path: Path) -> None:
    manifest = seal(str(output))
    target = tmp_path / "there"
    target.mkdir()
    export(str(output), manifest, str(target))
    (target / "mine").write_text("")
    for place in (target, target / "mine"):
        with pytest.raises(BadRequest, match="not an empty folder"):
            export(str(output), manifest, str(place))
    with pytest.raises(BadRequest, match="cannot write"):
        export(str(output), manifest, str(target / "mine/below"))


@pytest.mark.quick
def test_export_of_a_damaged_artifact_leaves_nothing(output: Path, tmp_path: Path) -> None:
    manifest = seal(str(output))
    (output / "model.bin").unlink()
    with pytest.raises(BadOutput, match=r"damaged: model\.bin: is missing"):
        export(str(output), manifest, str(tmp_path / "new"))
    assert os.listdir(tmp_path) == ["out"]


def test_a_full_disk_leaves_no_half_export(output: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        (output / "model.bin").write_bytes(b"x" * 200_000)
        with pytest.raises(NoSpace, match="no space left"):
            export(str(output), seal(str(output)), str(disk / "results"))
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.quick
def test_exports_at_once_give_one_whole_folder(output: Path, tmp_path: Path) -> None:
    manifest = seal(str(output))
    refused = []

    def work() -> None:
        try:
            export(str(output), manifest, str(tmp_path / "results"))
        except BadRequest as error:
            refused.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 5
    assert verify(str(tmp_path / "results"), manifest) == []
    assert sorted(os.listdir(tmp_path)) == ["out", "results"]
