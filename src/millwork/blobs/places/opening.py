"""The place that a URI leads to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access, Place


def open_place(uri: Uri, access: Access) -> Place:
    """The place of a URI's scheme, reached as `access` says; nothing is asked of it yet."""
    if uri.scheme == "s3":
        from millwork.blobs.places.s3 import S3

        return S3(access)
    if uri.scheme == "oss":
        from millwork.blobs.places.oss import open_oss

        return open_oss(uri, access)
    if uri.scheme in ("file", "nas", "cpfs"):
        from millwork.blobs.places.file import Files

        return Files(access)
    if uri.scheme in ("http", "https"):
        from millwork.blobs.places.http import Web

        return Web(access)
    if uri.scheme in ("table", "odps"):
        from millwork.blobs.places.tables import Tables

        return Tables(access)
    raise BadRequest(f"{uri.text}: it stands for another URI, which was not looked up")
