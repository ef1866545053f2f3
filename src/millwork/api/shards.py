"""`/api/v1/shards`: how workers lease the shards of a batch (docs/elastic-batch.md)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeAlias

from millwork.actions.leases import NoBatch
from millwork.base.records import dataclass
from millwork.batch.decision import Result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from millwork.actions.leases import LeaseService

Scope: TypeAlias = "Mapping[str, Any]"
Receive: TypeAlias = "Callable[[], Awaitable[Mapping[str, Any]]]"
Send: TypeAlias = "Callable[[Mapping[str, Any]], Awaitable[None]]"

PREFIX = "/api/v1/shards/"
_MOST_BYTES = 1 << 20
_MOST_LEASES = 256
_LONGEST_ERROR, _LONGEST_NAME = 8000, 200
_REASONS = {401: "the token is not that of a batch which runs", 404: "there is no such place"}


class Refused(Exception):
    """An answer other than 200, with its reason."""

    def __init__(self, status: int, reason: str = "") -> None:
        super().__init__(reason or _REASONS.get(status, ""))
        self.status = status


@dataclass
class Body:
    """What was sent, asked for field by field. Raises Refused with status 400."""

    fields: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A text that is not empty, which can be kept and printed."""
        found = self.fields.get(name)
        if not isinstance(found, str) or not found or not _is_plain(found):
            raise Refused(400, f"{name}: a text is wanted")
        return found

    def worker(self) -> str:
        """A worker's name."""
        found = self.text("worker")
        if len(found) > _LONGEST_NAME:
            raise Refused(400, f"worker: at most {_LONGEST_NAME} characters")
        return found

    def number(self, name: str, default: float, most: float) -> float:
        """A number from 0 to `most`; what is more counts as that."""
        found = self.fields.get(name, default)
        if isinstance(found, bool) or not isinstance(found, int | float) or not found >= 0:
            raise Refused(400, f"{name}: a number, 0 or more, is wanted")
        return min(found, most)

    def whole(self, name: str, default: int = 0, most: int = 1 << 53) -> int:
        """A whole number from 0 to `most`."""
        return int(self.number(name, default, most))

    def texts(self, name: str) -> list[str]:
        """A list of such texts, which may be empty."""
        found = self.fields.get(name)
        if not isinstance(found, list) or not all(map(_is_plain, found)):
            raise Refused(400, f"{name}: a list of texts is wanted")
        return found

    def parts(self, name: str) -> list[Body]:
        """A list of objects."""
        found = self.fields.get(name)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise Refused(400, f"{name}: a list of objects is wanted")
        return [Body(each) for each in found]


class ShardsApi:
    """An ASGI application over the lease service."""

    def __init__(self, service: LeaseService) -> None:
        self._service = service
        self._verbs: Mapping[tuple[str, str], Callable[[str, Body], Awaitable[object]]] = {
            ("POST", "lease"): self._lease,
            ("POST", "renew"): self._renew,
            ("POST", "done"): self._done,
            ("POST", "fail"): self._fail,
            ("POST", "release"): self._release,
            ("GET", "status"): self._status,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        try:
            status, content = 200, await self._answer(scope, receive)
        except Refused as refused:
            status, content = refused.status, {"message": str(refused)}
        data = json.dumps(content, ensure_ascii=False).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(data)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _answer(self, scope: Scope, receive: Receive) -> object:
        body = await _read(receive)
        path: str = scope["path"]
        if (scope["method"], path) == ("GET", "/health"):
            return {"status": "ok"}
        if not path.startswith(PREFIX):
            raise Refused(404)
        verb = self._verbs.get((scope["method"], path.removeprefix(PREFIX)))
        if verb is None:
            raise Refused(404)
        attempt = self._service.find(_bearer(scope))
        if attempt is None:
            raise Refused(401)
        given = Body(_object(body))
        if "worker" in given.fields and not self._service.knows(attempt, given.worker()):
            raise Refused(400, "worker: it begins with MILLWORK_WORKER_NAME and a slash")
        try:
            if verb == self._lease:
                return await _unless_gone(verb(attempt, given), receive)
            return await verb(attempt, given)
        except Refused:
            raise
        except NoBatch as over:
            raise Refused(409, str(over)) from None
        except Exception as error:  # a defect: what is in memory may be half changed
            self._service.give_up(error)
            raise

    async def _lease(self, attempt: str, body: Body) -> object:
        shards, is_over = await self._service.lease(
            attempt,
            body.worker(),
            max(1, body.whole("max", 1, _MOST_LEASES)),
            body.number("wait", 0.0, 60.0),
            set(body.texts("held")) if "held" in body.fields else None,
        )
        return {"shards": shards, "done": is_over}

    async def _renew(self, attempt: str, body: Body) -> object:
        answer = await self._service.renew(
            attempt, body.worker(), body.texts("tokens"), body.whole("items")
        )
        return {"ok": answer.ok, "lost": answer.lost}

    async def _done(self, attempt: str, body: Body) -> object:
        results = [
            Result(
                part.text("token"),
                part.whole("ok"),
                part.whole("failed"),
                part.number("seconds", 0.0, 1e8) if "seconds" in part.fields else None,
            )
            for part in body.parts("results")
        ]
        return {"accepted": (await self._service.done(attempt, results)).accepted}

    async def _fail(self, attempt: str, body: Body) -> object:
        error = str(body.fields.get("error") or "no reason was given")[-_LONGEST_ERROR:]
        error = error.encode("utf-8", "backslashreplace").decode()  # it may quote any bytes
        retryable = body.fields.get("retryable", True) is not False
        await self._service.fail(attempt, body.text("token"), error, retryable=retryable)
        return {}

    async def _release(self, attempt: str, body: Body) -> object:
        await self._service.release(attempt, body.worker(), body.texts("tokens"))
        return {}

    async def _status(self, attempt: str, _body: Body) -> object:
        return asdict(await self._service.status(attempt))


async def _unless_gone(answer: Awaitable[object], receive: Receive) -> object:
    """The answer, if whoever asked is still there when it comes: nothing is leased to the dead."""
    asked, left = asyncio.ensure_future(answer), asyncio.ensure_future(receive())
    try:
        await asyncio.wait((asked, left), return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
        return await asked
    except asyncio.CancelledError:
        raise Refused(400, "the connection ended") from None
    finally:
        left.cancel()


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the connection ended")
        part = message.get("body", b"")
        parts.append(part)
        size += len(part)
        if size > _MOST_BYTES:
            raise Refused(413, f"at most {_MOST_BYTES} bytes are taken")
        if not message.get("more_body"):
            return b"".join(parts)


def _bearer(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, token = value.decode("latin-1").partition(" ")
            return token.strip() if kind.lower() == "bearer" else ""
    return ""


def _is_plain(found: object) -> bool:
    """Whether it is a text that can be kept and printed."""
    return isinstance(found, str) and found.isprintable()


def _object(data: bytes) -> Mapping[str, Any]:
    if not data:
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Refused(400, "the body is no JSON object")
    return found
