"""The verbs of code sources.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.assets import (
        AssetPage,
        AssetView,
        Deleted,
        DifferencesView,
        TakenView,
        VersionPage,
        VersionView,
    )

from millwork.client.noun import Noun


class CodesVerbs(Noun):
    """The verbs of code sources."""

    def list(
        self,
        *,
        text: str = "",
        label: str = "",
        creator: str = "",
        deprecated: bool | None = None,
        sort: Literal["name", "-changed"] = "name",
        limit: int = 50,
        after: str = "",
    ) -> AssetPage:
        """The code sources of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "codes.list",
            text=text,
            label=label,
            creator=creator,
            deprecated=deprecated,
            sort=sort,
            limit=limit,
            after=after,
        )
        return answer

    def create(
        self,
        *,
        name: str,
        repository: str,
        branch: str = "",
        commit: str = "",
        mount_path: str = "",
        connection: str = "",
        labels: dict[str, str] | None = None,
        description: str = "",
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        path: str = "",
        folder: str = "",
    ) -> VersionView:
        """Registers a Git repository as a source of code; a commit wins over a branch."""
        answer: VersionView = self._door.ask(
            "codes.create",
            name=name,
            repository=repository,
            branch=branch,
            commit=commit,
            mount_path=mount_path,
            connection=connection,
            labels=labels,
            description=description,
            version=version,
            visibility=visibility,
            path=path,
            folder=folder,
        )
        return answer

    def show(self, name: str) -> VersionView:
        """The latest version of a code source."""
        answer: VersionView = self._door.ask("codes.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a code source and who sees it."""
        answer: AssetView = self._door.ask(
            "codes.change", name=name, description=description, visibility=visibility, labels=labels
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a code source with all its versions."""
        answer: Deleted = self._door.ask("codes.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a code source, latest first."""
        answer: VersionPage = self._door.ask("codes.versions", name=name, limit=limit, after=after)
        return answer

    def version(self, name: str, version: str) -> VersionView:
        """One version of a code source."""
        answer: VersionView = self._door.ask("codes.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "codes.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a code source differ."""
        answer: DifferencesView = self._door.ask(
            "codes.diff", name=name, before=before, after=after
        )
        return answer

    def take(self, name: str, version: str, *, path: str, folder: str = "") -> TakenView:
        """Reads a component's file from a code source, and keeps its code as a bundle."""
        answer: TakenView = self._door.ask(
            "codes.take", name=name, version=version, path=path, folder=folder
        )
        return answer
