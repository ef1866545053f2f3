"""The verbs of pipelines.

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
        PublishedView,
        VersionPage,
        VersionView,
    )

from millwork.client.noun import Noun


class PipelinesVerbs(Noun):
    """The verbs of pipelines."""

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
        """The pipelines of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "pipelines.list",
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
        text: str,
        bundle: str = "",
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> PublishedView:
        """Registers a pipeline from its file's text; its nodes name what is registered."""
        answer: PublishedView = self._door.ask(
            "pipelines.create",
            text=text,
            bundle=bundle,
            version=version,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def show(self, name: str) -> PublishedView:
        """The latest version of a pipeline."""
        answer: PublishedView = self._door.ask("pipelines.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a pipeline and who sees it."""
        answer: AssetView = self._door.ask(
            "pipelines.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a pipeline with all its versions."""
        answer: Deleted = self._door.ask("pipelines.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a pipeline, latest first."""
        answer: VersionPage = self._door.ask(
            "pipelines.versions", name=name, limit=limit, after=after
        )
        return answer

    def version(self, name: str, version: str) -> PublishedView:
        """One version of a pipeline."""
        answer: PublishedView = self._door.ask("pipelines.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "pipelines.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a pipeline differ."""
        answer: DifferencesView = self._door.ask(
            "pipelines.diff", name=name, before=before, after=after
        )
        return answer
