"""What DataWorks puts into a graph of PAI: its variables in the node's values, as expressions.

A node gives PAI's global variables values (`paiflowParameters`), in which DataWorks' own variables
stand; what those are is an expression of the schedule's. Here both are one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, InvalidFile
from millwork.base.faults import Fault
from millwork.formats.dataworks.model import Settled
from millwork.spec import scheduling
from millwork.spec.dates import language
from millwork.spec.document import PIPELINE_LIMITS
from millwork.spec.schedule import read_within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from millwork.formats.dataworks.model import Said, Variable

REFERENCE = re.compile(r"\$\{([^{}$]+)\}")
_TAIL = re.compile(r"\$(bizdate|cyctime|gmtdate)$")
_IN_BRACKETS = {
    "bizdate": "${yyyymmdd}", "cyctime": "$[yyyymmddhh24miss]", "gmtdate": "$[yyyymmdd]",
}  # fmt: skip
_OWN = ("", "System", "Constant")
_MOST = PIPELINE_LIMITS.size


def is_expression(text: str) -> bool:
    """Whether a text is in the language of scheduling parameters."""
    return not refusal(text)


def refusal(text: str) -> str:
    """Why a text is not in that language; empty if it is."""
    try:
        language.read(text)
    except BadRequest as error:
        return str(error)
    return ""


def settle(
    variables: Sequence[Variable], parameters: Sequence[Said], arguments: Sequence[Said],
    graph: str, own: Collection[str], file: str,
) -> Settled:  # fmt: skip
    """What each parameter comes to; `graph` is the manifest's text, `own` its own parameters.

    Raises InvalidFile, which names `file`, if that is more than a file may hold.
    """
    settling = _Settling(variables, file)
    read = {name for said in (*parameters, *arguments) for name in _references(said)}
    for said in parameters:
        if said.name in own:
            settling.give(said)
        else:
            settling.take(said)
    for said in arguments:
        settling.give(said)
    in_graph = set(REFERENCE.findall(graph))
    for variable in variables:
        if variable.name in in_graph or variable.name not in read:
            settling.keep(variable)
    return settling.settled()


def _references(said: Said) -> Iterable[str]:
    texts = (said.value,) if isinstance(said.value, str) else said.value
    return (found[1] for text in texts for found in REFERENCE.finditer(text))


class _Settling:
    def __init__(self, variables: Iterable[Variable], file: str) -> None:
        self._file = file
        self._expressions: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._given: dict[str, str | tuple[str, ...]] = {}
        self._losses: list[tuple[str, str]] = []
        self._known: dict[str, str] = {}
        self._left = _MOST
        for each in variables:
            if each.type not in _OWN:
                what = "a value of another kind of variable is not known here"
                self._losses.append((each.path, f"{each.name[:60]}: {each.type[:60]}: {what}"))
            elif each.name in self._known:
                self._losses.append((each.path, f"'{each.name[:60]}' is there already"))
            else:
                self._known[each.name] = each.value

    def settled(self) -> Settled:
        """The whole."""
        return Settled(self._expressions, self._values, self._given, tuple(self._losses))

    def give(self, said: Said) -> None:
        """A value of one of the graph's own parameters."""
        texts = (said.value,) if isinstance(said.value, str) else said.value
        filled = tuple(map(self._filled, texts))
        try:
            for text in filled:
                read_within(text)
        except BadRequest as error:
            self._losses.append((said.path, str(error)))
            return
        self._given[said.name] = filled[0] if isinstance(said.value, str) else filled

    def take(self, said: Said) -> None:
        """A global variable of the graph, which stands in it as `${name}`."""
        text = said.value if isinstance(said.value, str) else ",".join(said.value)
        self._put(said.name, self._filled(text), said.path)

    def keep(self, variable: Variable) -> None:
        """A variable of DataWorks' that stands in the graph by itself."""
        name = variable.name
        is_new = name not in self._expressions and name not in self._values
        if is_new and name in self._known:
            self._put(name, self._known[name], variable.path)

    def _put(self, name: str, text: str, path: str) -> None:
        reason = refusal(text)
        if not scheduling.is_name(name):
            self._losses.append((path, f"'{name[:60]}': {scheduling.NAME_RULE}"))
        elif not reason:
            self._expressions[name] = text
        elif "$" not in text:
            self._values[name] = text
        else:
            what = f"{reason}; give {name} in scheduling_parameters"
            self._losses.append((path, what))

    def _filled(self, text: str) -> str:
        """A text with what DataWorks puts in the place of its variables."""

        def meant(found: re.Match[str]) -> str:
            value = self._meant(found[0], found[1])
            self._left -= len(value)
            if self._left < 0:
                what = f"its variables come to more than {_MOST >> 20} MB of text"
                raise InvalidFile([Fault(self._file, 0, 0, "paiflowParameters", "error", what)])
            follows = text[found.end() : found.end() + 1]
            if follows.isalnum() or follows == "_":
                return _TAIL.sub(lambda tail: _IN_BRACKETS[tail[1]], value)
            return value

        return REFERENCE.sub(meant, text)

    def _meant(self, reference: str, name: str) -> str:
        if name in self._known:
            return self._known[name]
        return f"${name}" if name in language.SYSTEM else reference
