"""A typed function's signature, by its annotations as Python has them."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

from millwork.base.errors import BadRequest
from millwork.formats.python.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Callable


def read_function(
    function: Callable[..., Any], owner: Literal["pipeline", "component"]
) -> Signature:
    """The signature of a function for a pipeline or a component.

    BadRequest for a parameter without an annotation, or with one that has no meaning here.
    """
    who = f"{function.__name__}()"
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError) as error:
        raise BadRequest(f"{who}: its annotations cannot be read: {error}") from None
    found = Signature(returns=hints.get("return"))
    for parameter in inspect.signature(function).parameters.values():
        at = f"{who}: '{parameter.name}'"
        if parameter.kind not in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY):
            raise BadRequest(f"{at}: arguments are given by name; leave out *, ** and /")
        if parameter.name not in hints:
            raise BadRequest(f"{at} has no type; annotate it: int, float, str, bool or a port")
        found.add(who, parameter.name, hints[parameter.name], parameter.default, owner)
    return found
