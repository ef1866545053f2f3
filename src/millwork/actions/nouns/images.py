"""The verbs of images."""

from __future__ import annotations

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.versioned import verbs_of
from millwork.registry.kinds import image_faults
from millwork.views.assets import (
    AssetPage,
    VersionView,
    version_of,
)

show, change, delete, versions, version, deprecate, diff = verbs_of("image", "an image")


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
