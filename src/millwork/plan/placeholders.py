"""Commands with their values: words, or a shell's text that only refers to them.

No value is put into a shell's text (DESIGN decision 8): there it is a variable of the command's
own, and the placeholder a reference to it, quoted as the place asks.
"""

from __future__ import annotations

import itertools
import operator
import re
import shlex
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.plan.model import Rendered
from millwork.spec import quoting, template
from millwork.spec.quoting import MARK, NotUnderstood, Quoting, Rule
from millwork.spec.scheduling import SCHEDULING
from millwork.spec.template import Group, Literal, Placeholder, TemplateFault, with_references

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterator, Mapping, Sequence

    from millwork.spec.model import Syntax
    from millwork.spec.quoting import Place
    from millwork.spec.template import Template

_REFERENCE = {
    Quoting.BARE: "${{{}}}",
    Quoting.DOUBLE: "${{{}}}",
    Quoting.TEST: '"${{{}}}"',
    Quoting.SINGLE: "'\"${{{}}}\"'",
    Quoting.ANSI: "'\"${{{}}}\"$'",
}
_RULES = {
    Rule.ANY: re.compile(r".*", re.DOTALL),
    Rule.NUMBER: re.compile(r"[+-]?[0-9]+"),
    Rule.OPERAND: re.compile(r"(?!\s*-).*", re.DOTALL),
}


def render(text: str, syntax: Syntax, values: Mapping[str, str]) -> Rendered:
    """The command `text` with its values, by the names of its placeholders: `inputs.x`.

    What has no value is unset: its group vanishes. A command without shell operators is split
    first and each value stays within its word, byte for byte; any other is run by bash. The
    values of `scheduling.x` stand for `${x}`.

    Raises BadRequest if a placeholder outside groups is unset, if the command is not understood,
    and if bash would evaluate a value where it stands.
    """
    try:
        parts = with_references(template.parse(text, syntax), _listed(values))
        _check_given(parts, values)
        flat = _Flat(parts, values)
        shell = _needs_shell(parts)
        argv, env = _filled(flat, _pieces(flat, shell), values)
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None
    return Rendered(("bash", "-c", *argv) if shell else argv, env)


def in_shell(text: str, values: Mapping[str, str], words: Sequence[str] = ()) -> Rendered:
    """The command `text` of the syntax `shell`, whose `${x}` stand for the values `scheduling.x`.

    `sh` runs it with `words` as its `$@`; a text for a shell (`bash -c '...'`), where it is one
    word of a command without operators, is found and run as in `render`. Nothing else of it is
    changed. Raises BadRequest as `render` does.
    """
    try:
        parts = with_references(template.parse(text, "shell"), _listed(values))
        flat = _Flat(parts, values)
        if not _needs_shell(parts):
            pieces = _pieces(flat, False)
            if any(piece.placeholders and piece.places is not None for piece in pieces):
                return Rendered(*_filled(flat, pieces, values))
        pieces = _pieces(flat, True)
        for part, place in zip(flat.placeholders, pieces[0].places or (), strict=True):
            if place.quoting is Quoting.ANSI:
                raise flat.fault_of(part, "$'...' is not known to every sh: write '...' or \"...\"")
        argv, env = _filled(flat, pieces, values)
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None
    return Rendered(("sh", "-c", *argv, "sh", *words), env)


def warnings(text: str, syntax: Syntax, plain: Container[str] = ()) -> list[str]:
    """What the author should know of values in a shell's text: where they are split.

    `plain` are the names (`inputs.rate`) of those that never hold a blank. Raises TemplateFault if
    the command is not understood, as `render` would.
    """
    parts = template.parse(text, syntax)
    flat = _Flat(parts, {part.name for part in parts.placeholders})
    return [
        f"{_shown(part, syntax)} stands outside quotes at "
        f"{template.position(text, part.offset)}: a value with blanks is split"
        for piece in _pieces(flat, _needs_shell(parts))
        for part, place in zip(piece.placeholders, piece.places or (), strict=False)
        if place.quoting is Quoting.BARE and place.rule is not Rule.NUMBER
        if part.name not in plain
    ]


def check(text: str, syntax: Syntax, listed: Collection[str]) -> None:
    """Raises BadRequest if a command of AzureML with these `${x}` in it is not understood."""
    try:
        parts = with_references(template.parse(text, syntax), listed)
        _pieces(_Flat(parts, {part.name for part in parts.placeholders}), _needs_shell(parts))
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None


@dataclass(frozen=True)
class _Piece:
    """A word with a MARK for each of its placeholders; `places` if a shell reads it as text."""

    text: str
    placeholders: Sequence[Placeholder]
    places: Sequence[Place] | None = None


class _Flat:
    """A template without the groups that vanish, as one text with a MARK for each placeholder."""

    def __init__(self, parts: Template, given: Collection[str]) -> None:
        self._source = parts
        self.placeholders: list[Placeholder] = []
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self.text = ""
        pieces = []
        length = 0
        for part in _standing(parts, given):
            self._starts.append(length)
            self._offsets.append(part.offset)
            if isinstance(part, Placeholder):
                self.placeholders.append(part)
            pieces.append(part.text if isinstance(part, Literal) else MARK)
            length += len(pieces[-1])
        self.text = "".join(pieces)

    def fault(self, message: str, at: int) -> TemplateFault:
        """A fault at `at` of this text, said of the command as it was written."""
        found = bisect_right(self._starts, at) - 1
        offset = self._offsets[found] + at - self._starts[found] if found >= 0 else 0
        return TemplateFault(message, self._source.text, offset)

    def fault_of(self, part: Placeholder, message: str) -> TemplateFault:
        """A fault of one placeholder."""
        shown = _shown(part, self._source.syntax)
        return TemplateFault(f"{shown}: {message}", self._source.text, part.offset)


def _standing(parts: Template, given: Collection[str]) -> Iterator[Literal | Placeholder]:
    for part in parts.parts:
        if not isinstance(part, Group):
            yield part
        elif all(placeholder.name in given for placeholder in part.placeholders):
            yield from part.parts


def _listed(values: Mapping[str, str]) -> list[str]:
    stem = f"{SCHEDULING}."
    return [name.removeprefix(stem) for name in values if name.startswith(stem)]


def _check_given(parts: Template, values: Mapping[str, str]) -> None:
    missing = [
        part.path[-1]
        for part in parts.placeholders
        if not part.in_group and part.name not in values
    ]
    if missing:
        names = ", ".join(f"'{name}'" for name in dict.fromkeys(missing))
        inputs, are = ("inputs", "are") if "," in names else ("input", "is")
        raise BadRequest(f"required {inputs} {names} {are} not given")


def _needs_shell(parts: Template) -> bool:
    """Decided with all groups standing, so that no optional value changes how others are read."""
    whole = _Flat(parts, {part.name for part in parts.placeholders})
    return quoting.needs_shell(whole.text, parts.syntax)


def _pieces(flat: _Flat, shell: bool) -> list[_Piece]:
    """The text for the shell, or the words; a word after `bash -c` is a text for a shell too."""
    if shell and not flat.placeholders:
        return [_Piece(flat.text, (), ())]
    if shell:
        try:
            return [_Piece(flat.text, flat.placeholders, quoting.places(flat.text))]
        except NotUnderstood as fault:
            raise flat.fault(str(fault), fault.offset) from None
    placeholders = iter(flat.placeholders)
    pieces: list[_Piece] = []
    words = _split(flat)
    for number, word in enumerate(words):
        own = tuple(next(placeholders) for _ in range(word.count(MARK)))
        code = own and quoting.is_program(words[:number])
        try:
            pieces.append(_Piece(word, own, quoting.places(word) if code else None))
        except NotUnderstood as fault:
            raise flat.fault_of(own[0], str(fault)) from None
    return pieces


@lru_cache(maxsize=256)  # a scheduled command is the same at each of its cycles
def _words(text: str) -> tuple[str, ...]:
    return tuple(shlex.split(quoting.join_lines(text)))


def _split(flat: _Flat) -> tuple[str, ...]:
    try:
        words = _words(flat.text)
    except ValueError as error:
        raise flat.fault(str(error).lower(), 0) from None
    if not words:
        raise flat.fault("the command is empty", 0)
    return words


def _variables(flat: _Flat) -> dict[str, str]:
    """A variable for each placeholder's name, which the command itself does not use."""
    variables: dict[str, str] = {}
    for part in flat.placeholders:
        if part.name not in variables:
            stem = name = "MILLWORK_" + re.sub(r"[^A-Za-z0-9]", "_", part.name)
            for number in itertools.count(2):
                if name not in variables.values() and name not in flat.text:
                    break
                name = f"{stem}_{number}"
            variables[part.name] = name
    return variables


def _filled(
    flat: _Flat, pieces: Sequence[_Piece], values: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The words or the shell's text, and the variables that it refers to."""
    variables = _variables(flat)
    argv = tuple(_fill(flat, piece, values, variables) for piece in pieces)
    env = {
        variables[part.name]: values[part.name]
        for piece in pieces
        for part in piece.placeholders
        if piece.places is not None
    }
    return argv, env


def _fill(
    flat: _Flat, piece: _Piece, values: Mapping[str, str], variables: Mapping[str, str]
) -> str:
    literals = piece.text.split(MARK)
    if piece.places is None:
        texts = [values[part.name] for part in piece.placeholders]
    else:
        texts = [
            _REFERENCE[place.quoting].format(variables[part.name])
            for part, place in zip(piece.placeholders, piece.places, strict=True)
        ]
        for part, place in zip(piece.placeholders, piece.places, strict=True):
            if not _RULES[place.rule].fullmatch(values[part.name]):
                raise flat.fault_of(part, f"here the value must be {place.rule.value}")
    return literals[0] + "".join(map(operator.add, texts, literals[1:]))


def _shown(part: Placeholder, syntax: Syntax) -> str:
    if part.path[0] == SCHEDULING:
        return f"${{{'.'.join(part.path[1:])}}}"
    return f"{{{part.name}}}" if syntax == "braces" else f"${{{{{part.name}}}}}"
