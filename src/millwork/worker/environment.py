"""The virtual environment of a step's requirements.txt: built once, then entered by exec.

    python environment.py --uv UV --python PY --home ENVS --requirements FILE
        [--without VARIABLE,...] -- COMMAND ARGS...

`ENVS/locks/<key>` is the resolved list of a requirements file (key: its text, that of the files
and local packages it names, and the interpreter), `ENVS/<sha256 of that list>/` the environment,
which is whole when it holds `.ready`. When both are there, no other program is started.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import contextmanager
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from typing import Iterator, List, NoReturn, Optional, Tuple

FAILED = 3
_READY = ".ready"
_LOCK = "requirements.lock"
_INCLUDE = re.compile(r"(?:-r|-c|--requirements?|--constraints?)[ =]*(.+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[ =]+")
_INDEX = re.compile(r"-i|-f|--(extra-)?index-url|--find-links|--no-index")
_INSTALLED = re.compile(r"(.+?)-([^-]+)\.dist-info")


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
    """What is installed in an environment, as sorted `name==version` lines."""
    found: List[str] = []
    lib = os.path.join(env, "lib")
    # A package may lay libraries of its own beside Python's folder.
    for python in filter(lambda name: name.startswith("python"), os.listdir(lib)):
        for name in os.listdir(os.path.join(lib, python, "site-packages")):
            match = _INSTALLED.fullmatch(name)
            if match:
                found.append("{}=={}".format(match[1].replace("_", "-"), match[2]))
    return sorted(found)


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
        reason = "cannot build the environment: {}: {}".format(error.filename, error.strerror)
        raise EnvironmentFailed(reason) from error
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
    for raw in text.splitlines():
        line = (re.sub(r"(^|\s)#.*", "", raw) if "#" in raw else raw).strip()
        if line:
            yield line


def _key(requirements: str, python: str) -> str:
    lines, local = _survey(requirements)
    return _sha256("\0".join([*_interpreter(python), *lines, *local]))


def _interpreter(python: str) -> List[str]:
    """What tells one interpreter and machine from another, without starting it."""
    folders = [""] if "/" in python else os.environ.get("PATH", os.defpath).split(os.pathsep)
    for folder in folders:
        path = os.path.realpath(os.path.join(folder, python))
        if os.path.isfile(path):
            info = os.stat(path)
            python = "{} {} {}".format(path, info.st_size, info.st_mtime_ns)
            break
    return [python, sys.platform, os.uname().machine]


def _survey(requirements: str) -> Tuple[List[str], List[str]]:
    """The lines of a requirements file and all it includes, and its local packages' digests."""
    lines: List[str] = []
    local: List[str] = []
    files = [requirements]
    for file in files:
        for line in _lines(file):
            lines.append(line)
            include = _INCLUDE.match(line)
            path = None if include else _local(line, os.path.dirname(requirements))
            if include and "://" not in include[1]:
                included = os.path.join(os.path.dirname(file), include[1].strip())
                if os.path.normpath(included) not in files:
                    files.append(os.path.normpath(included))
            elif path:
                local.extend(sorted(_digests(path)))
    return lines, local


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
    return os.path.join(os.path.abspath(envs_dir), _sha256(lock))


def _resolve(uv: str, requirements: str, python: str) -> str:
    """The lock text: every package with its version, and the interpreter it was made for.

    An editable package is taken as an ordinary one: the environment outlives the copy of the
    code that it would point into.
    """
    lines, local = _survey(requirements)
    arguments = ["pip", "compile", "--no-header", "--no-annotate", "--python", python]
    if any(_INDEX.match(line) for line in lines):
        arguments += ["--emit-index-url", "--emit-find-links"]
    if any("--hash=" in line for line in lines):
        arguments.append("--generate-hashes")
    lock = _uv(uv, [*arguments, requirements], requirements)
    head = "# " + " ".join(_interpreter(python) + ([_sha256("\0".join(local))] if local else []))
    return "\n".join([head, *(_EDITABLE.sub("", line) for line in lock.splitlines())]) + "\n"


def _install(uv: str, env: str, lock: str, requirements: str, python: str) -> None:
    from shutil import rmtree
    from time import monotonic

    started = monotonic()
    count = sum(1 for line in lock.splitlines() if line and line[0] not in "#- ")
    what = "1 package" if count == 1 else "{} packages".format(count)
    _say("installing {} from {} ...".format(what, os.path.basename(requirements)))
    rmtree(env, ignore_errors=True)
    try:
        _uv(uv, ["venv", "--python", python, env], requirements)
        path = os.path.join(env, _LOCK)
        _write(path, lock)
        interpreter = os.path.join(env, "bin", "python")
        install = ["pip", "install", "--no-deps", "--python", interpreter, "-r", path]
        # uv's cache knows a local package by its pyproject.toml's time, not by its content.
        _uv(uv, install + (["--reinstall"] if _survey(requirements)[1] else []), requirements)
        _write(os.path.join(env, _READY), "")
    except (EnvironmentFailed, OSError):
        rmtree(env, ignore_errors=True)
        raise
    _say("installed in {:.1f} s".format(monotonic() - started))


def _uv(uv: str, arguments: List[str], requirements: str) -> str:
    """What uv prints; EnvironmentFailed if it fails. Relative paths start at the requirements."""
    import subprocess

    variables = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    variables.update(NO_COLOR="1", UV_NO_PROGRESS="1")
    done = subprocess.run(
        [uv, "--quiet", *arguments],
        cwd=os.path.dirname(requirements),
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
    )
    if done.returncode:
        reason = "{}: {}".format(os.path.basename(requirements), _reason(done.stderr))
        raise EnvironmentFailed(reason, done.stderr)
    return done.stdout


def _reason(message: str) -> str:
    """uv's error and its first cause, as one line."""
    lines = [re.sub(r"^[\s×╰─▶├│]*(error: |cause: )?", "", line) for line in message.splitlines()]
    told = [line.strip() for line in lines if line.strip() and not line.startswith("warning")]
    return ": ".join(line.rstrip(":") for line in told[:2]) or "uv failed"


@contextmanager
def _locked(path: str) -> Iterator[None]:
    from fcntl import LOCK_EX, flock

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        flock(descriptor, LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _sha256(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()


def _write(path: str, text: str) -> None:
    spare = "{}.{}".format(path, os.getpid())
    with open(spare, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
    os.replace(spare, path)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments(words: List[str]) -> argparse.Namespace:
    import argparse

    parser = argparse.ArgumentParser(prog="environment.py", description="Run in an environment.")
    for name in ("uv", "python", "home", "requirements"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--without", default="", help="variables that only the command gets")
    parser.add_argument("command", nargs="+", metavar="COMMAND")
    return parser.parse_args(words)


def main(words: List[str]) -> NoReturn:
    """Build the environment if need be and become the command; exit code 3 when it cannot."""
    given = _arguments(words)
    variables = dict(os.environ)
    for name in given.without.split(","):
        os.environ.pop(name, None)
    if needed(given.requirements):
        try:
            env = build(given.uv, given.home, given.requirements, given.python)
        except EnvironmentFailed as error:
            _say(error.detail.rstrip())
            place = os.environ.get("MILLWORK_REASON")
            if place:
                _write(place, "{}\n".format(error))
            sys.exit(FAILED)
        variables = activated(env, variables)
    try:
        os.execvpe(given.command[0], given.command, variables)  # noqa: S606 - this is its purpose
    except OSError as error:
        # As a shell would: 127 for what is not there, 126 for what cannot be run.
        _say("{}: {}".format(given.command[0], error.strerror))
        sys.exit(127 if isinstance(error, FileNotFoundError) else 126)


if __name__ == "__main__":
    main(sys.argv[1:])
