"""The verbs of code sources."""

from __future__ import annotations

from millwork.actions import assets
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.registry.kinds import code_faults
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
) -> VersionView:
    """Registers a Git repository as a source of code; a commit wins over a branch.

    `connection` names the connection that holds its token.
    """
    uses = [f"connection:{connection}@0"] if connection else []
    document = {
        "repository": repository, "branch": branch, "commit": commit, "mount_path": mount_path,
        "connection": connection, "labels": labels or {},
    }  # fmt: skip
    kept = assets.register(
        call, "code", name, document, code_faults(document),
        version=version, visibility=visibility, description=description,
        words=(repository, branch, commit), uses=uses,
    )  # fmt: skip
    return version_of(kept)


def show(call: Call, name: str) -> VersionView:
    """The latest version of a code source."""
    return assets.show(call, "code", name)


def change(
    call: Call, name: str, description: str | None = None, visibility: Visibility | None = None
) -> AssetView:
    """Changes what is said of a code source and who sees it."""
    return assets.change(call, "code", name, description, visibility)


def delete(call: Call, name: str) -> Deleted:
    """Deletes a code source with all its versions."""
    return assets.delete(call, "code", name)


def versions(call: Call, name: str, limit: int = 50, after: str = "") -> VersionPage:
    """The versions of a code source, latest first."""
    return assets.versions(call, "code", name, limit, after)


def version(call: Call, name: str, version: str) -> VersionView:
    """One version of a code source."""
    return assets.version(call, "code", name, version)


def deprecate(call: Call, name: str, version: str, reason: str | None) -> VersionView:
    """Says why a version is not to be used any more; a null or empty reason takes that back."""
    return assets.deprecate(call, "code", name, version, reason)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a code source differ."""
    return assets.diff(call, "code", name, before, after, assets.document_of)
