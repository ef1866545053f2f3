"""`when:` conditions: a small language of comparisons, read here and never by an evaluator.

check.score > 0.9 and parameters.mode == 'full'
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from millwork.spec.model import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Condition: TypeAlias = "tuple[Any, ...]"
"""`("value", v)`, `("ref", Reference)`, or an operator and its operands."""

LONGEST = 1000
_DEEPEST = 32
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.-])"
    r"|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<word>[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_.-]+)?)"
    r"|(?P<sign>==|!=|<=|>=|<|>|\(|\)))"
)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "in": lambda item, several: item in several,
}
_WORDS = {"true": True, "false": False, "null": None}


def parse(text: str) -> Condition:
    """The condition in `text`; raises ValueError with the column of what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"a condition has at most {LONGEST} characters")
    parser = _Parser(list(_tokens(text)), len(text) + 1)
    condition = parser.either(0)
    if parser.peek()[0] != "end":
        raise ValueError(f"column {parser.peek()[2]}: nothing is expected after this")
    return condition


def references(condition: Condition) -> Iterator[Reference]:
    """What the condition reads."""
    if condition[0] == "ref":
        yield condition[1]
    elif condition[0] != "value":
        for operand in condition[1:]:
            yield from references(operand)


def holds(condition: Condition, read: Callable[[Reference], Any]) -> bool:
    """Whether the condition holds; ValueError where values cannot be compared."""
    return bool(_value(condition, read))


def _value(condition: Condition, read: Callable[[Reference], Any]) -> Any:
    kind, *operands = condition
    if kind == "value":
        return operands[0]
    if kind == "ref":
        return read(operands[0])
    if kind == "not":
        return not _value(operands[0], read)
    if kind == "and":
        return _value(operands[0], read) and _value(operands[1], read)
    if kind == "or":
        return _value(operands[0], read) or _value(operands[1], read)
    left, right = (_value(operand, read) for operand in operands)
    try:
        return _COMPARE[kind](left, right)
    except TypeError:
        raise ValueError(f"{left!r} {kind} {right!r} cannot be compared") from None


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if not match or not match.lastgroup:
            column = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise ValueError(f"column {column}: {text[column - 1]!r} is not understood")
        yield match.lastgroup, match[match.lastgroup], match.start(match.lastgroup) + 1
        at = match.end()


class _Parser:
    def __init__(self, tokens: list[tuple[str, str, int]], end: int) -> None:
        self._tokens = [*tokens, ("end", "", end)]
        self._at = 0

    def peek(self) -> tuple[str, str, int]:
        return self._tokens[self._at]

    def either(self, depth: int) -> Condition:
        left = self._both(depth)
        while self._takes("or"):
            left = ("or", left, self._both(depth))
        return left

    def _both(self, depth: int) -> Condition:
        left = self._negated(depth)
        while self._takes("and"):
            left = ("and", left, self._negated(depth))
        return left

    def _negated(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise ValueError(f"column {self.peek()[2]}: nested too deep")
        if self._takes("not"):
            return ("not", self._negated(depth + 1))
        left = self._operand(depth)
        if self.peek()[1] in _COMPARE:
            sign = self._next()[1]
            return (sign, left, self._operand(depth))
        return left

    def _operand(self, depth: int) -> Condition:
        kind, text, column = self._next()
        if text == "(" and kind == "sign":
            inner = self.either(depth + 1)
            if not self._takes(")"):
                raise ValueError(f"column {self.peek()[2]}: ')' is missing")
            return inner
        if kind == "number":
            return ("value", float(text) if re.search(r"[.eE]", text) else int(text))
        if kind == "text":
            return ("value", text[1:-1])
        if kind == "word" and text in _WORDS:
            return ("value", _WORDS[text])
        if kind == "word" and "." in text:
            owner, _, name = text.partition(".")
            return ("ref", Reference(owner, name))
        expected = "a value, node.output or parameters.name is expected"
        raise ValueError(f"column {column}: {expected}" + (f", not '{text}'" if text else ""))

    def _takes(self, text: str) -> bool:
        if self.peek()[1] != text or self.peek()[0] == "text":
            return False
        self._at += 1
        return True

    def _next(self) -> tuple[str, str, int]:
        token = self.peek()
        if token[0] != "end":
            self._at += 1
        return token
