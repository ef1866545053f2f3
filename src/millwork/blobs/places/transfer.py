"""One object of S3 sent or fetched: streamed, tried again, and verified."""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from millwork.blobs.places.attempts import patiently
from millwork.blobs.places.faults import code_of, is_passing, status_of
from millwork.blobs.places.model import Entry, StorageError

if TYPE_CHECKING:
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

WHOLE = 64 << 20
"""Bytes up to which an object is sent in one request."""
_PART, _MOST_PARTS = 8 << 20, 9000
_BLOCK = 1 << 20
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


class Call(Protocol):
    """One call of the S3 API, by its name in boto3."""

    def __call__(self, action: str, **words: Any) -> Any:
        """The answer; a server in trouble may be asked again."""


class Upload:
    """A file on its way to an object. Nothing can be read there before all of it has arrived."""

    def __init__(self, call: Call, access: Access, uri: Uri, key: str) -> None:
        self._call, self._access, self._uri = call, access, uri
        self._place: dict[str, Any] = {"Bucket": uri.host, "Key": key}

    def run(self, source: str) -> Entry:
        """Sends it; StorageError names both sums if the server has others than this machine."""
        digest, md5, size = _sums(source)
        with open(source, "rb") as file:
            if size <= WHOLE:
                tag = self._send_whole(file, digest, md5)
            else:
                tag = self._send_parts(file, digest, size)
        key = self._place["Key"]
        return Entry(key.rpartition("/")[2], size, f"etag:{tag}", digest, 0.0, key)

    def _send_whole(self, file: BinaryIO, digest: str, md5: bytes) -> str:
        def send() -> Any:
            file.seek(0)
            return self._call(
                "put_object", **self._place, Body=file,
                Metadata={"sha256": digest}, ContentMD5=b64encode(md5).decode(),
            )  # fmt: skip

        answer = patiently(send, is_passing, self._access.patience, self._access.tell)
        try:
            self._verify("md5", md5.hex(), answer)
        except StorageError:
            self._call("delete_object", **self._place)
            raise
        return str(answer["ETag"])

    def _send_parts(self, file: BinaryIO, digest: str, size: int) -> str:
        upload = self._call("create_multipart_upload", **self._place, Metadata={"sha256": digest})
        known = {**self._place, "UploadId": upload["UploadId"]}
        try:
            parts = self._parts(file, known, max(_PART, -(-size // _MOST_PARTS)), digest)
            return self._complete(known, parts, digest)
        except BaseException:
            self._abort(known)
            raise

    def _parts(
        self, file: BinaryIO, known: dict[str, Any], length: int, digest: str
    ) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        read = hashlib.sha256()
        while data := file.read(length):
            read.update(data)
            md5 = hashlib.md5(data, usedforsecurity=False).digest()
            number = len(parts) + 1
            answer = self._call(
                "upload_part", **known, PartNumber=number, Body=data,
                ContentMD5=b64encode(md5).decode(),
            )  # fmt: skip
            self._verify(f"md5 of part {number}", md5.hex(), answer)
            parts.append({"PartNumber": number, "ETag": answer["ETag"]})
        if read.hexdigest() != digest:
            says = f"the file changed while it was sent: {digest}, then {read.hexdigest()}"
            raise StorageError(self._uri.text, "checksum", says)
        return parts

    def _complete(self, known: dict[str, Any], parts: list[dict[str, Any]], digest: str) -> str:
        try:
            answer = self._call(
                "complete_multipart_upload", **known, MultipartUpload={"Parts": parts}
            )
            return str(answer["ETag"])
        except Exception as error:
            # Its first answer may have been lost: then it is complete, and known no more.
            if code_of(error) != "NoSuchUpload":
                raise
            found = self._call("head_object", **self._place)
            if found.get("Metadata", {}).get("sha256") != digest:
                raise
            return str(found["ETag"])

    def _abort(self, known: dict[str, Any]) -> None:
        try:
            self._call("abort_multipart_upload", **known)
        except Exception as error:  # what went wrong first is told
            self._access.tell(f"the parts sent to {known['Key']} were not removed: {error}")

    def _verify(self, what: str, sent: str, answer: Any) -> None:
        found = _plain_md5(answer)
        if found and found != sent:
            says = f"wrong checksum: the {what} sent was {sent}, the server has {found}"
            raise StorageError(self._uri.text, "checksum", says)


class Download:
    """An object on its way to a file, which appears when it is whole and verified."""

    def __init__(self, call: Call, access: Access, uri: Uri, entry: Entry) -> None:
        self._call, self._access, self._uri, self._entry = call, access, uri, entry
        self._sha = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._done = 0
        self._answer: Any = {}

    def run(self, path: str) -> None:
        """Fetches it; a broken connection is taken up where it broke."""
        spare = f"{path}.millwork-part"
        try:
            with open(spare, "wb") as file:
                patiently(
                    lambda: self._go_on(file), is_passing, self._access.patience, self._access.tell
                )
            self._verify()
            os.rename(spare, path)
        except BaseException:
            if os.path.lexists(spare):
                os.unlink(spare)
            raise

    def _go_on(self, file: BinaryIO) -> None:
        words: dict[str, Any] = {"Bucket": self._uri.host, "Key": self._entry.key}
        kind, _, value = self._entry.version.partition(":")
        if kind == "version":
            words["VersionId"] = value
        elif kind == "etag":
            words["IfMatch"] = value
        elif self._answer:
            words["IfMatch"] = self._answer["ETag"]
        if self._done:
            words["Range"] = f"bytes={self._done}-"
        try:
            self._answer = self._call("get_object", **words)
        except Exception as error:
            if status_of(error) == 416 and self._done == self._entry.size:
                return
            raise
        for block in self._answer["Body"].iter_chunks(_BLOCK):
            file.write(block)
            self._sha.update(block)
            self._md5.update(block)
            self._done += len(block)

    def _verify(self) -> None:
        expected = self._entry.sha256 or self._answer.get("Metadata", {}).get("sha256", "")
        name = self._entry.key
        if self._done != self._entry.size:
            says = f"{name} has {self._done} bytes, and {self._entry.size} were expected"
            raise StorageError(self._uri.text, "checksum", says)
        if expected:
            found, what = self._sha.hexdigest(), "sha256"
        else:
            expected, found, what = _plain_md5(self._answer), self._md5.hexdigest(), "md5"
        if expected and expected != found:
            says = f"wrong checksum: the {what} of {name} is {found}, and not {expected}"
            raise StorageError(self._uri.text, "checksum", says, advice="it was changed or damaged")


def publish_object(call: Call, uri: Uri, key: str, body: bytes) -> None:
    """Writes a small object unless there is one; StorageError if another is there."""
    words: dict[str, Any] = {"Bucket": uri.host, "Key": key, "Body": body}
    md5 = hashlib.md5(body, usedforsecurity=False).digest()
    words |= {"ContentMD5": b64encode(md5).decode(), "ContentType": "application/json"}
    try:
        call("put_object", **words, IfNoneMatch="*")
    except Exception as error:
        if status_of(error) in (409, 412):
            if call("get_object", Bucket=uri.host, Key=key)["Body"].read() == body:
                return  # our own, whose answer was lost
            says = "another folder was published here meanwhile, and it is not overwritten"
            raise StorageError(uri.text, "taken", says, str(status_of(error))) from None
        if status_of(error) != 501 and code_of(error) != "NotImplemented":
            raise
        call("put_object", **words)  # a server that knows no conditions


def _plain_md5(answer: Any) -> str:
    """The MD5 that an ETag is, where it is one: not of objects in parts or with own keys."""
    if answer.get("SSECustomerAlgorithm") or "kms" in answer.get("ServerSideEncryption", ""):
        return ""
    found = _MD5.fullmatch(answer.get("ETag", ""))
    return found[1] if found else ""


def _sums(source: str) -> tuple[str, bytes, int]:
    sha, md5, size = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with open(source, "rb") as file:
        while block := file.read(_BLOCK):
            sha.update(block)
            md5.update(block)
            size += len(block)
    return sha.hexdigest(), md5.digest(), size
