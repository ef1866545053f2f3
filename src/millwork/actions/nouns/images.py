"""The verbs of images."""

from __future__ import annotations

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.registry.kinds import image_faults
from millwork.views.assets import (
    AssetPage,
    AssetView,
    Deleted,
    DifferencesView,
    VersionPage,
    VersionView,
    version_of,
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
    """The images of the workspace, each with its latest version."""
    wanted = Filter(text, label, "", creator, deprecated, sort)
    return assets.page(call, "image", wanted, limit, after)


def create(
    call: Call,
    name: str,
    uri: str,
    labels: dict[str, str] | None = None,
    description: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
) -> VersionView:
    """Registers a container image by its address, such as registry/name:tag."""
    document = {"uri": uri, "labels": labels or {}}
    kept = assets.register(
        call, "image", name, document, image_faults(document),
        version=version, visibility=visibility, description=description, words=(uri,),
    )  # fmt: skip
    return version_of(kept)


def show(call: Call, name: str) -> VersionView:
    """The latest version of an image."""
    return assets.show(call, "image", name)


def change(
    call: Call, name: str, description: str | None = None, visibility: Visibility | None = None
) -> AssetView:
    """Changes what is said of an image and who sees it."""
    return assets.change(call, "image", name, description, visibility)


def delete(call: Call, name: str) -> Deleted:
    """Deletes an image with all its versions."""
    return assets.delete(call, "image", name)


def versions(call: Call, name: str, limit: int = 50, after: str = "") -> VersionPage:
    """The versions of an image, latest first."""
    return assets.versions(call, "image", name, limit, after)


def version(call: Call, name: str, version: str) -> VersionView:
    """One version of an image."""
    return assets.version(call, "image", name, version)


def deprecate(call: Call, name: str, version: str, reason: str | None) -> VersionView:
    """Says why a version is not to be used any more; a null or empty reason takes that back."""
    return assets.deprecate(call, "image", name, version, reason)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of an image differ."""
    return assets.diff(call, "image", name, before, after, assets.document_of)
