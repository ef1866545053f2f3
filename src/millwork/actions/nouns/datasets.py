"""The verbs of datasets."""

from __future__ import annotations

import os
from typing import Literal, TypeAlias

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.lineage import lineage_of_asset, traced
from millwork.actions.versioned import verbs_of
from millwork.base.errors import BadRequest
from millwork.base.uris import parse_uri
from millwork.registry.kinds import dataset_faults
from millwork.views.assets import (
    AssetLineage,
    AssetPage,
    VersionView,
    version_of,
)

DataType: TypeAlias = Literal["file", "folder", "table"]


show, change, delete, versions, version, deprecate, diff = verbs_of("dataset", "a dataset")


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
    """The datasets of the workspace, each with its latest version."""
    wanted = Filter(text, label, "", creator, deprecated, sort)
    return assets.page(call, "dataset", wanted, limit, after)


def create(
    call: Call,
    name: str,
    uri: str = "",
    type: DataType | None = None,  # noqa: A002
    mount_path: str = "",
    options: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    source: dict[str, str] | None = None,
    description: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
) -> VersionView:
    """Registers a version of a dataset: an address, or an output of a run, which is pinned.

    `source` is {run, step, port}, or {dataset, version} of what it was made of. Without a type it
    is that of the source, or of what is at the address on this machine, or a folder.
    """
    come = traced(call, source)
    here = _type_here(uri)
    kind = type or come.type or here or "folder"
    document = {
        "uri": uri, "type": kind, "mount_path": mount_path,
        "options": options or {}, "labels": labels or {}, "source": dict(come.source),
    }  # fmt: skip
    kept = assets.register(
        call, "dataset", name, document, dataset_faults(document),
        version=version, visibility=visibility, description=description,
        words=(uri, kind), uses=come.uses, run=come.run,
    )  # fmt: skip
    return version_of(kept)


def _type_here(uri: str) -> str:
    """What is at a `file://` address, `file` or `folder`; empty for others. Raises BadRequest."""
    if not uri.casefold().startswith("file:"):
        return ""
    path = f"/{parse_uri(uri).path}"
    if os.path.isdir(path):
        return "folder"
    if not os.path.exists(path):
        raise BadRequest(f"uri: there is no {path[:200]} on the server's machine")
    return "file"


def lineage(call: Call, name: str, version: str) -> AssetLineage:
    """Where a version comes from, and which things and runs use it."""
    return lineage_of_asset(call, "dataset", name, version)
