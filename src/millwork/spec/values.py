"""Parameter values: text to the declared type, the rules a value must keep, and back to text."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from millwork.base.names import is_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.spec.model import Parameter, Range, Value

TYPES = ("Int", "Float", "String", "Bool", "Column", "Columns")
_INT64 = 2**63


def convert(parameter: Parameter, given: object) -> Value:
    """`given` (text, or a JSON value) as the parameter's type; ValueError with the reason."""
    if given is None or isinstance(given, dict):
        found = "nothing" if given is None else "a mapping"
        raise ValueError(f"expected one {parameter.type}, found {found}")
    if parameter.type == "Columns":
        return _columns(given)
    if isinstance(given, list | tuple):
        raise ValueError(f"expected one {parameter.type}, found a list")
    text = str(given)
    if parameter.type == "Int":
        return _integer(text)
    if parameter.type == "Float":
        return _float(text)
    if parameter.type == "Bool":
        return _boolean(text)
    return _text(text)


def check(parameter: Parameter, value: Value) -> None:
    """Raises ValueError with the reason if `value` breaks range, length, enumeration or pattern."""
    if parameter.enum and value not in parameter.enum:
        options = ", ".join(to_text(option) for option in parameter.enum)
        raise ValueError(f"{to_text(value)!r} is not one of {options}")
    if parameter.range and isinstance(value, int | float) and not _inside(parameter.range, value):
        raise ValueError(f"{to_text(value)} is outside {describe_range(parameter.range)}")
    if parameter.length and isinstance(value, str):
        low, high = parameter.length
        if not low <= len(value) <= high:
            raise ValueError(f"has {len(value)} characters, not {low} to {high}")
    if parameter.pattern and isinstance(value, str):
        import re2

        if not re2.fullmatch(parameter.pattern, value):
            raise ValueError(f"{value!r} does not match the pattern {parameter.pattern}")


def read(parameter: Parameter, given: object) -> Value:
    """`given` converted and checked; ValueError with the reason."""
    value = convert(parameter, given)
    check(parameter, value)
    return value


def typed(parameter: Parameter | None, given: Any) -> Any:
    """`given` as the parameter's type, where that is known and it is of that type."""
    if parameter is None:
        return given
    try:
        return convert(parameter, given)
    except ValueError:
        return given


def to_text(value: Value) -> str:
    """A value as a program receives it: Python's `str`, as PAI does; columns joined by commas."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def describe_range(bounds: Range) -> str:
    """Interval notation: `[1, 5000]`, `(0, 1]`, `[0, ∞)`."""
    low = "-∞" if bounds.minimum is None else _bound(bounds.minimum)
    high = "∞" if bounds.maximum is None else _bound(bounds.maximum)
    left = "(" if bounds.exclusive_minimum or bounds.minimum is None else "["
    right = ")" if bounds.exclusive_maximum or bounds.maximum is None else "]"
    return f"{left}{low}, {high}{right}"


def _bound(number: float) -> str:
    """As `:g`, which has six digits; a whole number below 10^12 with all of its own."""
    return f"{number:.0f}" if 1e6 <= abs(number) < 1e12 and number == int(number) else f"{number:g}"


def _inside(bounds: Range, value: float) -> bool:
    low, high = bounds.minimum, bounds.maximum
    above = low is None or (value > low if bounds.exclusive_minimum else value >= low)
    below = high is None or (value < high if bounds.exclusive_maximum else value <= high)
    return above and below


def _text(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL character cannot be passed to a program")
    if not is_text(text):
        raise ValueError("half a surrogate pair is no character")
    return text


def _integer(text: str) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"expected a whole number, found {text[:60]!r}")
    number = int(text) if len(digits) <= 19 else _INT64
    if not -_INT64 <= number < _INT64:
        raise ValueError("the number does not fit in 64 bits")
    return number


def _float(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise ValueError(f"expected a number, found {text[:60]!r}") from None
    if not math.isfinite(number) or "_" in text:
        raise ValueError(f"expected a finite number, found {text[:60]!r}")
    return number


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"expected true or false, found {text[:60]!r}")
    return text.lower() == "true"


def _columns(given: object) -> tuple[str, ...]:
    """Names with commas between; those of a list, also one as JSON, are taken as they are."""
    names: Sequence[object]
    if isinstance(given, list | tuple):
        names = given
    elif str(given).lstrip().startswith("["):
        names = _listed(str(given))
    else:
        names = [name.strip() for name in str(given).split(",")]
    return tuple(_text(str(name)) for name in names if str(name))


def _listed(text: str) -> list[str]:
    try:
        names = json.loads(text)
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f'expected a list as ["a", "b, c"], found {text[:60]!r}')
    return names
