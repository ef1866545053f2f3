"""Garbage collection of artifacts in S3, and of local copies of what lies there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from millwork.actions.kept import bucket_of
from millwork.base.errors import Unavailable
from millwork.blobs.artifacts import Manifest
from millwork.blobs.kept import ARTIFACTS, FILES, file_key
from millwork.blobs.removal import age_of, entries, hide, remove, size_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from millwork.actions.tally import Tally
    from millwork.blobs.kept import ArtifactBucket, Stored

_SMALL = 64 * 1024  # bytes: no value has more


def collect_kept(tally: Tally) -> None:
    """Manifests of what nothing names go first, then the files that no manifest names."""
    try:
        bucket = bucket_of(tally.context)
        if bucket is None:
            return
        stored = list(bucket.list(ARTIFACTS))
        gone = _manifests(tally, bucket, stored)
        stored = [each for each in stored if each.key not in gone]
        sizes = {each.key: each for each in bucket.list(FILES)}
        _files(tally, bucket, stored, sizes)
        if tally.wish.is_local:
            _free(tally, {each.key for each in stored}, set(sizes))
    except Unavailable as error:
        tally.leave("artifacts", tally.context.artifacts(), error)


def _manifests(tally: Tally, bucket: ArtifactBucket, stored: list[Stored]) -> set[str]:
    """Removes the manifests of outputs that nothing names; returns their keys."""
    with tally.retention.looking():
        old = (each for each in stored if _is_old(tally, each))
        doomed = {each.key: each for each in _unnamed(tally, old)}

    def in_use() -> set[str]:
        still = _unnamed(tally, doomed.values())
        return set(doomed).difference(each.key for each in still)

    keys = set(doomed) if tally.wish.is_dry else bucket.remove(doomed, in_use)
    for key in sorted(keys):
        tally.note("S3 manifest", key, doomed[key].size)
    return keys


def _unnamed(tally: Tally, stored: Iterable[Stored]) -> list[Stored]:
    """Those of outputs that nothing names, or that an attempt has left which did not succeed."""
    retention, found = tally.retention, []
    paths = retention.paths()
    for each in stored:
        attempt, port = _place(each.key)
        status = retention.state(attempt)[0]
        is_half = status not in ("", "running") and port not in retention.manifests(attempt)
        if is_half or not retention.named(attempt, paths):
            found.append(each)
    return found


def _files(
    tally: Tally, bucket: ArtifactBucket, manifests: list[Stored],
    files: dict[str, Stored],
) -> None:  # fmt: skip
    """Removes the files that no manifest names, and no output that is being announced."""
    old = {key for key, each in files.items() if _is_old(tally, each)}
    for each in manifests:
        if not old:
            return
        old.difference_update(map(file_key, _digests(tally, bucket, each)))
    if tally.wish.is_dry:
        gone = old
    else:
        gone = bucket.remove(sorted(old), lambda: _in_use(tally, bucket, manifests))
    for key in sorted(gone):
        tally.note("S3 file", key, files[key].size)


def _in_use(tally: Tally, bucket: ArtifactBucket, manifests: list[Stored]) -> set[str]:
    """Files of outputs that are being published, or were since the manifests were listed."""

    def is_over(attempt: str) -> bool:
        return tally.retention.state(attempt)[0] != "running"

    # Of an attempt that is over by now, the manifest was there before: the list below has it.
    used = bucket.announced(is_over)
    known = {each.key for each in manifests}
    for each in bucket.list(ARTIFACTS):
        if each.key not in known:
            used.update(map(file_key, _digests(tally, bucket, each)))
    return used


def _digests(tally: Tally, bucket: ArtifactBucket, stored: Stored) -> set[str]:
    """The files of an output, as this home's record says, or else the manifest itself."""
    attempt, port = _place(stored.key)
    text = tally.retention.manifests(attempt).get(port)
    if text is None:
        return bucket.digests(attempt, port) - {""}
    return {item.sha256 for item in Manifest.from_json(text).files if item.sha256}


def _free(tally: Tally, manifests: set[str], files: set[str]) -> None:
    """Removes the local copies of outputs that are in S3, file by file.

    What is small stays, and so do values, which are read as runs go on; and so does what is read
    by its path, and what a run that is not over has made or taken.
    """
    for name, port, path in _copies(tally):
        if f"{ARTIFACTS}/{name}/{port}.json" not in manifests:
            continue
        text = tally.retention.manifests(name).get(port)
        items = Manifest.from_json(text).files if text else ()
        if not text or any(item.sha256 and file_key(item.sha256) not in files for item in items):
            continue
        if not _may_go(tally, name):
            continue
        size = size_of(path)
        if size <= _SMALL:
            continue
        if not tally.wish.is_dry:
            try:
                remove(hide(path))
            except OSError as error:
                tally.leave("local copy", f"{name}/{port}", error.strerror)
                continue
        tally.note("local copy", f"{name}/{port}", size)


def _copies(tally: Tally) -> Iterator[tuple[str, str, str]]:
    """Attempts, ports and folders of outputs that were not just fetched."""
    root = f"{tally.context.home}/attempts"
    now = tally.now
    for name in entries(root):
        for port in entries(f"{root}/{name}/ml/output"):
            path = f"{root}/{name}/ml/output/{port}"
            if os.path.isdir(path) and age_of(path, now) >= tally.wish.young:
                yield name, port, path


def _may_go(tally: Tally, attempt: str) -> bool:
    retention, now = tally.retention, tally.now
    status, ended = retention.state(attempt)
    is_over = not status or (ended is not None and now - ended >= tally.wish.young)
    is_read = attempt in retention.paths() or retention.is_registered(attempt)
    return is_over and not is_read and not retention.is_used(attempt)


def _place(key: str) -> tuple[str, str]:
    """The attempt and the port of a manifest's key."""
    attempt, _, port = key.removeprefix(f"{ARTIFACTS}/").partition("/")
    return attempt, port.removesuffix(".json")


def _is_old(tally: Tally, stored: Stored) -> bool:
    return tally.now - stored.modified >= tally.wish.young
