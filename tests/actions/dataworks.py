"""Nodes of PAI in DataWorks, read as the tests ask for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from millwork.actions.dataworks import FromDataWorks, from_dataworks
from millwork.actions.nouns import conversions
from millwork.base.errors import InvalidFile
from millwork.spec.document import PIPELINE_LIMITS, parse
from tests.formats.flows import code, node, spec, trigger

if TYPE_CHECKING:
    from millwork.spec.schedule import Schedule

lawful = settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

FULL = spec(
    node(json.dumps(code(arguments=[("rounds", "4")])), trigger=trigger(), timeout=60,
         rerunInterval=1, dependencies=[{"type": "Normal", "output": "x"}]),
    depends=[{"type": "CrossCycleDependsOnSelf"}, {"output": "load"}],
)  # fmt: skip


def made(document: Any) -> FromDataWorks:
    text = document if isinstance(document, str) else json.dumps(document)
    return from_dataworks(parse(text, "n.json", limits=PIPELINE_LIMITS), "n.json")


def scheduled(document: Any) -> Schedule:
    found = made(document).schedule
    assert found is not None
    return found


def faults(document: Any) -> str:
    with pytest.raises(InvalidFile) as caught:
        made(document)
    return str(caught.value)


def losses(document: Any) -> dict[str, str]:
    return dict(made(document).losses)


def ask(text: str, to: Any, schedule: str = "") -> Any:
    call: Any = None
    return conversions.create(call, text, to, "n.json", schedule)
