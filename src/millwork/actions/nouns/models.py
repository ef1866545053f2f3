"""The verbs of models."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.lineage import lineage_of_asset, traced
from millwork.actions.versioned import verbs_of
from millwork.registry.kinds import model_faults, text_faults
from millwork.views.assets import (
    AssetLineage,
    AssetPage,
    VersionView,
    version_of,
)

Stage: TypeAlias = Literal["Pending", "Approved", "Rejected"]


show, change, delete, versions, version, deprecate, diff = verbs_of("model", "a model")


def list_(
    call: Call,
    text: str = "",
    label: str = "",
    stage: str = "",
    creator: str = "",
    deprecated: bool | None = None,
    sort: Sort = "name",
    limit: int = 50,
    after: str = "",
) -> AssetPage:
    """The models of the workspace, each with its latest version."""
    wanted = Filter(text, label, stage, creator, deprecated, sort)
    return assets.page(call, "model", wanted, limit, after)


def create(
    call: Call,
    name: str,
    uri: str = "",
    format: str = "",  # noqa: A002
    framework: str = "",
    metrics: dict[str, Any] | None = None,
    specs: dict[str, dict[str, Any]] | None = None,
    mount_path: str = "",
    options: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    source: dict[str, str] | None = None,
    description: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
) -> VersionView:
    """Registers a version of a model: an address, or an output of a run, which is pinned.

    `source` is {run, step, port}, or {dataset, version} of what it was made of.

    `specs` say how it is used, by inference, training, evaluation, compression and distillation.
    """
    come = traced(call, source)
    document = {
        "uri": uri, "type": come.type or "model", "format": format, "framework": framework,
        "metrics": metrics or {}, "specs": specs or {}, "mount_path": mount_path,
        "options": options or {}, "labels": labels or {}, "source": dict(come.source),
    }  # fmt: skip
    kept = assets.register(
        call, "model", name, document, model_faults(document),
        version=version, visibility=visibility, description=description,
        words=(uri, format, framework), uses=come.uses, run=come.run, stage="Pending",
    )  # fmt: skip
    return version_of(kept)


def approve(
    call: Call, name: str, version: str, stage: Stage = "Approved", comment: str = ""
) -> VersionView:
    """Sets the stage of a version: whether it may be used in production."""
    kept = assets.found(call, "model", name, version, action="approve")
    assets.refuse(text_faults("comment", comment))
    call.context.assets().set_stage(kept, stage, comment)
    return version_of(assets.found(call, "model", name, version))


def lineage(call: Call, name: str, version: str) -> AssetLineage:
    """The run, steps, code and data that led to a version, and what uses it."""
    return lineage_of_asset(call, "model", name, version)
