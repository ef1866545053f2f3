"""The verbs of components."""

from __future__ import annotations

from functools import partial

from millwork.actions import assets, publish
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.views.assets import (
    AssetPage,
    AssetView,
    Deleted,
    DifferencesView,
    PublishedView,
    VersionPage,
    VersionView,
)


def list_(
    call: Call,
    text: str = "",
    label: str = "",
    creator: str = "",
    deprecated: bool | None = None,
    sort: Sort = "name",
    limit: int = 50,
    after: str = "",
) -> AssetPage:
    """The components of the workspace, each with its latest version."""
    wanted = Filter(text, label, "", creator, deprecated, sort)
    return assets.page(call, "component", wanted, limit, after)


def create(
    call: Call,
    text: str,
    bundle: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
    labels: dict[str, str] | None = None,
) -> PublishedView:
    """Registers a component from its file's text, of any flavour.

    `bundle` is the digest of its code folder, uploaded before. Without a version it gets the
    file's own; a file without one, and the version `next`, get the one after the latest.
    """
    return publish.publish(call, "component", text, bundle, version, visibility, labels)


def show(call: Call, name: str) -> PublishedView:
    """The latest version of a component."""
    return publish.show(call, "component", name)


def change(
    call: Call, name: str, description: str | None = None, visibility: Visibility | None = None
) -> AssetView:
    """Changes what is said of a component and who sees it."""
    return assets.change(call, "component", name, description, visibility)


def delete(call: Call, name: str) -> Deleted:
    """Deletes a component with all its versions."""
    return assets.delete(call, "component", name)


def versions(call: Call, name: str, limit: int = 50, after: str = "") -> VersionPage:
    """The versions of a component, latest first."""
    return assets.versions(call, "component", name, limit, after)


def version(call: Call, name: str, version: str) -> PublishedView:
    """One version of a component."""
    return publish.show(call, "component", name, version)


def deprecate(call: Call, name: str, version: str, reason: str | None) -> VersionView:
    """Says why a version is not to be used any more; a null or empty reason takes that back."""
    return assets.deprecate(call, "component", name, version, reason)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a component differ."""
    return assets.diff(call, "component", name, before, after, partial(publish.content_of, call))
