"""The verbs of pipelines."""

from __future__ import annotations

from functools import partial

from millwork.actions import assets, publish
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.versioned import verbs_of
from millwork.views.assets import (
    AssetPage,
    DifferencesView,
    PublishedView,
)

_SHARED = verbs_of("pipeline", "a pipeline")
change = _SHARED.change
delete = _SHARED.delete
versions = _SHARED.versions
deprecate = _SHARED.deprecate


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


def version(call: Call, name: str, version: str) -> PublishedView:
    """One version of a pipeline."""
    return publish.show(call, "pipeline", name, version)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a pipeline differ."""
    return assets.diff(call, "pipeline", name, before, after, partial(publish.content_of, call))
