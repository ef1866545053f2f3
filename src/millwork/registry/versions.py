"""Versions of what is registered: their form for each kind, their order, and the next one."""

from __future__ import annotations

import re

from millwork.base.names import ENTITY_RULE, is_entity

_DOTTED = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})", re.ASCII)
_COUNTED = re.compile(r"v([1-9]\d{0,8})", re.ASCII)
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)

_DOTTED_RULE = "three numbers, x.y.z, each at most 999999"
RULES = {
    "component": _DOTTED_RULE,
    "pipeline": _DOTTED_RULE,
    "schedule": _DOTTED_RULE,
    "model": _DOTTED_RULE,
    "dataset": "v and a number: v1, v2, ...",
    "image": ENTITY_RULE,
    "code": ENTITY_RULE,
}
"""What a version of each kind may be, in words."""


def is_version(kind: str, version: str) -> bool:
    """Whether a thing of this kind may have that version."""
    if kind == "dataset":
        return _COUNTED.fullmatch(version) is not None
    if kind in ("image", "code"):
        return is_entity(version)
    return _DOTTED.fullmatch(version) is not None


def number_of(version: str) -> int:
    """Where a version stands among the others; 0 for a word, such as an image's tag."""
    dotted = _DOTTED.fullmatch(version)
    if dotted:
        major, minor, patch = (int(part) for part in dotted.groups())
        return (major * 10**6 + minor) * 10**6 + patch
    digits = version.removeprefix("v")
    return int(digits) if _NUMBER.fullmatch(digits) else 0


def next_version(kind: str, highest: int) -> str:
    """The version that follows the `highest` number; a number of 0 says that there is none."""
    if kind in ("image", "code"):
        return str(highest + 1)
    if kind == "dataset":
        return f"v{highest + 1}"
    if not highest:
        return "0.1.0" if kind == "model" else "1.0.0"
    rest, patch = divmod(highest, 10**6)
    major, minor = divmod(rest, 10**6)
    if kind == "model":
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
