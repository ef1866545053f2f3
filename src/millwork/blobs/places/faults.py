"""What an S3 server's refusals mean, and what to do about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.blobs.places.model import StorageError

if TYPE_CHECKING:
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

_PASSING_CODES = ("SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable")
_CODES: dict[str, tuple[str, str, str]] = {
    "SignatureDoesNotMatch": (
        "secret", "the secret does not belong to the access key",
        "set it again: millwork secrets set NAME, or AWS_SECRET_ACCESS_KEY",
    ),
    "InvalidAccessKeyId": (
        "secret", "the access key is not known there",
        "mend the connection's access_key, or AWS_ACCESS_KEY_ID",
    ),
    "ExpiredToken": ("secret", "the credentials have expired", "get new ones"),
    "InvalidToken": ("secret", "the session token is not valid", "get new credentials"),
    "NoSuchBucket": ("bucket", "there is no such bucket", "mend the URI, or have it made"),
    "NoSuchKey": ("missing", "there is no such object", "`millwork data ls` shows what there is"),
    "404": ("missing", "there is no such object", "`millwork data ls` shows what there is"),
    "RequestTimeTooSkewed": (
        "clock", "the clocks of this machine and of the server differ too much",
        "set this machine's clock (NTP)",
    ),
    "BadDigest": ("checksum", "the server received other bytes than were sent", "run it again"),
    "PreconditionFailed": ("changed", "it changed while it was read", "run it again"),
    "PermanentRedirect": ("region", "the bucket is elsewhere", "mend the connection's region"),
    "AuthorizationHeaderMalformed": (
        "region", "the bucket is in another region", "mend the connection's region",
    ),
    "InvalidBucketName": ("refused", "this cannot be the name of a bucket", "mend the URI"),
}  # fmt: skip


def code_of(error: Exception) -> str:
    """The code of an S3 answer: `AccessDenied`; empty for what is none."""
    response: Any = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def status_of(error: Exception) -> int:
    """The HTTP status of an S3 answer; 0 for what is none."""
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict):
        return 0
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_passing(error: Exception) -> bool:
    """Whether it may go well the next time: the server is away, or in trouble."""
    from botocore.exceptions import ConnectionError as NoConnection
    from botocore.exceptions import (
        HTTPClientError,
        IncompleteReadError,
        ResponseStreamingError,
        SSLError,
    )

    if isinstance(error, SSLError):
        return False
    if isinstance(
        error, NoConnection | HTTPClientError | IncompleteReadError | ResponseStreamingError
    ):
        return True
    if status_of(error) >= 500 or code_of(error) in _PASSING_CODES:
        return code_of(error) != "NotImplemented"
    from urllib3.exceptions import HTTPError

    return isinstance(error, HTTPError | ConnectionError | TimeoutError)


def explained(uri: Uri, what: str, error: Exception, access: Access) -> StorageError | None:
    """What an exception of boto3 means, and how to mend it; None if it is none of boto3's."""
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    place = access.get("endpoint") or "the endpoint"
    if isinstance(error, ClientError):
        return _of_answer(uri, what, error)
    if isinstance(error, NoCredentialsError):
        advice = "make a connection (docs/storage.md), or set AWS_ACCESS_KEY_ID"
        return StorageError(uri.text, "secret", "there are no credentials", advice=advice)
    if is_passing(error):
        advice = f"look whether {place} is right and answers from this machine"
        says = f"{place} cannot be reached, or broke off, for {access.patience:g} s"
        return StorageError(uri.text, "unreachable", says, type(error).__name__, advice)
    if isinstance(error, BotoCoreError | ValueError):
        return StorageError(uri.text, "refused", str(error), type(error).__name__)
    return None


def _of_answer(uri: Uri, what: str, error: Exception) -> StorageError:
    code, status = code_of(error), status_of(error)
    shown = f"{status} {code}" if code != str(status) else code
    if code in _CODES:
        kind, says, advice = _CODES[code]
        return StorageError(uri.text, kind, says, shown, advice)
    if status in (401, 403):
        advice = f"ask the bucket's owner to allow them to {what} there"
        return StorageError(uri.text, "denied", f"these credentials may not {what}", shown, advice)
    return StorageError(uri.text, "refused", str(error), shown)
