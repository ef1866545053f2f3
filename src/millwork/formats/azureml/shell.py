"""Commands with placeholders as text for `sh -c`, which reads the variables of the run contract.

A value is its variable, quoted as the place asks; an optional group is an expansion that comes to
nothing where its variable is unset: `${PAI_HPS_Z+--z "${PAI_HPS_Z}"}`. What cannot be put so
that the same is run is refused (DESIGN decision 8).
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.spec import quoting
from millwork.spec.quoting import MARK, NotUnderstood, Place, Quoting, Rule
from millwork.spec.template import Group, Literal, Placeholder, TemplateFault, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from millwork.spec.model import Syntax
    from millwork.spec.template import Part, Template

_GROUP = "\1"
_MARKS = re.compile(f"([{MARK}{_GROUP}])")
_BARE = Place(Quoting.BARE)
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)
_OPERATORS = re.compile(r"[|&;<>(){}`#'\"\n]")
_PLAIN = re.compile(r"[A-Za-z0-9_ =:,./@%+-]*")
_QUOTES = {
    Quoting.BARE: "{}",
    Quoting.DOUBLE: "{}",
    Quoting.TEST: '"{}"',
    Quoting.SINGLE: "'\"{}\"'",
    Quoting.ANSI: "'\"{}\"$'",
}


@dataclass(frozen=True)
class Variable:
    """What stands for a placeholder: an expansion, and the variable's name if it may be unset."""

    expansion: str
    optional: str = ""
    is_whole: bool = False


def shell_command(text: str, syntax: Syntax, variables: Mapping[str, Variable]) -> str:
    """The command `text` for `sh -c`, its placeholders as `variables`, which are by their names.

    A command without shell operators becomes its words, started without a look at the shell's own
    commands; any other becomes bash's text. Raises BadRequest at what has no such form.
    """
    try:
        return _Writer(parse(text, syntax), variables).write()
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None


class _Writer:
    """One command; groups that always stand are taken for what they hold."""

    def __init__(self, template: Template, variables: Mapping[str, Variable]) -> None:
        self._template = template
        self._variables = variables
        self._parts = tuple(self._standing(template.parts))

    def write(self) -> str:
        if quoting.needs_shell(_flat(self._parts), self._template.syntax):
            return f"exec bash -c {shlex.quote(self._text())}"
        return f"exec {self._words()}"

    def _standing(self, parts: Iterable[Part]) -> Iterator[Part]:
        for part in parts:
            if isinstance(part, Group) and not self._conditions(part):
                yield from part.parts
            else:
                yield part

    def _conditions(self, group: Group) -> list[str]:
        names = [self._variables[part.name].optional for part in group.placeholders]
        return list(dict.fromkeys(name for name in names if name))

    def _text(self) -> str:
        """The text for bash, each placeholder and group as the quotes around it ask."""
        whole = iter(self._places(_flat(self._parts)))
        outline = iter(self._places(_flat(self._parts, MARK)))
        text = ""
        for part in self._parts:
            if isinstance(part, Literal):
                text += part.text
            elif isinstance(part, Placeholder):
                next(outline)
                text += self._reference(part, next(whole))
            else:
                inner = [next(whole) for _ in part.placeholders]
                text += self._group_in_text(part, next(outline), inner)
        return text

    def _places(self, text: str) -> tuple[Place, ...]:
        try:
            return quoting.places(text)
        except NotUnderstood as fault:
            raise self._fault(str(fault), self._offset(text, fault.offset)) from None

    def _offset(self, text: str, at: int) -> int:
        """Where the literal or placeholder that stands at `at` of the flat text begins."""
        length, offset = 0, 0
        with_marks = _flat(self._parts, MARK) == text
        for part in self._parts:
            length += len(_flat((part,), MARK if with_marks else ""))
            offset = part.offset
            if at < length:
                break
        return offset

    def _fault(self, message: str, offset: int) -> TemplateFault:
        return TemplateFault(message, self._template.text, offset)

    def _reference(self, part: Placeholder, place: Place) -> str:
        variable = self._variables[part.name]
        if place.rule is not Rule.ANY and not (place.rule is Rule.NUMBER and variable.is_whole):
            message = f"{part.name}: here the value must be {place.rule.value}, which no one checks"
            raise self._fault(message, part.offset)
        return _QUOTES[place.quoting].format(variable.expansion)

    def _group_in_text(self, group: Group, place: Place, inner: list[Place]) -> str:
        flat = _flat(group.parts)
        if place.quoting is not Quoting.BARE or place.rule is not Rule.ANY:
            return self._group_in_quotes(group, place)
        if _OPERATORS.search(_QUOTED.sub("", flat)):
            raise self._fault("an optional group with shell operators in it", group.offset)
        places = iter(inner)
        text = "".join(
            part.text if isinstance(part, Literal) else self._reference(part, next(places))
            for part in group.parts
        )
        return self._expansion(group, text)

    def _group_in_quotes(self, group: Group, place: Place) -> str:
        """A group within quotes: nothing in it may mean anything there."""
        literals = "".join(part.text for part in group.parts if isinstance(part, Literal))
        if (
            place.quoting is Quoting.TEST
            or place.rule is not Rule.ANY
            or not _PLAIN.fullmatch(literals)
        ):
            raise self._fault("an optional group that no expansion can stand for", group.offset)
        text = "".join(
            part.text if isinstance(part, Literal) else self._variables[part.name].expansion
            for part in group.parts
        )
        return _QUOTES[place.quoting].format(self._expansion(group, text))

    def _expansion(self, group: Group, text: str) -> str:
        for name in reversed(self._conditions(group)):
            text = f"${{{name}+{text}}}"
        return text

    def _words(self) -> str:
        """The words, each value within its own."""
        marked = [part for part in self._parts if not isinstance(part, Literal)]
        places = (_BARE,) * len(marked)
        if any(isinstance(part, Group) for part in marked):
            places = self._places(_flat(self._parts, MARK))
        marks = iter(zip(marked, places, strict=True))
        words = self._split(_flat(self._parts, _GROUP))
        if not words:
            raise self._fault("the command is empty", 0)
        return " ".join(
            self._word(word, words[:number], marks) for number, word in enumerate(words)
        )

    def _split(self, text: str) -> list[str]:
        try:
            return shlex.split(quoting.join_lines(text))
        except ValueError as error:
            raise self._fault(str(error).lower(), 0) from None

    def _word(
        self, word: str, before: list[str], marks: Iterator[tuple[Placeholder | Group, Place]]
    ) -> str:
        if quoting.is_program(before) and _MARKS.search(word):
            return self._program(word, marks)
        return (
            "".join(
                self._value(*next(marks))
                if _MARKS.fullmatch(piece)
                else shlex.quote(piece)
                if piece
                else ""
                for piece in _MARKS.split(word)
            )
            or "''"
        )

    def _program(self, word: str, marks: Iterator[tuple[Placeholder | Group, Place]]) -> str:
        """A word that a further shell takes for its text."""
        own = [next(marks)[0] for _ in _MARKS.findall(word)]
        for part in own:
            if isinstance(part, Group):
                raise self._fault("an optional group within a shell's program", part.offset)
        try:
            places = quoting.places(word)
        except NotUnderstood as fault:
            raise self._fault(str(fault), own[0].offset) from None
        texts = word.split(MARK)
        for at, (part, place) in enumerate(zip(own, places, strict=True), 1):
            assert isinstance(part, Placeholder)
            texts[at] = self._reference(part, place) + texts[at]
        return shlex.quote("".join(texts))

    def _value(self, part: Placeholder | Group, place: Place) -> str:
        if isinstance(part, Placeholder):
            return f'"{self._variables[part.name].expansion}"'
        if place.quoting is not Quoting.BARE:
            return f'"{self._group_in_quotes(part, Place(Quoting.DOUBLE))}"'
        flat = _flat(part.parts)
        inner = iter([(found, _BARE) for found in part.placeholders])
        words = " ".join(self._word(word, [], inner) for word in self._split(flat))
        left = " " if flat[:1].isspace() else ""
        right = " " if flat[-1:].isspace() else ""
        return self._expansion(part, left + words + right)


def _flat(parts: Iterable[Part], group: str = "") -> str:
    """The parts as one text, a MARK for each placeholder; a group is `group`, if that is given."""
    return "".join(
        part.text
        if isinstance(part, Literal)
        else MARK
        if isinstance(part, Placeholder)
        else group or _flat(part.parts)
        for part in parts
    )
