"""What of parallel work is split, appended and tolerated: AzureML's fields as a `Batch`.

Names, defaults and rules are those of reference-yaml-job-parallel, in the old flavour those of
ParallelRunConfig (azureml-pipeline-steps); how long one mini-batch may take, and how many are
worked on at once, is read by `plan.parallel`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.formats.azureml.bindings import UNKNOWN
from millwork.spec.model import Batch, Split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.formats.azureml.findings import Findings
    from millwork.spec.model import Component, Path

OVERRIDES = (
    "mini_batch_size", "partition_keys", "retry_settings", "max_concurrency_per_instance",
    "error_threshold", "mini_batch_error_threshold", "logging_level",
)  # fmt: skip
"""The fields of a component that a pipeline's job may set in its place."""
APPENDED = "parallel_run_step.txt"
"""The file in an output folder for what `run` returned, as ParallelRunStep calls it."""
_JOB_TYPE = "ElasticBatchJob"
_LEAST = {
    "error_threshold": -1, "mini_batch_error_threshold": -1, "allowed_failed_count": -1,
    "allowed_failed_percent": 0, "max_retries": 0, "run_max_try": 1, "timeout": 1,
    "run_invocation_timeout": 1, "max_concurrency_per_instance": 1, "process_count_per_node": 1,
    "instance_count": 1,
}  # fmt: skip
_MOST = {"allowed_failed_percent": 100}
_SIZE = re.compile(r"([0-9]+) *([kmg]b)?", re.IGNORECASE)
_UNITS = {"kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30}
_DEFAULT_BYTES = 1 << 20
_TABLE = "mltable"
_TABULAR = (_TABLE, UNKNOWN)
_ARGUMENT = re.compile(r"(?<!\S)--(\w+)(?:=|\s+)(\S+)")
_IN_BATCH = (
    "error_threshold", "mini_batch_error_threshold", "allowed_failed_count",
    "allowed_failed_percent", "run_max_try",
)  # fmt: skip
_IN_RUNNER = ("run_invocation_timeout", "process_count_per_node", "max_concurrency_per_instance")
_NOT_USED = (
    "task_overhead_timeout", "progress_update_timeout", "first_task_creation_timeout",
    "copy_logs_to_parent", "metrics_name_prefix", "push_metrics_to_parent",
    "resource_monitor_interval",
)  # fmt: skip
_NOT_USED_PREFIXES = ("append_row_", "amlbi_")
_OLD_FIELDS = frozenset({
    "input_data", "output_data", "entry", "args", "mini_batch_size", "partition_keys",
    *_IN_BATCH, *_IN_RUNNER, "logging_level", "environment",
})  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """What of a body's field, or argument, no run could do, or does not use (`is_warning`)."""

    field: Path
    message: str
    is_warning: bool = False


def with_batch(component: Component, findings: Findings, *, appends: bool) -> Component:
    """The parallel component with what is leased to its replicas; what cannot be is refused.

    With `appends` its output gets what `run` returned.
    """
    problems = [*problems_of(component.body), *_problems_of_ports(component)]
    if not findings.is_v2:
        problems += _problems_of_section(component.body)
    for problem in problems:
        tell = findings.warn if problem.is_warning else findings.refuse
        tell(_place(problem.field, findings), problem.message)
    body = component.body
    is_known = body["input_data"][:1] and body["input_data"][0] in component.inputs
    is_written = not body["output_data"] or body["output_data"] in component.outputs
    if not is_known or not is_written or any(not problem.is_warning for problem in problems):
        return component
    batch = _batch(component, appends=appends)
    return replace(component, job_type=_JOB_TYPE, batch=batch)


def overridden(
    component: Component, given: Mapping[str, Any], file_names: Mapping[str, str]
) -> Component:
    """The parallel component as one job of a pipeline has it, with checked fields of the job's.

    `file_names` are the names of the files that outputs of one file are written as.
    """
    before = component.batch
    if before is None:
        return component
    own = component.body.get("retry_settings") or {}
    retries = {**own, **given.get("retry_settings", {})}
    body = {**component.body, **given, **({"retry_settings": retries} if retries else {})}
    component = replace(component, body=body)
    batch = _batch(component, appends=bool(before.append))
    name = file_names.get(batch.output, batch.append)
    is_file = bool(batch.output) and component.outputs[batch.output].type == "file"
    append = name if is_file else batch.append
    batch = replace(batch, append=append, speculates=before.speculates)
    return replace(component, batch=batch)


def problems_of(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with fields, of a component's body or of a job, and what is not used."""
    for field, text in _fields(body):
        name = str(field[-1])
        if name in _LEAST and (message := _wrong_number(name, str(text))):
            yield Problem(field, message)
        elif len(field) > 1 and name not in _LEAST:
            yield Problem(field, "this field is kept, and not used here", is_warning=True)
    if not isinstance(body.get("retry_settings") or {}, dict):
        yield Problem(("retry_settings",), "expected max_retries and timeout")
    size = body.get("mini_batch_size")
    if size and _size(str(size)) is None:
        yield Problem(("mini_batch_size",), _wrong_size(str(size)))
    if any("${{" in str(key) for key in body.get("partition_keys") or ()):
        yield Problem(("partition_keys",), "a key cannot be a value of a run yet")
    if body.get("logging_level"):
        message = "kept, and not used here: a step's log has all that its script prints"
        yield Problem(("logging_level",), message, is_warning=True)
    yield from _problems_of_arguments(body.get("args", ""))


def _fields(body: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """All that is said, the settings of retries among it."""
    for name, value in body.items():
        inner = value if name == "retry_settings" and isinstance(value, dict) else {}
        yield from (((name, key), text) for key, text in inner.items() if text != "")
        if not inner and value != "":
            yield (name,), value


def _wrong_number(name: str, text: str) -> str:
    if "{" in text:
        return "it cannot be a value of a run yet; give the number"
    least, most = _LEAST[name], _MOST.get(name)
    found = re.fullmatch(r"[+-]?[0-9]+", text)
    if found and int(text) >= least and (most is None or int(text) <= most):
        return ""
    upto = f" up to {most}" if most is not None else " on"
    return f"expected a whole number from {least}{upto}, found '{text[:60]}'"


def _wrong_size(text: str) -> str:
    if "${{" in text:
        return "it cannot be a value of a run yet; give the size"
    return f"expected a number of files, or a size such as 10kb or 1mb, found '{text[:60]}'"


def _size(text: str) -> tuple[int, bool] | None:
    """A size, and whether it counts bytes and not files; None for what is none."""
    match = _SIZE.fullmatch(text.strip())
    if not match or not int(match[1]):
        return None
    unit = (match[2] or "").lower()
    return int(match[1]) * _UNITS.get(unit, 1), bool(unit)


def _problems_of_arguments(args: str) -> Iterator[Problem]:
    unused = []
    for name, text in _arguments(args):
        if name in _IN_BATCH and (message := _wrong_number(name, text)):
            yield Problem(("args",), f"--{name}: {message}")
        elif name in _NOT_USED or name.startswith(_NOT_USED_PREFIXES):
            unused.append(f"--{name}")
    if unused:
        message = f"of AzureML's own arguments these are not used here: {', '.join(unused)}"
        yield Problem(("args",), message, is_warning=True)


def _arguments(args: str) -> Iterator[tuple[str, str]]:
    for match in _ARGUMENT.finditer(args):
        yield match[1], match[2].strip("'\"")


def _problems_of_ports(component: Component) -> Iterator[Problem]:
    read, body = component.body["input_data"], component.body
    if not read:
        yield Problem(("input_data",), "no input is named, so there is nothing to split")
    if len(read) > 1:
        message = f"one input is split, and these are {len(read)}: {', '.join(read)}"
        yield Problem(("input_data",), message)
    for name in read:
        if name in component.parameters:
            yield Problem(("input_data",), f"'{name}' is a value, and only data is split")
    entry = body.get("entry", "")
    if entry and not entry.endswith(".py"):
        message = f"'{entry[:60]}' is no Python file; a module by its name is not run yet"
        yield Problem(("entry",), message)
    if body.get("model"):
        yield Problem(("model",), "a task with a model is not run yet; give an entry script")
    if len(read) == 1 and read[0] in component.inputs:
        yield from _problems_of_size(component)


def _problems_of_section(body: Mapping[str, Any]) -> Iterator[Problem]:
    """What the old flavour's section has besides; v2's is read field by field."""
    for name in body:
        if name not in _OLD_FIELDS:
            yield Problem((name,), "this field is kept, and not used here", is_warning=True)


def _problems_of_size(component: Component) -> Iterator[Problem]:
    body, native = component.body, component.inputs[component.body["input_data"][0]].native
    size = _size(str(body.get("mini_batch_size") or ""))
    if body.get("partition_keys") or size is None:
        return
    if native == _TABLE and not size[1]:
        message = f"{size[0]} counts files here, each a path; for DataFrames of a table give 1mb"
        yield Problem(("mini_batch_size",), message, is_warning=True)
    elif native not in _TABULAR and size[1]:
        message = f"of a {native} as many whole files make a mini-batch as come to that size"
        yield Problem(("mini_batch_size",), message, is_warning=True)


def _batch(component: Component, *, appends: bool) -> Batch:
    body = {str(field[-1]): value for field, value in _fields(component.body)}
    said = _arguments(component.body.get("args", ""))
    body |= {name: text for name, text in said if name in _IN_BATCH}
    name: str = body["input_data"][0]
    output: str = body.get("output_data", "") if appends else ""
    most = body.get("mini_batch_error_threshold", body.get("allowed_failed_count", -1))
    tries = body.get("run_max_try")
    return Batch(
        input=name,
        split=_split(component, component.inputs[name].native),
        output=output,
        append=_appended(component, output),
        max_retries=int(tries) - 1 if tries else int(body.get("max_retries", 2)),
        error_threshold=int(body.get("error_threshold", -1)),
        mini_batch_error_threshold=int(most),
        allowed_failed_percent=float(body.get("allowed_failed_percent", 100)),
        # Where nothing is appended, scripts return nothing (Azure's example oj_sales_prediction).
        partial_is_failure=bool(output),
        # What is not appended is written in place: two at once would write into each other's.
        speculates=not component.outputs.keys() - {output},
    )


def _appended(component: Component, output: str) -> str:
    if not output:
        return ""
    return output if component.outputs[output].type == "file" else APPENDED


def _split(component: Component, native: str) -> Split:
    body = component.body
    if keys := body.get("partition_keys"):
        return Split("keys", keys=(keys,) if isinstance(keys, str) else tuple(keys))
    if not body.get("mini_batch_size") and native == _TABLE:
        return Split("auto", _DEFAULT_BYTES)
    size = _size(str(body.get("mini_batch_size") or "1"))
    assert size  # else it was refused
    if not size[1]:
        return Split("files", size[0])
    return Split("auto" if native in _TABULAR else "bytes", size[0])


def _place(field: Path, findings: Findings) -> Path:
    """Where a body's field stands in its file."""
    if not findings.is_v2:
        return ("parallel", *field)
    if field == ("instance_count",):
        return ("resources", "instance_count")
    names = {"entry": "entry_script", "args": "program_arguments", "model": "model"}
    return ("task", names[str(field[0])]) if field[0] in names else field
