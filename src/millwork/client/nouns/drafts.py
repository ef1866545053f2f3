"""The verbs of drafts: pipelines as they are being made, which may have faults.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.assets import Deleted, DraftPage, DraftView, PublishedView

from millwork.client.noun import Noun


class DraftsVerbs(Noun):
    """The verbs of drafts: pipelines as they are being made, which may have faults."""

    def list(
        self,
        *,
        text: str = "",
        creator: str = "",
        sort: Literal["name", "-changed"] = "-changed",
        limit: int = 50,
        after: str = "",
    ) -> DraftPage:
        """The drafts of the workspace."""
        answer: DraftPage = self._door.ask(
            "drafts.list", text=text, creator=creator, sort=sort, limit=limit, after=after
        )
        return answer

    def show(self, name: str) -> DraftView:
        """A draft with the faults that its text has now."""
        answer: DraftView = self._door.ask("drafts.show", name=name)
        return answer

    def save(
        self,
        name: str,
        *,
        text: str,
        revision: int = 0,
        bundle: str = "",
        visibility: Literal["public", "private"] | None = None,
    ) -> DraftView:
        """Saves a draft as the revision after the one that was loaded; 0 is a new one."""
        answer: DraftView = self._door.ask(
            "drafts.save",
            name=name,
            text=text,
            revision=revision,
            bundle=bundle,
            visibility=visibility,
        )
        return answer

    def publish(
        self,
        name: str,
        *,
        revision: int,
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> PublishedView:
        """Registers a draft's revision as a version of the pipeline that its text names."""
        answer: PublishedView = self._door.ask(
            "drafts.publish",
            name=name,
            revision=revision,
            version=version,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a draft."""
        answer: Deleted = self._door.ask("drafts.delete", name=name)
        return answer
