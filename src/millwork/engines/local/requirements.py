"""What a step asks to have installed: its environment if it is built, else its builder."""

from __future__ import annotations

import os
import sys
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field
from millwork.worker import environment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from millwork.spec.model import Environment

_FILE, _NOTE = "requirements.txt", "environment"


@dataclass(frozen=True)
class Wanted:
    """A requirements file, the path by which the step finds it, and the Python it is for."""

    path: str
    seen_as: str = ""
    python: str = sys.executable

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to install."""
        return not os.path.exists(self.path) or not environment.needed(self.path)


@dataclass(frozen=True)
class Preparation:
    """Words to put before the step's command, and variables that it is started with."""

    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def of_code(code: str, seen_as: str = "") -> Wanted:
    """What the requirements.txt of a code folder asks for; the step knows it as `seen_as`."""
    return Wanted(f"{code}/{_FILE}", f"{seen_as}/{_FILE}")


def of_environment(wished: Environment, envs: str) -> Wanted:
    """What a component's own environment asks for; its list is kept below `envs`, by content."""
    name = sha256(wished.requirements.encode("utf-8", "surrogateescape")).hexdigest()
    path = f"{envs}/wanted/{name}.txt"
    if not os.path.exists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        spare = f"{path}.{os.getpid()}"
        with open(spare, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(wished.requirements)
        os.replace(spare, path)
    return Wanted(path, path, interpreter(wished.python) or sys.executable)


def note(folder: str, wanted: Wanted) -> None:
    """Writes down what an attempt was started with, for whoever watches it end."""
    with open(f"{folder}/{_NOTE}", "w", encoding="utf-8") as file:
        file.write(f"{wanted.path}\n{wanted.python}\n")


def noted(folder: str, code: str) -> Wanted:
    """What was written down in a process's folder, or what the code asks for."""
    try:
        with open(f"{folder}/{_NOTE}", encoding="utf-8") as file:
            path, python = file.read().splitlines()
    except FileNotFoundError:
        return of_code(code)
    return Wanted(path, path, python)


@cache
def interpreter(version: str) -> str | None:
    """A Python of that version (`3.10`) on this machine; None if there is none.

    uv's own, those on the PATH, and those of the environments that conda and micromamba list.
    """
    here = ".".join(map(str, sys.version_info[: version.count(".") + 1]))
    if version in ("", here):
        return sys.executable
    import subprocess

    import uv

    words = [uv.find_uv_bin(), "python", "find", "--offline", "--no-project", version]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout.strip():
        return done.stdout.strip()
    programs = (f"{folder}/bin/python{version}" for folder in _conda_environments())
    return next((path for path in programs if os.access(path, os.X_OK)), None)


def _conda_environments() -> list[str]:
    try:
        with open(os.path.expanduser("~/.conda/environments.txt"), encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []


def prepare(
    wanted: Wanted, envs: str, environ: Mapping[str, str], secrets: Collection[str] = ()
) -> Preparation:
    """How a step gets the packages it asks for.

    A built environment costs nothing more; one that is missing is built by the step itself, so
    that the loop never waits and the log shows what happens. `environ` is the host's; uv does
    not get the variables in `secrets`, as other steps use what it builds.
    """
    if wanted.is_empty:
        return _plain()
    env = environment.ready(envs, wanted.path, wanted.python)
    if env:
        return Preparation(variables=environment.activated(env, dict(environ)))
    import uv

    words = [
        *(sys.executable, "-S", "-E", environment.__file__),
        *("--uv", uv.find_uv_bin(), "--python", wanted.python, "--home", envs),
        *("--requirements", wanted.seen_as),
        *(("--without", ",".join(secrets)) if secrets else ()),
        "--",
    ]
    return Preparation(tuple(words))


@cache
def _plain() -> Preparation:
    return Preparation(variables={"PATH": _with_python(os.environ.get("PATH", os.defpath))})


def built(code: str, envs: str) -> str | None:
    """The environment's folder of a code folder's requirements.txt, if it is built."""
    wanted = of_code(code)
    return environment.ready(envs, wanted.path, wanted.python)


def resolved(wanted: Wanted, envs: str) -> str | None:
    """The name of the environment that requirements lead to, without starting uv.

    Empty if there are none, None if they were never resolved.
    """
    if wanted.is_empty:
        return ""
    env = environment.ready(envs, wanted.path, wanted.python)
    return os.path.basename(env) if env else None


def installed(wanted: Wanted, envs: str) -> dict[str, Any]:
    """What a step found installed, for the run's record."""
    env = None if wanted.is_empty else environment.ready(envs, wanted.path, wanted.python)
    if not env:
        return {}
    return {"environment": os.path.basename(env), "packages": environment.packages(env)}


def _with_python(path: str) -> str:
    """PATH with this Python's folder at its end if it holds no `python`.

    Components say `python`, and Debian has only `python3`.
    """
    folders = path.split(os.pathsep)
    if any(os.access(f"{folder}/python", os.X_OK) for folder in folders):
        return path
    return os.pathsep.join((*folders, os.path.dirname(sys.executable)))
