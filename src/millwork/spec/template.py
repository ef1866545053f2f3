"""Commands with placeholders, in the two syntaxes of AzureML (azureml-spec 1.1, seed 002).

braces   python t.py --x {inputs.x} [--z {inputs.z}] [[text in brackets]] {{text in braces}}
dollar   python t.py --x ${{inputs.x}} $[[--z ${{inputs.z}}]]
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from millwork.base.records import dataclass, field
from millwork.spec.scheduling import SCHEDULING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from millwork.spec.model import Syntax

MOST = 1000
_BRACES = re.compile(r"\{((?:inputs|outputs)(?:\.[^\s.{}\[\]]+)+)\}")
_BRACES_START = re.compile(r"\{(?:inputs|outputs)\.")
_DOLLAR = re.compile(r"\$\{\{\s*([^\s.{}\[\]]+(?:\.[^\s.{}\[\]]+)+)\s*\}\}")
_PLAIN = {"braces": re.compile(r"[^{}\[\]\0]+"), "dollar": re.compile(r"(?:[^$\]\0]|\$(?![{\[]))+")}
_PAIRS = {"{{": "}}", "[[": "]]"}


class TemplateFault(ValueError):
    """A command that is not understood; `offset` is where, and the message says its column."""

    def __init__(self, message: str, text: str, offset: int) -> None:
        super().__init__(f"{position(text, offset)}: {message}")
        self.offset = offset


@dataclass(frozen=True)
class Literal:
    """Text that stays as it is; `offset` is where it stands in the command."""

    text: str
    offset: int


@dataclass(frozen=True)
class Placeholder:
    """A place for a value: the path of `{inputs.x}` is ("inputs", "x")."""

    path: tuple[str, ...]
    offset: int
    in_group: bool = False

    @property
    def name(self) -> str:
        """The path as it is written: `inputs.x`."""
        return ".".join(self.path)


@dataclass(frozen=True)
class Group:
    """Parts that stand or vanish together: they stand if every placeholder in them has a value."""

    parts: tuple[Literal | Placeholder, ...]
    offset: int

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Those that decide whether the group stands; none: it always does."""
        return tuple(part for part in self.parts if isinstance(part, Placeholder))


Part: TypeAlias = Literal | Placeholder | Group


@dataclass(frozen=True)
class Template:
    """A command, taken apart; `warnings` is what its author should know."""

    text: str
    syntax: Syntax
    parts: tuple[Part, ...]
    warnings: tuple[str, ...] = field(default=())

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """All of them in their order, those of groups too."""
        return tuple(self._placeholders())

    def _placeholders(self) -> Iterator[Placeholder]:
        for part in self.parts:
            if isinstance(part, Placeholder):
                yield part
            elif isinstance(part, Group):
                yield from part.placeholders


def parse(text: str, syntax: Syntax) -> Template:
    """The parts of the command `text`; in the syntax `shell` it has no placeholders.

    A `[` or `$[[` opens a group. `[]`, a `]` that closes nothing and braces around anything but
    an input or output are text. `}}` and `]]` are escapes only after `{{` and `[[`: two closing
    braces are common in what a shell's programs take.

    Raises TemplateFault at a group within a group or without an end, at a placeholder without
    one, and after MOST placeholders.
    """
    if syntax == "shell":
        return Template(text, syntax, (Literal(text, 0),))
    parser = _Parser(text, syntax)
    return Template(text, syntax, tuple(parser.parse()), tuple(parser.warnings))


def with_references(parts: Template, listed: Collection[str]) -> Template:
    """A command whose `${name}` are placeholders too, for the names that are listed."""
    spans = {
        found.start(): (found.end(), found[1])
        for found in re.finditer(r"\$\{([^{}]*)\}", parts.text)
        if found[1] in listed
    }
    return replace(parts, parts=tuple(_cut(parts.parts, spans))) if spans else parts


def position(text: str, offset: int) -> str:
    """`column 5`, or `line 2, column 5` in a text of several lines."""
    column = offset - text.rfind("\n", 0, offset)
    if "\n" not in text.strip():
        return f"column {column}"
    return f"line {text.count(chr(10), 0, offset) + 1}, column {column}"


class _Parser:
    """One pass over the text; `_group` is the group that is open, `_outer` where it belongs."""

    def __init__(self, text: str, syntax: Syntax) -> None:
        self.warnings: list[str] = []
        self._text = text
        self._at = 0
        self._parts: list[Part] = []
        self._group: list[Literal | Placeholder] | None = None
        self._opened = 0
        self._pairs: dict[str, int] = dict.fromkeys(_PAIRS.values(), 0)
        self._pairs_before = self._pairs
        self._placeholders = 0
        self._step = self._braces if syntax == "braces" else self._dollar
        self._plain = _PLAIN[syntax]

    def parse(self) -> list[Part]:
        """All parts of the text."""
        while self._at < len(self._text):
            if self._text[self._at] == "\0":
                raise self._fault("a command cannot hold a NUL")
            if plain := self._plain.match(self._text, self._at):
                self._literal(plain[0])
            else:
                self._step()
        if self._group is not None:
            raise self._fault("this group has no end", self._opened)
        return self._parts

    def _braces(self) -> None:
        two = self._text[self._at : self._at + 2]
        if two in _PAIRS:
            self._pairs[_PAIRS[two]] += 1
            self._literal(two[0], 2)
        elif self._pairs.get(two):
            self._pairs[two] -= 1
            self._literal(two[0], 2)
        elif two == "[]":
            self._literal(two)
        elif two[0] == "[":
            self._open(1, "write [[ and ]] for brackets")
        elif two[0] == "]" and self._group is not None:
            self._close(1)
        elif _BRACES_START.match(self._text, self._at):
            self._placeholder(_BRACES, "{inputs.name} or {outputs.name}")
        else:
            self._literal(two[0])

    def _dollar(self) -> None:
        if self._text.startswith("${{", self._at):
            self._placeholder(_DOLLAR, "${{inputs.name}} or ${{outputs.name}}")
        elif self._text.startswith("$[[", self._at):
            self._open(3, "$[[ ]] takes no other in it")
        elif self._text.startswith("]]", self._at) and self._group is not None:
            self._close(2)
        else:
            self._literal(self._text[self._at])

    def _literal(self, text: str, length: int = 0) -> None:
        self._add(Literal(text, self._at), length or len(text))

    def _placeholder(self, pattern: re.Pattern[str], form: str) -> None:
        found = pattern.match(self._text, self._at)
        if not found:
            raise self._fault(f"{form} is expected")
        self._placeholders += 1
        if self._placeholders > MOST:
            raise self._fault(f"a command has at most {MOST} placeholders")
        path = tuple(found[1].split("."))
        self._add(Placeholder(path, self._at, self._group is not None), len(found[0]))

    def _add(self, part: Literal | Placeholder, length: int) -> None:
        (self._parts if self._group is None else self._group).append(part)
        self._at += length

    def _open(self, length: int, advice: str) -> None:
        if self._group is not None:
            raise self._fault(f"a group within a group; {advice}")
        self._group, self._opened = [], self._at
        self._pairs_before, self._pairs = self._pairs, dict.fromkeys(_PAIRS.values(), 0)
        self._at += length

    def _close(self, length: int) -> None:
        assert self._group is not None
        group = Group(tuple(self._group), self._opened)
        if length == 1 and not group.placeholders:
            self._warn_of_constant()
        self._parts.append(group)
        self._group, self._pairs = None, self._pairs_before
        self._at += length

    def _warn_of_constant(self) -> None:
        shown = self._text[self._opened : self._at + 1]
        self.warnings.append(
            f"{position(self._text, self._opened)}: {shown} holds no placeholder, so it loses its "
            f"brackets, as in AzureML; the author should write [{shown}] to keep them"
        )

    def _fault(self, message: str, offset: int | None = None) -> TemplateFault:
        return TemplateFault(message, self._text, self._at if offset is None else offset)


def _cut(parts: tuple[Part, ...], spans: Mapping[int, tuple[int, str]]) -> Iterator[Part]:
    for part in parts:
        if isinstance(part, Group):
            inner = (each for held in part.parts for each in _cut_one(held, spans))
            yield Group(
                tuple(
                    replace(each, in_group=True) if isinstance(each, Placeholder) else each
                    for each in inner
                ),
                part.offset,
            )
        else:
            yield from _cut_one(part, spans)


def _cut_one(
    part: Literal | Placeholder, spans: Mapping[int, tuple[int, str]]
) -> Iterator[Literal | Placeholder]:
    """The text between the spans; one may begin in this literal and end in a later one."""
    if isinstance(part, Placeholder):
        yield part
        return
    begin = at = part.offset
    end = begin + len(part.text)
    covered = max((stop for start, (stop, _) in spans.items() if start < begin), default=begin)
    at = max(at, min(covered, end))
    for start in sorted(start for start in spans if at <= start < end):
        stop, name = spans[start]
        if start > at:
            yield Literal(part.text[at - begin : start - begin], at)
        yield Placeholder((SCHEDULING, name), start)
        at = min(stop, end)
    if at < end:
        yield Literal(part.text[at - begin :], at)
