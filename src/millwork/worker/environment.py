"""The virtual environment of a step's requirements.txt: built once, then entered by exec.

    python environment.py --uv UV --python PY --home ENVS --requirements FILE -- COMMAND ARGS...

`ENVS/locks/<key>` is the resolved list of a requirements file (key: its text, that of the files
and local packages it names, and the interpreter), `ENVS/<sha256 of that list>/` the environment,
which is whole when it holds `.ready`. When both are there, no other program is started.
"""

from __future__ import annotations

import os
import re
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Iterator, List, NoReturn, Optional, Set

FAILED = 3
_READY = ".ready"
_LOCK = ".lock.txt"
_INCLUDE = re.compile(r"(?:-r|-c|--requirements?|--constraints?)[ =]*(.+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]+")
_PINNED = re.compile(r"([A-Za-z0-9._-]+)(?:==([^\s;]+)| @ (\S+))")


class EnvironmentFailed(Exception):
    """The environment cannot be made; the message is one line, `detail` all that uv said."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.detail = detail or reason


def needed(requirements: str) -> bool:
    """Whether a requirements file asks for anything at all."""
    try:
        return next(_lines(requirements), None) is not None
    except OSError:
        return True


def ready(envs_dir: str, requirements: str, python: str) -> Optional[str]:
    """The environment's folder if it is built; starts no process.

    `python` is the path (or the name on PATH) of the interpreter that it is made for.
    """
    try:
        env = _folder(envs_dir, _read(_memo(envs_dir, requirements, python)))
    except OSError:
        return None
    return env if os.path.exists(os.path.join(env, _READY)) else None


def packages(env: str) -> List[str]:
    """What is installed, as sorted `name==version` lines (`name @ URL` for what has no version)."""
    return _pins(_read(os.path.join(env, _LOCK)))


def build(uv: str, envs_dir: str, requirements: str, python: str) -> str:
    """The environment's folder, resolved and installed if need be; EnvironmentFailed if not.

    Others that want the same one wait for it. One line on standard error says what is installed.
    """
    requirements = os.path.abspath(requirements)
    try:
        memo = _memo(envs_dir, requirements, python)
        os.makedirs(os.path.dirname(memo), exist_ok=True)
        if not os.path.exists(memo):
            with _locked(memo + ".lock"):
                if not os.path.exists(memo):
                    _write(memo, _resolve(uv, requirements, python))
        lock = _read(memo)
        env = _folder(envs_dir, lock)
        if not os.path.exists(os.path.join(env, _READY)):
            with _locked(env + ".lock"):
                if not os.path.exists(os.path.join(env, _READY)):
                    _install(uv, env, lock, requirements, python)
    except OSError as error:
        raise EnvironmentFailed("cannot build the environment: {}".format(error)) from error
    return env


def activated(env: str, variables: dict[str, str]) -> dict[str, str]:
    """`variables` for a process inside the environment, as its `activate` would set them."""
    inside = {name: value for name, value in variables.items() if name != "PYTHONHOME"}
    path = variables.get("PATH", os.defpath)
    inside.update(VIRTUAL_ENV=env, PATH=os.path.join(env, "bin") + os.pathsep + path)
    return inside


def _lines(requirements: str) -> Iterator[str]:
    """A requirements file's lines without comments, continued ones joined."""
    text = re.sub(r"\\\r?\n", " ", _read(requirements))
    for line in text.splitlines():
        line = re.sub(r"(^|\s)#.*", "", line).strip()
        if line:
            yield line


def _key(requirements: str, python: str) -> str:
    digest = sha256()
    interpreter = _interpreter(python)
    for part in (
        *interpreter,
        *sorted(set(_contents(requirements, os.path.dirname(requirements), set()))),
    ):
        digest.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return digest.hexdigest()


def _interpreter(python: str) -> List[str]:
    """What tells one interpreter and machine from another, without starting it."""
    for folder in ["", *os.environ.get("PATH", os.defpath).split(os.pathsep)]:
        path = os.path.realpath(os.path.join(folder, python))
        if os.path.isfile(path):
            info = os.stat(path)
            python = "{} {} {}".format(path, info.st_size, info.st_mtime_ns)
            break
    return [python, sys.platform, os.uname().machine]


def _contents(requirements: str, base: str, seen: Set[str]) -> Iterator[str]:
    """Everything that decides what a requirements file means, as text."""
    seen.add(os.path.realpath(requirements))
    for line in _lines(requirements):
        yield line
        include = _INCLUDE.match(line)
        if include and "://" not in include[1]:
            path = os.path.join(os.path.dirname(requirements), include[1].strip())
            if os.path.realpath(path) not in seen:
                for text in _contents(path, base, seen):
                    yield text
        elif not include:
            local = _local(line, base)
            if local:
                for text in _digests(local):
                    yield text


def _local(line: str, base: str) -> Optional[str]:
    """The file or folder that a requirement is taken from, if it is one on this machine."""
    text = _EDITABLE.sub("", line).split(" @ ")[-1].split(" ;")[0].strip()
    if text.startswith("file:"):
        text = re.sub(r"^file:(//)?", "", text).split("#")[0]
    if "/" not in text and not text.startswith("."):
        return None
    path = os.path.join(base, re.sub(r"\[[^]]*\]$", "", text))
    return path if os.path.exists(path) else None


def _digests(path: str) -> Iterator[str]:
    """Name and sha256 of each file of a local package."""
    if os.path.isfile(path):
        yield _digest(path)
    for folder, below, names in os.walk(path):
        below[:] = [name for name in below if name not in (".git", "__pycache__")]
        for name in names:
            file = os.path.join(folder, name)
            if os.path.isfile(file):
                yield "{} {}".format(os.path.relpath(file, path), _digest(file))


def _digest(path: str) -> str:
    digest = sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 18), b""):
            digest.update(block)
    return digest.hexdigest()


def _memo(envs_dir: str, requirements: str, python: str) -> str:
    return os.path.join(envs_dir, "locks", _key(os.path.abspath(requirements), python))


def _folder(envs_dir: str, lock: str) -> str:
    digest = sha256(lock.encode("utf-8", "surrogateescape")).hexdigest()
    return os.path.join(os.path.abspath(envs_dir), digest)


def _pins(lock: str) -> List[str]:
    found = [_PINNED.match(line) for line in lock.splitlines()]
    pins = ["{}=={}".format(pin[1], pin[2]) if pin[2] else pin[0] for pin in found if pin]
    local = [line for line in lock.splitlines() if line.startswith((".", "/", "file:"))]
    return sorted(pins + local)


def _resolve(uv: str, requirements: str, python: str) -> str:
    """The lock text: every package with its version, and the interpreter it was made for.

    An editable package is taken as an ordinary one: the environment outlives the copy of the
    code that it would point into.
    """
    options = ["--no-header", "--no-annotate", "--emit-index-url", "--emit-find-links"]
    lock = _uv(uv, ["pip", "compile", *options, "--python", python, requirements], requirements)
    content = [] if not _names_local_files(requirements) else [_key(requirements, python)]
    head = "# " + " ".join(_interpreter(python) + content)
    return "\n".join([head, *(_EDITABLE.sub("", line) for line in lock.splitlines())]) + "\n"


def _names_local_files(requirements: str) -> bool:
    return any(
        _local(line, os.path.dirname(requirements))
        for line in _contents(requirements, os.path.dirname(requirements), set())
    )
