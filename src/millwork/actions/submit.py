"""A definition and its arguments become a run: all is checked, and code is set aside, first."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.actions import columns
from millwork.actions.builtins import is_builtin_definition, peeker
from millwork.actions.drive import wishes_of
from millwork.actions.secrets import require
from millwork.actions.select import Selection, named, select
from millwork.actions.storage import Fence, Storage
from millwork.actions.timing import scheduling_facts, timed
from millwork.base.errors import BadRequest, Unavailable
from millwork.base.faultpoints import reach
from millwork.base.ids import new_id
from millwork.base.names import is_text
from millwork.base.records import dataclass, field
from millwork.base.sizes import format_size
from millwork.base.uris import looks_like_uri
from millwork.blobs import code
from millwork.plan.codec import encode, encode_component
from millwork.plan.contract import check_user_args
from millwork.plan.graph import Arguments, expand
from millwork.plan.model import GivenPath, GivenUri, Graph, StepOutput
from millwork.plan.scheduling import in_shell
from millwork.ports import RunRow, StepRow
from millwork.ports.changes import StepChanged, StepReused
from millwork.spec.model import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.context import Context
    from millwork.blobs.code import GitState
    from millwork.plan.model import Step
    from millwork.ports import Engine
    from millwork.ports.changes import Change
    from millwork.spec.model import Component, Definition
    from millwork.spec.tree import Tree

_LARGE = 100 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """What somebody wants run.

    `commits` says which commit the code of a component is of, by its name, where the files that are
    here cannot tell; that of the empty name is for all others. `uses` names what of the registry it
    is, as `component:name@version`, `origin` from which bundle and draft it came. `fence`: which
    files its inputs may not be. `id` is the run's, where that is known before.
    """

    tree: Tree
    arguments: Arguments = field(default_factory=Arguments)
    parallel: int | None = None
    name: str = ""
    notes: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    require_image: bool = False
    engine: str = "local"
    selection: Selection = field(default_factory=Selection)
    forced: tuple[str, ...] = ()
    incremental: bool = False
    owner: Owner | None = None
    commits: Mapping[str, GitState] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)
    fence: Fence | None = None
    id: str = ""


@dataclass(frozen=True)
class Owner:
    """Whose run it is, where many may run: it waits for its turn, the highest `priority` first."""

    workspace: str
    creator: str
    visibility: str = "public"
    priority: int = 5


@dataclass(frozen=True)
class Submitted:
    """A run that was kept and can be driven, and what people should know about it.

    `taken` names the steps whose outputs are those of an earlier run.
    """

    run: RunRow
    graph: Graph
    notices: tuple[str, ...]
    taken: tuple[str, ...] = ()


def submit(context: Context, request: Request) -> Submitted:
    """Checks the request, sets its code aside and keeps the run; nothing is started.

    Raises BadRequest or Unavailable, and then nothing was kept.
    """
    storage = _storage(context, request)
    workspace = request.owner.workspace if request.owner else "default"
    arguments = timed(
        request.arguments, request.tree, context.clock.wall(),
        lambda: context.people().variables(workspace),
    )  # fmt: skip
    graph, taken = select(expand(request.tree, arguments), request.selection)
    graph, datasets = _with_data(storage, graph, request.fence)
    uses = [*request.uses, *datasets]
    notices: list[str] = []
    for step in graph.steps.values():
        _check_inputs(step)
        _check_code(step, request)
        if step.destinations or any(isinstance(each, GivenUri) for each in step.inputs.values()):
            notices += _transfer_notices(step, request)
        _check_arguments(step)
    notices += _column_doubts(context, graph)
    require(context, graph.steps.values())
    _check_machine(context, graph, notices)
    engine = context.engine(request.engine)
    _check_mounts(engine, graph, notices)
    _check_environments(engine, graph, notices)
    changes = [change for name in taken for change in _take(context, request, name)]
    graph, git = _with_code(context, storage, graph, notices)
    git |= _commits(request, graph)
    graph, images = _with_images(engine, graph, request.require_image, notices)
    source, text = _source(request)
    more = {
        "source": source,
        **({"uses": uses} if uses else {}),
        **scheduling_facts(request.tree, arguments.timing),
    }
    run = _row(context, request, graph, {"git": git, **images, **more})
    definitions, steps = _step_rows(graph)
    reach("submit.checked")
    context.store.create_run(run, steps, {**definitions, **text}, changes)
    reach("submit.kept")
    return Submitted(run, graph, tuple(notices), taken)


def _commits(request: Request, graph: Graph) -> dict[str, Any]:
    names = (step.component.name for step in graph.steps.values() if step.code)
    known = {name: request.commits.get(name, request.commits.get("")) for name in names}
    return {name: asdict(state) for name, state in known.items() if state}


def _row(context: Context, request: Request, graph: Graph, found: Mapping[str, Any]) -> RunRow:
    definition = request.tree.definition
    now = context.clock.wall()
    outputs = {name: [output.step, output.port] for name, output in graph.outputs.items()}
    parallel = request.parallel or context.machine.parallel
    facts = {
        "engine": request.engine,
        "parallel": parallel,
        "outputs": outputs,
        **found,
        "forced": list(_forced(request, graph)),
        **({"incremental": True} if request.incremental else {}),
    }
    if isinstance(definition, Pipeline) and definition.experiment:
        facts["experiment"] = definition.experiment
    row = RunRow(
        id=request.id or new_id(now),
        name=request.name or _title(definition),
        definition=definition.name,
        version=definition.version,
        status="running",
        created=now,
        notes=request.notes,
        tags={**(definition.tags if _is_job(definition) else {}), **request.tags},
        facts=facts,
        master=context.masters.me(),
        epoch=1,
    )
    return _waiting(row, request.owner, graph, parallel) if request.owner else row


def _source(request: Request) -> tuple[dict[str, Any], dict[str, str]]:
    """What was run, for the record, and a pipeline's text by its digest: it may be large."""
    definition = request.tree.definition
    is_pipeline = isinstance(definition, Pipeline)
    given = {"inputs": dict(request.arguments.inputs),
             "parameters": dict(request.arguments.parameters)}  # fmt: skip
    said = {"kind": "pipeline" if is_pipeline else "component", **request.origin}
    said |= {name: value for name, value in given.items() if value}
    if not is_pipeline:
        return said, {}
    text = definition.source.text if definition.flavour == "millwork" else ""
    if not text:
        return said, {}
    digest = sha256(text.encode()).hexdigest()
    return {**said, "text": digest}, {digest: text}


def _waiting(row: RunRow, owner: Owner, graph: Graph, parallel: int) -> RunRow:
    from millwork.queue.records import demand_of

    wishes = [[wishes_of(step)] * _at_once(step, parallel) for step in graph.steps.values()]
    demand = demand_of([wish for each in wishes for wish in each], parallel)
    return replace(row, status="queued", master=None, demand=vars(demand), **vars(owner))


def _at_once(step: Step, parallel: int) -> int:
    """How many of a step may run at the same time: of one for each item of a list, several."""
    return min(parallel, step.each.max_parallel or parallel) if step.each else 1


def _is_job(definition: Definition) -> bool:
    """Whether it describes a run, as AzureML's jobs do, and not only what can be run."""
    return isinstance(definition, Pipeline) and definition.flavour == "azureml-v2"


def _title(definition: Definition) -> str:
    return (_is_job(definition) and definition.display_name) or definition.name


def _forced(request: Request, graph: Graph) -> tuple[str, ...]:
    """The steps to be done again; an empty name stands for all."""
    if "" in request.forced:
        return tuple(graph.steps)
    return tuple(sorted(step for name in request.forced for step in named(graph, name)))


def _take(context: Context, request: Request, step: str) -> list[Change]:
    """What the last run left of a step, as that of the new run; BadRequest if there is nothing."""
    definition = request.tree.definition.name
    owner = request.owner or Owner("default", "")
    now = context.clock.wall()
    earlier = context.store.earlier(definition, step, now, owner.workspace, owner.creator)
    if earlier and earlier[1].spec.get("each"):
        raise BadRequest(f"'{step}' is needed, and what a foreach left cannot be taken yet")
    if earlier is None:
        raise BadRequest(f"'{step}' is needed, and no earlier run of '{definition}' has done it")
    run, row = earlier
    for name, output in row.outputs.items():
        if not os.path.exists(output["path"]):
            raise BadRequest(f"'{step}' is needed, and its output '{name}' of {run} is gone")
    return [
        StepReused(step, row.attempt, row.outputs, row.metrics),
        StepChanged(step, "succeeded", f"taken from run {run}"),
    ]


def _step_rows(graph: Graph) -> tuple[dict[str, str], list[StepRow]]:
    digests: dict[int, str] = {}
    definitions: dict[str, str] = {}
    rows = []
    for position, step in enumerate(graph.steps.values()):
        key = id(step.component)
        if key not in digests:
            digests[key], document = encode_component(step.component)
            definitions[digests[key]] = document
        rows.append(StepRow(step.name, position, "pending", spec=encode(step, digests[key])))
    return definitions, rows


def _column_doubts(context: Context, graph: Graph) -> list[str]:
    """What may be wrong about columns; BadRequest for what is known to be."""
    if not columns.has_columns(graph):
        return []
    with peeker(context.home, builds=False) as looking:
        return [str(each) for each in columns.survey(graph, looking.ask).doubts]


def _storage(context: Context, request: Request) -> Storage:
    owner = request.owner
    if owner is None:
        return Storage(context)
    return Storage(context, owner.workspace, owner.creator, request.fence)


def _with_data(storage: Storage, graph: Graph, fence: Fence | None) -> tuple[Graph, list[str]]:
    """The graph with what its URIs stand for, and the datasets among them for the record."""
    datasets: dict[str, None] = {}
    steps = {}
    for step in graph.steps.values():
        inputs = dict(step.inputs)
        for name, given in step.inputs.items():
            if isinstance(given, GivenPath) and fence:
                fence.check(f"input '{name}': {given.path}", given.path)
            if not isinstance(given, GivenUri):
                continue
            found, dataset = storage.source(given)
            inputs[name] = found
            if dataset:
                datasets[f"dataset:{dataset}"] = None
        for uri in step.destinations.values():
            storage.check_target(uri)
        steps[step.name] = replace(step, inputs=inputs)
    return Graph(steps, graph.outputs), list(datasets)


def _transfer_notices(step: Step, request: Request) -> list[str]:
    from millwork.actions import transfers  # a run without data by URI does not pay for it

    return transfers.check(step, is_incremental=request.incremental)


def _check_inputs(step: Step) -> None:
    for name, source in step.inputs.items():
        if not isinstance(source, GivenPath):
            continue
        if looks_like_uri(source.path):
            raise BadRequest(f"input '{name}': {source.path}: no URI of data that can be read")
        if not is_text(source.path):
            raise BadRequest(f"input '{name}': the path {source.path!r} is not UTF-8 text")
        if not os.path.exists(source.path):
            raise BadRequest(f"input '{name}' of '{step.name}': there is no {source.path}")


def _check_code(step: Step, request: Request) -> None:
    """Raises BadRequest for a repository that a server would be made to fetch from."""
    if request.owner and step.component.code.git:
        raise BadRequest(
            f"'{step.component.name}': code at {step.component.code.git}: a server takes code from "
            "what is sent, or from a code source of the workspace"
        )


def _check_arguments(step: Step) -> None:
    known = {
        name: value for name, value in step.parameters.items() if not isinstance(value, StepOutput)
    }
    check_user_args(step.name, step.component.command, known)
    if step.scheduling and step.component.syntax == "shell":
        try:
            in_shell(step.component.command, step.scheduling)
        except BadRequest as error:
            raise BadRequest(f"step '{step.name}': {error}") from None


def _check_machine(context: Context, graph: Graph, notices: list[str]) -> None:
    machine = context.machine
    for step in graph.steps.values():
        wishes = wishes_of(step)
        if wishes.gpu > len(machine.gpus):
            found = len(machine.gpus) or "none"
            raise Unavailable(f"step '{step.name}' needs {wishes.gpu} GPU; there is {found} here")
        if (wishes.cpu or 0) > machine.cpu:
            notices.append(
                f"step '{step.name}' asks for {wishes.cpu:g} cores and gets all {machine.cpu:g}"
            )
        if (wishes.memory or 0) > machine.memory:
            notices.append(
                f"step '{step.name}' asks for {format_size(wishes.memory or 0)} of memory and may "
                f"use all {format_size(machine.memory)}"
            )


def _check_mounts(engine: Engine, graph: Graph, notices: list[str]) -> None:
    shortcoming = engine.shortcoming
    if shortcoming and any(step.component.mounts == "ml" for step in graph.steps.values()):
        notices.append(
            f"steps get no /ml of their own: {shortcoming}; PAI_* variables point elsewhere, paths "
            "written into code as /ml/... do not resolve, and inputs are links that can be written"
        )


def _with_images(
    engine: Engine, graph: Graph, require_image: bool, notices: list[str]
) -> tuple[Graph, dict[str, Any]]:
    """The graph with the id of each step's image, and the facts about them for the record."""
    found = engine.images(graph.steps.values())
    if not found:
        _check_images(graph, require_image, notices)
        return graph, {}
    notices += dict.fromkeys(notice for image in found.values() for notice in image.notices)
    steps = {name: replace(step, image=found[name].id) for name, step in graph.steps.items()}
    known = {image.reference: {"id": image.id, "digest": image.digest} for image in found.values()}
    return Graph(steps, graph.outputs), {"images": known}


def _check_images(graph: Graph, require_image: bool, notices: list[str]) -> None:
    named = {step.component.image: step.name for step in graph.steps.values()}
    named.pop("", None)
    if named and require_image:
        image, step = next(iter(named.items()))
        raise Unavailable(f"step '{step}' needs the image {image}: --engine container runs it")
    notices += [f"image {image} is not used: steps run on this machine" for image in named]


def _check_environments(engine: Engine, graph: Graph, notices: list[str]) -> None:
    wished = {step.component.environment for step in graph.steps.values()} - {None}
    found = (engine.lacks(environment) for environment in wished if environment)
    notices += dict.fromkeys(filter(None, found))


def _with_code(
    context: Context, storage: Storage, graph: Graph, notices: list[str]
) -> tuple[Graph, dict[str, Any]]:
    """The graph with the digest of each step's code, and the Git state it was taken from."""
    taken: dict[int, str] = {}
    git: dict[str, Any] = {}
    steps = {}
    for step in graph.steps.values():
        key = id(step.component)
        if key not in taken:
            if step.component.code.uri:
                taken[key] = _fetch_code(context, storage, step.component)
            else:
                taken[key] = _take_code(context, step.component, git, notices)
        steps[step.name] = replace(step, code=taken[key])
    return Graph(steps, graph.outputs), git


def _fetch_code(context: Context, storage: Storage, component: Component) -> str:
    """The digest of a snapshot of code that lies elsewhere; Unavailable if it cannot be had."""
    import tempfile

    place, uri = storage.open(component.code.uri)
    with tempfile.TemporaryDirectory(prefix=".code-", dir=context.home) as folder:
        target = f"{folder}/code"
        if place.find(uri, 2).is_file:
            os.mkdir(target)
            place.get(uri, f"{target}/{uri.name}")
        else:
            place.get(uri, target)
        return code.snapshot(target, context.code_store).digest


def _take_code(
    context: Context, component: Component, git: dict[str, Any], notices: list[str]
) -> str:
    place = component.code
    if not is_text(component.source.folder + place.path):
        raise BadRequest(f"'{component.name}' lies in a folder whose name is not UTF-8 text")
    if not (place.path or place.git or place.includes):
        return ""
    if place.git:
        folder, state = code.checkout(
            place.git, place.ref or None, place.path or None, context.git_cache
        )
        git[component.name] = asdict(state)
        return code.snapshot(folder, context.code_store).digest
    folder = os.path.join(component.source.folder, place.path) if place.path else ""
    if folder and not os.path.exists(folder):
        raise BadRequest(f"'{component.name}': the code folder {folder} does not exist")
    includes = [os.path.join(component.source.folder, path) for path in place.includes]
    tree = code.gather(folder, includes, context.code_store)
    if tree.size > _LARGE:
        notices.append(
            f"the code of '{component.name}' has {format_size(tree.size)}, "
            "copied for each attempt; a .millworkignore file leaves data out"
        )
    if is_builtin_definition(component):
        return tree.digest
    found = code.git_state(folder if os.path.isdir(folder) else component.source.folder)
    if found:
        git[component.name] = asdict(found)
    return tree.digest
