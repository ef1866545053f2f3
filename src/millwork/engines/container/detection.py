"""Which client there is, whether it works here, and what it can hold a container to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, Unavailable
from millwork.engines.container.tool import PULLS, Kind, Settings, Tool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.engines.container.memo import Memo

_CLIENTS: tuple[Kind, ...] = ("podman", "docker")
_PATIENCE = 30.0
LIMITS = ("memory", "cpu", "processes")
"""What a client may hold a container to."""


def detect(settings: Settings, memo: Memo) -> Tool:
    """The client that the settings name, else podman, else docker.

    The answer is kept until the next boot, as asking takes half a second. Raises Unavailable
    with the reason if there is none, or if it does not work here.
    """
    check(settings)
    commands = [settings.command] if settings.command else [(name,) for name in _CLIENTS]
    here = [command for command in commands if shutil.which(command[0])]
    if not here:
        names = " nor ".join(command[0] for command in commands)
        absent = "neither " + names + " is" if len(commands) > 1 else names + " is not"
        raise Unavailable(f"containers: {absent} installed")
    reasons = []
    for command in here:
        key = _key(command)
        kept = memo.get("tool", key)
        if isinstance(kept, dict):
            return _tool(command, kept)
        try:
            found = _ask(command)
        except Unavailable as error:
            reasons.append(str(error))
            continue
        memo.put("tool", key, found)
        return _tool(command, found)
    raise Unavailable("containers: " + "; ".join(reasons))


def trouble(settings: Settings, memo: Memo) -> str:
    """Why containers cannot run here; empty if they can."""
    try:
        detect(settings, memo)
    except Unavailable as error:
        return str(error)
    return ""


def check(settings: Settings) -> None:
    """Raises BadRequest for settings that mean nothing."""
    if settings.pull not in PULLS:
        raise BadRequest(f"pull: '{settings.pull}' is not one of {', '.join(PULLS)}")
    if settings.authfile and not os.path.isfile(settings.authfile):
        raise BadRequest(f"authfile: there is no file {settings.authfile}")


def call(words: Sequence[str], timeout: float | None = None) -> tuple[int, str, str]:
    """The exit code, output and errors of a client; raises Unavailable if it cannot run."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=timeout
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{words[0]} has not answered for {timeout:g} s") from None
    except OSError as error:
        raise Unavailable(f"{words[0]} cannot be started: {error.strerror}") from None
    return (
        done.returncode,
        done.stdout.decode("utf-8", "replace"),
        done.stderr.decode("utf-8", "replace"),
    )


def first_useful(text: str) -> str:
    """The line of a client's errors that says what is wrong, without the client's own marks."""
    lines = [_unmarked(line) for line in text.splitlines() if line.strip()]
    for is_error, line in lines:
        if is_error and line:
            return line
    return lines[-1][1] if lines else "it gave no reason"


def _unmarked(line: str) -> tuple[bool, str]:
    """Whether a line tells of an error, and what it says."""
    line = line.strip()
    if line.startswith("time=") and 'msg="' in line:
        level = line.partition("level=")[2].partition(" ")[0]
        message = line.partition('msg="')[2].removesuffix('"').replace('\\"', '"')
        return level in ("error", "fatal"), message
    for mark in ("Error response from daemon: ", "Error: ", "docker: ", "ERROR: "):
        if line.startswith(mark):
            return True, _unmarked(line.removeprefix(mark))[1]
    return False, line


def _ask(command: tuple[str, ...]) -> dict[str, Any]:
    code, out, err = call((*command, "--version"), _PATIENCE)
    if code != 0:
        raise Unavailable(f"{command[0]} does not work here: {first_useful(err)}")
    # `docker` may be podman's stand-in for it, and a command may be behind sudo.
    first, *_ = out.split() or [""]
    kind = first.lower()
    version = out.partition("version ")[2].split(",")[0].strip()
    if kind not in _CLIENTS:
        raise Unavailable(f"{command[0]} is neither podman nor docker")
    code, out, err = call((*command, "info", "--format", "{{json .}}"), _PATIENCE)
    told = _json(out)
    problem = "; ".join(told.get("ServerErrors") or ())
    if code != 0 or problem or not told:
        raise Unavailable(f"{command[0]} does not work here: {problem or first_useful(err)}")
    if (told.get("host") or {}).get("serviceIsRemote"):
        raise Unavailable(f"{command[0]} is a client of another machine's podman")
    facts = _of_podman(told) if kind == "podman" else _of_docker(told)
    return {"kind": kind, "version": version, **facts}


def _of_podman(told: dict[str, Any]) -> dict[str, Any]:
    host = told.get("host") or {}
    rootless = bool((host.get("security") or {}).get("rootless"))
    groups = host.get("cgroupControllers") or ()
    # Without root, control groups of the first version cannot be written: podman ignores limits.
    can_limit = not (rootless and host.get("cgroupVersion") == "v1")
    names = {"memory": "memory", "cpu": "cpu", "pids": "processes"}
    limits = [ours for theirs, ours in names.items() if theirs in groups and can_limit]
    return {"rootless": rootless, "limits": limits}


def _of_docker(told: dict[str, Any]) -> dict[str, Any]:
    options = " ".join(told.get("SecurityOptions") or ())
    names = {"MemoryLimit": "memory", "CpuCfsQuota": "cpu", "PidsLimit": "processes"}
    limits = [ours for theirs, ours in names.items() if told.get(theirs)]
    return {"rootless": "name=rootless" in options, "limits": limits}


def _tool(command: tuple[str, ...], kept: dict[str, Any]) -> Tool:
    return Tool(kept["kind"], command, kept["version"], kept["rootless"], tuple(kept["limits"]))


def _key(command: tuple[str, ...]) -> str:
    """What the answer depends on: the boot, the caller, the program and how it is called."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        boot = file.read().strip()
    path = shutil.which(command[0]) or command[0]
    changed = os.stat(path).st_mtime_ns
    where = os.environ.get("DOCKER_HOST", "")
    return json.dumps([boot, os.geteuid(), path, changed, where, *command])


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
