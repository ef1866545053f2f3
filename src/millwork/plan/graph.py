"""A tree of definitions and the arguments of a run, made into the steps of that run."""

from __future__ import annotations

from dataclasses import replace
from posixpath import join, normpath
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.base.uris import is_uri, looks_like_uri
from millwork.plan import scheduling
from millwork.plan.model import Each, GivenPath, GivenUri, Graph, Guard, Step, StepOutput
from millwork.spec import roles, values
from millwork.spec.model import Component, LocalPath, Pipeline, Reference, ReplicaGroup

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.plan.model import InputSource
    from millwork.plan.scheduling import Timing
    from millwork.spec.model import Parameter, PipelineNode, Value
    from millwork.spec.tree import Tree


@dataclass(frozen=True)
class Arguments:
    """What a run is given: absolute paths or URIs by input, text or JSON values by parameter.

    `replicas` of a component by role; none is what its file says, which may be one. `outputs` are
    URIs to which outputs are brought, by name. `timing` is what its scheduling parameters are
    made of; a pipeline that has any needs it.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, object] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    timing: Timing | None = None


def expand(tree: Tree, arguments: Arguments) -> Graph:
    """The steps of a run of `tree`, sub-pipelines opened.

    Raises BadRequest with every reason for which a part of the tree is not run, or else with every
    argument that is missing, unknown or not allowed, or a scheduling parameter without a value.
    """
    if reasons := dict.fromkeys(refusals(tree)):
        raise BadRequest("\n".join(reasons))
    scheduled = scheduling.evaluated(tree, arguments.timing)
    own = scheduled.get("", {})
    inputs, outputs = (
        {name: scheduling.filled_uri(tree, f"{kind} '{name}'", uri, own) if is_uri(uri) else uri
         for name, uri in given.items()}
        for kind, given in (("input", arguments.inputs), ("output", arguments.outputs))
    )  # fmt: skip
    graph = _expanded(tree, replace(arguments, inputs=inputs), scheduled)
    return _with_destinations(graph, outputs)


def _with_destinations(graph: Graph, outputs: Mapping[str, str]) -> Graph:
    """The graph whose steps know where else the run's outputs are to be brought."""
    steps = dict(graph.steps)
    for name, uri in outputs.items():
        if name not in graph.outputs:
            listed = ", ".join(graph.outputs) or "none"
            raise BadRequest(f"there is no output '{name}'; outputs: {listed}")
        made = graph.outputs[name]
        step = steps[made.step]
        steps[made.step] = replace(step, destinations={**step.destinations, made.port: uri})
    return Graph(steps, graph.outputs)


def _expanded(
    tree: Tree, arguments: Arguments, scheduled: Mapping[str, Mapping[str, str]]
) -> Graph:
    faults: list[str] = []
    inputs = _inputs(tree, arguments, faults)
    parameters = _parameters(tree, arguments, faults)
    if faults:
        raise BadRequest("\n".join(faults))
    definition = tree.definition
    if isinstance(definition, Component):
        name = definition.name
        step = Step(
            name,
            definition,
            inputs,
            parameters,
            resources=definition.resources,
            timeout=definition.timeout,
            replicas=_asked_for(definition, arguments.replicas),
        )
        return Graph({name: step}, {port: StepOutput(name, port) for port in definition.outputs})
    if arguments.replicas:
        raise BadRequest("a pipeline has no replicas; its nodes have, as `replicas`")
    return opened(tree, inputs, parameters, scheduled)


def opened(
    tree: Tree,
    inputs: Mapping[str, InputSource],
    parameters: Mapping[str, Value | StepOutput],
    scheduled: Mapping[str, Mapping[str, str]],
) -> Graph:
    """The steps of the pipeline `tree`, which is given these; that nothing is missing is not asked.

    `scheduled` are the values of scheduling parameters, as `scheduling.evaluated` gives them.
    Raises BadRequest for a value that does not fit where a pipeline within it hands it on.
    """
    pipeline, builder = tree.definition, _Builder(scheduled)
    assert isinstance(pipeline, Pipeline)
    builder.open(tree, inputs, parameters, _Place())
    outputs = {name: source_of(tree, ref) for name, ref in pipeline.outputs.items()}
    return Graph(builder.steps, outputs)


def source_of(tree: Tree, reference: Reference, prefix: str = "") -> StepOutput:
    """The step and port behind `node.output`, through any number of sub-pipelines."""
    child = tree.children[reference.owner].definition
    if isinstance(child, Component):
        return StepOutput(prefix + reference.owner, reference.name)
    inner = child.outputs[reference.name]
    return source_of(tree.children[reference.owner], inner, f"{prefix}{reference.owner}.")


def refusals(tree: Tree) -> Iterator[str]:
    """The reasons for which a part of a tree is not run."""
    yield from tree.definition.refusals
    for child in tree.children.values():
        yield from refusals(child)


def _asked_for(component: Component, counts: Mapping[str, int]) -> dict[str, ReplicaGroup]:
    """So many of each role; nothing for one worker, unless the file says how many there are."""
    if not counts or (
        counts == {"worker": 1} and component.work not in ("distributed", "parallel")
    ):
        return {}
    groups = roles.by_role({role: ReplicaGroup(count) for role, count in counts.items()})
    if faults := [message for _, message in roles.faults(component, groups)]:
        asked = ", ".join(f"{role}={count}" for role, count in counts.items())
        raise BadRequest("\n".join(f"--replicas {asked}: {message}" for message in faults))
    return groups


def _inputs(tree: Tree, arguments: Arguments, faults: list[str]) -> dict[str, InputSource]:
    given: dict[str, InputSource] = {}
    listed = ", ".join(tree.inputs) or "none"
    for name, path in arguments.inputs.items():
        if name not in tree.inputs:
            faults.append(f"there is no input '{name}'; inputs: {listed}")
        given[name] = GivenUri(path) if is_uri(path) else GivenPath(path)
    given = {**default_data(tree), **given}
    for name, port in tree.inputs.items():
        if port.required and name not in given:
            faults.append(f"the required input '{name}' is not given: -i {name}=PATH")
    return given


def default_data(tree: Tree) -> dict[str, InputSource]:
    """What the inputs of a pipeline are where nothing else is given."""
    definition = tree.definition
    if isinstance(definition, Component):
        return {}
    folder = definition.source.folder
    return {name: _given(folder, local) for name, local in definition.data.items()}


def _given(folder: str, local: LocalPath) -> GivenPath | GivenUri:
    if is_uri(local.path):
        return GivenUri(local.path)
    if looks_like_uri(local.path):
        return GivenPath(local.path)
    return GivenPath(normpath(join(folder, local.path)))


def _parameters(
    tree: Tree, arguments: Arguments, faults: list[str]
) -> dict[str, Value | StepOutput]:
    listed = ", ".join(tree.parameters) or "none"
    faults.extend(
        f"there is no parameter '{name}'; parameters: {listed}"
        for name in arguments.parameters
        if name not in tree.parameters
    )
    resolved: dict[str, Value | StepOutput] = {}
    for name, parameter in tree.parameters.items():
        given = arguments.parameters.get(name, parameter.default)
        if given is None:
            if parameter.required:
                faults.append(f"the required parameter '{name}' is not given: -p {name}=VALUE")
            continue
        try:
            resolved[name] = values.read(parameter, given)
        except ValueError as error:
            faults.append(f"parameter '{name}': {error}")
    return resolved


@dataclass(frozen=True)
class _Place:
    """Where a pipeline stands among others: how its nodes are named, and what they wait for."""

    prefix: str = ""
    after: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()


class _Builder:
    """Collects steps while pipelines within pipelines are opened."""

    def __init__(self, scheduled: Mapping[str, Mapping[str, str]]) -> None:
        self.steps: dict[str, Step] = {}
        self._scheduled = scheduled

    def open(
        self,
        tree: Tree,
        inputs: Mapping[str, InputSource],
        parameters: Mapping[str, Value | StepOutput],
        place: _Place,
    ) -> None:
        """Adds the steps of the pipeline `tree`, which stands at `place`."""
        pipeline = tree.definition
        assert isinstance(pipeline, Pipeline)
        prefix = place.prefix
        scope = _Scope(tree, inputs, parameters, prefix)
        scheduled = self._scheduled.get(prefix, {})
        for name, written in pipeline.nodes.items():
            child, node = tree.children[name], scheduling.filled(pipeline, written, scheduled)
            child_inputs = {**default_data(child), **scope.inputs_of(node)}
            child_parameters = scope.parameters_of(node, child.parameters)
            after = (*place.after, *self._ends(tree, node.after, prefix))
            inner = _Place(f"{prefix}{name}.", after, (*place.guards, *scope.guards_of(node)))
            each = scope.each_of(node)
            if isinstance(child.definition, Pipeline):
                if each:
                    raise BadRequest(f"node '{prefix}{name}': foreach of a pipeline is not run yet")
                self.open(child, child_inputs, child_parameters, inner)
                continue
            step = _step(
                prefix + name, node, child.definition, child_inputs, child_parameters, inner, each
            )
            used = scheduling.of_command(child.definition, scheduled)
            self.steps[prefix + name] = replace(step, scheduling=used) if used else step

    def _ends(self, tree: Tree, names: tuple[str, ...], prefix: str) -> tuple[str, ...]:
        ends: list[str] = []
        for name in names:
            child = tree.children[name]
            if isinstance(child.definition, Component):
                ends.append(prefix + name)
            else:
                ends += self._ends(child, tuple(child.children), f"{prefix}{name}.")
        return tuple(ends)


@dataclass(frozen=True)
class _Scope:
    """What a pipeline's references mean at one place of the tree."""

    tree: Tree
    inputs: Mapping[str, InputSource]
    parameters: Mapping[str, Value | StepOutput]
    prefix: str

    def inputs_of(self, node: PipelineNode) -> dict[str, InputSource]:
        folder = self.tree.definition.source.folder
        found: dict[str, InputSource] = {}
        for name, binding in node.inputs.items():
            if isinstance(binding, LocalPath):
                found[name] = _given(folder, binding)
            elif binding.owner != "inputs":
                found[name] = source_of(self.tree, binding, self.prefix)
            elif binding.name in self.inputs:
                found[name] = self.inputs[binding.name]
        return found

    def parameters_of(
        self, node: PipelineNode, declared: Mapping[str, Parameter]
    ) -> dict[str, Value | StepOutput]:
        found: dict[str, Value | StepOutput] = {}
        for name, parameter in declared.items():
            given: Any = node.parameters.get(name, parameter.default)
            if isinstance(given, Reference) and given.owner != "parameters":
                found[name] = source_of(self.tree, given, self.prefix)
                continue
            if isinstance(given, Reference):
                given = self.parameters.get(given.name, parameter.default)
            if isinstance(given, StepOutput):
                found[name] = given
            elif given is not None:
                found[name] = self._checked(name, parameter, given)
        return found

    def guards_of(self, node: PipelineNode) -> tuple[Guard, ...]:
        if not node.when:
            return ()
        from millwork.spec import condition

        values: dict[str, Value | StepOutput] = {}
        for reference in condition.references(condition.parse(node.when)):
            if reference.owner != "parameters":
                values[str(reference)] = source_of(self.tree, reference, self.prefix)
            elif reference.name in self.parameters:
                values[str(reference)] = self.parameters[reference.name]
        return (Guard(node.when, values),)

    def each_of(self, node: PipelineNode) -> Each | None:
        if node.foreach is None:
            return None
        reference, into = node.foreach.items, node.foreach.into
        if reference.owner != "parameters":
            items: Value | StepOutput = source_of(self.tree, reference, self.prefix)
        elif reference.name in self.parameters:
            items = self.parameters[reference.name]
        else:
            raise BadRequest(f"the parameter '{reference.name}' is not given, and foreach needs it")
        return Each(items, into, node.foreach.max_parallel)

    def _checked(self, name: str, parameter: Parameter, given: object) -> Value:
        try:
            return values.read(parameter, given)
        except ValueError as error:
            raise BadRequest(f"parameter '{name}': {error}") from None


def _is_gang(node: PipelineNode) -> bool:
    return sum(group.count for group in node.replicas.values()) > 1


def _step(
    name: str,
    node: PipelineNode,
    component: Component,
    inputs: Mapping[str, InputSource],
    parameters: Mapping[str, Value | StepOutput],
    place: _Place,
    each: Each | None,
) -> Step:
    return Step(
        name=name,
        component=component,
        inputs=inputs,
        parameters=parameters,
        after=place.after,
        guards=place.guards,
        each=each,
        env=node.env,
        resources=node.resources or component.resources,
        timeout=node.timeout or component.timeout,
        retries=node.retries,
        on_lost=node.on_lost,
        continue_on_failure=node.continue_on_failure,
        file_names=node.file_names,
        replicas=roles.by_role(node.replicas) if _is_gang(node) else {},
        job=node.job,
        run_policy=node.run_policy,
    )
