"""Alibaba Cloud OSS by its S3 API: an endpoint of its own, and the bucket in the host's name."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.blobs.places.s3 import S3

if TYPE_CHECKING:
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

_REGION = re.compile(r"(?:s3\.)?oss-([a-z0-9-]+?)(?:-internal)?\.aliyuncs\.com")


def open_oss(uri: Uri, access: Access) -> S3:
    """The buckets of an OSS endpoint, which the connection or the URI names.

    Requests are signed with the connection's key: a URI leads them to Alibaba Cloud at most.
    """
    own = access.get("endpoint")
    own_host = own.partition("://")[2] or own
    is_ours = bool(_REGION.fullmatch(uri.endpoint)) and (
        not own or bool(_REGION.fullmatch(own_host))
    )
    endpoint = uri.endpoint if is_ours else own
    if uri.endpoint and not endpoint:
        raise BadRequest(
            f"{uri.text}: the endpoint {uri.endpoint} is none of Alibaba Cloud "
            "(oss-REGION.aliyuncs.com): a connection of type oss names it"
        )
    if not endpoint:
        raise BadRequest(
            f"{uri.text}: OSS needs an endpoint: a connection of type oss has one, "
            "or oss://BUCKET.oss-REGION.aliyuncs.com/KEY"
        )
    host = endpoint.partition("://")[2] or endpoint
    found = _REGION.fullmatch(host)
    fields = {
        **access.fields,
        "endpoint": endpoint if "://" in endpoint else f"https://{endpoint}",
        "region": access.get("region") or (f"oss-{found[1]}" if found else "us-east-1"),
        "addressing": access.get("addressing") or ("virtual" if found else "path"),
    }
    return S3(replace(access, fields=fields))
