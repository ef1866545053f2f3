"""Amazon S3 and all that speaks its protocol.

boto3, and not s3fs: a part can be verified before the upload is completed, an upload aborted, an
object written only if there is none, and the server's own error told; s3fs hides these, and
needs asyncio in every step.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from millwork.base.sizes import format_size
from millwork.blobs.artifacts import Manifest, seal
from millwork.blobs.places.attempts import patiently
from millwork.blobs.places.faults import explained, is_passing, status_of
from millwork.blobs.places.model import (
    MANIFEST,
    Check,
    Entry,
    Listing,
    StorageError,
    missing_library,
    safe_path,
)
from millwork.blobs.places.transfer import Download, Upload, publish_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

    T = TypeVar("T")

_AT_ONCE = 4
_MANIFEST_LIMIT = 64 << 20


class S3:
    """Buckets of one endpoint, seen with one set of credentials."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._client: Any = None

    @property
    def remote(self) -> dict[str, str]:
        """The same place in the words of rclone's configuration, secrets among them."""
        meta = make_client(self._access).meta  # where boto3 finds it, by all that it reads
        told = {
            "type": "s3",
            "provider": "Other",
            "endpoint": meta.endpoint_url,
            "region": meta.region_name,
            "force_path_style": str(self._access.get("addressing") != "virtual").lower(),
            "list_version": "2",
        }
        if self._access.allows("anonymous"):
            return told
        key, secret = _keys_of(self._access)
        if key:
            return {**told, "access_key_id": key, "secret_access_key": secret}
        return {**told, "env_auth": "true"}

    def find(self, uri: Uri, limit: int = 0) -> Listing:
        """One object, or those below a prefix; of a published folder what its manifest names."""
        return self._explained(uri, "list", lambda: self._found(uri, limit))

    def get(self, uri: Uri, target: str) -> Listing:
        """Streams a file to `target`, or a folder's files below it; sizes and sums are checked."""
        found = self.find(uri)
        if found.is_file:
            self._explained(uri, "read", lambda: self._fetch(uri, found.entries[0], target))
            return found
        os.makedirs(target, exist_ok=True)
        folder = os.path.realpath(target)

        def bring(entry: Entry) -> None:
            path = f"{folder}/{safe_path(uri.text, entry.path)}"
            self._explained(uri, "read", lambda: self._fetch(uri, entry, path))

        self._all_of(bring, found.entries)
        return found

    def put(self, source: str, uri: Uri) -> Listing:
        """Streams a file, or a folder, whose manifest is written last."""
        if os.path.isdir(source):
            return self._put_folder(source, uri)
        key = uri.path + os.path.basename(source) if uri.is_folder else uri.path
        entry = self._explained(uri, "write", lambda: self._send(uri, source, key))
        return Listing((entry,), is_file=True)

    def check(self, uri: Uri) -> list[Check]:
        """Lists, reads the first object, and writes and deletes one of a few bytes."""
        checks, found = [], Listing(())
        try:
            found = self.find(uri, limit=1)
            checks.append(Check("list", True, f"{uri.text} can be listed"))
        except StorageError as error:
            checks.append(Check("list", error.kind == "empty", str(error), error.kind))
            if error.kind in ("unreachable", "secret", "clock", "bucket"):
                return checks
        checks.append(self._check_read(uri, found))
        checks.append(self._check_write(uri))
        return checks

    def _check_read(self, uri: Uri, found: Listing) -> Check:
        if not found.entries:
            return Check("read", True, "there is nothing there yet to be read")
        key = found.entries[0].key

        def read() -> None:
            self._call("get_object", Bucket=uri.host, Key=key)["Body"].read(1)

        try:
            self._explained(uri, "read", read)
        except StorageError as error:
            return Check("read", False, str(error), error.kind)
        return Check("read", True, f"s3://{uri.host}/{key} can be read")

    def _check_write(self, uri: Uri) -> Check:
        folder = uri.path if uri.is_folder else uri.path.rpartition("/")[0]
        key = f"{folder.rstrip('/')}/.millwork-check-{os.urandom(6).hex()}".lstrip("/")
        try:
            self._explained(
                uri, "write", lambda: self._call("put_object", Bucket=uri.host, Key=key, Body=b"")
            )
        except StorageError as error:
            return Check("write", False, str(error), error.kind)
        try:
            self._explained(
                uri, "delete", lambda: self._call("delete_object", Bucket=uri.host, Key=key)
            )
        except StorageError as error:
            return Check("write", False, f"{error}; the object {key} stays there", error.kind)
        return Check("write", True, "an object can be written and deleted")

    # --- listing --------------------------------------------------------------------------

    def _found(self, uri: Uri, limit: int) -> Listing:
        if not uri.is_folder:
            entry = self._object(uri)
            if entry:
                return Listing((entry,), is_file=True)
        prefix = f"{uri.path.rstrip('/')}/" if uri.path else ""
        published = self._published(uri, prefix)
        if published:
            return published
        entries, whole = self._below(uri, prefix, limit)
        if not entries:
            raise StorageError(
                uri.text, "empty", f"there is no object here in the bucket '{uri.host}'",
                advice="`millwork data ls` shows what there is above it",
            )  # fmt: skip
        return Listing(entries, whole=whole)

    def _object(self, uri: Uri) -> Entry | None:
        try:
            found = self._call("head_object", Bucket=uri.host, Key=uri.path)
        except Exception as error:
            if status_of(error) == 404:
                return None
            if status_of(error) == 403:  # an answer to HEAD has no body to say why
                self._call("get_object", Bucket=uri.host, Key=uri.path, Range="bytes=0-0")
            raise
        version = found.get("VersionId")
        said = f"version:{version}" if version and version != "null" else f"etag:{found['ETag']}"
        digest = found.get("Metadata", {}).get("sha256", "")
        at = found["LastModified"].timestamp()
        return Entry(uri.name, found["ContentLength"], said, digest, at, uri.path)

    def _published(self, uri: Uri, prefix: str) -> Listing | None:
        try:
            body = self._call("get_object", Bucket=uri.host, Key=prefix + MANIFEST)["Body"]
            text = body.read(_MANIFEST_LIMIT).decode()
        except Exception as error:
            # Who may not list is told 403 of what is not there: the listing will say so.
            if status_of(error) in (403, 404):
                return None
            raise
        manifest = _manifest(uri, text)
        entries = tuple(
            Entry(
                item.path, item.size, f"sha256:{item.sha256}", item.sha256, key=prefix + item.path
            )
            for item in manifest.files
            if not item.path.endswith("/")
        )  # fmt: skip
        return Listing(entries, digest=manifest.digest)

    def _below(self, uri: Uri, prefix: str, limit: int) -> tuple[tuple[Entry, ...], bool]:
        entries: list[Entry] = []
        token: dict[str, Any] = {}
        size: dict[str, Any] = {"MaxKeys": limit} if 0 < limit < 1000 else {}
        while True:
            page = self._call("list_objects_v2", Bucket=uri.host, Prefix=prefix, **size, **token)
            entries += [
                Entry(
                    each["Key"].removeprefix(prefix), each["Size"], f"etag:{each['ETag']}",
                    modified=each["LastModified"].timestamp(), key=each["Key"],
                )
                for each in page.get("Contents", ())
                if not each["Key"].endswith("/")
            ]  # fmt: skip
            if not page.get("IsTruncated") or (limit and len(entries) >= limit):
                whole = not page.get("IsTruncated") and (not limit or len(entries) <= limit)
                found = sorted(entries[: limit or None], key=lambda entry: entry.path)
                return tuple(found), whole
            token = {"ContinuationToken": page["NextContinuationToken"]}

    # --- transfer -------------------------------------------------------------------------

    def _fetch(self, uri: Uri, entry: Entry, path: str) -> None:
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        download = Download(self._call, self._access, uri, entry)
        download.run(path)

    def _send(self, uri: Uri, source: str, key: str) -> Entry:
        return Upload(self._call, self._access, uri, key).run(source)

    def _put_folder(self, source: str, uri: Uri) -> Listing:
        manifest = seal(source)
        links = [item.path for item in manifest.files if item.link]
        if links:
            raise StorageError(
                uri.text, "refused", f"{links[0]} is a link, and object storage has none",
                advice="copy the file in its place",
            )  # fmt: skip
        prefix = f"{uri.path.rstrip('/')}/" if uri.path else ""
        if self._is_there(uri, prefix, manifest):
            return self.find(uri)
        files = [item for item in manifest.files if not item.path.endswith("/")]
        self._access.tell(f"{len(files)} files, {format_size(manifest.size)}")

        def send(path: str) -> Entry:
            place = f"{source}/{path}"
            return self._explained(uri, "write", lambda: self._send(uri, place, prefix + path))

        entries: list[Entry] = self._all_of(send, [item.path for item in files])
        sums = {item.path: item.sha256 for item in files}
        for entry, item in zip(entries, files, strict=True):
            if entry.sha256 != sums[item.path]:
                says = f"{item.path} changed while it was sent: {sums[item.path]}, {entry.sha256}"
                raise StorageError(uri.text, "checksum", says)
        body = manifest.to_json().encode()
        self._explained(
            uri, "write", lambda: publish_object(self._call, uri, prefix + MANIFEST, body)
        )
        return Listing(tuple(entries), digest=manifest.digest)

    def _is_there(self, uri: Uri, prefix: str, manifest: Manifest) -> bool:
        """Whether the same was published before; StorageError if something else was."""
        known = self._explained(uri, "read", lambda: self._published(uri, prefix))
        if known and known.digest != manifest.digest:
            raise StorageError(
                uri.text, "taken", "another folder is published here, and it is not overwritten",
                advice="name a new URI; {run} in it stands for the run's id",
            )  # fmt: skip
        return known is not None

    # --- calling --------------------------------------------------------------------------

    def _call(self, action: str, **words: Any) -> Any:
        """One call of the API, tried again while the server is away or in trouble."""
        if self._client is None:
            self._client = make_client(self._access)
        method = getattr(self._client, action)
        return patiently(
            lambda: method(**words), is_passing, self._access.patience, self._access.tell
        )

    def _explained(self, uri: Uri, what: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except StorageError:
            raise
        except Exception as error:
            said = explained(uri, what, error, self._access)
            if said is None:
                raise
            raise said from None

    def _all_of(self, action: Callable[[Any], T], items: Iterable[Any]) -> list[T]:
        """The answers of all; the first failure ends the rest."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            futures = [pool.submit(action, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                for future in futures:
                    future.cancel()
                raise


def make_client(access: Access) -> Any:
    """A client of boto3 for a connection, or for the environment's defaults."""
    try:
        import boto3
        import botocore
        from botocore.config import Config
    except ImportError:
        raise missing_library("s3", "s3") from None
    key, secret = _keys_of(access)
    own = {"aws_access_key_id": key, "aws_secret_access_key": secret} if key else {}
    style = access.get("addressing", "path" if access.get("endpoint") else "auto")
    config = Config(
        signature_version=botocore.UNSIGNED if access.allows("anonymous") else "s3v4",
        retries={"total_max_attempts": 1},  # ours also cover the bodies
        connect_timeout=5,
        read_timeout=30,
        s3={"addressing_style": style},
        # Newer checksums are not known to all servers; ours are Content-MD5 and sha256.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    region = access.get("region") or os.environ.get("AWS_DEFAULT_REGION")
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=access.get("endpoint") or None,
        region_name=region or os.environ.get("AWS_REGION") or "us-east-1",
        config=config,
        **own,
    )
    client.meta.events.register("before-parameter-build.s3.PutObject", _rewind)
    return client


def _keys_of(access: Access) -> tuple[str, str]:
    """The connection's own key and secret; empty for the environment's defaults."""
    if access.get("access_key"):
        return access.get("access_key"), access.secret
    key, _, secret = access.secret.partition(":")  # KEY:SECRET in one secret
    return key, secret


def _rewind(params: dict[str, Any], **_: object) -> None:
    """A call that is made again sends the file from its beginning."""
    if hasattr(params["Body"], "seek"):
        params["Body"].seek(0)


def _manifest(uri: Uri, text: str) -> Manifest:
    try:
        manifest = Manifest.from_json(text)
    except Exception:
        raise StorageError(uri.text, "refused", f"its {MANIFEST} cannot be read") from None
    for item in manifest.files:
        if not item.path.endswith("/"):
            safe_path(uri.text, item.path)
    return manifest
