"""Artifacts in S3: each file once, by its sha256, and a manifest an output, written last.

Below the prefix lie `files/<2 digits>/<sha256>`, `artifacts/<attempt>/<port>.json` and
`home.json`, which says whose they are. One home has a prefix for itself, so what must not happen
at the same time is kept apart by a lock in the home: a collection removes a file only while no
output is being announced that has it (docs/decisions/artifacts-in-s3.md).
"""

from __future__ import annotations

import fcntl
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.blobs.artifacts import Item, Manifest
from millwork.blobs.folders import folder_beside, put_in_place, sync_folder
from millwork.blobs.places.attempts import patiently
from millwork.blobs.places.faults import explained, is_passing, status_of
from millwork.blobs.places.model import Entry, StorageError
from millwork.blobs.places.s3 import make_client
from millwork.blobs.places.transfer import Download, Upload, publish_object
from millwork.blobs.removal import entries, hide, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

    T = TypeVar("T")

FILES, ARTIFACTS = "files", "artifacts"
_OWNER = "home.json"
_AT_ONCE = 4
_BATCH = 500
_LARGEST = 64 << 20  # bytes of a manifest


@dataclass(frozen=True)
class Stored:
    """One object: its key below the prefix, its bytes, when it was written (Unix seconds)."""

    key: str
    size: int
    modified: float


class ArtifactBucket:
    """The artifacts of the home at `home`, at the URI of a prefix. All raise StorageError.

    `identity` tells this home from others, which may not use the prefix.
    """

    def __init__(self, uri: Uri, access: Access, home: str, identity: str) -> None:
        self._uri, self._access, self._home, self._identity = uri, access, home, identity
        self._announced = f"{home}/publishing"
        self._is_ours = False

    # --- an output ------------------------------------------------------------------------

    def publish(self, attempt: str, port: str, folder: str, manifest: Manifest) -> None:
        """Puts an output there, its manifest last; what is there already is not sent again."""
        self._own()
        self._announce(attempt, port, manifest)
        files = {item.sha256: item for item in manifest.files if item.sha256}
        self._all_of(lambda item: self._put(folder, item), files.values())
        paths = [item.path for item in manifest.files if item.sha256]
        programs = [path for path in paths if os.stat(f"{folder}/{path}").st_mode & 0o100]
        said = {"files": json.loads(manifest.to_json()), "executable": programs}
        body = json.dumps(said, separators=(",", ":")).encode()
        key = self._key(f"{ARTIFACTS}/{attempt}/{port}.json")
        self._explained("write", lambda: publish_object(self._call, self._uri, key, body))

    def fetch(self, attempt: str, port: str, folder: str, manifest: Manifest) -> None:
        """Brings an output to `folder`, whole and verified, in place of what is there.

        StorageError of the kind `missing` if it is not there, or is another one.
        """
        programs = self._programs(attempt, port, manifest)
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        with folder_beside(folder) as temporary:
            files = [item for item in manifest.files if item.sha256]
            for item in manifest.files:
                place = f"{temporary}/{item.path}"
                os.makedirs(os.path.dirname(place), exist_ok=True)
                if item.link:
                    os.symlink(item.link, place)
                elif item.path.endswith("/"):
                    os.makedirs(place, exist_ok=True)
            self._all_of(lambda item: self._get(temporary, item, programs), files)
            for current, _, _ in os.walk(temporary, topdown=False):
                sync_folder(current)
            with suppress(FileNotFoundError):
                remove(hide(folder))
            put_in_place(temporary, folder)  # if it is taken, another has just done the same
            sync_folder(os.path.dirname(folder))

    def has(self, attempt: str, port: str) -> bool:
        """Whether an output is there."""
        return self._head(f"{ARTIFACTS}/{attempt}/{port}.json") is not None

    # --- collection -----------------------------------------------------------------------

    def list(self, below: str) -> Iterator[Stored]:
        """The objects below `files` or `artifacts`, by their keys."""
        prefix = self._key(f"{below}/")
        token: dict[str, str] = {}
        while True:
            page = self._explained("list", partial(self._page, prefix, token))
            for found in page.get("Contents", ()):
                key = found["Key"][len(self._key("")) :]
                yield Stored(key, found["Size"], found["LastModified"].timestamp())
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def digests(self, attempt: str, port: str) -> set[str]:
        """The files that the manifest of an output names; none if it is gone."""
        found = self._read(f"{ARTIFACTS}/{attempt}/{port}.json")
        return {row[2] for row in found["files"]} if found else set()

    def remove(self, keys: Iterable[str], is_in_use: Callable[[], set[str]]) -> set[str]:
        """Removes objects, but those that `is_in_use` answers with; returns what was removed.

        It is asked, and the objects are removed, while no output can be announced.
        """
        self._own()
        wanted, gone = list(keys), set()
        for start in range(0, len(wanted), _BATCH):
            with self._locked(fcntl.LOCK_EX):
                used = is_in_use()
                batch = [key for key in wanted[start : start + _BATCH] if key not in used]
                for key in batch:  # one by one: not every server knows how to delete many
                    self._explained("delete", partial(self._delete, key))
                gone.update(batch)
        return gone

    def announced(self, is_over: Callable[[str], bool]) -> set[str]:
        """The keys of files in outputs that were announced; of attempts that are over, no more."""
        found: set[str] = set()
        for name in entries(self._announced):
            path = f"{self._announced}/{name}"
            if is_over(name.partition(".")[0]):
                with suppress(FileNotFoundError):
                    os.unlink(path)
                continue
            with suppress(FileNotFoundError, ValueError), open(path, encoding="utf-8") as file:
                found |= {file_key(row[2]) for row in json.load(file) if row[2]}
        return found

    # --- inside ---------------------------------------------------------------------------

    def _own(self) -> None:
        """Makes the prefix this home's; StorageError if it is another's."""
        if self._is_ours:
            return
        said = {"home": self._identity}
        found = self._read(_OWNER)
        if found is None:
            body = json.dumps(said).encode()
            key = self._key(_OWNER)
            try:
                self._explained("write", lambda: publish_object(self._call, self._uri, key, body))
            except StorageError as error:
                if error.kind != "taken":  # somebody was faster: what they wrote tells
                    raise
            found = self._read(_OWNER)
        if found != said:
            raise StorageError(
                self._uri.text, "taken", "the artifacts of another Millwork home lie here",
                advice=f"name another prefix in settings.yaml; if that home is no more, remove the "
                f"object {self._key(_OWNER)}",
            )  # fmt: skip
        self._is_ours = True

    def _announce(self, attempt: str, port: str, manifest: Manifest) -> None:
        """Says which files are about to be needed, before it is asked which ones are there."""
        os.makedirs(self._announced, mode=0o700, exist_ok=True)
        with self._locked(fcntl.LOCK_SH):
            path = f"{self._announced}/{attempt}.{port}"
            with open(f"{path}.new", "w", encoding="utf-8") as file:
                file.write(manifest.to_json())
            os.rename(f"{path}.new", path)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        descriptor = os.open(f"{self._home}/publishing.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, how)
            yield
        finally:
            os.close(descriptor)

    def _put(self, folder: str, item: Item) -> None:
        known = self._head(file_key(item.sha256))
        if known and known["ContentLength"] == item.size:
            return
        upload = Upload(self._call, self._access, self._uri, self._key(file_key(item.sha256)))
        sent = self._explained("write", lambda: upload.run(f"{folder}/{item.path}"))
        if sent.sha256 != item.sha256:
            # Only its own bytes may lie under a digest: nobody has named these yet.
            self._explained("delete", lambda: self._delete(file_key(item.sha256)))
            says = f"{item.path} changed while it was sent: {item.sha256}, then {sent.sha256}"
            raise StorageError(self._uri.text, "checksum", says)

    def _get(self, folder: str, item: Item, programs: set[str]) -> None:
        path = f"{folder}/{item.path}"
        entry = Entry(item.path, item.size, "", item.sha256, 0.0, self._key(file_key(item.sha256)))
        download = Download(self._call, self._access, self._uri, entry)
        self._explained("read", lambda: download.run(path))
        if item.path in programs:
            mode = os.stat(path).st_mode & 0o777
            os.chmod(path, mode | (mode & 0o444) >> 2)  # whoever may read it
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)

    def _programs(self, attempt: str, port: str, manifest: Manifest) -> set[str]:
        """The paths that may be executed, if the output there is the one of the manifest."""
        found = self._read(f"{ARTIFACTS}/{attempt}/{port}.json")
        if found is None or Manifest.of(Item(*row) for row in found["files"]) != manifest:
            says = f"the output '{port}' of {attempt} is not there"
            raise StorageError(self._uri.text, "missing", says)
        return set(found["executable"])

    def _read(self, key: str) -> dict[str, Any] | None:
        """A JSON object that is there; None if it is not."""

        def read() -> bytes | None:
            try:
                body = self._call("get_object", Bucket=self._uri.host, Key=self._key(key))["Body"]
                return bytes(body.read(_LARGEST))
            except Exception as error:
                if status_of(error) == 404 and "NoSuchBucket" not in str(error):
                    return None
                raise

        text = self._explained("read", read)
        try:
            return None if text is None else dict(json.loads(text))
        except ValueError:
            says = f"{self._key(key)} cannot be read: it was written by something else"
            raise StorageError(self._uri.text, "refused", says) from None

    def _head(self, key: str) -> Any:
        def head() -> Any:
            try:
                return self._call("head_object", Bucket=self._uri.host, Key=self._key(key))
            except Exception as error:
                if status_of(error) == 404:
                    return None
                raise

        return self._explained("read", head)

    def _page(self, prefix: str, token: dict[str, str]) -> Any:
        return self._call("list_objects_v2", Bucket=self._uri.host, Prefix=prefix, **token)

    def _delete(self, key: str) -> None:
        self._call("delete_object", Bucket=self._uri.host, Key=self._key(key))

    def _key(self, path: str) -> str:
        prefix = self._uri.path.strip("/")
        return f"{prefix}/{path}" if prefix else path

    @cached_property
    def _client(self) -> Any:
        return make_client(self._access)

    def _call(self, action: str, **words: Any) -> Any:
        method = getattr(self._client, action)
        return patiently(
            lambda: method(**words), is_passing, self._access.patience, self._access.tell
        )

    def _explained(self, what: str, action: Callable[[], T]) -> T:
        try:
            return action()
        except StorageError:
            raise
        except Exception as error:
            said = explained(self._uri, what, error, self._access)
            if said is None:
                raise
            raise said from None

    def _all_of(self, action: Callable[[Item], None], items: Iterable[Item]) -> None:
        """Does it with all; the first failure ends the rest."""
        _ = self._client  # one for all threads
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            futures = [pool.submit(action, item) for item in items]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                for future in futures:
                    future.cancel()
                raise


def file_key(digest: str) -> str:
    """Where a file lies below the prefix."""
    return f"{FILES}/{digest[:2]}/{digest}"
