# ruff: noqa: A002, E501
"""Instances: the cycles of schedules, looked at and operated.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import builtins

    from millwork.views.instances import (
        InstanceEventPage,
        InstanceGraph,
        InstanceGrid,
        InstancePage,
        InstancePageView,
        Operated,
    )

from millwork.client.noun import Noun


class InstancesVerbs(Noun):
    """Instances: the cycles of schedules, looked at and operated."""

    def list(
        self,
        *,
        schedule: str = "",
        status: Literal["waiting", "starting", "running", "succeeded", "failed", "cancelled"]
        | Literal[""] = "",
        kind: Literal["recurring", "backfill", "test", "triggered"] | Literal[""] = "",
        origin: str = "",
        first: str = "",
        last: str = "",
        sort: Literal["scheduled", "-scheduled"] = "-scheduled",
        limit: int = 50,
        after: str = "",
    ) -> InstancePage:
        """The instances of a workspace, the newest first, or those of a backfill in their turn."""
        answer: InstancePage = self._door.ask(
            "instances.list",
            schedule=schedule,
            status=status,
            kind=kind,
            origin=origin,
            first=first,
            last=last,
            sort=sort,
            limit=limit,
            after=after,
        )
        return answer

    def grid(
        self,
        *,
        first: str = "",
        last: str = "",
        text: str = "",
        kind: Literal["recurring", "backfill", "test", "triggered"] | Literal[""] = "",
        limit: int = 50,
        after: str = "",
    ) -> InstanceGrid:
        """What there is of each schedule on each business date, counted by status."""
        answer: InstanceGrid = self._door.ask(
            "instances.grid", first=first, last=last, text=text, kind=kind, limit=limit, after=after
        )
        return answer

    def operate(
        self,
        *,
        action: Literal["rerun", "stop", "succeed", "freeze", "thaw", "unneed", "priority"],
        instances: builtins.list[str] | None = None,
        filter: dict[str, Any] | None = None,
        downstream: bool = False,
        version: Literal["original", "latest"] = "original",
        dependency: str = "",
        priority: int = 0,
    ) -> Operated:
        """Runs instances again, stops them, sets them to succeeded, freezes or thaws them, and so on."""
        answer: Operated = self._door.ask(
            "instances.operate",
            action=action,
            instances=instances,
            filter=filter,
            downstream=downstream,
            version=version,
            dependency=dependency,
            priority=priority,
        )
        return answer

    def show(self, instance: str) -> InstancePageView:
        """An instance: its runs, what it waits for and why, its values, and what may be done to it."""
        answer: InstancePageView = self._door.ask("instances.show", instance=instance)
        return answer

    def graph(self, instance: str, *, depth: int = 2) -> InstanceGraph:
        """What an instance waits for, and what waits for it, at most 500 in all."""
        answer: InstanceGraph = self._door.ask("instances.graph", instance=instance, depth=depth)
        return answer

    def events(self, instance: str, *, after: int = 0, limit: int = 200) -> InstanceEventPage:
        """What happened to an instance and who did it, oldest first."""
        answer: InstanceEventPage = self._door.ask(
            "instances.events", instance=instance, after=after, limit=limit
        )
        return answer
