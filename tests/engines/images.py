"""Small images made of this machine's own files, in a storage of the tests' own: no pull.

Fixtures for a module that says `pytest_plugins = ("tests.engines.images",)`; they skip, with the
reason, where no container can be run.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.engines.container.tool import Container, Settings, Tool, caller, run_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PROGRAMS = ("sh", "cat", "env", "id", "ls", "mkdir", "rm", "sleep", "touch", "true")
# Of the standard library: what neither pip nor a small program needs, most of it by size.
_OMITTED = {
    "__phello__", "distutils", "ensurepip", "idlelib", "lib2to3", "pydoc_data", "site-packages",
    "dist-packages", "test", "tests", "tkinter", "turtledemo", "unittest",
}  # fmt: skip
_OMITTED_MODULES = ("_codecs_", "_decimal", "_sqlite3", "_test", "_tkinter", "xx")


class Storage:
    """podman over a storage of its own, which is removed with all that ran in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        words = ["podman", "--root", f"{folder}/root", "--runroot", f"{folder}/run"]
        words += ["--events-backend", "file"]
        if not os.path.isdir("/run/systemd/system"):
            words += ["--cgroup-manager", "cgroupfs"]
        if shutil.which("runc"):
            words += ["--runtime", "runc"]
        self.command = tuple(words)
        self.settings = Settings(command=self.command)
        self.tool = Tool("podman", self.command, rootless=os.geteuid() != 0)

    def call(self, *words: str, data: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*self.command, *words], input=data or b"", capture_output=True, check=False
        )

    def add(self, name: str, archive: bytes, *changes: str) -> str:
        """Makes an image of an archive; `changes` are lines of a Dockerfile."""
        words = [word for change in changes for word in ("--change", change)]
        done = self.call("import", *words, "-", name, data=archive)
        if done.returncode != 0:
            pytest.skip(f"no image can be made here: {done.stderr.decode().strip()}")
        return name

    def build(self, name: str, lines: Iterable[str], files: dict[str, bytes]) -> str:
        """Makes an image by the lines of a Dockerfile, which may add the files."""
        with tempfile.TemporaryDirectory(dir=self.folder) as context:
            for file, data in files.items():
                Path(context, file).write_bytes(data)
            Path(context, "Dockerfile").write_text("\n".join(lines))
            done = self.call("build", "--quiet", "--pull=false", "--tag", name, context)
        if done.returncode != 0:
            pytest.skip(f"no image can be built here: {done.stderr.decode().strip()}")
        return name

    def remove(self) -> None:
        self.call("rm", "--force", "--all", "--time", "0")
        for path in (self.folder / "root/overlay", self.folder / "run"):
            if path.is_mount():
                subprocess.run(["umount", "--lazy", str(path)], check=False)
        if os.geteuid() != 0:
            subprocess.run(["podman", "unshare", "rm", "-rf", str(self.folder)], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_storage() -> Iterator[Storage]:
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed")
    # Not below pytest's folder: podman refuses a long runroot.
    storage = Storage(Path(tempfile.mkdtemp(prefix="mw-")))
    yield storage
    storage.remove()


@pytest.fixture(scope="session")
def sh_image(empty_storage: Storage) -> str:
    """A shell and a few programs; its entry point and command would fail."""
    entry = ('ENTRYPOINT ["/no/such/entry"]', 'CMD ["no", "such", "command"]')
    return empty_storage.add("localhost/mw-sh:1", archive(_system()), *entry)


@pytest.fixture(scope="session")
def storage(empty_storage: Storage, sh_image: str) -> Storage:
    """A storage in which a container has been run."""
    trial = Container(sh_image, ("sh", "-c", "true"), workdir="/", network="host", remove=True)
    words = run_words(empty_storage.tool, empty_storage.settings, trial, caller())
    done = subprocess.run(words, capture_output=True, text=True, check=False, input="")
    if done.returncode != 0:
        pytest.skip(f"podman cannot run a container here: {done.stderr.strip()}")
    return empty_storage


@pytest.fixture(scope="session")
def python_only_image(storage: Storage) -> str:
    """The shell's image with the Python of these tests, without pip."""
    return storage.add("localhost/mw-python-only:1", archive({**_system(), **_python()}))


@pytest.fixture(scope="session")
def python_image(storage: Storage, python_only_image: str) -> str:
    """The same with pip, built upon it."""
    pip = _pip()
    if pip is None:
        pytest.skip("this Python has no pip")
    files = _below(pip, f"usr/lib/{_VERSIONED}/pip")
    lines = (f"FROM {python_only_image}", "ADD pip.tar /", "ENV FROM_IMAGE=yes")
    return storage.build("localhost/mw-python:1", lines, {"pip.tar": archive(files)})


@pytest.fixture(scope="session")
def bare_image(storage: Storage) -> str:
    """One file, and nothing that could be run."""
    return storage.add("localhost/mw-bare:1", archive({"data/a": Path(__file__)}))


_VERSIONED = "python{}.{}".format(*sys.version_info[:2])


def archive(files: dict[str, Path]) -> bytes:
    """A tar of the files by their name in it, owned by root, with the usual empty folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, mode in (("tmp", 0o1777), ("root", 0o755), ("etc", 0o755)):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, mode
            tar.addfile(folder)
        for name, path in sorted(files.items()):
            entry = tar.gettarinfo(path.resolve(), name)
            # Two names of one file are two files here.
            entry.type, entry.linkname = tarfile.REGTYPE, ""
            entry.size = path.stat().st_size
            entry.uid = entry.gid = 0
            entry.uname = entry.gname = ""
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return buffer.getvalue()


def _system() -> dict[str, Path]:
    found = {name: Path(path) for name in PROGRAMS if (path := shutil.which(name))}
    programs = {f"bin/{name}": path for name, path in found.items()}
    return {**programs, **_libraries(found.values())}


def _python() -> dict[str, Path]:
    """The interpreter, its standard library and what both are linked to."""
    base = Path(sys.base_prefix, "bin", _VERSIONED)
    library = Path(sysconfig.get_paths(vars={"base": sys.base_prefix})["stdlib"])
    files = {
        f"usr/lib/{_VERSIONED}/{path.relative_to(library)}": path
        for path in _files(library, _OMITTED)
    }
    linked = [base, *(path for path in files.values() if path.suffix == ".so")]
    return {"usr/bin/python3": base, **files, **_libraries(linked)}


def _pip() -> Path | None:
    library = Path(sysconfig.get_paths(vars={"base": sys.base_prefix})["stdlib"])
    homes = (library / "site-packages", library.parent / "python3" / "dist-packages")
    return next((home / "pip" for home in homes if (home / "pip").is_dir()), None)


def _below(folder: Path, name: str) -> dict[str, Path]:
    return {f"{name}/{path.relative_to(folder)}": path for path in _files(folder, set())}


def _files(folder: Path, omitted: set[str]) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        folders[:] = [n for n in folders if n not in omitted and not n.startswith("config-")]
        for name in names:
            if not name.startswith(_OMITTED_MODULES) and ".opt-" not in name:
                yield Path(path, name)


def _libraries(programs: Iterable[Path]) -> dict[str, Path]:
    """The loader and what it would add, each where it looks for it."""
    words = ["ldd", *(str(path) for path in programs)]
    listed = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    found = {}
    for line in listed.splitlines():
        name, _, path = line.strip().partition(" (0x")[0].partition(" => ")
        if path.startswith("/"):
            found[path.lstrip("/")] = Path(path)
        elif name.startswith("/") and not name.endswith(":"):
            found[name.lstrip("/")] = Path(name)
    return found
