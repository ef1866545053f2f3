"""The verbs of code sources."""

from __future__ import annotations

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.sources import at_commit, fetched, taken
from millwork.actions.versioned import verbs_of
from millwork.base.errors import BadRequest
from millwork.registry.kinds import code_faults, thing_faults
from millwork.views.assets import (
    AssetPage,
    TakenView,
    VersionView,
    version_of,
)

show, change, delete, versions, version, deprecate, diff = verbs_of("code", "a code source")


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
    """The code sources of the workspace, each with its latest version."""
    wanted = Filter(text, label, "", creator, deprecated, sort)
    return assets.page(call, "code", wanted, limit, after)


def create(
    call: Call,
    name: str,
    repository: str,
    branch: str = "",
    commit: str = "",
    mount_path: str = "",
    connection: str = "",
    labels: dict[str, str] | None = None,
    description: str = "",
    version: str | None = None,
    visibility: Visibility | None = None,
    path: str = "",
    folder: str = "",
) -> VersionView:
    """Registers a Git repository as a source of code; a commit wins over a branch.

    `connection` names the connection that holds its token. With the `path` of a component's file
    nothing is registered from which that, and its code in `folder`, cannot be taken.
    """
    uses = [f"connection:{connection}@0"] if connection else []
    document = {
        "repository": repository, "branch": branch, "commit": commit, "mount_path": mount_path,
        "connection": connection, "labels": labels or {},
    }  # fmt: skip
    faults = code_faults(document)
    if path:
        assets.refuse([*thing_faults("code", name, version or "", labels or {}, ""), *faults])
        taken(call, at_commit(call, document, name), path, folder)
    kept = assets.register(
        call, "code", name, document, faults,
        version=version, visibility=visibility, description=description,
        words=(repository, branch, commit), uses=uses,
    )  # fmt: skip
    return version_of(kept)


def take(call: Call, name: str, version: str, path: str, folder: str = "") -> TakenView:
    """Reads a component's file from a code source, and keeps its code as a bundle.

    `path` is the file within the repository, `folder` that of its code: where the file says, if
    nothing is said. Both are of one commit, which is answered.
    """
    assets.found(call, "code", name, version, action="write")
    if not path:  # nothing is fetched for that
        raise BadRequest("path: which file of the repository?")
    source = fetched(call, f"{name}@{version}")
    text, bundle = taken(call, source, path, folder)
    return {
        "text": text, "bundle": bundle, "code": source.name,
        "commit": source.state.commit, "url": source.state.url,
    }  # fmt: skip
