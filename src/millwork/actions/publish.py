"""A text becomes a version of a component or pipeline, with pins for what its nodes name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from millwork.actions.assets import found, refuse, register
from millwork.actions.published import (
    Pin,
    Published,
    code_folder,
    read_published,
    rebuilt,
    with_code,
)
from millwork.base.errors import BadRequest, InvalidFile, NotFound
from millwork.base.faults import Fault
from millwork.base.names import is_entity
from millwork.base.records import dataclass, field
from millwork.plan.codec import plain
from millwork.registry.kinds import label_faults
from millwork.registry.versions import is_version
from millwork.spec.model import Code, Component, Pipeline
from millwork.views.assets import published_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.actions.call import Call
    from millwork.spec.model import Definition
    from millwork.spec.tree import Tree
    from millwork.store.assets import Kept
    from millwork.views.assets import PublishedView

NEXT = "next"
"""The version that asks for the one after the latest, whatever the text says."""
_FILE = "text"
"""What faults call a text: whoever has sent it knows its file."""


@dataclass
class Finder:
    """Finds what nodes name, for one person; keeps that, its pins, what is private, warnings."""

    call: Call
    pins: dict[str, Pin] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    warnings: list[Fault] = field(default_factory=list)
    private: list[str] = field(default_factory=list)
    _known: dict[str, Published] = field(default_factory=dict)

    def __call__(self, reference: str) -> Published:
        """What `name@version` or `name` stands for; raises BadRequest with what to do."""
        kept = self.kept[reference] = self.resolved(reference)
        what = f"{kept.kind} '{reference}'"
        if kept.visibility == "private":
            self.private.append(reference)
        if kept.deprecated:
            message = f"{what} is deprecated: {kept.deprecated}"
            self.warnings.append(Fault("", 0, 0, "nodes", "warning", message))
        self.pins[reference] = {
            "kind": kept.kind, "name": kept.name, "version": kept.version, "digest": kept.digest,
        }  # fmt: skip
        return rebuilt(self.call.context, kept, self._known)

    @property
    def uses(self) -> tuple[str, ...]:
        """What was found, as the registry refers to it: `component:name@version`."""
        named = (f"{pin['kind']}:{pin['name']}@{pin['version']}" for pin in self.pins.values())
        return tuple(dict.fromkeys(named))

    def resolved(self, reference: str) -> Kept:
        """The version that `name@version` or `name` stands for; raises as a call does."""
        name, _, version = reference.partition("@")
        if not is_entity(name) or (version and not is_entity(version)):
            raise BadRequest(
                f"'{reference[:80]}' is no name in the registry: register what the node runs, and "
                "name it here as name or name@version"
            )
        assets, workspace = self.call.context.assets(), self.call.workspace
        for kind in ("component", "pipeline"):
            place = (workspace, kind, name)
            kept = assets.get(*place, version) if version else assets.usable(*place)
            if kept and self.call.may(kind, "read", kept.creator, kept.visibility):
                return kept
        raise NotFound(f"there is no component or pipeline '{reference}' in this workspace")


def publish(
    call: Call,
    kind: str,
    text: str,
    bundle: str = "",
    version: str | None = None,
    visibility: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> PublishedView:
    """Registers the component or pipeline in `text`, and answers its version.

    Without a `version` that is the text's own; a text without one, and `next`, get the one after
    the latest. Raises Conflict if the version is registered with another content, InvalidFile
    with every fault of the text, NotFound for code that is not there.
    """
    finder = Finder(call)
    read = read_published(call.context, text, _FILE, finder)
    definition = read.tree.definition
    _check_kind(definition, kind)
    refuse(label_faults(labels or {}))
    _check_private(call, kind, definition.name, visibility, finder.private)
    code_folder(call.context, bundle)
    notices = () if bundle else _without_code(definition)
    document = {
        "text": text, "flavour": definition.flavour, "bundle": bundle, "pins": dict(finder.pins),
        "labels": dict(labels or {}),
    }  # fmt: skip
    kept = register(
        call, kind, definition.name, document,
        version=None if version == NEXT else version,
        own="" if version == NEXT else _own_version(definition), visibility=visibility,
        description=definition.description, words=_words(definition),
        uses=finder.uses,
    )  # fmt: skip
    made = with_code(call.context, read, bundle, kept.version).tree.definition
    return published_of(kept, plain(made), (*read.warnings, *notices, *finder.warnings))


def show(call: Call, kind: str, name: str, version: str = "") -> PublishedView:
    """One version of a component or pipeline; without a version, the latest."""
    kept = found(call, kind, name, version)
    read = rebuilt(call.context, kept, {})
    return published_of(kept, plain(read.tree.definition), read.warnings)


def content_of(call: Call, kept: Kept) -> Mapping[str, Any]:
    """What two versions are compared by: what the text says, not how it says it."""
    said = plain(rebuilt(call.context, kept, {}).tree.definition)
    rest = {name: kept.document[name] for name in ("bundle", "pins", "labels", "flavour")}
    return {**{name: said[name] for name in said if name not in ("version", "refusals")}, **rest}


def faults_in(call: Call, text: str) -> tuple[Fault, ...]:
    """Every fault and warning of a text that might be registered as a pipeline."""
    return checked(call, "pipeline", text)[1]


def checked(call: Call, kind: str, text: str) -> tuple[Tree | None, tuple[Fault, ...]]:
    """What is in a text that might be registered, if it has no errors; its faults and warnings."""
    finder = Finder(call)
    try:
        read = read_published(call.context, text, _FILE, finder)
        _check_kind(read.tree.definition, kind)
    except InvalidFile as error:
        return None, (*error.faults, *finder.warnings)
    except BadRequest as error:
        return None, (Fault(_FILE, 0, 0, "", "error", str(error)),)
    return read.tree, (*read.warnings, *finder.warnings)


def _check_kind(definition: Definition, kind: str) -> None:
    is_component = isinstance(definition, Component)
    if is_component != (kind == "component"):
        other = "component" if is_component else "pipeline"
        raise BadRequest(f"the text is a {other}, not a {kind}: register it among the {other}s")


def _check_private(
    call: Call, kind: str, name: str, visibility: str | None, private: Sequence[str]
) -> None:
    """What everybody may run is not made of what only some may see."""
    if not private or visibility == "private":
        return
    there = call.context.assets().get(call.workspace, kind, name)
    if there is None or there.visibility == "public":
        listed = ", ".join(private)
        raise BadRequest(f"private, and in a public pipeline: {listed}; make them alike")


def _own_version(definition: Definition) -> str:
    """The version that a text says itself; empty if it says none, or one of another form."""
    kind = "component" if isinstance(definition, Component) else "pipeline"
    is_said = not {("version",), ("AlgorithmVersion",)}.isdisjoint(definition.source.places)
    return definition.version if is_said and is_version(kind, definition.version) else ""


def _without_code(definition: Definition) -> tuple[Fault, ...]:
    """What is to be known of a text whose code was not sent; raises InvalidFile if it names it."""
    faults = []
    for component in _components(definition):
        code = component.code
        named = [code.path if _names_code(component) else "", *code.includes]
        if not (code.git or code.uri) and any(named):
            where = ", ".join(_shown(path) for path in named if path)
            faults.append(_of_code("error", f"its code is in {where}: send it (--code DIR)"))
    if faults:
        raise InvalidFile(faults)
    code = definition.code if isinstance(definition, Component) else Code("")
    if code.path != "." or code.git or code.uri:
        return ()
    message = "no files were sent with it: if its command needs some, send them (--code DIR)"
    return (_of_code("warning", message),)


def _names_code(component: Component) -> bool:
    """Whether a text says where the code is; without a word that is the folder beside it."""
    said = {place[-1] for place in component.source.places if place}
    return component.code.path not in ("", ".") or not said.isdisjoint(("code", "CodeDir"))


def _shown(path: str) -> str:
    return path if path == "." or path.startswith("./") else f"./{path}"


def _of_code(severity: Literal["error", "warning"], message: str) -> Fault:
    return Fault(_FILE, 0, 0, "code", severity, message)


def _components(definition: Definition) -> Iterator[Component]:
    if isinstance(definition, Component):
        yield definition
        return
    for own in definition.definitions.values():
        yield from _components(own)


def _words(definition: Definition) -> Iterator[str]:
    """What people look for: titles, ports, parameters, tags, and what is said of them."""
    yield from (definition.display_name, definition.version_description)
    for key, value in definition.tags.items():
        yield f"{key} {value}"
    for ports in (definition.inputs, definition.parameters, definition.outputs):
        for name, port in ports.items():
            yield f"{name} {getattr(port, 'description', '')}"
    if isinstance(definition, Pipeline):
        for name, node in definition.nodes.items():
            yield f"{name} {node.component}"
    else:
        yield f"{definition.job_type} {definition.image}"
