# ruff: noqa: A002
"""The verbs of models.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

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


class ModelsVerbs(Noun):
    """The verbs of models."""

    def list(
        self,
        *,
        text: str = "",
        label: str = "",
        stage: str = "",
        creator: str = "",
        deprecated: bool | None = None,
        sort: Literal["name", "-changed"] = "name",
        limit: int = 50,
        after: str = "",
    ) -> AssetPage:
        """The models of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "models.list",
            text=text,
            label=label,
            stage=stage,
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
        format: str = "",
        framework: str = "",
        metrics: dict[str, Any] | None = None,
        specs: dict[str, dict[str, Any]] | None = None,
        mount_path: str = "",
        options: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        source: dict[str, str] | None = None,
        description: str = "",
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
    ) -> VersionView:
        """Registers a version of a model: an address, or an output of a run, which is pinned."""
        answer: VersionView = self._door.ask(
            "models.create",
            name=name,
            uri=uri,
            format=format,
            framework=framework,
            metrics=metrics,
            specs=specs,
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
        """The latest version of a model."""
        answer: VersionView = self._door.ask("models.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a model and who sees it."""
        answer: AssetView = self._door.ask(
            "models.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a model with all its versions."""
        answer: Deleted = self._door.ask("models.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a model, latest first."""
        answer: VersionPage = self._door.ask("models.versions", name=name, limit=limit, after=after)
        return answer

    def version(self, name: str, version: str) -> VersionView:
        """One version of a model."""
        answer: VersionView = self._door.ask("models.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "models.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a model differ."""
        answer: DifferencesView = self._door.ask(
            "models.diff", name=name, before=before, after=after
        )
        return answer

    def approve(
        self,
        name: str,
        version: str,
        *,
        stage: Literal["Pending", "Approved", "Rejected"] = "Approved",
        comment: str = "",
    ) -> VersionView:
        """Sets the stage of a version: whether it may be used in production."""
        answer: VersionView = self._door.ask(
            "models.approve", name=name, version=version, stage=stage, comment=comment
        )
        return answer

    def lineage(self, name: str, version: str) -> AssetLineage:
        """The run, steps, code and data that led to a version, and what uses it."""
        answer: AssetLineage = self._door.ask("models.lineage", name=name, version=version)
        return answer
