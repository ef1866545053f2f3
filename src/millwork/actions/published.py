"""Components and pipelines that come as text, put together from the registry without a file.

A pipeline's nodes name what is registered: `name@version`, or `name` for the latest that is not
deprecated. What a name stood for when the pipeline was registered is kept in it as a pin.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from millwork.actions.builtins import builtin_tree
from millwork.actions.load import settled
from millwork.base.errors import BadRequest, InvalidFile, NotFound
from millwork.base.faults import Fault
from millwork.base.names import is_builtin, is_text
from millwork.base.records import dataclass, field
from millwork.base.uris import looks_like_uri
from millwork.blobs.code import is_kept
from millwork.formats.azureml.findings import Files
from millwork.registry.kinds import is_digest, repository_faults, uri_faults
from millwork.spec.document import PIPELINE_LIMITS, collector_paused, parse
from millwork.spec.fields import Reading
from millwork.spec.model import Code, Component, LocalPath, Pipeline
from millwork.spec.pipeline import sketch_pipeline
from millwork.spec.reader import read_root
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from millwork.actions.context import Context
    from millwork.spec.model import Definition, Path, Source
    from millwork.store.assets import Kept

DEEPEST = 16
"""How many pipelines may stand one in another."""


class Pin(TypedDict):
    """What a name in a pipeline stands for; `digest` is that of the version's document."""

    kind: str
    name: str
    version: str
    digest: str


@dataclass(frozen=True)
class Published:
    """A tree without errors, the warnings of its text, and how deep pipelines stand in it."""

    tree: Tree
    warnings: tuple[Fault, ...]
    depth: int


def check_text(text: str) -> None:
    """Raises BadRequest for a text that no component, pipeline or draft may have."""
    if len(text) > PIPELINE_LIMITS.size or not is_text(text):
        raise BadRequest(f"text: UTF-8 text, at most {PIPELINE_LIMITS.size >> 20} MB")


@collector_paused()
def read_published(
    context: Context,
    text: str,
    file: str,
    find: Callable[[str], Published],
    given: Collection[str] = (),
) -> Published:
    """The component or pipeline in `text`, of any flavour; nothing is run, and no file is read.

    What it refers to in another cloud is what the home's settings say. `find` gives what a node
    names, and raises BadRequest if it cannot; `given` are inputs that a run gives data for.
    Raises InvalidFile with every fault of the text, whose places are told as those of `file`.
    """
    if not is_text(text):
        raise InvalidFile([Fault(file, 1, 1, "", "error", "not text: it holds NUL or surrogates")])
    definition, reading = _read(text, file)
    if definition.flavour.startswith("azureml"):
        from millwork.actions.azureml import resolved

        definition = resolved(definition, context.maps(), _bridge, given)
    grower = _Grower(find)
    tree = grower.grown(definition, (), reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    if grower.depth > DEEPEST:
        raise BadRequest(f"at most {DEEPEST} pipelines may stand one in another")
    return Published(tree, tuple(reading.faults), grower.depth)


@collector_paused()
def sketched(
    context: Context, text: str, file: str, find: Callable[[str], Published]
) -> tuple[Tree, Reading]:
    """As much of a pipeline in Millwork's flavour as can be read, its wires checked; every fault.

    Its tree has no child where a node's component is not known. Arguments and errors are those of
    `read_published`, by which a text of another flavour is read whole.
    """
    root = parse(text, file)
    if "apiVersion" not in root.entries:
        read = read_published(context, text, file, find)
        return read.tree, Reading(file, list(read.warnings))
    pipeline, reading = sketch_pipeline(root, text, file)
    return _Grower(find).grown(pipeline, (), reading), reading


def rebuilt(
    context: Context, kept: Kept, known: dict[str, Published], given: Collection[str] = ()
) -> Published:
    """What was registered, as `read_published` gave it; `known` is what was rebuilt so far."""
    reference = f"{kept.kind}:{kept.name}@{kept.version}"
    if reference not in known:
        pins: dict[str, Pin] = kept.document["pins"]

        def find(name: str) -> Published:
            pin = pins[name]
            place = (pin["kind"], pin["name"], pin["version"])
            child = context.assets().get(kept.workspace, *place)
            if child is None or child.digest != pin["digest"]:
                raise NotFound(f"{' '.join(place)} is not there any more")
            return rebuilt(context, child, known)

        read = _remembered(context, kept, reference, find)
        if read is None:
            text, file = kept.document["text"], f"{kept.name}@{kept.version}"
            read = read_published(context, text, file, find, given)
            _remember(context, kept, reference, read)
        known[reference] = with_code(context, read, kept.document["bundle"], kept.version)
    return known[reference]


_READ: dict[tuple[str, str, str], tuple[Published, int]] = {}
"""What was read of registered texts, and how long these were: by the folder of code, the reference
and the digest. Whoever has another text, or names other versions, has another digest."""
_MOST_READ, _MOST_TEXT = 64, 2 << 20
"""So many texts, and letters of them: what is read takes up to fifty times the room of its text."""


def _remembered(
    context: Context, kept: Kept, reference: str, find: Callable[[str], Published]
) -> Published | None:
    """What a version's text was read as before, if all that it names is there still."""
    read, _ = _READ.get((context.code_store, reference, kept.digest), (None, 0))
    try:
        for name in kept.document["pins"] if read else ():
            find(name)
    except BadRequest:
        return None  # it is told at its place when the text is read
    return read


def _remember(context: Context, kept: Kept, reference: str, read: Published) -> None:
    """A version never changes, so its text is read once; what the settings say may change."""
    trees = _each_once(read.tree)
    size = sum(len(each.definition.source.text) for each in trees)
    asks_the_settings = any(each.definition.flavour.startswith("azureml") for each in trees)
    if asks_the_settings or size > _MOST_TEXT:
        return
    there = [own for _, own in list(_READ.values())]  # other threads read, too
    if len(there) >= _MOST_READ or sum(there) + size > _MOST_TEXT:
        _READ.clear()
    _READ[context.code_store, reference, kept.digest] = read, size


def _each_once(tree: Tree) -> list[Tree]:
    """The trees that one is made of: nodes that name the same share theirs, at every depth."""
    found: dict[int, Tree] = {}
    waiting = [tree]
    while waiting:
        each = waiting.pop()
        if id(each) not in found:
            found[id(each)] = each
            waiting += each.children.values()
    return list(found.values())


def with_code(context: Context, read: Published, bundle: str, version: str) -> Published:
    """What was read, at its version, with the folder of its code's snapshot."""
    folder = code_folder(context, bundle)
    tree = read.tree
    definition = replace(tree.definition, version=version, source=_within(tree, folder))
    children = dict(tree.children)
    if isinstance(definition, Component):
        definition = _with_snapshot(definition, folder)
    else:
        for name in definition.definitions:
            own = children[name]
            inner = replace(own.definition, source=_within(own, folder))
            children[name] = Tree(inner, own.children)
    return replace(read, tree=Tree(definition, children))


def code_folder(context: Context, bundle: str) -> str:
    """Where a snapshot of code lies; empty for none. Raises NotFound if it is not there.

    It is marked as in use: what is registered with it names it only once that is written.
    """
    if not bundle:
        return ""
    if not is_digest(bundle):
        raise BadRequest("bundle: the digest that the upload of the code has answered")
    folder = f"{context.code_store}/{bundle}"
    if not is_kept(folder):
        raise NotFound(f"there is no code {bundle}: upload its files, and make a bundle of them")
    return folder


def _within(tree: Tree, folder: str) -> Source:
    return replace(tree.definition.source, folder=folder)


def _with_snapshot(component: Component, folder: str) -> Component:
    code = component.code
    if code.git or code.uri:
        return component
    return replace(component, code=Code("." if folder else ""))


def _bridge(file: str) -> Definition:
    """What the home's settings put in the place of a component that does not run here."""
    from millwork.actions.load import load

    return load(file).tree.definition


def _read(text: str, file: str) -> tuple[Definition, Reading]:
    """The definition in a text, by the reader of its flavour."""
    from millwork.formats import azureml, pai

    repeated: list[Fault] = []
    root = parse(text, file, repeated)
    if azureml.is_azureml(root):
        files = Files("", lambda _path: "", lambda _path: None, check_code=False)
        return azureml.read_azureml(root, text, file, files, repeated)
    if repeated:
        parse(text, file)  # raises: only AzureML's own loader lets the last one count
    if "apiVersion" not in root.entries and pai.is_pai(root):
        return pai.read_pai(root, text, file)
    return read_root(root, text, file)


@dataclass
class _Grower:
    """Puts the trees of a pipeline's nodes to it."""

    find: Callable[[str], Published]
    depth: int = 0
    _found: dict[str, Published] = field(default_factory=dict)

    def grown(self, definition: Definition, at: Path, reading: Reading, level: int = 1) -> Tree:
        """The tree of a definition that stands at `at` in the text."""
        self.depth = max(self.depth, level)
        if isinstance(definition, Component):
            return Tree(_checked(definition, at, reading))
        for path, message in _foreign_files(definition):
            reading.fault((*at, *path), message)
        children = self._children(definition, at, reading, level)
        for name, own in definition.definitions.items():
            below = reading
            if isinstance(own, Pipeline):
                below = getattr(reading, "inner", {})[name]
            inner = replace(own, source=replace(definition.source, places={}, text=""))
            place = ("nodes", name) if isinstance(own, Component) else ()
            children[name] = self.grown(inner, place, below, level + 1)
        return settled(Tree(definition, children), reading)

    def _children(
        self, pipeline: Pipeline, at: Path, reading: Reading, level: int
    ) -> dict[str, Tree]:
        children = {}
        for name, node in pipeline.nodes.items():
            if name in pipeline.definitions or _is_refused(pipeline, node.component):
                continue
            try:
                if is_builtin(node.component):
                    children[name] = builtin_tree(node.component)
                    continue
                if node.component not in self._found:
                    self._found[node.component] = self.find(node.component)
            except BadRequest as error:
                reading.fault((*at, "nodes", name, "component"), str(error))
                continue
            found = self._found[node.component]
            self.depth = max(self.depth, level + found.depth)
            children[name] = found.tree
        return children


def _is_refused(pipeline: Pipeline, component: str) -> bool:
    """Whether it is a reference to another cloud, which is one of the pipeline's refusals."""
    if pipeline.flavour != "azureml-v2" or is_builtin(component):
        return False
    from millwork.formats.azureml.references import is_reference

    return is_reference(component)


def _checked(component: Component, at: Path, reading: Reading) -> Component:
    """The component, its code's place judged, and what its kind leaves unsaid put to it."""
    code = component.code
    faults = []
    if code.git:
        faults = list(repository_faults(code.git))
    elif code.uri:
        faults = list(uri_faults("code", code.uri))
    elif ".." in code.path.split("/") or os.path.isabs(code.path):
        faults = ["the code is in the folder that is uploaded: a relative path without '..'"]
    for message in faults:
        reading.fault((*at, "code"), message)
    if component.syntax == "shell":
        return component
    from millwork.actions.azureml import completed

    return completed(component, (*at, "command"), reading)


def _foreign_files(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """The places where a pipeline names files beside it: a server has none for it."""
    message = "a registered pipeline has no files beside it: make it an input of the pipeline"
    for name, local in pipeline.data.items():
        if not looks_like_uri(local.path):
            yield ("inputs", name), message
    for name, node in pipeline.nodes.items():
        for port, binding in node.inputs.items():
            if isinstance(binding, LocalPath) and not looks_like_uri(binding.path):
                yield ("nodes", name, "inputs", port), message
