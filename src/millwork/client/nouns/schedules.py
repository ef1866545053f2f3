# ruff: noqa: E501
"""Schedules: registered as pipelines are, and deployed: put in force, here or elsewhere.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from millwork.views.assets import AssetView, Deleted, DifferencesView, VersionPage, VersionView
    from millwork.views.schedules import DeploymentView, ScheduleList, SchedulePreview, ScheduleView

from millwork.client.noun import Noun


class SchedulesVerbs(Noun):
    """Schedules: registered as pipelines are, and deployed: put in force, here or elsewhere."""

    def list(
        self,
        *,
        text: str = "",
        label: str = "",
        creator: str = "",
        sort: Literal["name", "-changed"] = "name",
        limit: int = 50,
        after: str = "",
    ) -> ScheduleList:
        """The schedules of the workspace: what is in force of each, and its next cycles."""
        answer: ScheduleList = self._door.ask(
            "schedules.list",
            text=text,
            label=label,
            creator=creator,
            sort=sort,
            limit=limit,
            after=after,
        )
        return answer

    def create(
        self,
        *,
        text: str,
        version: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> ScheduleView:
        """Registers a version of a schedule from its file's text; `schedules.deploy` puts it in force."""
        answer: ScheduleView = self._door.ask(
            "schedules.create", text=text, version=version, visibility=visibility, labels=labels
        )
        return answer

    def preview(self, *, text: str, count: int = 5, bizdate: str = "") -> SchedulePreview:
        """The next cycles of a text and the values of its parameters; nothing is kept."""
        answer: SchedulePreview = self._door.ask(
            "schedules.preview", text=text, count=count, bizdate=bizdate
        )
        return answer

    def show(self, name: str) -> ScheduleView:
        """A schedule: the version in force, or the latest of one that is not deployed."""
        answer: ScheduleView = self._door.ask("schedules.show", name=name)
        return answer

    def change(
        self,
        name: str,
        *,
        description: str | None = None,
        visibility: Literal["public", "private"] | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        """Changes what is said of a schedule and who sees it."""
        answer: AssetView = self._door.ask(
            "schedules.change",
            name=name,
            description=description,
            visibility=visibility,
            labels=labels,
        )
        return answer

    def delete(self, name: str) -> Deleted:
        """Deletes a schedule that is not in force, with all its versions; its instances stay."""
        answer: Deleted = self._door.ask("schedules.delete", name=name)
        return answer

    def versions(self, name: str, *, limit: int = 50, after: str = "") -> VersionPage:
        """The versions of a schedule, latest first."""
        answer: VersionPage = self._door.ask(
            "schedules.versions", name=name, limit=limit, after=after
        )
        return answer

    def version(self, name: str, version: str) -> ScheduleView:
        """One version of a schedule."""
        answer: ScheduleView = self._door.ask("schedules.version", name=name, version=version)
        return answer

    def deprecate(self, name: str, version: str, *, reason: str | None) -> VersionView:
        """Says why a version is not to be used any more; a null or empty reason takes that back."""
        answer: VersionView = self._door.ask(
            "schedules.deprecate", name=name, version=version, reason=reason
        )
        return answer

    def diff(self, name: str, *, before: str, after: str) -> DifferencesView:
        """In what two versions of a schedule differ."""
        answer: DifferencesView = self._door.ask(
            "schedules.diff", name=name, before=before, after=after
        )
        return answer

    def deploy(
        self, name: str, *, version: str = "", to: str = "", preview: bool = False
    ) -> DeploymentView:
        """Puts a version in force: if none is named the latest, with `to` the one in force here."""
        answer: DeploymentView = self._door.ask(
            "schedules.deploy", name=name, version=version, to=to, preview=preview
        )
        return answer

    def withdraw(self, name: str) -> dict[str, Any]:
        """Takes a schedule out of force: no cycle to come begins; those that have begun go on."""
        answer: dict[str, Any] = self._door.ask("schedules.withdraw", name=name)
        return answer

    def switch(
        self, name: str, *, state: Literal["on", "off", "frozen", "skipping"]
    ) -> ScheduleView:
        """Switches a schedule that is in force."""
        answer: ScheduleView = self._door.ask("schedules.switch", name=name, state=state)
        return answer

    def test(
        self, name: str, *, bizdate: str = "", at: str = "", version: str = ""
    ) -> dict[str, Any]:
        """Runs a schedule once, now, as the instance of a business date would be: yesterday's if none."""
        answer: dict[str, Any] = self._door.ask(
            "schedules.test", name=name, bizdate=bizdate, at=at, version=version
        )
        return answer

    def trigger(self, name: str, *, key: str = "", bizdate: str = "") -> dict[str, Any]:
        """Makes an instance now, from outside; a second time with the same `key` makes none."""
        answer: dict[str, Any] = self._door.ask(
            "schedules.trigger", name=name, key=key, bizdate=bizdate
        )
        return answer
