"""The verbs of pipelines."""

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
    """The pipelines of the workspace, each with its latest version."""
    wanted = Filter(text, label, "", creator, deprecated, sort)
    return assets.page(call, "pipeline", wanted, limit, after)


def create(
    call: Call,
    text: str,
    bundle: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
    labels: dict[str, str] | None = None,
) -> PublishedView:
    """Registers a pipeline from its file's text; its nodes name what is registered.

    `name@version`, or `name` for the latest that is not deprecated, is pinned. `bundle` is the
    digest of the folder beside the file, for components that stand in the pipeline's own file.
    Versions are as those of components.
    """
    return publish.publish(call, "pipeline", text, bundle, version, visibility, labels)


def show(call: Call, name: str) -> PublishedView:
    """The latest version of a pipeline."""
    return publish.show(call, "pipeline", name)


def change(
    call: Call, name: str, description: str | None = None, visibility: Visibility | None = None
) -> AssetView:
    """Changes what is said of a pipeline and who sees it."""
    return assets.change(call, "pipeline", name, description, visibility)


def delete(call: Call, name: str) -> Deleted:
    """Deletes a pipeline with all its versions."""
    return assets.delete(call, "pipeline", name)


def versions(call: Call, name: str, limit: int = 50, after: str = "") -> VersionPage:
    """The versions of a pipeline, latest first."""
    return assets.versions(call, "pipeline", name, limit, after)


def version(call: Call, name: str, version: str) -> PublishedView:
    """One version of a pipeline."""
    return publish.show(call, "pipeline", name, version)


def deprecate(call: Call, name: str, version: str, reason: str | None) -> VersionView:
    """Says why a version is not to be used any more; a null or empty reason takes that back."""
    return assets.deprecate(call, "pipeline", name, version, reason)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a pipeline differ."""
    return assets.diff(call, "pipeline", name, before, after, partial(publish.content_of, call))
