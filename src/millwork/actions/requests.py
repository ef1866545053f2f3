"""A run asked of a server: what it names is found, read and checked, and waits for its turn.

Nothing that a request says is joined to a path of this machine: files are those of a bundle that
was uploaded, looked up in what was registered or kept (reliability.md section 4).
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.actions.assets import found, load_registered
from millwork.actions.builtins import builtin_tree
from millwork.actions.load import Options, load
from millwork.actions.select import Selection
from millwork.actions.sources import fetched
from millwork.actions.storage import Fence
from millwork.actions.submit import Owner, Request, submit
from millwork.base.errors import BadRequest, Conflict, Forbidden, InvalidFile, NotFound
from millwork.base.names import is_builtin
from millwork.base.records import dataclass, field
from millwork.blobs.code import is_kept
from millwork.plan.graph import Arguments
from millwork.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.call import Call
    from millwork.actions.submit import Submitted
    from millwork.base.faults import Fault
    from millwork.blobs.code import GitState
    from millwork.plan.scheduling import Timing
    from millwork.spec.tree import Tree

_BUNDLE = re.compile(r"[0-9a-f]{64}")
_DRAFT = "text"
"""What faults call a draft's text."""
ENGINES = ("local", "container")


@dataclass(frozen=True)
class RunWish:
    """What a request for a run says; see the verb `runs.create`.

    `id` is the run's, where who asks has chosen it.
    """

    component: str = ""
    pipeline: str = ""
    bundle: str = ""
    code: str = ""
    file: str = ""
    draft: str = ""
    revision: int = 0
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    replicas: Mapping[str, int] = field(default_factory=dict)
    name: str = ""
    note: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    priority: int = 5
    visibility: str = "public"
    parallel: int | None = None
    engine: str = ""
    image: str = ""
    require_image: bool = False
    first: str = ""
    last: str = ""
    only: str = ""
    force: tuple[str, ...] = ()
    incremental: bool = False
    commits: Mapping[str, GitState] = field(default_factory=dict)
    timing: Timing | None = None
    id: str = ""


def ask(call: Call, wish: RunWish) -> Submitted:
    """Keeps the run.

    Raises BadRequest, InvalidFile, NotFound or Unavailable, and then nothing was kept.
    """
    _check(wish)
    _check_engine(call, wish)
    source = fetched(call, wish.code) if wish.code else None
    sent = source.folder if source else bundle_folder(call, wish.bundle) if wish.file else ""
    wanted = _wanted(call, wish, sent)
    request = Request(
        tree=_with_image(wanted.tree, wish.image),
        arguments=Arguments(
            wish.inputs, dict(wish.parameters), wish.replicas, wish.outputs, wish.timing
        ),
        parallel=wish.parallel,
        name=wish.name,
        notes=wish.note,
        tags=wish.tags,
        require_image=wish.require_image,
        engine=wish.engine or call.context.default_engine(),
        selection=Selection(wish.first, wish.last, wish.only),
        forced=wish.force,
        incremental=wish.incremental,
        owner=Owner(call.workspace, call.who.person, wish.visibility, wish.priority),
        commits={"": source.state} if source else wish.commits,
        uses=wanted.uses,
        origin=wanted.origin,
        fence=fence_of(call, sent),
        id=wish.id,
    )
    submitted = submit(call.context, request)
    return replace(submitted, notices=(*wanted.notices, *submitted.notices))


def bundle_folder(call: Call, digest: str) -> str:
    """The folder of an uploaded bundle; raises NotFound if there is none."""
    folder = f"{call.context.code_store}/{digest}"
    if not _BUNDLE.fullmatch(digest) or not is_kept(folder):
        raise NotFound(f"there is no bundle '{digest[:80]}': upload its files, then create it")
    return folder


def _check(wish: RunWish) -> None:
    ways = (wish.component, wish.pipeline, wish.draft, wish.bundle, wish.code)
    if sum(map(bool, ways)) != 1:
        raise BadRequest(
            "say what to run: one of component, pipeline, draft, or the file of a bundle or code"
        )
    if wish.revision and not wish.draft:
        raise BadRequest("revision: goes with a draft")
    if bool(wish.bundle or wish.code) != bool(wish.file):
        raise BadRequest("file: which one of the bundle, or of the code source, is run")
    if not 1 <= wish.priority <= 9:
        raise BadRequest("priority: 1 to 9, the highest first")
    if wish.parallel is not None and wish.parallel < 1:
        raise BadRequest("parallel: at least 1")
    if wish.engine not in ("", *ENGINES):
        raise BadRequest(f"engine: one of {', '.join(ENGINES)}")
    if any(count < 1 for count in wish.replicas.values()):
        raise BadRequest("replicas: at least 1 of each role")


def _check_engine(call: Call, wish: RunWish) -> None:
    """Raises Forbidden for what would go round the wall that a container is.

    Whoever owns the home may; on the local engine a step can read it anyway (docs/security.md).
    """
    if call.who.is_admin:
        return
    default = call.context.default_engine()
    if wish.engine not in ("", default) and default != ENGINES[0]:
        raise Forbidden(f"runs of this server have the engine {default}; an admin may choose")


def fence_of(call: Call, folder: str = "") -> Fence | None:
    """What data a run may not be given: whoever owns the home may read what is in it.

    What was sent, to a `folder`, is not meant.
    """
    if call.who.is_admin:
        return None

    def open_() -> tuple[str, ...]:
        """What was sent, and what the settings name."""
        sent = (folder,) if folder else ()
        return (*sent, *call.context.maps().references.datasets.values())

    return Fence(call.context.home, open_)


@dataclass(frozen=True)
class _Wanted:
    """What is run, with what of the registry that is, and which draft it came from."""

    tree: Tree
    notices: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    origin: Mapping[str, Any] = field(default_factory=dict)


def _wanted(call: Call, wish: RunWish, folder: str) -> _Wanted:
    if folder:
        return _of_folder(call, wish, folder)
    if wish.draft:
        return _of_draft(call, wish)
    if is_builtin(wish.component):
        return _Wanted(builtin_tree(wish.component))
    kind, given = ("component", wish.component) if wish.component else ("pipeline", wish.pipeline)
    name, _, version = given.partition("@")
    tree, notices = load_registered(call, kind, name, version, tuple(wish.inputs))
    used = f"{kind}:{tree.definition.name}@{tree.definition.version}"
    return _Wanted(tree, notices, (used,))


def _of_draft(call: Call, wish: RunWish) -> _Wanted:
    """What a draft's text says now; raises Conflict if another revision is meant."""
    from millwork.actions.publish import Finder
    from millwork.actions.published import read_published, with_code

    kept = found(call, "draft", wish.draft)
    if wish.revision not in (0, kept.revision):
        raise Conflict(f"draft '{kept.name}' is at revision {kept.revision}: look at it, then run")
    text, bundle = kept.document["text"], kept.document["bundle"]
    finder = Finder(call)
    read = read_published(call.context, text, _DRAFT, finder, tuple(wish.inputs))
    made = with_code(call.context, read, bundle, read.tree.definition.version)
    origin = {"draft": kept.name, "revision": kept.revision, "bundle": bundle}
    return _Wanted(
        made.tree, tuple(map(str, (*read.warnings, *finder.warnings))), finder.uses, origin
    )


def _of_folder(call: Call, wish: RunWish, folder: str) -> _Wanted:
    path = os.path.normpath(os.path.join(folder, wish.file))
    if not path.startswith(f"{folder}/"):
        raise NotFound(f"there is no file '{wish.file[:200]}' there")
    try:
        loaded = load(path, Options(call.context.maps, given=tuple(wish.inputs), root=folder))
    except InvalidFile as error:
        raise InvalidFile([_within(folder, fault) for fault in error.faults]) from None
    except BadRequest as error:
        raise BadRequest(str(error).replace(f"{folder}/", "")) from None
    notices = tuple(str(_within(folder, fault)) for fault in loaded.warnings)
    return _Wanted(loaded.tree, notices, origin={"bundle": wish.bundle} if wish.bundle else {})


def _within(folder: str, fault: Fault) -> Fault:
    """A fault of what was sent, by the path that it was sent under."""
    return replace(fault, file=fault.file.removeprefix(f"{folder}/"))


def _with_image(tree: Tree, image: str) -> Tree:
    if not image:
        return tree
    if not isinstance(tree.definition, Component):
        raise BadRequest("image goes with a component: a pipeline's name their own")
    return replace(tree, definition=replace(tree.definition, image=image))
