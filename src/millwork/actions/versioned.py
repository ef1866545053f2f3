"""The verbs that all things with versions have alike, made for each kind of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from millwork.actions import assets
from millwork.actions.assets import Visibility
from millwork.actions.call import Call
from millwork.views.assets import AssetView, Deleted, DifferencesView, VersionPage, VersionView

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Verb: TypeAlias = Callable[..., object]


class Verbs(NamedTuple):
    """The verbs of one kind, called as in `access.verbs`, in the order that nouns take them in."""

    show: Verb
    change: Verb
    delete: Verb
    versions: Verb
    version: Verb
    deprecate: Verb
    diff: Verb


def verbs_of(kind: str, what: str) -> Verbs:
    """The verbs of a kind, which people call `what`: `a code source`."""

    def show(call: Call, name: str) -> VersionView:
        return assets.show(call, kind, name)

    def change(
        call: Call,
        name: str,
        description: str | None = None,
        visibility: Visibility | None = None,
        labels: dict[str, str] | None = None,
    ) -> AssetView:
        return assets.change(call, kind, name, description, visibility, labels)

    def delete(call: Call, name: str) -> Deleted:
        return assets.delete(call, kind, name)

    def versions(call: Call, name: str, limit: int = 50, after: str = "") -> VersionPage:
        return assets.versions(call, kind, name, limit, after)

    def version(call: Call, name: str, version: str) -> VersionView:
        return assets.version(call, kind, name, version)

    def deprecate(call: Call, name: str, version: str, reason: str | None) -> VersionView:
        return assets.deprecate(call, kind, name, version, reason)

    def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
        return assets.diff(call, kind, name, before, after, assets.document_of)

    taken_back = "a null or empty reason takes that back"
    show.__doc__ = f"The latest version of {what}."
    change.__doc__ = (
        f"Changes what is said of {what} and who sees it.\n\n"
        "`labels` take the place of those of its latest version, until there is another."
    )
    delete.__doc__ = f"Deletes {what} with all its versions."
    versions.__doc__ = f"The versions of {what}, latest first."
    version.__doc__ = f"One version of {what}."
    deprecate.__doc__ = f"Says why a version is not to be used any more; {taken_back}."
    diff.__doc__ = f"In what two versions of {what} differ."
    return Verbs(show, change, delete, versions, version, deprecate, diff)
