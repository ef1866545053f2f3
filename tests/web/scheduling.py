"""Schedules for the tests of the console: trivial pipelines, deployed at once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.web.stage import component

if TYPE_CHECKING:
    from tests.e2e.api import Api

HEAD = {"apiVersion": "millwork/v1", "version": "1.0.0"}


def today() -> date:
    """Today, by the clock of the schedules here."""
    return datetime.now(UTC).date()


def before(days: int) -> str:
    """The day so many days ago."""
    return (today() - timedelta(days=days)).isoformat()


def pipeline(api: Api, name: str, command: str) -> None:
    """Publishes a pipeline of one step, which is told the business date."""
    step = component(
        api, f"{name}-step", command=command, mounts="none", outputs={"out": {"type": "value"}},
        parameters={"day": {"type": "String", "default": ""}},
    )  # fmt: skip
    text = {
        **HEAD, "kind": "Pipeline", "name": name,
        "parameters": {"label": {"type": "String", "default": "unsaid"}},
        "scheduling_parameters": {"bizdate": "$bizdate"},
        "nodes": {"work": {"component": step, "parameters": {"day": "${bizdate}"}}},
    }  # fmt: skip
    api.post("/pipelines", {"text": json.dumps(text)})


def schedule(api: Api, name: str, runs: str, *, is_deployed: bool = True, **fields: Any) -> None:
    """Publishes a schedule, of once a day unless `fields` say otherwise, and deploys it."""
    text = {**HEAD, "kind": "Schedule", "name": name, "pipeline": runs, "every": "day", **fields}
    api.post("/schedules", {"text": json.dumps(text)})
    if is_deployed:
        api.post(f"/schedules/{name}/deploy")


def operated(api: Api, name: str) -> dict[str, str]:
    """The statuses of a schedule's instances by business date."""
    rows = api.get(f"/instances?schedule={name}&limit=200")["items"]
    return {row["bizdate"]: row["status"] for row in rows}
