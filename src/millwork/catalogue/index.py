"""All built-in components, found by name, and by what other platforms call them."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import BUILTIN
from millwork.catalogue import azureml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.model import Declaration

_MODULES = (
    "source",
    "preprocess",
    "prepare",
    "features",
    "text",
    "statistics",
    "classify",
    "regress",
    "cluster",
    "anomaly",
    "predict",
    "evaluate",
    "compose",
    "series",
    "graph",
)  # in the order in which people meet them


@cache
def declarations() -> Mapping[str, Declaration]:
    """Every built-in component by its name."""
    found: dict[str, Declaration] = {}
    for name in _MODULES:
        module = import_module(f"millwork.catalogue.{name}")
        found |= {each.name: each for each in module.DECLARATIONS}
    return found


def builtin(reference: str) -> Declaration:
    """What `builtin:NAME`, `builtin:NAME@VERSION` or `azureml://NAME` names.

    NotFound if there is none, BadRequest for another version and for a module without a twin.
    """
    if not reference.startswith(BUILTIN):
        return azureml.twin(reference, declarations().values())
    name, _, version = reference.removeprefix(BUILTIN).partition("@")
    found = declarations().get(name)
    if found is None:
        near = " or ".join(get_close_matches(name, declarations(), 3, 0.7))
        hint = f"is it {near}?" if near else "`millwork catalogue list` shows all"
        raise NotFound(f"there is no built-in component '{name[:80]}': {hint}")
    if version and version != found.version:
        raise BadRequest(f"'{name}' is {found.version} here, and {version} is asked for")
    return found
