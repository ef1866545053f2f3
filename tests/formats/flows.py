"""Nodes of PAI in DataWorks for tests: PAI's JSON, FlowSpecs, and schedules that one can say."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import strategies as st

from millwork.spec.schedule import CHILDREN, SELF, Dependency, Schedule
from millwork.spec.writer import to_yaml
from tests.formats.test_dataworks_cron import recurrences
from tests.formats.test_paiflow import flow, out, task

NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,7}x", fullmatch=True)
DAYS = st.dates(date(1971, 1, 1), date(2099, 1, 1))
EXPRESSIONS = st.sampled_from(
    ["$bizdate", "${yyyymmdd-1}", "$[yyyymmddhh24-1/24]", "p_${yyyy}_$[mi]", "abc", "$cyctime"]
)
GRAPH = flow(
    [
        task("read", "data_source", inputTableName="shop.orders"),
        task("cut", artifacts=[("inputTable", out("read", "outputTable"))], fraction="0.7"),
        task("put", "SqlWriteTable_1", artifacts=[("inputTable", out("cut", "output1Table"))],
             outputTablePartition="dt=${day}"),
    ],
    parameters=[("execution_maxcompute", "Map", None), ("rounds", "Int", "3")],
)  # fmt: skip


def code(graph: Any = GRAPH, arguments: Any = (), **more: Any) -> dict[str, Any]:
    """PAI's JSON of a node, whose `paiflowArguments` give `arguments`."""
    given = [{"name": name, "value": value} for name, value in arguments]
    return {
        "appId": 1, "computeResource": {"MaxCompute": "execution_maxcompute"}, "name": "orders",
        "flowUniqueCode": "u", "inputs": [{"type": "MaxComputeTable", "value": "shop.orders"}],
        "outputs": [], "paiflowPipeline": to_yaml(graph),
        "paiflowArguments": to_yaml({"arguments": {"parameters": given}}), "tasks": [],
        "paiflowParameters": {"day": "${bizdate}"}, "workspaceId": "1", **more,
    }  # fmt: skip


def node(content: Any = None, variables: Any = (("bizdate", "$bizdate"),), **more: Any) -> Any:
    """A node of a FlowSpec."""
    return {
        "id": "42", "name": "orders_daily",
        "script": {
            "path": "orders", "runtime": {"command": "PAI_STUDIO"},
            "content": json.dumps(code()) if content is None else content,
            "parameters": [{"name": name, "type": "System", "value": value}
                           for name, value in variables],
        },
        **more,
    }  # fmt: skip


def trigger(cron: str = "00 30 02 * * ?", **more: Any) -> dict[str, Any]:
    """When it runs."""
    return {
        "type": "Scheduler", "cron": cron, "startTime": "1970-01-01 00:00:00",
        "endTime": "9999-01-01 00:00:00", "timezone": "Asia/Shanghai", **more,
    }  # fmt: skip


def spec(*nodes: Any, depends: Any = (), **more: Any) -> dict[str, Any]:
    """A FlowSpec."""
    flows = [{"nodeId": "42", "depends": list(depends)}] if depends else []
    return {
        "version": "1.1.0", "kind": "CycleWorkflow",
        "spec": {"nodes": list(nodes), "flow": flows, **more},
    }  # fmt: skip


@st.composite
def schedules(draw: st.DrawFn, pipeline: str) -> Schedule:
    """A schedule all of which a node of DataWorks can say."""
    recurrence = draw(st.none() | recurrences())
    if recurrence:
        first, last = sorted((draw(DAYS), draw(DAYS)))
        recurrence = replace(recurrence, first=first, last=last, clock="dataworks")
    others = draw(st.lists(NAMES, max_size=3, unique=True))
    waits = [Dependency(other, cycle=draw(st.sampled_from(["same", "last"]))) for other in others]
    waits += [Dependency(each) for each in draw(st.sets(st.sampled_from([SELF, CHILDREN])))]
    name = draw(NAMES.filter(lambda text: text not in others))
    return Schedule(
        name, "1.0.0", pipeline, recurrence,
        draw(st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "UTC"])),
        description=draw(st.text("ab \n'\"\\é", max_size=12)),
        instances=draw(st.sampled_from(["ahead", "at_once"])),
        timeout=draw(st.none() | st.integers(60, 10**6).map(float)),
        retries=draw(st.integers(0, 100)), retry_after=float(draw(st.integers(0, 10**5))),
        rerun=draw(st.sampled_from(["always", "after_failure", "never"])),
        priority=draw(st.integers(1, 9)), depends_on=tuple(waits),
    )  # fmt: skip
