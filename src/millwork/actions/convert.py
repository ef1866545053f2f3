"""A component in another flavour, and what that flavour cannot say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.spec.model import Pipeline
from millwork.spec.writer import to_text

if TYPE_CHECKING:
    from millwork.spec.model import Definition

FLAVOURS = ("millwork", "pai")


@dataclass(frozen=True)
class Converted:
    """A file's text, and in words each thing of the original that it does not carry."""

    text: str
    left_out: tuple[str, ...] = ()


def convert(definition: Definition, to: str) -> Converted:
    """`definition` as a file of the flavour `to`: its own text if it was written in that.

    Raises BadRequest for an unknown flavour, and for a pipeline that PAI cannot hold.
    """
    if to not in FLAVOURS:
        raise BadRequest(f"there is no flavour '{to}'; there are: {', '.join(FLAVOURS)}")
    if isinstance(definition, Pipeline):
        if to == "pai":
            raise BadRequest(
                f"'{definition.name}' is a pipeline; PAI's AlgorithmSpec is one component. "
                "Convert the files that its nodes name"
            )
        return Converted(definition.source.text or to_text(definition))
    if definition.flavour == to and definition.source.text:
        return Converted(definition.source.text)
    if to == "millwork":
        return Converted(to_text(definition))
    from millwork.formats.pai import write_pai

    document, left_out = write_pai(definition)
    return Converted(json.dumps(document, indent=2, ensure_ascii=False) + "\n", tuple(left_out))
