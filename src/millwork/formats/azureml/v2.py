"""The types of v2: what each makes of its own fields (azureml-spec 1; the oracle's schemas)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.bodies import port_names, spark_shape
from millwork.formats.azureml.parallel import OVERRIDES
from millwork.formats.azureml.shape import Shape
from millwork.formats.azureml.tables import TASKS
from millwork.formats.azureml.words import UNKNOWN, is_finite, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.formats.azureml.findings import Findings
    from millwork.spec.model import Work

_DISTRIBUTIONS = ("mpi", "pytorch", "tensorflow", "ray")
_TASK_TYPES = ("run_function", "function", "model")
_COPY_MODES = ("merge_with_overwrite", "fail_if_conflict")
_HEAD = frozenset({
    "$schema", "type", "name", "version", "display_name", "description", "tags", "properties",
    "is_deterministic", "environment", "environment_variables", "inputs", "outputs", "output",
    "source_inputs", UNKNOWN,
})  # fmt: skip


def shape(given: dict[str, Any], findings: Findings) -> Shape:
    """What a v2 component does; `given` is what its table read."""
    build = _BUILDERS.get(findings.kind.table, _external)
    return build(given, findings)


def _command(given: dict[str, Any], findings: Findings) -> Shape:
    if "command" in given and not given["command"].strip():
        findings.refuse(("command",), "it is empty")
    work, body = _distribution(given, findings)
    return Shape(
        work,
        given["command"],
        body,
        {("command",): given["command"]},
        given.get("code"),
        environment=given.get("environment"),
        needs_environment=True,
        timeout=_timeout(given, findings),
    )


def _distribution(given: dict[str, Any], findings: Findings) -> tuple[Work, dict[str, Any]]:
    """Whether there is more than one process; with one, it is a command like any other."""
    instances = (given.get("resources") or {}).get("instance_count", 1)
    asked = given.get("distribution")
    if not asked:
        if instances <= 1:
            return "command", {}
        return "distributed", {"instance_count": str(instances)}
    kind = asked["type"].lower()
    if kind not in _DISTRIBUTIONS:
        known = ", ".join(_DISTRIBUTIONS)
        findings.error(("distribution", "type"), f"'{kind[:60]}' is not one of {known}")
    counts = ("process_count_per_instance", "worker_count")
    processes = max(asked.get(name, 1) for name in counts)
    servers = asked.get("parameter_server_count", 0)
    is_one = kind != "ray" and processes <= 1 and servers <= 0
    if kind == "ray":
        findings.refuse(("distribution",), "a cluster of Ray's is not run yet")
    settings = {name: _text(value) for name, value in whole(asked).items()}
    body = {"distribution": settings, "instance_count": str(instances)}
    return ("command" if is_one and instances <= 1 else "distributed"), body


def _timeout(given: dict[str, Any], findings: Findings) -> float | None:
    text = given.get("limits", {}).get("timeout", "")
    if not text:
        return None
    if is_finite(text) and float(text) > 0:
        return float(text)
    findings.error(("limits", "timeout"), "expected a number of seconds")
    return None


def _parallel(given: dict[str, Any], findings: Findings) -> Shape:
    task = given.get("task") or {}
    if not task:
        findings.refuse(("task",), "there is nothing to run")
    elif task["type"].lower() not in _TASK_TYPES:
        known = ", ".join(_TASK_TYPES)
        findings.error(("task", "type"), f"'{task['type'][:60]}' is not one of {known}")
    elif not task.get("entry_script"):
        findings.refuse(("task", "entry_script"), "there is no script to run")
    read = port_names(given.get("input_data"), "inputs", ("input_data",), given["inputs"], findings)
    at = ("task", "append_row_to") if task.get("append_row_to") else ("output_data",)
    asked = task.get("append_row_to") or given.get("output_data")
    written = port_names(asked, "outputs", at, given["outputs"], findings)
    args = task.get("program_arguments", "")
    body = {
        "input_data": read,
        "output_data": written[0] if written else "",
        "entry": task.get("entry_script", ""),
        "args": args,
        **({"model": task["model"]} if task.get("model") else {}),
        **{name: _text(given[name]) for name in OVERRIDES if name in given},
        "instance_count": str((given.get("resources") or {}).get("instance_count", 1)),
    }
    if written and not task.get("append_row_to"):
        message = "nothing is written there; `task.append_row_to` names what run() returns"
        findings.warn(("output_data",), message)
    return Shape(
        "parallel",
        "",
        body,
        {("task", "program_arguments"): args},
        task.get("code"),
        ("task", "code"),
        task.get("environment"),
        ("task", "environment"),
    )


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) else value


def _external(given: dict[str, Any], findings: Findings) -> Shape:
    """automl, import and data_transfer: kept whole, as another system's work."""
    kind = findings.kind.name
    body = {name: _text(value) for name, value in given.items() if name not in _HEAD}
    if kind == "automl" and given["task"] and given["task"].lower() not in TASKS:
        known = ", ".join(TASKS)
        findings.error(("task",), f"'{given['task'][:60]}' is not one of {known}")
    findings.refuse(("type",), f"{kind} is a service of Azure's, and has no counterpart here")
    if kind == "data_transfer":
        mode = given.get("data_copy_mode", _COPY_MODES[0])
        if mode.lower() not in _COPY_MODES:
            findings.error(("data_copy_mode",), f"'{mode[:60]}' is not one of {_COPY_MODES}")
    return Shape("external", "", {"type": kind, **body}, environment=given.get("environment"))


_BUILDERS: dict[str, Callable[[dict[str, Any], Findings], Shape]] = {
    "command": _command,
    "parallel": _parallel,
    "spark": spark_shape,
}
