# ruff: noqa: A002
"""The verbs of datasets.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.assets import (
        AssetLineage,
        AssetPage,
        AssetView,
        Deleted,
        DifferencesView,
        VersionPage,
        VersionView,
    )

from millwork.client.noun import Noun


class DatasetsVerbs(Noun):
    """The verbs of datasets."""

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
        """The datasets of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "datasets.list",
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
        uri: str = "",
        type: Literal["file", "folder", "table"] | None = None,
        mount_path: str = "",
        options: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        source: dict[str, str] | None = None,
        description: str = "",
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
    ) -> VersionView:
        """Registers a version of a dataset: an address, or an output of a run, which is pinned."""
        answer: VersionView = self._door.ask(
            "datasets.create",
            name=name,
            uri=uri,
            type=type,
            mount_path=mount_path,
            options=options,
            labels=labels,
            source=source,
            description=description,
            version=version,
            visibility=visibility,
        )
        return answer

    def show(self, name: str) -> VersionView:
        """The latest version of a dataset."""
        answer: VersionView = self._door.ask("datasets.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a dataset and who sees it."""
        answer: AssetView = self._door.ask(
            "datasets.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a dataset with all its versions."""
        answer: Deleted = self._door.ask("datasets.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a dataset, latest first."""
        answer: VersionPage = self._door.ask(
            "datasets.versions", name=name, limit=limit, after=after
        )
        return answer

    def version(self, name: str, version: str) -> VersionView:
        """One version of a dataset."""
        answer: VersionView = self._door.ask("datasets.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "datasets.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a dataset differ."""
        answer: DifferencesView = self._door.ask(
            "datasets.diff", name=name, before=before, after=after
        )
        return answer

    def lineage(self, name: str, version: str) -> AssetLineage:
        """Where a version comes from, and which things and runs use it."""
        answer: AssetLineage = self._door.ask("datasets.lineage", name=name, version=version)
        return answer
