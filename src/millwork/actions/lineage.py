"""Where things come from and what is made of them: versions, runs, steps, code, data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.actions.assets import found
from millwork.actions.runs import found as found_run
from millwork.base.errors import BadRequest, NotFound
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from millwork.actions.call import Call
    from millwork.ports import RunRow, StepRow
    from millwork.store.assets import Kept
    from millwork.views.assets import (
        AssetLineage,
        CodeView,
        RunLineage,
        StepLineage,
        UsedInput,
    )

_NO_CODE: CodeView = {"digest": "", "commit": "", "url": "", "dirty": False}
_ORIGIN = {"dataset", "version", "run", "step", "port"}


@dataclass(frozen=True)
class Traced:
    """Where data comes from, pinned; `type` is that of a run's output."""

    source: Mapping[str, Any] = field(default_factory=dict)
    type: str = ""
    run: str = ""
    uses: tuple[str, ...] = ()


def traced(call: Call, origin: Mapping[str, str] | None) -> Traced:
    """Pins an origin: a dataset to its version, an output to the attempt that left it.

    Raises BadRequest for half an origin, NotFound for what is not there or not to be seen.
    """
    if not origin:
        return Traced()
    if unknown := sorted(set(origin) - _ORIGIN):
        known = ", ".join(sorted(_ORIGIN))
        raise BadRequest(f"source.{unknown[0][:80]}: there is none; there are: {known}")
    given = {name for name, value in origin.items() if value}
    if "dataset" in given and given <= {"dataset", "version"}:
        kept = found(call, "dataset", origin["dataset"], origin.get("version", ""))
        pinned = {"dataset": kept.name, "version": kept.version, "digest": kept.digest}
        return Traced(pinned, uses=(reference_of(kept),))
    if given != {"run", "step", "port"}:
        raise BadRequest("source: either {dataset, version} or {run, step, port}")
    return _output(call, origin["run"], origin["step"], origin["port"])


def _output(call: Call, run: str, step: str, port: str) -> Traced:
    row = found_run(call, run)
    for each in call.context.store.steps(row.id):
        if each.name == step and port in each.outputs:
            output = each.outputs[port]
            source = {
                "run": row.id, "step": step, "port": port, "type": output["type"],
                "attempt": output.get("attempt", each.attempt), "digest": output["digest"],
            }  # fmt: skip
            return Traced(source, output["type"], row.id)
    raise NotFound(f"run {row.id} has left no output '{port}' of a step '{step}'")


def reference_of(kept: Kept) -> str:
    """What a version is called in lists of uses: `dataset:flights@v1`."""
    return f"{kept.kind}:{kept.name}@{kept.version}"


def lineage_of_run(call: Call, row: RunRow, step: str = "") -> RunLineage:
    """A run's steps with what they are made of and read, and what was registered of it.

    With a `step`, only that one and those that led to it. The run's own permission is the
    caller's to check.
    """
    steps = call.context.store.steps(row.id)
    wanted = _led_to(steps, step) if step else {each.name for each in steps}
    made: dict[str, Mapping[str, Any]] = {}
    registered = list(_seen(call, call.context.assets().of_run(call.workspace, row.id)))
    return {
        "run": row.id,
        "name": row.name,
        "definition": f"{row.definition} {row.version}",
        "status": row.status,
        "created": row.created,
        "uses": list(row.facts.get("uses", ())),
        "steps": [
            _step(call, row, each, made, registered) for each in steps if each.name in wanted
        ],
        "registered": [reference_of(kept) for kept in registered],
    }


def lineage_of_asset(call: Call, kind: str, name: str, version: str) -> AssetLineage:
    """Where a version comes from, and which things and runs use it."""
    kept = found(call, kind, name, version)
    assets, reference = call.context.assets(), reference_of(kept)
    return {
        "asset": reference,
        "source": dict(kept.document["source"]),
        "run": _source_run(call, kept),
        "used_by": _shown(call, assets.users(call.workspace, reference)),
        "runs": [
            run
            for run, creator, visibility in assets.runs(call.workspace, reference)
            if call.may("run", "read", creator, visibility)
        ],
    }


def _source_run(call: Call, kept: Kept) -> RunLineage | None:
    if not kept.run:
        return None
    try:
        row = found_run(call, kept.run)
    except NotFound:
        return None
    return lineage_of_run(call, row, kept.document["source"]["step"])


def _shown(call: Call, listed: Iterable[Kept]) -> list[str]:
    """The references of those that this person may see."""
    return [reference_of(kept) for kept in _seen(call, listed)]


def _seen(call: Call, listed: Iterable[Kept]) -> Iterator[Kept]:
    for kept in listed:
        if kept.kind != "draft" and call.may(kept.kind, "read", kept.creator, kept.visibility):
            yield kept


def _led_to(steps: Sequence[StepRow], last: str) -> set[str]:
    """The names of a step and of all that its inputs come from; items of a list by the list."""
    rows = {each.name: each for each in steps}
    items: dict[str, list[str]] = {}
    for each in steps:
        if each.spec.get("parent"):
            items.setdefault(each.spec["parent"], []).append(each.name)
    wanted: set[str] = set()
    pending = [last]
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += items.get(name, [])
            pending += _before(rows[name]) if name in rows else []
    return wanted


def _before(step: StepRow) -> list[str]:
    given = [*step.spec.get("inputs", {}).values(), *step.spec.get("parameters", {}).values()]
    return [each["step"] for each in given if isinstance(each, dict) and "step" in each]


def _step(
    call: Call,
    run: RunRow,
    step: StepRow,
    made: dict[str, Mapping[str, Any]],
    registered: Sequence[Kept],
) -> StepLineage:
    component = _component(call, step.spec["component"], made)
    return {
        "step": step.name,
        "status": step.status,
        "attempt": step.attempt,
        "component": f"{component['name']} {component['version']}".rstrip(),
        "flavour": component.get("flavour", "millwork"),
        "image": step.spec.get("image", "") or component.get("image", ""),
        "code": _code(run, step, component["name"]),
        "inputs": [_input(port, given) for port, given in step.spec.get("inputs", {}).items()],
        "outputs": {port: output["digest"] for port, output in step.outputs.items()},
        "registered": _by_port(step.name, registered),
    }


def _by_port(step: str, registered: Sequence[Kept]) -> dict[str, list[str]]:
    """What was registered of a step's outputs, by port."""
    found: dict[str, list[str]] = {}
    for kept in registered:
        source = kept.document.get("source") or {}
        if source.get("step") == step and "port" in source:
            found.setdefault(source["port"], []).append(reference_of(kept))
    return found


def _input(port: str, given: Mapping[str, str]) -> UsedInput:
    if "step" in given:
        return {"port": port, "kind": "step", "value": f"{given['step']}.{given['port']}"}
    if "dataset" in given:
        return {"port": port, "kind": "dataset", "value": f"dataset:{given['dataset']}"}
    if "uri" in given:
        return {"port": port, "kind": "uri", "value": given["uri"]}
    return {"port": port, "kind": "path", "value": given["path"]}


def _component(call: Call, digest: str, made: dict[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    if digest not in made:
        document = call.context.store.definition(digest)
        made[digest] = json.loads(document) if document else {"name": "", "version": ""}
    return made[digest]


def _code(run: RunRow, step: StepRow, component: str) -> CodeView:
    git = run.facts.get("git", {}).get(component, {})
    return {
        **_NO_CODE,
        "digest": step.spec.get("code", ""),
        "commit": git.get("commit", ""),
        "url": git.get("url", ""),
        "dirty": bool(git.get("dirty")),
    }
