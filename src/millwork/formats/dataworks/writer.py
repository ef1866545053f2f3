"""A pipeline and its schedule as a FlowSpec of DataWorks with one node of PAI."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from datetime import date
from typing import TYPE_CHECKING, Any

from millwork.formats.dataworks import cron
from millwork.formats.dataworks.manifest import COMPUTE, write_manifest
from millwork.formats.dataworks.model import COMMANDS
from millwork.formats.dataworks.parameters import is_expression
from millwork.formats.dataworks.timing import (
    ALWAYS,
    INSTANCES,
    OTHER,
    OTHERS,
    OWN,
    RERUN,
    SAME,
    schedule_name,
)
from millwork.spec.schedule import CHILDREN, SELF, Dependency, Schedule
from millwork.spec.values import to_text
from millwork.spec.writer import to_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.formats.dataworks.manifest import Written
    from millwork.spec.model import Pipeline
    from millwork.spec.recurrence import Recurrence
    from millwork.spec.twins import Twin

VERSION, KIND, PROGRAM = "1.1.0", "Node", 1000138
_UNSAID = Schedule("", "1.0.0", "")
_CARRIED = frozenset({
    "name", "pipeline", "recurrence", "timezone", "display_name", "description", "parameters",
    "inputs", "scheduling_parameters", "instances", "timeout", "retries", "retry_after", "rerun",
    "priority", "depends_on", "source",
})  # fmt: skip
_ODPS = re.compile(r"odps://([\w-]+)/tables/([\w-]+)")
_TABLE = re.compile(r"PAI's table (\S+)")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_NO_CRON = "no cron of DataWorks says these times and days: put one there"
_WHERE = "where PAI computes is for you to say there: endpoint and project of MaxCompute"


def write_node(
    pipeline: Pipeline, schedule: Schedule | None, twin: Callable[[str], Twin | None]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The FlowSpec of a pipeline, and the path and reason of each thing that it cannot carry.

    `twin` says which component of PAI's does the work of the one that a node names.
    """
    return _Writer(pipeline, schedule, twin).write()


class _Writer:
    def __init__(
        self, pipeline: Pipeline, schedule: Schedule | None, twin: Callable[[str], Twin | None]
    ) -> None:
        self._pipeline, self._schedule, self._twin = pipeline, schedule, twin
        self._losses: list[tuple[str, str]] = []
        self._variables: dict[str, str] = dict(pipeline.scheduling_parameters)
        if schedule:
            self._variables |= schedule.scheduling_parameters

    def _leave(self, path: str, reason: str) -> None:
        self._losses.append((path, reason))

    def write(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The whole document."""
        pipeline, schedule = self._pipeline, self._schedule
        name = self._title(schedule) if schedule else pipeline.name
        key = schedule.name if schedule else pipeline.name
        scheduled = dict(self._variables)
        tables = self._tables()
        graph = write_manifest(pipeline, self._twin, tables)
        self._losses += graph.losses
        arguments = self._arguments()
        code = self._code(graph, tables, scheduled, arguments)
        node: dict[str, Any] = {"id": key, "name": name}
        if schedule:
            node |= self._timing(schedule)
        node["script"] = {
            "path": pipeline.name,
            "language": "json",
            "runtime": {"command": COMMANDS[0], "commandTypeId": PROGRAM},
            "content": json.dumps(code, ensure_ascii=False),
            "parameters": [_variable(*item) for item in self._variables.items()],
        }
        node["outputs"] = {"nodeOutputs": [_output(key)]}
        flow = [{"nodeId": key, "depends": self._depends(schedule)}] if schedule else []
        self._leave("script.content.paiflowArguments", _WHERE)
        document = {"version": VERSION, "kind": KIND, "spec": {"nodes": [node], "flow": flow}}
        return document, self._losses

    def _title(self, schedule: Schedule) -> str:
        """What the node is called: as people call the schedule, if its name follows of that."""
        title = schedule.display_name
        if title and schedule_name(title, "schedule") != schedule.name:
            self._leave("schedule.display_name", "a node of DataWorks has one name")
            return schedule.name
        return title or schedule.name

    # --- PAI's part ---------------------------------------------------------------------------

    def _code(
        self, graph: Written, tables: Mapping[str, str], scheduled: Mapping[str, str],
        arguments: list[dict[str, Any]],
    ) -> dict[str, Any]:  # fmt: skip
        tasks = [task["metadata"]["name"] for task in graph.document["spec"]["pipelines"]]
        known = {task: graph.waits.get(task, []) for task in tasks}
        compute = {"endpoint": "", "odpsProject": "", "resourceType": "MaxCompute"}
        given = [{"name": COMPUTE, "value": compute}, *arguments]
        return {
            "name": self._pipeline.name,
            "description": self._pipeline.description,
            "computeResource": {"MaxCompute": COMPUTE},
            "inputs": [{"type": "MaxComputeTable", "value": table} for table in tables.values()],
            "outputs": [],
            "paiflowArguments": to_yaml({"arguments": {"parameters": given}}),
            "paiflowParameters": {name: f"${{{name}}}" for name in scheduled},
            "paiflowPipeline": to_yaml(graph.document),
            "prgType": str(PROGRAM),
            "tasks": [
                {"root": not known[task], "taskName": task, "taskUniqueCode": task}
                for task in tasks
            ],
            "taskRelations": [
                {"childTaskUniqueCode": task, "parentTaskUniqueCode": other}
                for task in tasks
                for other in dict.fromkeys(known[task])
            ],
        }

    def _tables(self) -> dict[str, str]:
        """The table of each input that is one: what the schedule gives, or what PAI calls it."""
        given = dict(self._schedule.inputs) if self._schedule else {}
        found = {}
        for name, port in self._pipeline.inputs.items():
            uri = given.pop(name, "")
            odps = _ODPS.fullmatch(uri)
            if uri and not odps:
                what = f"PAI reads tables of MaxCompute: {uri[:200]}"
                self._leave(f"schedule.inputs.{name}", what)
            if port.type in ("table", "any"):
                said = _TABLE.fullmatch(port.description)
                found[name] = f"{odps[1]}.{odps[2]}" if odps else said[1] if said else name
                if _NO_NAME.sub("_", found[name]) != name:
                    self._leave(f"inputs.{name}", f"it is called by its table, {found[name]}")
        for name in given:
            self._leave(f"schedule.inputs.{name}", "the pipeline has no such input")
        return found

    def _arguments(self) -> list[dict[str, Any]]:
        """What the schedule gives the pipeline's parameters; expressions become variables."""
        found = []
        for name, value in self._schedule.parameters.items() if self._schedule else ():
            path = f"schedule.parameters.{name}"
            if name not in self._pipeline.parameters:
                self._leave(path, "the pipeline has no such parameter")
            elif isinstance(value, list | tuple):
                if any("$" in str(each) for each in value):
                    self._leave(path, "an expression in a list")
                found.append({"name": name, "value": list(value)})
            else:
                text = value if isinstance(value, str) else to_text(value)
                found.append({"name": name, "value": self._said(name, text, path)})
        return found

    def _said(self, name: str, text: str, path: str) -> str:
        if "$" not in text:
            return text
        if not is_expression(text):
            self._leave(path, "an expression within a text with spaces or '='")
            return text
        variable = re.sub(r"\W", "_", name)
        while self._variables.get(variable, text) != text or variable in self._own():
            variable += "_1"
        self._variables[variable] = text
        return f"${{{variable}}}"

    def _own(self) -> set[str]:
        """The scheduling parameters, whose names stand in the graph."""
        own = set(self._pipeline.scheduling_parameters)
        return own | set(self._schedule.scheduling_parameters if self._schedule else ())

    # --- the scheduling half ------------------------------------------------------------------

    def _timing(self, schedule: Schedule) -> dict[str, Any]:
        for row in fields(Schedule):
            if row.name not in _CARRIED and getattr(schedule, row.name) != getattr(
                _UNSAID, row.name
            ):
                self._leave(f"schedule.{row.name}", "a node of DataWorks has no such field")
        if "@" in schedule.pipeline:
            self._leave("schedule.pipeline", "a node of DataWorks has its own copy of the graph")
        found: dict[str, Any] = {
            "description": schedule.description,
            "recurrence": "Normal",
            "instanceMode": _turned(INSTANCES)[schedule.instances],
            "rerunMode": _turned(RERUN)[schedule.rerun],
            "rerunTimes": schedule.retries,
            "rerunInterval": round(schedule.retry_after * 1000),
            "timeout": round(schedule.timeout or 0),
            "priority": schedule.priority,
        }
        if schedule.timeout and schedule.timeout != found["timeout"]:
            self._leave("schedule.timeout", f"rounded to {found['timeout']} s")
        return found | {"trigger": self._trigger(schedule)}

    def _trigger(self, schedule: Schedule) -> dict[str, Any]:
        recurrence = schedule.recurrence
        if recurrence is None:
            return {"type": "Manual", "timezone": schedule.timezone}
        for name, days in (("holidays", recurrence.off), ("workdays", recurrence.also)):
            if days:
                self._leave(f"schedule.{name}", "DataWorks keeps a calendar apart from its nodes")
        if recurrence.clock != "dataworks":
            self._leave("schedule.clock", "in changed clocks DataWorks goes by rules of its own")
        text = cron.write(recurrence)
        if text is None:
            self._leave("schedule.cron" if recurrence.cron else "schedule.at", _NO_CRON)
            return {"type": "Manual", "timezone": schedule.timezone}
        first, last = _bounds(recurrence)
        return {
            "type": "Scheduler",
            "cron": text,
            "cycleType": "Daily" if recurrence.is_daily else "NotDaily",
            "startTime": first,
            "endTime": last,
            "timezone": schedule.timezone,
        }

    def _depends(self, schedule: Schedule) -> list[dict[str, str]]:
        found = []
        for index, each in enumerate(schedule.depends_on):
            path = f"schedule.depends_on[{index}]"
            if each.file:
                self._leave(path, "a node of DataWorks waits for nodes, and no files")
                continue
            if each.workspace:
                what = "put there what the node of the other workspace gives"
                self._leave(f"{path}.workspace", what)
            found.append(_depend(each))
        return found


def _depend(each: Dependency) -> dict[str, str]:
    if each.schedule in (SELF, CHILDREN):
        return {"type": OWN if each.schedule == SELF else OTHERS}
    output = f"{each.workspace}.{each.schedule}" if each.workspace else each.schedule
    return {"type": SAME if each.cycle == "same" else OTHER, "output": output}


def _bounds(recurrence: Recurrence) -> tuple[str, str]:
    first, last = recurrence.first, recurrence.last
    return (
        ALWAYS[0] if first == date.min else f"{first} 00:00:00",
        ALWAYS[1] if last == date.max else f"{last} 23:59:59",
    )


def _variable(name: str, text: str) -> dict[str, str]:
    kind = "System" if "$" in text else "Constant"
    return {
        "name": name, "artifactType": "Variable", "scope": "NodeParameter", "type": kind,
        "value": text,
    }  # fmt: skip


def _output(key: str) -> dict[str, Any]:
    return {"data": key, "artifactType": "NodeOutput", "refTableName": key, "isDefault": True}


def _turned(names: Mapping[str, str]) -> dict[str, str]:
    return {ours: theirs for theirs, ours in names.items()}
