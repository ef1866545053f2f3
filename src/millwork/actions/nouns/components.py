"""The verbs of components."""

from __future__ import annotations

from functools import partial

from millwork.actions import assets, publish
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.published import check_text
from millwork.actions.versioned import verbs_of
from millwork.views.assets import (
    AssetPage,
    DifferencesView,
    PublishedView,
    faults_of,
)
from millwork.views.faces import About, CheckedView, face_of

_SHARED = verbs_of("component", "a component")
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


def check(call: Call, text: str) -> CheckedView:
    """What is wrong with a component's text, of any flavour, and what it would look like."""
    check_text(text)
    tree, faults = publish.checked(call, "component", text)
    return {
        "faults": faults_of(faults),
        "face": face_of(tree, About()) if tree else None,
        "flavour": tree.definition.flavour if tree else "",
    }


def show(call: Call, name: str) -> PublishedView:
    """The latest version of a component."""
    return publish.show(call, "component", name)


def version(call: Call, name: str, version: str) -> PublishedView:
    """One version of a component."""
    return publish.show(call, "component", name, version)


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a component differ."""
    return assets.diff(call, "component", name, before, after, partial(publish.content_of, call))
