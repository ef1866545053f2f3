"""Built-in components as trees: what `builtin:NAME` stands for, wherever a component is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from millwork.base.names import BUILTIN, BUILTIN_TAG, is_builtin
from millwork.plan.model import Warm
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.engines.local.peeking import Peeker
    from millwork.plan.model import Step
    from millwork.spec.model import Definition


def builtin_tree(reference: str) -> Tree:
    """The tree of `builtin:NAME`; BadRequest if there is none of that name."""
    from millwork.catalogue.index import builtin  # a run without any does not pay for it

    return Tree(builtin(reference).component(code_folder()))


def code_folder() -> str:
    """The folder of the functions that built-in components run."""
    from millwork import runtime

    return os.path.dirname(runtime.__file__)


def functions_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The functions of a run's built-ins in their order, if several of its steps are; else none."""
    found = [step for step in steps if _is_plain_builtin(step)]
    if len(found) < 2 and not any(step.each for step in found):
        return ()
    return tuple(dict.fromkeys(_words(step)[0] for step in found))


def warm_of(step: Step, functions: tuple[str, ...]) -> Warm | None:
    """How a step may be forked from a process that has imported its libraries already.

    None unless it is a built-in's among others (`functions`), with variables as they all have
    them: a library reads some of those when it is imported.
    """
    return Warm(_words(step), functions) if functions and _is_plain_builtin(step) else None


def _is_plain_builtin(step: Step) -> bool:
    component = step.component
    return BUILTIN_TAG in component.tags and not (step.env or component.env or step.is_job)


def _words(step: Step) -> tuple[str, ...]:
    """`python . MODULE.FUNCTION MEMBER` without what starts it."""
    return tuple(step.component.command.split()[2:])


def peeker(home: str, *, builds: bool) -> Peeker:
    """Who tells the columns of tables; with `builds` its libraries are installed if need be."""
    from millwork.engines.local.peeking import Peeker

    return Peeker(code_folder(), f"{home}/envs", builds=builds)


def hint_of(word: str) -> str:
    """What to say of a file that is not there, if it is a built-in's name without `builtin:`."""
    from millwork.catalogue.index import declarations

    name = os.path.basename(word)
    return f"; did you mean {BUILTIN}{name}?" if name in declarations() else ""


def is_builtin_definition(definition: Definition) -> bool:
    """Whether a definition came from the catalogue, and no file."""
    return is_builtin(definition.source.file)
