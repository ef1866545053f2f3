# ruff: noqa: E501
"""Backfills: past cycles of a schedule, and of those behind it, done once more or at last.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import builtins

    from millwork.views.backfills import BackfillPage, BackfillPreview, BackfillShown, Range

from millwork.client.noun import Noun


class BackfillsVerbs(Noun):
    """Backfills: past cycles of a schedule, and of those behind it, done once more or at last."""

    def list(
        self,
        *,
        schedule: str = "",
        status: Literal["running", "paused", "succeeded", "failed", "cancelled"] | Literal[""] = "",
        limit: int = 50,
        after: str = "",
    ) -> BackfillPage:
        """The backfills of a workspace, newest first."""
        answer: BackfillPage = self._door.ask(
            "backfills.list", schedule=schedule, status=status, limit=limit, after=after
        )
        return answer

    def create(
        self,
        *,
        schedule: str,
        ranges: builtins.list[Range],
        order: Literal["asc", "desc"] = "asc",
        parallel: int = 1,
        redo: Literal["missing", "failed", "all"] = "missing",
        until: str = "",
        downstream: Literal["none", "all"] = "none",
        include: builtins.list[str] | None = None,
        exclude: builtins.list[str] | None = None,
        parameters: dict[str, dict[str, Any]] | None = None,
        name: str = "",
    ) -> BackfillShown:
        """Does the cycles of up to seven ranges of business dates, up to ten at once."""
        answer: BackfillShown = self._door.ask(
            "backfills.create",
            schedule=schedule,
            ranges=ranges,
            order=order,
            parallel=parallel,
            redo=redo,
            until=until,
            downstream=downstream,
            include=include,
            exclude=exclude,
            parameters=parameters,
            name=name,
        )
        return answer

    def preview(
        self,
        *,
        schedule: str,
        ranges: builtins.list[Range],
        order: Literal["asc", "desc"] = "asc",
        parallel: int = 1,
        redo: Literal["missing", "failed", "all"] = "missing",
        until: str = "",
        downstream: Literal["none", "all"] = "none",
        include: builtins.list[str] | None = None,
        exclude: builtins.list[str] | None = None,
        parameters: dict[str, dict[str, Any]] | None = None,
        name: str = "",
        limit: int = 50,
        after: str = "",
    ) -> BackfillPreview:
        """What a backfill would do: each cycle in its turn, and what of it there is already."""
        answer: BackfillPreview = self._door.ask(
            "backfills.preview",
            schedule=schedule,
            ranges=ranges,
            order=order,
            parallel=parallel,
            redo=redo,
            until=until,
            downstream=downstream,
            include=include,
            exclude=exclude,
            parameters=parameters,
            name=name,
            limit=limit,
            after=after,
        )
        return answer

    def show(self, backfill: str) -> BackfillShown:
        """A backfill: what was asked for, how far it is, and how long the rest will take."""
        answer: BackfillShown = self._door.ask("backfills.show", backfill=backfill)
        return answer

    def change(
        self,
        backfill: str,
        *,
        status: Literal["running", "paused", "cancelled"] | None = None,
        parallel: int | None = None,
    ) -> BackfillShown:
        """Pauses a backfill, has it go on, or cancels it: what waits is cancelled, what runs stopped."""
        answer: BackfillShown = self._door.ask(
            "backfills.change", backfill=backfill, status=status, parallel=parallel
        )
        return answer
