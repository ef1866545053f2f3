"""What a step's requirements.txt asks for: its environment if it is built, else its builder."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field
from millwork.worker import environment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_FILE = "requirements.txt"


@dataclass(frozen=True)
class Preparation:
    """Words to put before the step's command, and variables that it is started with."""

    words: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def prepare(
    code: str, seen_as: str, envs: str, environ: Mapping[str, str], secrets: Collection[str] = ()
) -> Preparation:
    """How a step whose code lies in `code`, and is known to it as `seen_as`, gets its packages.

    A built environment costs nothing more; one that is missing is built by the step itself, so
    that the loop never waits and the log shows what happens. `environ` is the host's; uv does
    not get the variables in `secrets`, as other steps use what it builds.
    """
    path = f"{code}/{_FILE}"
    if not os.path.exists(path) or not environment.needed(path):
        return _plain()
    env = environment.ready(envs, path, sys.executable)
    if env:
        return Preparation(variables=environment.activated(env, dict(environ)))
    import uv

    words = [
        *(sys.executable, "-S", "-E", environment.__file__),
        *("--uv", uv.find_uv_bin(), "--python", sys.executable, "--home", envs),
        *("--requirements", f"{seen_as}/{_FILE}"),
        *(("--without", ",".join(secrets)) if secrets else ()),
        "--",
    ]
    return Preparation(tuple(words))


@cache
def _plain() -> Preparation:
    return Preparation(variables={"PATH": _with_python(os.environ.get("PATH", os.defpath))})


def resolved(code: str, envs: str) -> str | None:
    """The name of the environment that a snapshot's requirements lead to, without starting uv.

    Empty if there are none, None if they were never resolved.
    """
    path = f"{code}/{_FILE}"
    if not os.path.exists(path) or not environment.needed(path):
        return ""
    env = environment.ready(envs, path, sys.executable)
    return os.path.basename(env) if env else None


def installed(code: str, envs: str) -> dict[str, Any]:
    """What a step found installed, for the run's record."""
    path = f"{code}/{_FILE}"
    if not os.path.exists(path) or not environment.needed(path):
        return {}
    env = environment.ready(envs, path, sys.executable)
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
