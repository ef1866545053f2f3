"""Words of the command line to arguments of a run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.plan.graph import Arguments

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence


def read_arguments(options: Namespace) -> Arguments:
    """`-i` and `-p`; raises BadRequest where a word is not NAME=VALUE or stands twice."""
    paths = read_pairs("-i", "NAME=PATH", options.input)
    inputs = {
        name: path if "://" in path else os.path.abspath(os.path.expanduser(path))
        for name, path in paths.items()
    }
    return Arguments(inputs, dict(read_pairs("-p", "NAME=VALUE", options.parameter)))


def read_pairs(option: str, form: str, words: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` words as a mapping; the value may hold anything, also `=`."""
    pairs: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise BadRequest(f"{option} {word}: expected {form}")
        if name in pairs:
            raise BadRequest(f"{option} {name}: given twice")
        pairs[name] = value
    return pairs
