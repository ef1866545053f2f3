"""What works on this machine, and what a person can do about what does not."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from typing import TYPE_CHECKING

from millwork.actions.kept import bucket_of, is_only_there
from millwork.base.errors import Unavailable
from millwork.base.sizes import format_size
from millwork.blobs.artifacts import Manifest, verify
from millwork.engines.container import detection
from millwork.engines.container.memo import Memo
from millwork.engines.local import limits
from millwork.engines.local.sandbox import Sandbox
from millwork.ports import Master
from millwork.store import backups
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.engines.container.tool import Settings

_LITTLE = 2 * 1024**3
_PATIENCE = 2.0  # seconds


def examine(context: Context, filesystem: str, containers: Settings) -> list[dict[str, str]]:
    """Findings as `{what, state, says}`; the state is `ok` or `note`."""
    machine = context.machine
    gpus = f", {len(machine.gpus)} GPUs" if machine.gpus else ", no GPU"
    return [
        _ok("Python", f"{platform.python_version()} at {sys.executable}"),
        _ok("machine", f"{machine.cpu:g} cores, {format_size(machine.memory)}{gpus}"),
        _disk(context.home, filesystem),
        _permissions(context.home),
        *_database(context),
        _audit(context),
        _server(context),
        _mounts(context.home),
        _limits(),
        _containers(context.home, containers),
        _git(),
    ]


def examine_artifacts(context: Context) -> list[dict[str, str]]:
    """Reads every file of every result that may be used again, whatever its times say.

    A result with a fault is never used again; one that lies in S3 alone has none. Findings are as
    those of `examine`.
    """
    findings = []
    bucket = bucket_of(context)
    for result in context.store.all_results():
        faults = [
            f"{port}: {fault}"
            for port, output in result.outputs.items()
            if not (bucket and is_only_there(bucket, port, output))
            for fault in verify(
                output["path"], Manifest.from_json(context.store.manifest(result.attempt, port))
            )
        ]
        if faults:
            context.store.forget_result(result.attempt)
            findings.append(_note(result.attempt, f"not used again: {'; '.join(faults[:3])}"))
        else:
            findings.append(_ok(result.attempt, f"{len(result.outputs)} outputs as recorded"))
    return findings


def _disk(home: str, filesystem: str) -> dict[str, str]:
    free = shutil.disk_usage(home).free
    says = f"{home} ({filesystem}), {format_size(free)} free"
    if free < _LITTLE:
        return _note("home", f"{says}: little room; MILLWORK_HOME names another folder")
    return _ok("home", says)


def _permissions(home: str) -> dict[str, str]:
    state = os.stat(home)
    mode = state.st_mode & 0o777
    if state.st_uid != os.geteuid():
        return _note("permissions", f"the home is another user's: chown {os.geteuid()} {home}")
    if mode & 0o077:
        says = f"other users can look into the home (mode {mode:03o}): chmod 700 {home}"
        return _note("permissions", says)
    return _ok("permissions", f"the home is yours alone (mode {mode:03o})")


def _database(context: Context) -> list[dict[str, str]]:
    assert isinstance(context.store, RunStore)
    try:
        facts = context.store.database.facts(_PATIENCE)
    except Unavailable as error:
        return [_note("database", str(error))]
    says = f"{facts.kind} {facts.version}, {facts.place}, {format_size(facts.size)}"
    found = _ok("database", f"{says}, version {facts.schema} of its tables")
    if facts.schema != facts.newest:
        differ = f"its tables are of version {facts.schema} and not {facts.newest}"
        found = _note("database", f"{says}: {differ}; use the newest Millwork on it, and no other")
    return [found, _backups(facts.place)] if facts.kind == "SQLite" else [found]


def _backups(place: str) -> dict[str, str]:
    found = backups.listed(place)
    if not found:
        return _ok("backups", "none yet: one is made before the database is migrated")
    size = format_size(sum(map(os.path.getsize, found)))
    return _ok("backups", f"{len(found)} of the database, {size}; the newest is {found[-1]}")


def _audit(context: Context) -> dict[str, str]:
    try:
        chain = context.people().verify_audit()
    except Unavailable as error:
        return _note("audit", str(error))
    if chain.broken_at:
        return _note(
            "audit",
            f"entry {chain.broken_at} is not as it was written, or one before it is gone: somebody "
            "has changed the database; compare it with a backup",
        )
    return _ok("audit", f"{chain.entries} entries, each as it was written")


def _server(context: Context) -> dict[str, str]:
    """What the server has left in the home about itself."""
    try:
        with open(f"{context.home}/server.json", encoding="utf-8") as file:
            said = json.load(file)
        master = Master(int(said["pid"]), str(said["started"]), str(said["boot"]))
        url = str(said["url"])
    except FileNotFoundError:
        return _ok("server", "none runs on this home: millwork up starts one")
    except (OSError, ValueError, KeyError, TypeError):
        says = f"{context.home}/server.json cannot be read: remove it, and start millwork up again"
        return _note("server", says)
    if context.masters.is_alive(master):
        return _ok("server", f"{url}, process {master.pid}")
    says = f"process {master.pid} has ended without a word: millwork up takes over what it drove"
    return _note("server", says)


def _mounts(home: str) -> dict[str, str]:
    sandbox = Sandbox(f"{home}/sandbox.json")
    if sandbox.works:
        return _ok("/ml", "real for each step, by a mount namespace of its own")
    return _note(
        "/ml",
        f"{sandbox.reason}; steps get PAI_* variables that point elsewhere, and paths that are "
        "written into code as /ml/... do not resolve",
    )


def _limits() -> dict[str, str]:
    limiter = limits.detect()
    limited = ", ".join(limiter.controls)
    if limiter.name == "rlimit":
        return _note("limits", f"rlimit ({limited}): no control group can be written here")
    return _ok("limits", f"{limiter.name} ({limited})")


def _containers(home: str, settings: Settings) -> dict[str, str]:
    try:
        tool = detection.detect(settings, Memo(f"{home}/containers.json"))
    except Unavailable as error:
        return _note("containers", str(error).removeprefix("containers: "))
    root = "without root" if tool.rootless else "as root"
    if len(tool.limits) < len(detection.LIMITS):
        missing = " and ".join(name for name in detection.LIMITS if name not in tool.limits)
        return _note("containers", f"{tool.kind} {tool.version}, {root}: no limit on {missing}")
    return _ok("containers", f"{tool.kind} {tool.version}, {root} ({', '.join(tool.limits)})")


def _git() -> dict[str, str]:
    if shutil.which("git"):
        return _ok("git", "commits of the code are recorded")
    return _note("git", "not installed: runs do not record the commit of their code")


def _ok(what: str, says: str) -> dict[str, str]:
    return {"what": what, "state": "ok", "says": says}


def _note(what: str, says: str) -> dict[str, str]:
    return {"what": what, "state": "note", "says": says}
