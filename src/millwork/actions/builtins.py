"""Built-in components as trees: what `builtin:NAME` stands for, wherever a component is named."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.names import BUILTIN, BUILTIN_TAG, is_builtin
from millwork.plan.model import Warm
from millwork.spec.model import Code, Source
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.engines.local.peeking import Peeker
    from millwork.plan.model import Step
    from millwork.spec.model import Component, Definition

CODE = "runtime"
"""The folder beside a file that a built-in was written to, for the code of all of them."""


def builtin_tree(reference: str) -> Tree:
    """The tree of `builtin:NAME`; BadRequest if there is none of that name."""
    from millwork.catalogue.index import builtin  # a run without any does not pay for it

    return Tree(builtin(reference).component(code_folder()))


def code_folder() -> str:
    """The folder of the functions that built-in components run."""
    from millwork import runtime

    return os.path.dirname(runtime.__file__)


def own_component(reference: str) -> Component:
    """A built-in as a component of one's own, whose file has its code beside it, in CODE."""
    from millwork.catalogue.index import builtin

    component = builtin(reference).component(code_folder())
    tags = {name: text for name, text in component.tags.items() if name != BUILTIN_TAG}
    return replace(component, tags=tags, code=Code(f"./{CODE}"), source=Source())


def put_code(folder: str) -> None:
    """Puts the built-ins' code into CODE in a folder.

    BadRequest if there is something else of that name, or where nothing can be written.
    """
    from millwork.blobs import code

    code.put(code_folder(), os.path.join(folder, CODE))


def functions_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The functions of a run's built-ins in their order, if several of its steps are; else none."""
    found = [step for step in steps if _is_plain_builtin(step)]
    if len(found) < 2 and not any(step.each for step in found):
        return ()
    return tuple(dict.fromkeys(_words(step)[0] for step in found))


def warm_of(step: Step, functions: tuple[str, ...]) -> Warm | None:
    """How a step may be forked from a process that has imported its libraries already.

    None unless it is a built-in's, with variables as they all have them: a library reads some of
    those when it is imported. `functions` are those of the run, if there are several.
    """
    return Warm(_words(step), functions) if _is_plain_builtin(step) else None


def _is_plain_builtin(step: Step) -> bool:
    """Whether a step is a built-in's as it was declared; anybody may write that tag."""
    component = step.component
    if BUILTIN_TAG not in component.tags or step.env or step.is_job:
        return False
    from millwork.catalogue.index import declarations

    declared = declarations().get(component.name)
    return declared is not None and declared.component("") == component


def _words(step: Step) -> tuple[str, ...]:
    """`python . MODULE.FUNCTION MEMBER` without what starts it."""
    return tuple(step.component.command.split()[2:])


def peeker(home: str, *, builds: bool) -> Peeker:
    """Who tells the columns of tables; with `builds` its libraries are installed if need be."""
    from millwork.blobs import code
    from millwork.engines.local.peeking import Peeker

    digest = code.scan(code_folder(), f"{home}/code").digest
    return Peeker(code_folder(), digest, home, builds=builds)


def hint_of(word: str) -> str:
    """What to say of a file that is not there, if it is a built-in's name without `builtin:`."""
    from millwork.catalogue.index import declarations

    name = os.path.basename(word)
    return f"; did you mean {BUILTIN}{name}?" if name in declarations() else ""


def is_builtin_definition(definition: Definition) -> bool:
    """Whether a definition came from the catalogue, and no file."""
    return is_builtin(definition.source.file)
