# ruff: noqa: E501
"""Runs: asked for, looked at, and ended.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator

    from millwork.client.messages import Message
    from millwork.views.assets import RunLineage
    from millwork.views.plans import RunSource
    from millwork.views.retention import RunDeleted
    from millwork.views.runs import RunPage, RunResult, RunView

from millwork.client.noun import Noun


class RunsVerbs(Noun):
    """Runs: asked for, looked at, and ended."""

    def list(
        self,
        *,
        limit: int = 50,
        after: str = "",
        sort: Literal["created", "-created"] = "-created",
        status: Literal["queued", "running", "succeeded", "failed", "cancelled"] | Literal[""] = "",
        name: str = "",
        creator: str = "",
        tag: str = "",
        definition: str = "",
        trials: bool = False,
    ) -> RunPage:
        """The runs of a workspace, newest first."""
        answer: RunPage = self._door.ask(
            "runs.list",
            limit=limit,
            after=after,
            sort=sort,
            status=status,
            name=name,
            creator=creator,
            tag=tag,
            definition=definition,
            trials=trials,
        )
        return answer

    def create(
        self,
        *,
        component: str = "",
        pipeline: str = "",
        bundle: str = "",
        code: str = "",
        file: str = "",
        draft: str = "",
        revision: int = 0,
        inputs: dict[str, str] | None = None,
        outputs: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
        replicas: dict[str, int] | None = None,
        name: str = "",
        note: str = "",
        tags: dict[str, str] | None = None,
        priority: int = 5,
        visibility: Literal["public", "private"] = "public",
        parallel: int | None = None,
        engine: str = "",
        image: str = "",
        require_image: bool = False,
        first: str = "",
        last: str = "",
        only: str = "",
        force: builtins.list[str] | None = None,
        incremental: bool = False,
        commits: dict[str, dict[str, Any]] | None = None,
        bizdate: str = "",
        cyctime: str = "",
        timezone: str = "",
    ) -> dict[str, Any]:
        """Asks for a run; it waits for its turn."""
        said = {name: one for name, one in locals().items() if name != "self"}
        answer: dict[str, Any] = self._door.ask("runs.create", **said)
        return answer

    def show(self, run: str) -> RunView:
        """All that is known of a run: its steps, their attempts, its outputs."""
        answer: RunView = self._door.ask("runs.show", run=run)
        return answer

    def result(self, run: str) -> RunResult:
        """What a run has come to."""
        answer: RunResult = self._door.ask("runs.result", run=run)
        return answer

    def source(self, run: str) -> RunSource:
        """What was run, as a pipeline's text: to draw it, to change it, and to run it again."""
        answer: RunSource = self._door.ask("runs.source", run=run)
        return answer

    def change(
        self,
        run: str,
        *,
        priority: int | None = None,
        name: str | None = None,
        note: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        tags: dict[str, str] | None = None,
    ) -> RunView:
        """Changes the priority of a run that waits, or what is said about a run."""
        answer: RunView = self._door.ask(
            "runs.change",
            run=run,
            priority=priority,
            name=name,
            note=note,
            visibility=visibility,
            tags=tags,
        )
        return answer

    def cancel(self, run: str) -> dict[str, Any]:
        """Ends a run; one that runs is told to end, and is over when nothing of it runs any more."""
        answer: dict[str, Any] = self._door.ask("runs.cancel", run=run)
        return answer

    def resume(self, run: str) -> dict[str, Any]:
        """Has a run that failed or was cancelled go on with what is undone, when its turn comes."""
        answer: dict[str, Any] = self._door.ask("runs.resume", run=run)
        return answer

    def delete(self, run: str) -> RunDeleted:
        """Deletes a run that is over; outputs that something else names stay."""
        answer: RunDeleted = self._door.ask("runs.delete", run=run)
        return answer

    def events(self, run: str, *, after: int = 0, limit: int = 200) -> dict[str, Any]:
        """A run's history, oldest first."""
        answer: dict[str, Any] = self._door.ask("runs.events", run=run, after=after, limit=limit)
        return answer

    def follow(self, run: str) -> Iterator[Message]:
        """A run's history from its beginning, and then as it goes on (server-sent events)."""
        return self._door.stream("runs.follow", run=run)

    def lineage(self, run: str) -> RunLineage:
        """What a run was made of, and what was made of it."""
        answer: RunLineage = self._door.ask("runs.lineage", run=run)
        return answer
