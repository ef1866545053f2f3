"""What works on this machine, and what a person can do about what does not."""

from __future__ import annotations

import platform
import shutil
import sys
from typing import TYPE_CHECKING

from millwork.base.errors import Unavailable
from millwork.base.sizes import format_size
from millwork.blobs.artifacts import Manifest, verify
from millwork.engines.container import detection
from millwork.engines.container.memo import Memo
from millwork.engines.local import limits
from millwork.engines.local.sandbox import Sandbox

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.engines.container.tool import Settings

_LITTLE = 2 * 1024**3


def examine(context: Context, filesystem: str, containers: Settings) -> list[dict[str, str]]:
    """Findings as `{what, state, says}`; the state is `ok` or `note`."""
    machine = context.machine
    gpus = f", {len(machine.gpus)} GPUs" if machine.gpus else ", no GPU"
    return [
        _ok("Python", f"{platform.python_version()} at {sys.executable}"),
        _ok("machine", f"{machine.cpu:g} cores, {format_size(machine.memory)}{gpus}"),
        _disk(context.home, filesystem),
        _mounts(context.home),
        _limits(),
        _containers(context.home, containers),
        _git(),
    ]


def examine_artifacts(context: Context) -> list[dict[str, str]]:
    """Reads every file of every result that may be used again, whatever its times say.

    A result with a fault is never used again. Findings are as those of `examine`.
    """
    findings = []
    for result in context.store.all_results():
        faults = [
            f"{port}: {fault}"
            for port, output in result.outputs.items()
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
