"""The verbs of components.

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
    from millwork.views.faces import CheckedView

from millwork.client.noun import Noun


class ComponentsVerbs(Noun):
    """The verbs of components."""

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
        """The components of the workspace, each with its latest version."""
        answer: AssetPage = self._door.ask(
            "components.list",
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
        """Registers a component from its file's text, of any flavour."""
        answer: PublishedView = self._door.ask(
            "components.create",
            text=text,
            bundle=bundle,
            version=version,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def check(self, *, text: str) -> CheckedView:
        """What is wrong with a component's text, of any flavour, and what it would look like."""
        answer: CheckedView = self._door.ask("components.check", text=text)
        return answer

    def show(self, name: str) -> PublishedView:
        """The latest version of a component."""
        answer: PublishedView = self._door.ask("components.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a component and who sees it."""
        answer: AssetView = self._door.ask(
            "components.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a component with all its versions."""
        answer: Deleted = self._door.ask("components.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a component, latest first."""
        answer: VersionPage = self._door.ask(
            "components.versions", name=name, limit=limit, after=after
        )
        return answer

    def version(self, name: str, version: str) -> PublishedView:
        """One version of a component."""
        answer: PublishedView = self._door.ask("components.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "components.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a component differ."""
        answer: DifferencesView = self._door.ask(
            "components.diff", name=name, before=before, after=after
        )
        return answer
