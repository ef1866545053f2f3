"""What the types of AzureML's flavours do, each in the words of the other flavour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.formats.azureml.leftovers import entries_at
from millwork.formats.azureml.retemplate import retemplate
from millwork.formats.azureml.write_environment import listed, write_environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.spec.document import Mapping
    from millwork.spec.model import Component, Flavour, Syntax

_MINUTE = 60
_SPARK_LISTS = ("py_files", "jars", "files", "archives")
_SPARK_SETTINGS = (
    "pyFiles", "driver_cores", "driver_memory", "executor_cores", "executor_memory",
    "executor_instances", "number_executors", "dynamic_allocation_enabled",
    "dynamic_allocation_min_executors", "dynamic_allocation_max_executors",
)  # fmt: skip
_SWEEP = ("search_space", "objective", "early_termination")
_LAUNCHERS = {"mpi": "mpi", "pytorch": "torch.distributed"}
_DISTRIBUTIONS = {"mpi": "mpi", "torch.distributed": "pytorch", "pytorch": "pytorch"}
_TASK = frozenset({
    "type", "code", "entry_script", "program_arguments", "append_row_to", "environment",
})  # fmt: skip
_PARALLEL = ("input_data", "output_data", "entry", "args")


@dataclass
class Writing:
    """A component on its way to the flavour `to`, and what of it is left out.

    `root` are the fields of its own file, if it is AzureML's; `carried` those of them that are
    written, or spoken of, by its work.
    """

    component: Component
    to: Flavour
    root: Mapping | None
    left: list[str] = field(default_factory=list)
    carried: set[str] = field(default_factory=set)

    @property
    def is_v2(self) -> bool:
        """Whether v2 is written."""
        return self.to == "azureml-v2"

    def template(self, text: str) -> str:
        """A command with its placeholders in the words of the flavour."""
        syntax: Syntax = "dollar" if self.is_v2 else "braces"
        return retemplate(text, self.component.syntax, syntax)

    def environment(self, *section: str, is_needed: bool = False) -> dict[str, Any]:
        """The field `environment`, which stands in `section` of the component's file."""
        node = entries_at(self.root, *section).get("environment")
        if node is None and not is_needed and not self.component.image:
            return {}
        return {"environment": write_environment(node, self.component.image, self.to, self.left)}

    def code(self) -> dict[str, Any]:
        """The field `code`, and what is put beside the code."""
        self.carried.add("code")
        code = self.component.code
        found: dict[str, Any] = {}
        if code.git:
            place = f"{code.ref}:{code.path}" if code.path else code.ref
            found["code"] = f"git+{code.git}" + (f"#{place}" if place else "")
        elif code.uri or code.path:
            found["code"] = code.uri or code.path
        elif not self.is_v2:
            self.left.append("code: the old flavour takes the file's folder, where v2 takes none")
        if code.includes and self.is_v2:
            found["additional_includes"] = list(code.includes)
        elif code.includes:
            shown = ", ".join(code.includes)
            beside = "the file beside the component's that ends in .additional_includes"
            self.left.append(f"additional_includes: {shown} stand in {beside}")
        return found


def _command(writing: Writing) -> dict[str, Any]:
    component = writing.component
    if not component.command.strip():
        raise BadRequest(f"'{component.name}' has no command")
    writing.carried |= {"command", "distribution", "launcher"}
    found: dict[str, Any] = {"command": writing.template(component.command), **writing.code()}
    if "distribution" in component.body:
        writing.left.append("distribution: a command in one process has none in the old flavour")
    found |= writing.environment(is_needed=writing.is_v2)
    return found | _timeout(writing)


def _timeout(writing: Writing) -> dict[str, Any]:
    seconds = writing.component.timeout
    if seconds is None:
        return {}
    writing.carried.add("limits")
    if writing.is_v2:
        return {"limits": {"timeout": whole_seconds(seconds, writing.left)}}
    writing.left.append(f"limits.timeout: the old flavour has none ({seconds:g} seconds)")
    return {}


def whole_seconds(seconds: float, left: list[str]) -> int:
    """A time limit as v2 takes it."""
    found = math.ceil(seconds)
    if found != seconds:
        left.append(f"timeout: v2 counts whole seconds; {seconds:g} become {found}")
    return found


def _distributed(writing: Writing) -> dict[str, Any]:
    body = writing.component.body
    if writing.is_v2:
        launcher = body.get("launcher", {})
        kind = str(launcher.get("type", "")).lower()
        if kind not in _DISTRIBUTIONS:
            raise BadRequest(f"launcher.type: v2 has no distribution for '{kind[:60]}'")
        writing.left.append(
            "launcher: v2 says as resources.instance_count and as "
            "distribution.process_count_per_instance how many processes there are; it is one"
        )
        return {**_command(writing), "distribution": {"type": _DISTRIBUTIONS[kind]}}
    distribution = body.get("distribution")
    if distribution is None:
        # More than one machine, each of which does the same: a matter of the run's settings.
        return {**_command(writing), "type": "CommandComponent"}
    kind = distribution["type"].lower()
    if kind not in _LAUNCHERS:
        raise BadRequest(f"distribution.type: the old flavour has no launcher for {kind}")
    if len(distribution) > 1:
        counts = ", ".join(
            f"{name} {text}" for name, text in distribution.items() if name != "type"
        )
        writing.left.append(f"distribution: its counts stand in the run's settings ({counts})")
    writing.carried |= {"command", "distribution"}
    command = writing.template(writing.component.command)
    return {
        "launcher": {"type": _LAUNCHERS[kind], "additional_arguments": command},
        **writing.code(),
        **writing.environment(),
        **_timeout(writing),
    }


def _parallel(writing: Writing) -> dict[str, Any]:
    body = writing.component.body
    read, written = body["input_data"], body["output_data"]
    args = writing.template(body.get("args", ""))
    writing.carried |= {"parallel", "task", "input_data", "output_data"}
    if not writing.is_v2:
        for name in entries_at(writing.root, "task").keys() - _TASK:
            writing.left.append(f"task.{name}: the old flavour has no such field")
        section = {
            "input_data": list(read) if len(read) != 1 else read[0],
            "output_data": written,
            "entry": body["entry"],
            "args": args,
        }
        given = {name: value for name, value in section.items() if value}
        return {"parallel": given, **writing.code(), **writing.environment("task")}
    if len(read) != 1:
        raise BadRequest(f"parallel.input_data: v2 takes one input, and these are {len(read)}")
    for name in entries_at(writing.root, "parallel").keys() - set(_PARALLEL):
        writing.left.append(f"parallel.{name}: v2 has no such field")
    code = writing.code()
    task = {
        "type": "run_function",
        **{name: value for name, value in code.items() if name == "code"},
        "entry_script": body["entry"],
        **writing.environment(is_needed=True),
        **({"program_arguments": args} if args else {}),
        **({"append_row_to": f"${{{{outputs.{written}}}}}"} if written else {}),
    }
    if "additional_includes" in code:
        writing.left.append("additional_includes: a parallel component of v2 has none")
    return {"input_data": f"${{{{inputs.{read[0]}}}}}", "task": task}


def _spark(writing: Writing) -> dict[str, Any]:
    body = writing.component.body
    writing.carried |= {"entry", "conf", "args", *_SPARK_LISTS, *_SPARK_SETTINGS}
    found: dict[str, Any] = {"entry": dict(body["entry"]), **writing.code()}
    found |= {name: list(body[name]) for name in _SPARK_LISTS if body.get(name)}
    if body.get("conf"):
        found["conf"] = listed(body["conf"])
    if body.get("args"):
        found["args"] = writing.template(body["args"])
    return found | writing.environment()


def _sweep(writing: Writing) -> dict[str, Any]:
    body = writing.component.body
    if "trial" not in body:
        raise BadRequest("trial: the old flavour names a trial's file, and this one stands inline")
    writing.carried |= {"trial", "algorithm", "sampling_algorithm", "limits", *_SWEEP}
    trial = body["trial"]
    writing.left.append(f"trial: convert {trial} too; it stays as it is")
    word = {"type": body["algorithm"], **body.get("sampling", {})}
    algorithm = word if len(word) > 1 else body["algorithm"]
    limits = dict(body["limits"])
    if not writing.is_v2 and "timeout" in limits:
        limits["timeout_minutes"] = f"{float(limits.pop('timeout')) / _MINUTE:g}"
    return {
        "trial": trial if trial.startswith("azureml:") else f"file:{trial}",
        "sampling_algorithm" if writing.is_v2 else "algorithm": listed(algorithm),
        **{name: listed(body[name]) for name in _SWEEP if body.get(name)},
        "limits": listed(limits),
    }


WORKS: dict[str, Callable[[Writing], dict[str, Any]]] = {
    "command": _command,
    "distributed": _distributed,
    "parallel": _parallel,
    "spark": _spark,
    "sweep": _sweep,
}
