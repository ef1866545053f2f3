"""`millwork run` and `millwork runs resume` with a server: it drives the run, and this shows it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any

from millwork.actions.drive import count_of
from millwork.actions.select import Selection, select
from millwork.actions.timing import timed
from millwork.app.doors import is_here
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_builtin
from millwork.base.uris import looks_like_uri
from millwork.cli.arguments import read_pairs, read_timed
from millwork.cli.bundles import Bundle, bundle_of, commits_of, send
from millwork.cli.following import Followed, follow, last_event
from millwork.plan.graph import expand
from millwork.plan.scheduling import scopes_of

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.base.faults import Fault
    from millwork.client.door import HttpDoor
    from millwork.plan.graph import Arguments
    from millwork.spec.model import Component
    from millwork.spec.tree import Tree

_FILE, _CODE = "component.yaml", "code"


def run(door: HttpDoor, tree: Tree, warnings: Sequence[Fault], options: Namespace) -> int:
    """Sends what is run, asks for the run, and follows it; its exit code."""
    arguments = read_timed(options)
    selection = Selection(options.first or "", options.last or "", options.only or "")
    _check_inputs(door, arguments, options)
    replicas = 1
    if "workspace" not in scopes_of(tree):  # of which only the server knows the values
        # What is wrong is found here, before anything is sent.
        steps = select(expand(tree, timed(arguments, tree, time.time())), selection)[0].steps
        replicas = count_of(*steps.values()) if len(steps) == 1 else 1
    bundle, file = _sent(door, tree, options)
    wish = _wish(arguments, options) | {"commits": commits_of(tree)}
    _warn(map(str, warnings))
    return _begun(door, wish | {"bundle": bundle, "file": file}, replicas, options)


def run_registered(door: HttpDoor, options: Namespace) -> int:
    """Asks for a run of what is registered, and follows it; its exit code."""
    arguments = read_timed(options)
    _check_inputs(door, arguments, options)
    kind, name, definition = _registered(door, options.file)
    counts = arguments.replicas or definition.get("replicas")
    replicas = sum(counts.values()) if isinstance(counts, dict) else 1
    return _begun(door, _wish(arguments, options) | {kind: name}, replicas, options)


def _registered(door: HttpDoor, word: str) -> tuple[str, str, Mapping[str, Any]]:
    """Which kind of thing is meant, its name, and what its file says."""
    if is_builtin(word):
        return "component", word, {}
    said, _, given = word.rpartition(":")
    name, _, version = given.partition("@")
    for kind in (said,) if said else ("component", "pipeline"):
        try:
            if version:
                shown = door.ask(f"{kind}s.version", name=name, version=version)
            else:
                shown = door.ask(f"{kind}s.show", name=name)
        except NotFound:
            continue
        return kind, given, shown["definition"]
    what = said or "component or pipeline"
    raise NotFound(f"cannot read {word}: there is no such file, and no registered {what} '{given}'")


def _begun(door: HttpDoor, wish: Mapping[str, Any], replicas: int, options: Namespace) -> int:
    asked = door.ask("runs.create", **wish)
    _warn(asked["notices"])
    if options.detach:
        said = json.dumps(asked, ensure_ascii=False) if options.json else asked["run"]
        sys.stdout.write(f"{said}\n")
        return 0
    return follow(door, _followed(door, asked["run"], replicas), options)


def _warn(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stderr.write(f"millwork: {line}\n")


def resume(door: HttpDoor, options: Namespace) -> int:
    """Has the server go on with a run that is over, and follows it; its exit code."""
    if options.all:
        raise BadRequest("the server takes up what was interrupted by itself: --all is without one")
    shown = door.ask("runs.show", run=options.run)
    tries = [step["tries"][-1] for step in shown["steps"] if step["tries"]]
    replicas = len({row["replica"] for row in tries[-1].get("replicas", ())}) if tries else 1
    after = last_event(door, shown["run"])
    door.ask("runs.resume", run=shown["run"])
    return follow(door, _followed(door, shown["run"], replicas, after), options)


def _followed(door: HttpDoor, run: str, replicas: int, after: int = 0) -> Followed:
    page = door.ask("runs.show", run=run)
    return Followed(run, page["name"], [step["node"] for step in page["steps"]], replicas, after)


def _check_inputs(door: HttpDoor, arguments: Arguments, options: Namespace) -> None:
    """Raises BadRequest for a path of this machine, if the server is on another."""
    if is_here(door):
        return
    for word in options.input:
        name, _, path = word.partition("=")
        if not looks_like_uri(path) and path != arguments.inputs.get(name):
            raise BadRequest(
                f"-i {name}: the server at {door.url} does not see the files here: give a URI, or "
                "an absolute path of its own; millwork data put brings files to a URI"
            )


def _wish(arguments: Arguments, options: Namespace) -> dict[str, Any]:
    """What the request says besides the files; what is not said is the server's to choose."""
    said = {
        "inputs": dict(arguments.inputs),
        "outputs": dict(arguments.outputs),
        "parameters": dict(arguments.parameters),
        "replicas": dict(arguments.replicas),
        "name": options.name,
        "note": options.note,
        "tags": read_pairs("--tag", "K=V", options.tag),
        "priority": options.priority,
        "visibility": "private" if options.private else None,
        "parallel": options.parallel,
        "engine": options.engine,
        "image": options.image,
        "require_image": options.require_image or None,
        "first": options.first,
        "last": options.last,
        "only": options.only,
        "force": options.force,
        "incremental": options.incremental or None,
        "bizdate": options.bizdate,
        "cyctime": options.cyctime,
        "timezone": options.tz,
    }
    return {name: value for name, value in said.items() if value}


def _sent(door: HttpDoor, tree: Tree, options: Namespace) -> tuple[str, str]:
    """The bundle's digest, and the path of the definition in it."""
    if options.command_words is None:
        bundle, file = bundle_of(tree, _file_of(tree, options.file))
        return send(door, bundle), file
    component: Any = tree.definition
    with tempfile.TemporaryDirectory() as folder:
        bundle = Bundle(folder)
        code = Bundle(component.code.path)
        code.add_folder(component.code.path)
        bundle.files.update({f"{_CODE}/{path}": file for path, file in code.files.items()})
        place = os.path.join(folder, _FILE)
        with open(place, "w", encoding="utf-8") as written:
            json.dump(_document(component, has_code=bool(code.files)), written)
        bundle.add(place)
        return send(door, bundle), _FILE


def _file_of(tree: Tree, given: str) -> str:
    """The definition's file: what was given may be its folder."""
    return tree.definition.source.file or given


def _document(component: Component, *, has_code: bool) -> Mapping[str, Any]:
    """A command as a component's file."""
    return {
        "apiVersion": "millwork/v1", "kind": "Component", "name": component.name,
        "version": component.version, "command": component.command,
        "job_type": component.job_type, "code": f"./{_CODE}" if has_code else ".",
        "is_deterministic": False,
    }  # fmt: skip
