"""The API as an ASGI application: a route a verb, each request checked, carried out and told."""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from millwork.access.verbs import VERBS
from millwork.actions.counters import observe_request
from millwork.actions.exchange import Download, EventFeed, LogFeed, Text
from millwork.actions.login import identify, redeem_link
from millwork.actions.perform import Asked, let_in, perform
from millwork.api import console
from millwork.api.bodies import read_json, received
from millwork.api.feed import BEAT
from millwork.api.guard import HEADERS, check_host, check_origin
from millwork.api.problems import Refused, problem_of
from millwork.api.streams import while_let_in
from millwork.app.logs import person, request_id
from millwork.base.errors import BadRequest, Unauthenticated
from millwork.base.ids import new_token
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection

    from starlette.requests import Request

    from millwork.access.identity import Identity
    from millwork.access.verbs import Verb
    from millwork.actions.context import Context
    from millwork.api.binding import Binding
    from millwork.api.feed import Feed
    from millwork.api.threads import Threads

_log = logging.getLogger("millwork.api")
_COOKIE = "millwork_session"
_WEEK = 7 * 86_400
_LOG_TICK = 0.3
_LOGINS = 2  # at once: each costs as much as argon2 is meant to
_UNKNOWN = "this token is not known: it was mistyped, has expired or was revoked"
# They ask others, who may take their time: the rest does not wait for that.
_OUTWARD = ("data.list", "connections.check", "runs.create", "components.create", "plans.create")
_STREAMS = ("events.follow", "runs.follow", "logs.follow")
PREFIX = "/api/v1"
_PAGES = ("/", "/enter", "/w/{rest:path}")
_ASSETS = ("/assets/{name}", "/millwork.svg")


@dataclass(frozen=True)
class Door:
    """What the API is made with: its threads, its feed, and the names that it answers to.

    `outward` are the threads of verbs that ask others for what they need.

    Streams end when it is `closing`.
    """

    threads: Threads
    outward: Threads
    feed: Feed
    uploads: str
    names: Collection[str] = ()
    is_secure: bool = False
    logins: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, _LOGINS))

    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route(PREFIX + verb.path, self._endpoint(verb), methods=[verb.method])
            for verb in VERBS.values()
        ]
        routes += [
            Route(f"{PREFIX}/openapi.json", self._guarded(self._contract)),
            Route("/login", self._guarded(self._come_in)),
            *(Route(path, self._guarded(self._page)) for path in _PAGES),
            *(Route(path, self._guarded(self._asset)) for path in _ASSETS),
            Route("/{rest:path}", self._guarded(self._nowhere)),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: self._no_route})

    def _endpoint(self, verb: Verb) -> Callable[[Request], Awaitable[Response]]:
        return self._guarded(partial(self._answer, verb), verb.name)

    def _guarded(
        self, handle: Callable[[Request, str], Awaitable[Response]], verb: str = ""
    ) -> Callable[[Request], Awaitable[Response]]:
        """The handler with what every request goes through: checks, problems, headers, counts."""

        async def endpoint(request: Request) -> Response:
            began, asked = time.perf_counter(), new_token()
            request_id.set(asked)
            try:
                check_host(request.headers.get("host", ""), self.names)
                check_origin(request.method, request.headers, is_stream=verb in _STREAMS)
                response = await handle(request, asked)
            except ClientDisconnect:
                response = Response(status_code=499)
            except Exception as error:
                response = problem_of(error, asked)
            seconds = time.perf_counter() - began
            observe_request(verb or "page", response.status_code, seconds)
            _log.info("%s %s %d %.0f ms", request.method, request.url.path, response.status_code,
                      seconds * 1000)  # fmt: skip
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            response.headers["X-Request-Id"] = asked
            return response

        return endpoint

    # --- verbs ----------------------------------------------------------------------------

    async def _answer(self, verb: Verb, request: Request, asked: str) -> Response:
        who = await self._known(request, verb.needs)
        binding = await self.threads.do(partial(_binding, verb.name))
        path = {name: str(value) for name, value in request.path_params.items()}
        workspace = path.pop("workspace", "")
        query = request.query_params.multi_items()
        key = request.headers.get("idempotency-key", "")
        do = partial(_perform, who=who, verb=verb.name, workspace=workspace, asked=asked, key=key)
        if binding.takes_file:
            await self.threads.do(partial(do, arguments=None))
            async with received(request, self.uploads) as upload:
                arguments = binding.read(path, query, None, upload)
                return self._told(verb, await self.threads.do(partial(do, arguments=arguments)))
        if verb.name == "sessions.login" and self.logins.locked():
            raise Refused(429, "too many log in at once: try again in a moment")
        body = None if binding.asks_by_query else await read_json(request, binding.most)
        arguments = binding.read(path, query, body)
        if verb.name in _STREAMS and "since" in arguments:
            arguments["since"] = request.headers.get("last-event-id") or arguments["since"]
        threads = self.outward if verb.name in _OUTWARD else self.threads
        async with self.logins if verb.name == "sessions.login" else nullcontext():
            answer = await threads.do(partial(do, arguments=arguments))
        if verb.name in _STREAMS:
            return self._stream(answer, partial(self._is_still_let_in, request, verb, do))
        return self._told(verb, answer)

    async def _is_still_let_in(self, request: Request, verb: Verb, do: Callable[..., Any]) -> bool:
        """Whether who listens may still: they may have logged out, or be no member any more."""
        try:
            who = await self._known(request, verb.needs)
            await self.threads.do(partial(do, who=who, arguments=None))
        except BadRequest:
            return False
        return True

    def _told(self, verb: Verb, answer: Any) -> Response:
        if isinstance(answer, Download):
            # Whatever it is, a browser keeps it and does not show it here.
            headers = {"Content-Security-Policy": "sandbox; default-src 'none'"}
            return FileResponse(
                answer.path, filename=answer.name, media_type="application/octet-stream",
                headers=headers,
            )  # fmt: skip
        if isinstance(answer, Text):
            return Response(answer.text, media_type=answer.media_type)
        if verb.name == "sessions.login":
            session = answer.pop("session")
            return self._with_cookie(_json(answer), session)
        response = _json(answer)
        if verb.name == "sessions.logout":
            response.delete_cookie(_COOKIE, path="/")
        return response

    def _stream(
        self, answer: EventFeed | LogFeed, is_let_in: Callable[[], Awaitable[bool]]
    ) -> StreamingResponse:
        lines = self._lines(answer) if isinstance(answer, LogFeed) else self.feed.follow(answer)
        shown = while_let_in(lines, is_let_in)
        return StreamingResponse(shown, media_type="text/event-stream")

    async def _known(self, request: Request, needs: str) -> Identity | None:
        """Who asks; raises Unauthenticated for a way in that is not, or no longer, one."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        session = request.cookies.get(_COOKIE, "")
        is_token = scheme.lower() == "bearer" and bool(token)
        if is_token:
            who = await self.threads.do(lambda context: identify(context, token, "token"))
        elif session:
            who = await self.threads.do(lambda context: identify(context, session, "session"))
        else:
            who = None
        if who is None and needs != "anyone":
            raise Unauthenticated(_UNKNOWN) if is_token else Unauthenticated()
        person.set(who.person if who else "")
        return who

    async def _lines(self, feed: LogFeed) -> AsyncGenerator[bytes, None]:
        offset, is_over, told = feed.offset, False, time.monotonic()
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        while not is_over and not self.closing.is_set():
            data, offset, is_over = await self.threads.do(partial(_part, feed, offset))
            is_over = is_over and not data
            text = decoder.decode(data, final=is_over)
            if text:
                # Who goes on from here begins with the character that is not whole yet.
                place, told = offset - len(decoder.getstate()[0]), time.monotonic()
                said = json.dumps({"offset": place, "text": text})
                yield f"id: {place}\nevent: log\ndata: {said}\n\n".encode()
            elif not data and not is_over:
                if time.monotonic() > told + BEAT:
                    told = time.monotonic()
                    yield b": still here\n\n"
                await asyncio.sleep(_LOG_TICK)  # a file that grows tells nobody
        if is_over:
            yield b"event: end\ndata: {}\n\n"

    # --- pages ----------------------------------------------------------------------------

    async def _contract(self, request: Request, _: str) -> Response:
        await self._known(request, "person")
        body = await self.threads.do(lambda _: _document())
        return Response(body, media_type="application/json")

    async def _come_in(self, request: Request, _: str) -> Response:
        """A browser comes with the one-time link that `millwork up` has printed."""
        link = request.query_params.get("link", "")
        session = await self.threads.do(lambda context: redeem_link(context, link))
        if session is None:
            raise Unauthenticated("this link has been used, or is too old: millwork login")
        return self._with_cookie(RedirectResponse("/", 303), session)

    async def _page(self, request: Request, _: str) -> Response:
        who = await self._known(request, "anyone")
        return console.page(who.person if who else "")

    async def _asset(self, request: Request, _: str) -> Response:
        encodings = request.headers.get("accept-encoding", "")
        path = request.url.path.lstrip("/")
        found = await self.threads.do(lambda _: console.asset(path, encodings))
        return found or await self._nowhere(request, "")

    async def _nowhere(self, request: Request, _: str) -> Response:
        await self._known(request, "person")
        raise Refused(404, "there is no such page; /api/v1/openapi.json names all that there is")

    async def _no_route(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        status = error.status_code

        async def refuse(_: Request, __: str) -> Response:
            await self._known(request, "person")
            raise Refused(status, f"{request.method} is not for this place")

        return await self._guarded(refuse)(request)

    def _with_cookie(self, response: Response, session: str) -> Response:
        response.set_cookie(
            _COOKIE, session, max_age=_WEEK, path="/", httponly=True, samesite="lax",
            secure=self.is_secure,
        )  # fmt: skip
        return response


def _binding(name: str, _: Context) -> Binding:
    from millwork.api.binding import binding_of

    return binding_of(name)


def _document() -> bytes:
    from millwork.api.openapi import document

    return document()


def _perform(
    context: Context, *, who: Identity | None, verb: str, workspace: str, asked: str, key: str,
    arguments: dict[str, Any] | None,
) -> Any:  # fmt: skip
    """The verb's answer; without arguments, whether this person may ask for it at all."""
    if arguments is None:
        return let_in(context, who, Asked(verb, {}, workspace, asked))
    return perform(context, who, Asked(verb, arguments, workspace, asked, key))


def _part(feed: LogFeed, offset: int, context: Context) -> tuple[bytes, int, bool]:
    return feed.read(context, offset)


def _json(content: Any) -> Response:
    return Response(msgspec.json.encode(content), media_type="application/json")
