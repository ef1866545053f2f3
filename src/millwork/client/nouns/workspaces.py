"""Workspaces: what is known of them, and what their runs may use.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.people import Deleted, Workspace, Workspaces
    from millwork.views.queue import WorkspaceUsage

from millwork.client.noun import Noun


class WorkspacesVerbs(Noun):
    """Workspaces: what is known of them, and what their runs may use."""

    def list(self, *, limit: int = 50, after: str = "") -> Workspaces:
        """The workspaces that one is a member of, by name; administrators see all."""
        answer: Workspaces = self._door.ask("workspaces.list", limit=limit, after=after)
        return answer

    def create(
        self,
        *,
        name: str,
        description: str = "",
        quota: dict[str, float | int] | None = None,
        stage: Literal["", "development", "production"] = "",
        variables: dict[str, str] | None = None,
    ) -> Workspace:
        """Make a workspace; whoever makes it owns it."""
        answer: Workspace = self._door.ask(
            "workspaces.create",
            name=name,
            description=description,
            quota=quota,
            stage=stage,
            variables=variables,
        )
        return answer

    def show(self) -> Workspace:
        """What is known of a workspace."""
        answer: Workspace = self._door.ask("workspaces.show")
        return answer

    def change(
        self,
        *,
        description: str | None = None,
        quota: dict[str, float | int] | None = None,
        stage: Literal["", "development", "production"] | None = None,
        variables: dict[str, str] | None = None,
    ) -> Workspace:
        """Describe a workspace anew, or set another quota instead of the one that it has."""
        answer: Workspace = self._door.ask(
            "workspaces.change",
            description=description,
            quota=quota,
            stage=stage,
            variables=variables,
        )
        return answer

    def delete(self) -> Deleted:
        """Remove a workspace that holds no runs and no assets, with its secrets."""
        answer: Deleted = self._door.ask("workspaces.delete")
        return answer

    def usage(self) -> WorkspaceUsage:
        """Quota, usage and the queue of a workspace, with why its runs wait."""
        answer: WorkspaceUsage = self._door.ask("workspaces.usage")
        return answer
