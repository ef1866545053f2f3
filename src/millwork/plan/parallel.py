"""AzureML's parallel work as words for the runner of entry scripts, one for each replica.

What is split, and what may fail, stands in the component's `batch`; here is what the runner is told
of a single mini-batch (reference-yaml-job-parallel; in v1 ParallelRunConfig).
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.names import variable_suffix
from millwork.plan.model import Rendered
from millwork.plan.placeholders import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.spec.model import Batch, Component

_PROGRAM = ("python", "-m", "millwork_worker.azureml")
_SECONDS = "60"
_TABLE = "mltable"
_TIMEOUT = ("--run_invocation_timeout",)
_PROCESSES = ("--process_count_per_node", "--max_concurrency_per_instance")


def words(component: Component, values: Mapping[str, str]) -> Rendered:
    """The program of a parallel component; `values` are those of its placeholders.

    Raises BadRequest without an entry script or the input that is split, and for arguments that
    only a shell could read.
    """
    batch, entry = component.batch, component.body.get("entry", "")
    if batch is None or not entry:
        raise BadRequest(f"'{component.name}': it has no entry script to run")
    if f"inputs.{batch.input}" not in values:
        raise BadRequest(f"'{component.name}': '{batch.input}' is split, and is not given")
    rendered = render(f"python {component.body.get('args', '')}", component.syntax, values)
    if rendered.argv[0] != "python":
        raise BadRequest(f"'{component.name}': arguments are words, and these need a shell")
    arguments = rendered.argv[1:]
    options = _options(component, batch, arguments)
    argv = (*_PROGRAM, *options, "--", entry, *arguments)
    return Rendered(argv, {**rendered.env, **_staging(batch, values, component)})


def _options(component: Component, batch: Batch, arguments: Sequence[str]) -> Iterator[str]:
    body = component.body
    retries = body.get("retry_settings") or {}
    seconds = retries.get("timeout") or body.get("run_invocation_timeout") or _SECONDS
    processes = body.get("max_concurrency_per_instance") or body.get("process_count_per_node")
    yield from ("--timeout", _number(_TIMEOUT, arguments, seconds, component))
    # AzureML's default is a process for each core; here the replicas share the machine's cores.
    yield from ("--processes", _number(_PROCESSES, arguments, processes or "1", component))
    if batch.output and batch.append:
        yield from ("--append-row", batch.append, "--output", batch.output)
    if is_tabular(component, batch):
        yield "--tabular"


def is_tabular(component: Component, batch: Batch) -> bool:
    """Whether a mini-batch is a DataFrame, and not a list of paths."""
    by = batch.split.by
    return by in ("auto", "rows") or (
        by == "keys" and component.inputs[batch.input].native == _TABLE
    )


def _number(
    names: Sequence[str], arguments: Sequence[str], given: str, component: Component
) -> str:
    """What the script's arguments say of one of AzureML's own options, else what the field says."""
    for place, word in enumerate(arguments):
        name, _, text = word.partition("=")
        if name in names:
            given = text or "".join(arguments[place + 1 : place + 2])
    if not re.fullmatch(r"0*[1-9][0-9]*", given):
        message = f"{names[0]} is a whole number from 1 on, not '{given[:60]}'"
        raise BadRequest(f"'{component.name}': {message}")
    return given


def _staging(batch: Batch, values: Mapping[str, str], component: Component) -> dict[str, str]:
    """The folder for what is appended, where AzureML names the file in it."""
    if not batch.output or component.outputs[batch.output].type != "file":
        return {}
    folder = posixpath.dirname(values[f"outputs.{batch.output}"])
    return {f"PAI_OUTPUT_{variable_suffix(batch.output)}": f"{folder}/"}
