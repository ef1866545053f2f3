"""Artifacts that are kept in S3 as well: put there when they are published, fetched when needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from millwork.blobs import content
from millwork.blobs.artifacts import Manifest, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from millwork.actions.context import Context
    from millwork.blobs.kept import ArtifactBucket
    from millwork.ports import Store

    Bucket: TypeAlias = Callable[[], ArtifactBucket | None]


def bucket_of(context: Context) -> ArtifactBucket | None:
    """Where the settings keep artifacts besides the home; None for nowhere.

    Raises BadRequest for a connection that is not there, Unavailable for its secret.
    """
    place = context.artifacts()
    if not place:
        return None
    from millwork.actions.storage import Storage
    from millwork.base.uris import parse_uri
    from millwork.blobs.kept import ArtifactBucket
    from millwork.blobs.places.model import Access
    from millwork.store.identity import identity_of

    storage = Storage(context)
    route = storage.route(place)
    access = Access(dict(route.fields), storage.check_secret(route))
    return ArtifactBucket(parse_uri(place), access, context.home, identity_of(context.home))


def is_own(attempt: str, port: str, output: Mapping[str, Any]) -> bool:
    """Whether an output lies in its attempt; what a step has only linked is somebody else's."""
    return str(output["path"]).endswith(f"/attempts/{attempt}/ml/output/{port}")


def publish(bucket: ArtifactBucket, attempt: str, outputs: Mapping[str, Any]) -> None:
    """Puts an attempt's sealed outputs there, before anything records them. StorageError."""
    for port, output in outputs.items():
        if is_own(attempt, port, output):
            manifest = Manifest.from_json(output["manifest"])
            bucket.publish(attempt, port, output["path"], manifest)


def mended(
    bucket: ArtifactBucket, port: str, output: Mapping[str, Any], manifest: Manifest
) -> bool:
    """Whether a damaged output was fetched again; False if it is not there.

    Raises StorageError if that cannot be told now.
    """
    from millwork.blobs.places.model import StorageError

    attempt = output["attempt"]
    if not is_own(attempt, port, output):
        return False
    try:
        bucket.fetch(attempt, port, output["path"], manifest)
    except StorageError as error:
        if error.kind in ("missing", "checksum"):
            return False
        raise
    return True


def ensure(context: Context, port: str, output: Mapping[str, Any], manifest: Manifest) -> None:
    """Fetches an output whose files are not all here, if it can be; names and sizes are looked at.

    Raises StorageError if the place that has it cannot be reached.
    """
    if not context.artifacts() or not verify(output["path"], manifest, quick=True):
        return
    bucket = bucket_of(context)
    if bucket:
        mended(bucket, port, output, manifest)


def fault_of(
    port: str, output: Mapping[str, Any], manifest: Manifest, store: Store, bucket: Bucket
) -> str:
    """What is wrong with an output's files; what another place has is fetched, and all is well."""
    fault = content.fault_of(output["path"], manifest, store)
    if not fault:
        return ""
    found = bucket()
    if found is None or not mended(found, port, output, manifest):
        return fault
    return ""


def is_only_there(bucket: ArtifactBucket, port: str, output: Mapping[str, Any]) -> bool:
    """Whether an output lies in S3, and not in the home. StorageError if that cannot be told."""
    return not os.path.lexists(output["path"]) and bucket.has(output["attempt"], port)
