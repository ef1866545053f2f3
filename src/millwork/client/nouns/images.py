"""The verbs of images.

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
        VersionPage,
        VersionView,
    )

from millwork.client.noun import Noun


class ImagesVerbs(Noun):
    """The verbs of images."""

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
        """The images of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "images.list",
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
        uri: str,
        labels: dict[str, str] | None = None,
        description: str = "",
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
    ) -> VersionView:
        """Registers a container image by its address, such as registry/name:tag."""
        answer: VersionView = self._door.ask(
            "images.create",
            name=name,
            uri=uri,
            labels=labels,
            description=description,
            version=version,
            visibility=visibility,
        )
        return answer

    def show(self, name: str) -> VersionView:
        """The latest version of an image."""
        answer: VersionView = self._door.ask("images.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of an image and who sees it."""
        answer: AssetView = self._door.ask(
            "images.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes an image with all its versions."""
        answer: Deleted = self._door.ask("images.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of an image, latest first."""
        answer: VersionPage = self._door.ask("images.versions", name=name, limit=limit, after=after)
        return answer

    def version(self, name: str, version: str) -> VersionView:
        """One version of an image."""
        answer: VersionView = self._door.ask("images.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "images.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of an image differ."""
        answer: DifferencesView = self._door.ask(
            "images.diff", name=name, before=before, after=after
        )
        return answer
