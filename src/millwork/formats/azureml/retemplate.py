"""Commands from one way of writing placeholders to the other, and from a shell's text to either.

How a command is run must not change with it: the two ways differ in what brackets and line ends
mean outside quotes (azureml-spec 1.1; `spec.quoting.needs_shell`).
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.spec.quoting import join_lines, needs_shell
from millwork.spec.template import Group, Literal, Placeholder, TemplateFault, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from millwork.spec.model import Syntax
    from millwork.spec.template import Part

_MARK = "\0"
_QUOTED = re.compile(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", re.DOTALL)
_LINES = re.compile(r"[ \t]*\n\s*")
_OPEN = re.compile(r"\[|\{(?=\{|(?:inputs|outputs)\.|$)")


def retemplate(text: str, syntax: Syntax, to: Syntax) -> str:
    """The command `text` with its placeholders written as `to` has them: the same is run.

    Raises BadRequest if `to` cannot write it, saying what.
    """
    if syntax == to or not text:
        return text
    try:
        parts = parse(text, syntax).parts
        written = _written(_adapted(parts, syntax, to), to)
        if _texts(parse(written, to).parts) != _texts(_adapted(parts, syntax, to)):
            raise BadRequest(f"{to} has no way to write the brackets of: {text.strip()[:200]}")
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None
    return written


def _adapted(parts: Iterable[Part], syntax: Syntax, to: Syntax) -> tuple[Part, ...]:
    """The parts, changed where the text outside quotes would be run in another way."""
    parts = tuple(parts)
    text = _flat(parts)
    read_as: Syntax = "dollar" if syntax == "shell" else syntax
    in_shell = needs_shell(text, read_as)
    if in_shell == needs_shell(text, to):
        return parts
    if not in_shell:
        return _outside(parts, lambda piece: re.sub(r"([\[\]])", r"\\\1", _LINES.sub(" ", piece)))
    # Only an operator makes the old flavour take a shell; between commands it is the line's end.
    parts = _outside(_joined(parts), lambda piece: _LINES.sub(" ;\n", piece))
    return parts if ";" in _flat(parts) else (*parts, Literal(" ;", 0))


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts without continued lines, and without blanks at both ends."""
    found = [
        Literal(join_lines(part.text), part.offset) if isinstance(part, Literal) else part
        for part in parts
    ]
    for at, strip in ((0, str.lstrip), (-1, str.rstrip)):
        part = found[at]
        if isinstance(part, Literal):
            found[at] = Literal(strip(part.text), part.offset)
    return tuple(found)


def _outside(parts: tuple[Part, ...], change: Callable[[str], str]) -> tuple[Part, ...]:
    """The parts with `change` made to what stands outside quotes."""
    flat = _flat(parts)
    pieces, at = [], 0
    for quoted in _QUOTED.finditer(flat):
        pieces += [change(flat[at : quoted.start()]), quoted[0]]
        at = quoted.end()
    texts = iter("".join([*pieces, change(flat[at:])]).split(_MARK))
    marks = _marks(parts)
    # A mark stands for each placeholder, and before and after each group.
    return _regrouped([next(texts), *itertools.chain.from_iterable(zip(marks, texts, strict=True))])


def _flat(parts: Iterable[Part]) -> str:
    return "".join(
        part.text
        if isinstance(part, Literal)
        else _MARK
        if isinstance(part, Placeholder)
        else f"{_MARK}{_flat(part.parts)}{_MARK}"
        for part in parts
    )


def _marks(parts: Iterable[Part]) -> list[Placeholder | bool]:
    """What each mark stands for: a placeholder, a group's start (True) or its end."""
    marks: list[Placeholder | bool] = []
    for part in parts:
        if isinstance(part, Placeholder):
            marks.append(part)
        elif isinstance(part, Group):
            marks += [True, *_marks(part.parts), False]
    return marks


def _regrouped(pieces: Iterable[str | Placeholder | bool]) -> tuple[Part, ...]:
    found: list[Part] = []
    inner: list[Literal | Placeholder] | None = None
    for piece in pieces:
        if piece is True:
            inner = []
        elif piece is False:
            found.append(Group(tuple(inner or ()), 0))
            inner = None
        else:
            part = Literal(piece, 0) if isinstance(piece, str) else piece
            (found if inner is None else inner).append(part)
    return tuple(found)


def _texts(parts: Iterable[Part]) -> list[object]:
    """The parts so that equal ones compare equal: neighbouring literals made one."""
    found: list[object] = []
    for part in parts:
        if isinstance(part, Group):
            found.append(tuple(_texts(part.parts)))
        elif isinstance(part, Placeholder):
            found.append(part.path)
        elif part.text and found and isinstance(found[-1], str):
            found[-1] += part.text
        elif part.text:
            found.append(part.text)
    return found


def _written(parts: Iterable[Part], to: Syntax) -> str:
    parts = tuple(parts)
    if to == "dollar":
        return "".join(map(_dollar, parts))
    pieces = [part for part in parts if not isinstance(part, Literal) or part.text]
    text, pairs = "", {"]": 0, "}": 0}
    for part, following in itertools.zip_longest(pieces, pieces[1:]):
        if isinstance(part, Literal):
            ahead = following is not None and not isinstance(following, Literal)
            text += _escaped(part.text, pairs, before_mark=ahead)
        elif isinstance(part, Placeholder):
            text += f"{{{part.name}}}"
        else:
            text += f"[{_written(part.parts, to)}]"
    return text


def _dollar(part: Part) -> str:
    if isinstance(part, Literal):
        return part.text
    if isinstance(part, Placeholder):
        return f"${{{{{part.name}}}}}"
    return f"$[[{''.join(map(_dollar, part.parts))}]]"


def _escaped(text: str, pairs: dict[str, int], *, before_mark: bool) -> str:
    """Text in which brackets are doubled, and braces only where one would be read as more."""
    found = ""
    for at, letter in enumerate(text):
        rest = text[at:]
        is_last = len(rest) == 1 and not before_mark
        if (match := _OPEN.match(rest)) and not (letter == "{" and is_last):
            found += letter * 2
            pairs["]" if match[0] == "[" else "}"] += 1
        elif pairs.get(letter):
            found += letter * 2
            pairs[letter] -= 1
        else:
            found += letter
    return found
