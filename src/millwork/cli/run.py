"""`millwork run`."""

from __future__ import annotations

import gc
import json
import os
import shlex
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.actions import runs, submit
from millwork.actions.drive import open_loop
from millwork.actions.resume import restore
from millwork.actions.sampling import sampling
from millwork.actions.select import Selection
from millwork.app.compose import default_engine, home_settings, open_context
from millwork.app.doors import server_door
from millwork.base.errors import BadRequest
from millwork.base.names import is_builtin, is_entity
from millwork.cli.arguments import read_arguments, read_pairs, read_timed
from millwork.cli.display import open_display
from millwork.spec.model import Code, Component
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping

    from millwork.actions.context import Context
    from millwork.base.faults import Fault
    from millwork.cli.display import Display
    from millwork.client.door import HttpDoor
    from millwork.ports import Engine


def run(options: Namespace) -> int:
    """Runs it, shows how it goes, and returns 0 if it succeeded, 1 if not."""
    _check(options)
    door = server_door(options.workspace)
    if is_registered_word(options.file) and (door or not is_builtin(options.file)):
        return _run_registered(door, options)
    tree, warnings = _definition(options)
    if options.output:
        check_target(options.output)
    if door:
        from millwork.cli import served

        return served.run(door, tree, warnings, options)
    _check_alone(options)
    request = submit.Request(
        tree=tree,
        arguments=read_timed(options),
        parallel=options.parallel,
        name=options.name,
        notes=options.note,
        tags=read_pairs("--tag", "K=V", options.tag),
        require_image=options.require_image,
        engine=options.engine or default_engine(),
        selection=Selection(options.first or "", options.last or "", options.only or ""),
        forced=tuple(options.force),
        incremental=options.incremental,
    )
    gc.freeze()  # what is imported is no garbage: nothing is looked for in it, nor at the end
    context = open_context(begun=options.begun)
    submitted = submit.submit(context, request)
    out = sys.stderr if options.json else sys.stdout
    for line in (*map(str, warnings), *submitted.notices):
        sys.stderr.write(f"millwork: {line}\n")
    steps = submitted.graph.steps
    with open_display(context, submitted.run, steps, out) as display:
        observer = sampling(context, submitted.run, display)
        loop = open_loop(context, submitted.run, steps, observer)
        if submitted.taken:
            restore(loop, submitted.run, context.store.steps(submitted.run.id), ())
        status = loop.drive()
    return conclude(context, submitted.run.id, status, display, options)


def is_registered_word(word: str | None) -> bool:
    """Whether it is no file, but may name what is registered: `NAME@VERSION`, `component:NAME`."""
    if word is None or os.path.lexists(word):
        return False
    if is_builtin(word):
        return True
    kind, colon, name = word.rpartition(":")
    if colon and kind not in ("component", "pipeline"):
        return False
    is_file_name = not colon and word.endswith((".yaml", ".yml", ".json"))
    return not is_file_name and is_entity(name.partition("@")[0])


def _run_registered(door: HttpDoor | None, options: Namespace) -> int:
    if door is None:
        from millwork.actions.builtins import hint_of

        hint = hint_of(options.file) or "; what is registered is run with a server: millwork up"
        raise BadRequest(f"cannot read {options.file}: No such file or directory{hint}")
    from millwork.cli import served

    if options.output:
        check_target(options.output)
    return served.run_registered(door, options)


def conclude(
    context: Context, run_id: str, status: str, display: Display, options: Namespace
) -> int:
    """Says what came of a run, copies its outputs if asked, and returns the exit code."""
    result = runs.result(context, run_id)
    if getattr(options, "output", None):
        result["outputs"] = runs.export(context, run_id, options.output)
    display.conclude(result, failed_logs(context, result))
    if options.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    return 0 if status == "succeeded" else 1


def failed_logs(context: Context, result: Mapping[str, Any]) -> dict[str, str]:
    """The ends of the logs of the steps that failed, where there is more than one step."""
    if len(result["steps"]) == 1:
        return {}
    row = runs.find(context, result["run"])
    failed = [
        step["node"] for step in result["steps"] if step["status"] == "failed" and step["attempts"]
    ][:3]
    engine = context.engine_of(row)
    return {name: _end_of_log(engine, runs.first_failed(context, row, name)) for name in failed}


def _end_of_log(engine: Engine, process: str) -> str:
    data, offset, end = b"", 0, b""
    while True:
        data, offset = engine.log(process, offset)
        if not data:
            return "\n".join(end.decode("utf-8", "replace").splitlines()[-12:])
        end = (end + data)[-8192:]


def _check(options: Namespace) -> None:
    if options.file is None and options.command_words is None and options.force:
        # `--force FILE`: the option may stand without a node, before the file.
        options.file, options.force[-1] = options.force[-1] or None, ""
    if (options.file is None) == (options.command_words is None):
        raise BadRequest("give a file, or -- and a command: see millwork run --help")
    if options.command_words == []:
        raise BadRequest("there is no command after --")
    if options.parallel is not None and options.parallel < 1:
        raise BadRequest("--parallel is at least 1")


def _check_alone(options: Namespace) -> None:
    """Raises BadRequest for what only a server can do."""
    wanted = {
        "--detach": options.detach, "--priority": options.priority is not None,
        "--private": options.private,
    }  # fmt: skip
    for option, is_wanted in wanted.items():
        if is_wanted:
            raise BadRequest(f"{option} goes with a server, and none is on this home: millwork up")


def _definition(options: Namespace) -> tuple[Tree, tuple[Fault, ...]]:
    if options.command_words is None and is_builtin(options.file):
        from millwork.actions.builtins import builtin_tree  # there is no file to be read

        return _with_image(builtin_tree(options.file), options.image), ()
    if options.command_words is None:
        from millwork.actions.load import Options, load

        given = tuple(read_arguments(options).inputs)
        loaded = load(options.file, Options(home_settings, given=given))
        return _with_image(loaded.tree, options.image), loaded.warnings
    words = options.command_words
    component = Component(
        name=_job_name(words[0]),
        version="1.0.0",
        # One word is shell text, as in a component's file; several are words, kept apart.
        command=words[0] if len(words) == 1 else shlex.join(words),
        job_type=options.job,
        image=options.image or "",
        code=Code(os.path.abspath(options.code or ".")),
        is_deterministic=False,  # nobody has said that it would print and do the same again
    )
    return Tree(component), ()


def _with_image(tree: Tree, image: str | None) -> Tree:
    if not image:
        return tree
    if not isinstance(tree.definition, Component):
        raise BadRequest("--image goes with a component or a COMMAND: a pipeline's name their own")
    return replace(tree, definition=replace(tree.definition, image=image))


def _job_name(command: str) -> str:
    word = os.path.basename((command.split() or [""])[0])
    return "".join(letter for letter in word if letter.isalnum())[:32] or "job"


def check_target(path: str) -> None:
    """Raises BadRequest unless outputs can be copied to a new or empty folder of that name."""
    if os.path.isdir(path) and os.listdir(path):
        raise BadRequest(f"-o {path}: the folder is not empty; name a new one")
    if os.path.exists(path) and not os.path.isdir(path):
        raise BadRequest(f"-o {path}: there is a file of that name")
    above = os.path.abspath(path)
    while not os.path.lexists(above):
        above = os.path.dirname(above)
    if not (os.path.isdir(above) and os.access(above, os.W_OK)):
        raise BadRequest(f"-o {path}: {above} is no folder that can be written")
