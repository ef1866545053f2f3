"""Words of the command line to arguments of a run."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.uris import looks_like_uri
from millwork.plan.graph import Arguments

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from millwork.plan.scheduling import Timing

_MOST = 10_000


def read_arguments(options: Namespace) -> Arguments:
    """`-i`, `-p` and `--replicas`; raises BadRequest for a word of another form, or twice."""
    paths = read_pairs("-i", "NAME=PATH", options.input)
    inputs = {
        name: path if looks_like_uri(path) else os.path.abspath(os.path.expanduser(path))
        for name, path in paths.items()
    }
    parameters = read_pairs("-p", "NAME=VALUE", options.parameter)
    outputs = read_pairs("-O", "NAME=URI", getattr(options, "outputs", []))
    replicas = read_replicas(getattr(options, "replicas", None))
    return Arguments(inputs, dict(parameters), replicas, outputs)


def read_timed(options: Namespace) -> Arguments:
    """The same, and `--bizdate`, `--cyctime` and `--tz`; raises BadRequest for what is none."""
    arguments = read_arguments(options)
    if not (options.bizdate or options.cyctime or options.tz):
        return arguments
    return replace(arguments, timing=read_clocks(options))


def read_clocks(options: Namespace, fold: int = 0) -> Timing:
    """What these three say; of a time that the clock shows twice, `fold` 1 is the second."""
    from millwork.actions.timing import Words, read_timing

    words = Words("--bizdate", "--cyctime", "--tz")
    return read_timing(
        time.time(), options.bizdate or "", options.cyctime or "", options.tz or "", words, fold
    )


def read_replicas(text: str | None) -> dict[str, int]:
    """`N` workers, or `ROLE=N,...`; raises BadRequest for anything else."""
    if text is None:
        return {}
    words = [f"worker={text}"] if text.lstrip("-").isdigit() else text.split(",")
    counts = read_pairs("--replicas", "N, or ROLE=N,...", words)
    for role, count in counts.items():
        if not (count.isdigit() and 1 <= int(count) <= _MOST):
            raise BadRequest(f"--replicas {role}={count}: a number from 1 to {_MOST} is expected")
    return {role.lower(): int(count) for role, count in counts.items()}


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
