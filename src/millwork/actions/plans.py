"""What a pipeline's text would run, while it is being written: nothing is run, and nothing kept.

A canvas is always half finished: what is wrong is told, and the rest is looked at without it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from millwork.actions import columns
from millwork.actions.builtins import peeker
from millwork.actions.columns import Survey, table_of
from millwork.actions.palette import about_of, builtin_face
from millwork.actions.publish import Finder
from millwork.actions.published import check_text, code_folder, sketched
from millwork.actions.requests import fence_of
from millwork.actions.storage import Storage
from millwork.actions.timing import timed
from millwork.base.errors import BadRequest, InvalidFile, Unavailable
from millwork.base.faults import Fault
from millwork.base.names import is_builtin, is_text
from millwork.base.records import dataclass, field
from millwork.base.uris import is_uri
from millwork.plan.graph import Arguments, default_data, opened, refusals, source_of
from millwork.plan.model import GivenPath, GivenUri, Graph
from millwork.plan.partial import sound_part
from millwork.plan.scheduling import evaluated
from millwork.spec import values
from millwork.spec.model import Component, Pipeline, Reference
from millwork.views.faces import About, face_of
from millwork.views.plans import plan_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.actions.call import Call
    from millwork.actions.columns import Ask, Finding
    from millwork.plan.model import InputSource, Step
    from millwork.plan.scheduling import Timing
    from millwork.spec.fields import Reading
    from millwork.spec.model import Value
    from millwork.spec.tree import Tree
    from millwork.views.faces import Face
    from millwork.views.plans import PlanNode, PlanView, Table

_FILE = "text"
_NOT_GIVEN = GivenUri("")
"""An input of the pipeline that only a run will be given: nothing is known of its data."""


def plan(
    call: Call,
    text: str,
    bundle: str = "",
    parameters: Mapping[str, Any] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> PlanView:
    """The nodes of a text with their faces and columns as far as they are known, and every fault.

    Raises BadRequest for what is no text, and NotFound for a bundle that is not there.
    """
    check_text(text)
    code_folder(call.context, bundle)
    finder = Finder(call)
    try:
        tree, reading = sketched(call.context, text, _FILE, finder)
    except InvalidFile as error:
        return {"nodes": {}, "faults": plan_faults(error.faults, ())}
    except BadRequest as error:
        fault = Fault(_FILE, 0, 0, "", "error", str(error))
        return {"nodes": {}, "faults": plan_faults([fault], ())}
    if isinstance(tree.definition, Component):
        reading.fault((), "the text is a component, not a pipeline")
        return {"nodes": {}, "faults": plan_faults(reading.faults, ())}
    planner = _Planner(call, tree, reading, finder)
    return planner.view(planner.survey(parameters or {}, inputs or {}))


@dataclass
class _Planner:
    """Looks at one text, for one person; what it finds wrong is added to the reading."""

    call: Call
    tree: Tree
    reading: Reading
    finder: Finder
    doubts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def pipeline(self) -> Pipeline:
        definition = self.tree.definition
        assert isinstance(definition, Pipeline)
        return definition

    # --- columns ----------------------------------------------------------------------

    def survey(self, parameters: Mapping[str, Any], inputs: Mapping[str, str]) -> Survey:
        """The columns at every port, as far as what is right of the text tells them."""
        self._note_components()
        known = self._parameters(parameters)
        sources = self._inputs(inputs)
        part, unready = sound_part(self.tree, self.reading.faulty(), known)
        try:
            scheduled = evaluated(part, self._timed(part))
            graph = self._with_data(opened(part, sources, known, scheduled))
        except BadRequest as error:
            self.reading.fault((), str(error))
            return Survey({}, {})
        steps = {name for name in graph.steps if _node_of(name) in unready}
        with peeker(self.call.context.home, builds=True) as looking:
            found = columns.looked(graph, self._asking(looking.ask), steps)
        for finding in found.faults:
            self._note(finding)
        for doubt in found.doubts:
            self.doubts.setdefault(_node_of(doubt.step), []).append(_words(doubt))
        return found

    def _timed(self, tree: Tree) -> Timing | None:
        """The clocks of a run that would begin now."""
        context, workspace = self.call.context, self.call.workspace
        variables = partial(context.people().variables, workspace)
        return timed(Arguments(), tree, context.clock.wall(), variables).timing

    def _note_components(self) -> None:
        """Notes what is to be said of the nodes' components."""
        for name, node in self.pipeline.nodes.items():
            at = ("nodes", name, "component")
            kept = self.finder.kept.get(node.component)
            if kept and kept.deprecated:
                self.reading.fault(at, f"it is deprecated: {kept.deprecated}", "warning")
            for reason in refusals(self.tree.children[name]) if name in self.tree.children else ():
                self.reading.fault(at, reason)

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, Value]:
        """The values that are known; what is given and does not fit is noted."""
        found: dict[str, Value] = {}
        for name in given:
            if name not in self.tree.parameters:
                self.reading.fault(("parameters", name), f"there is no parameter '{name}'")
        for name, parameter in self.tree.parameters.items():
            value = given.get(name, parameter.default)
            if value is None:
                continue
            try:
                found[name] = values.read(parameter, value)
            except ValueError as error:
                self.reading.fault(("parameters", name), str(error))
        return found

    def _inputs(self, given: Mapping[str, str]) -> dict[str, InputSource]:
        """What the pipeline's own inputs read; what will have to be given is noted nowhere."""
        for name in given:
            if name not in self.tree.inputs:
                self.reading.fault(("inputs", name), f"there is no input '{name}'")
        needed = {name: _NOT_GIVEN for name, port in self.tree.inputs.items() if port.required}
        said = {name: GivenUri(at) if is_uri(at) else GivenPath(at) for name, at in given.items()}
        return {**needed, **default_data(self.tree), **said}

    def _with_data(self, graph: Graph) -> Graph:
        """The graph with paths for what lies on this machine, and may be read."""
        storage = Storage(
            self.call.context, self.call.workspace, self.call.who.person, fence_of(self.call)
        )
        steps = {
            name: replace(step, inputs=dict(self._found(storage, step)))
            for name, step in graph.steps.items()
        }
        return Graph(steps, graph.outputs)

    def _found(self, storage: Storage, step: Step) -> Iterator[tuple[str, InputSource]]:
        for port, source in step.inputs.items():
            try:
                yield port, _looked_up(self.call, storage, source)
            except BadRequest as error:
                self.reading.fault(("nodes", _node_of(step.name), "inputs", port), str(error))
                yield port, _NOT_GIVEN

    def _asking(self, ask: Ask) -> Ask:
        def asked(question: Mapping[str, Any]) -> Mapping[str, Any]:
            try:
                return ask(question)
            except Unavailable as error:  # what files hold is not known then: the rest is
                self.reading.fault((), str(error), "warning")
                return {}

        return asked

    def _note(self, finding: Finding) -> None:
        is_own = finding.step in self.pipeline.nodes and finding.parameter
        below = ("parameters", finding.parameter) if is_own else ()
        message = finding.message if is_own else _words(finding)
        self.reading.fault(("nodes", _node_of(finding.step), *below), message)

    # --- the answer -------------------------------------------------------------------

    def view(self, found: Survey) -> PlanView:
        """The answer."""
        nodes = {name: self._node(name, found) for name in self.pipeline.nodes}
        return {"nodes": nodes, "faults": plan_faults(self.reading.faults, self._names())}

    def _node(self, name: str, found: Survey) -> PlanNode:
        face = self._face(name)
        return {
            "face": face,
            "inputs": {port["name"]: self._table_at(name, port["name"], found)
                       for port in (face["inputs"] if face else ())},
            "outputs": {port["name"]: self._table_of(Reference(name, port["name"]), found)
                        for port in (face["outputs"] if face else ())},
            "doubts": self.doubts.get(name, []),
        }  # fmt: skip

    def _face(self, name: str) -> Face | None:
        child, reference = self.tree.children.get(name), self.pipeline.nodes[name].component
        if child is None:
            return None
        if is_builtin(reference):
            return builtin_face(reference)
        kept = self.finder.kept.get(reference)
        return face_of(child, about_of(kept) if kept else About())

    def _table_at(self, name: str, port: str, found: Survey) -> Table | None:
        """The table at an input; that of a pipeline within is known by where its wire begins."""
        if isinstance(self.tree.children[name].definition, Component):
            return table_of(found.inputs.get(name, {}).get(port))
        wire = self.pipeline.nodes[name].inputs.get(port)
        if not isinstance(wire, Reference) or wire.owner not in self.tree.children:
            return None
        return self._table_of(wire, found)

    def _table_of(self, output: Reference, found: Survey) -> Table | None:
        if self.tree.children[output.owner].output_type(output.name) is None:
            return None
        made = source_of(self.tree, output)
        return table_of(found.outputs.get(made.step, {}).get(made.port))

    def _names(self) -> frozenset[str]:
        """The names of all ports and parameters."""
        trees = (self.tree, *self.tree.children.values())
        known = {name for tree in trees for name in (*tree.inputs, *tree.parameters)}
        nodes = self.pipeline.nodes.values()
        said = {name for node in nodes for name in (*node.inputs, *node.parameters)}
        return frozenset(known | said)


def _looked_up(call: Call, storage: Storage, source: InputSource) -> InputSource:
    """Where data lies; raises BadRequest for what is not there, Forbidden for the server's own."""
    if isinstance(source, GivenUri) and source != _NOT_GIVEN:
        return storage.source(source)[0]
    if isinstance(source, GivenPath):
        fence = fence_of(call)
        if fence:
            fence.check(source.path, source.path)
        if not is_text(source.path) or not os.path.exists(source.path):
            raise BadRequest(f"there is no {source.path}")
    return source


def _node_of(step: str) -> str:
    """The node of the text that a step belongs to: `outer` of `outer.inner`."""
    return step.partition(".")[0]


def _words(finding: Finding) -> str:
    """What is said of a step where its node is shown."""
    if "." in finding.step:
        return str(finding)
    where = f"parameter '{finding.parameter}': " if finding.parameter else ""
    return where + finding.message
