"""Bundles: folders of files that were sent, of which runs and components are made."""

from __future__ import annotations

from typing import TypedDict

from millwork.actions.call import Call
from millwork.actions.uploads import BundleFile, make_bundle


class Bundle(TypedDict):
    """A bundle by its digest; `size` in bytes, of all `files` together."""

    bundle: str
    files: int
    size: int


def create(call: Call, files: list[BundleFile]) -> Bundle:
    """Makes a folder of files that were sent. The same files give the same bundle."""
    tree = make_bundle(call, files)
    return {"bundle": tree.digest, "files": len(tree.files), "size": tree.size}
