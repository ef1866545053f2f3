"""`/api/v1/shards`: each verb, and that nothing anybody sends is answered with a defect."""

from __future__ import annotations

import asyncio
import json
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.api.shards import ShardsApi
from millwork.batch.machine import FIRST_LEASE
from tests.actions.service import run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from tests.actions.service import Place

pytestmark = pytest.mark.quick

TOKEN = "secret of r-1"
VERBS = ("lease", "renew", "done", "fail", "release")


class Client:
    """Speaks to the application as a server does."""

    def __init__(self, app: ShardsApi) -> None:
        self._app = app

    async def call(
        self, verb: str, body: Any = None, token: str | None = TOKEN, **more: Any
    ) -> tuple[int, Any]:
        """A verb with a body of JSON, or of bytes as they are."""
        data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        headers = [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
        path = more.get("path", f"/api/v1/shards/{verb}")
        method = more.get("method", "GET" if verb == "status" else "POST")
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        return await self.asked({**scope, **more.get("scope", {})}, [data])

    async def asked(self, scope: Mapping[str, Any], parts: list[bytes]) -> tuple[int, Any]:
        messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
        messages.append({"type": "http.request", "body": b"", "more_body": False})
        sent: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            if not messages:
                await asyncio.Event().wait()  # nobody leaves before the answer
            return messages.pop(0)

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        start, end = sent
        length = dict(start["headers"])[b"content-length"]
        assert int(length) == len(end["body"])
        return start["status"], json.loads(end["body"])


def _with(
    folder: Path | str, body: Callable[[Client, Place], Awaitable[None]], **more: Any
) -> None:
    async def work(place: Place) -> None:
        service = place.service()
        await service.open(place.opening(**more))
        await body(Client(ShardsApi(service)), place)

    run(folder, work)


# --- verbs --------------------------------------------------------------------------------------


def test_a_shard_from_lease_to_done(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        code, found = await client.call("lease", {"worker": "w-0/1", "wait": 1, "held": []})
        (shard,) = found["shards"]
        assert (code, found["done"]) == (200, False)
        token = shard.pop("token")
        assert shard == {"id": "0", "attempt": 0, "seconds": FIRST_LEASE, "files": ["/in/0"]}
        again = await client.call("lease", {"worker": "w-0/1", "held": []})
        assert again[1]["shards"] == [{**shard, "token": token}], "its answer was lost"
        renewal = {"worker": "w-0/1", "tokens": [token, "x-1"], "items": 3}
        assert await client.call("renew", renewal) == (200, {"ok": [token], "lost": ["x-1"]})
        results = [{"token": token, "ok": 5, "failed": 1, "seconds": 0.5}, {"token": "x-1"}]
        assert await client.call("done", {"results": results}) == (200, {"accepted": [True, False]})
        code, seen = await client.call("status")
        assert (code, seen["done"], seen["items"], seen["total"]) == (200, 1, 5, 4)
        assert seen["workers"][0]["name"] == "w-0/1"

    _with(tmp_path, body)


def test_a_shard_fails_and_another_is_given_back(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        tokens = []
        for worker in ("w-0/1", "w-1/1"):
            _, found = await client.call("lease", {"worker": worker})
            tokens.append(found["shards"][0]["token"])
        failure = {"token": tokens[0], "error": "☃ boom", "retryable": False}
        assert await client.call("fail", failure) == (200, {})
        released = {"worker": "w-1/1", "tokens": [tokens[1]]}
        assert await client.call("release", released) == (200, {})
        _, seen = await client.call("status")
        assert (seen["failed"], seen["todo"], seen["leased"]) == (1, 3, 0)
        assert place.memory.ledgers[1].row(0).error == "☃ boom"

    _with(tmp_path, body)


def test_the_end_of_a_long_error_is_kept(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        for error, kept in (("x" * 9000 + "the cause", 8000), (None, 0), (17, 2)):
            _, found = await client.call("lease", {"worker": "w-0/1"})
            token = found["shards"][0]["token"]
            await client.call("fail", {"token": token, "error": error, "retryable": False})
            text = place.memory.ledgers[1].errors[-1].error
            assert len(text) == kept or text == "no reason was given"
        assert place.memory.ledgers[1].errors[0].error.endswith("the cause")

    _with(tmp_path, body)


def test_when_it_is_over_everybody_is_told(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        for _ in range(4):
            _, found = await client.call("lease", {"worker": "w-0/1"})
            await client.call("done", {"results": [{"token": found["shards"][0]["token"]}]})
        over = (200, {"shards": [], "done": True})
        assert await client.call("lease", {"worker": "w-0/1", "wait": 60}) == over
        assert place.loop.now < 1

    _with(tmp_path, body)


def test_whoever_asks_is_healthy(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        found = await client.call("", path="/health", method="GET", token=None)
        assert found == (200, {"status": "ok"})

    _with(tmp_path, body)


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "token", [None, "", "x", "secret of r-2", "Secret of r-1", "☃", TOKEN + "x"]
)
@pytest.mark.parametrize("verb", [*VERBS, "status"])
def test_without_the_token_nothing_is_told(tmp_path: Path, verb: str, token: str | None) -> None:
    async def body(client: Client, place: Place) -> None:
        code, found = await client.call(verb, {"worker": "w"}, token)
        assert (code, list(found)) == (401, ["message"])
        assert len(place.memory.commits) == 0

    _with(tmp_path, body)


def test_other_kinds_of_authorisation(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        for value, code in (
            (b"bearer " + TOKEN.encode(), 200), (b"BEARER   " + TOKEN.encode() + b"  ", 200),
            (b"Basic " + TOKEN.encode(), 401), (TOKEN.encode(), 401), (b"", 401),
            (b"\xff\xfe", 401),
        ):  # fmt: skip
            headers = [(b"x-other", b"1"), (b"authorization", value)]
            found = await client.call("status", token=None, scope={"headers": headers})
            assert found[0] == code, value

    _with(tmp_path, body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/api/v1/shards"), ("GET", "/api/v1/shards/"),
        ("GET", "/api/v1/shards/lease"), ("POST", "/api/v1/shards/status"),
        ("POST", "/api/v1/shards/lease/"), ("POST", "/api/v1/shards/LEASE"),
        ("PUT", "/api/v1/shards/lease"), ("POST", "/health"), ("POST", "/api/v1/shards/\udcff"),
        ("POST", "/api/v1/shards/../shards/lease"), ("POST", "//api/v1/shards/lease"),
    ],
)  # fmt: skip
def test_what_is_not_there(tmp_path: Path, method: str, path: str) -> None:
    async def body(client: Client, place: Place) -> None:
        found = await client.call("", path=path, method=method)
        assert found == (404, {"message": "there is no such place"})

    _with(tmp_path, body)


BAD = {
    "lease": [
        {}, {"worker": ""}, {"worker": 7}, {"worker": None}, {"worker": ["w"]},
        {"worker": "w", "max": "1"}, {"worker": "w", "max": -1}, {"worker": "w", "max": True},
        {"worker": "w", "wait": -0.1}, {"worker": "w", "wait": "x"}, {"worker": "w", "held": "x"},
        {"worker": "w", "held": [1]}, {"worker": "w", "held": None},
        {"worker": "w\u0000"}, {"worker": "\ud800"}, {"worker": "a\nb"},
        {"worker": "w", "held": ["\ud800"]},
    ],
    "renew": [
        {"worker": "w"}, {"worker": "w", "tokens": {}}, {"worker": "w", "tokens": [None]},
        {"worker": "w", "tokens": [], "items": -1}, {"worker": "w", "tokens": [], "items": "1"},
        {"worker": "w", "tokens": ["\udfff"]}, {"tokens": []},
    ],
    "done": [
        {}, {"results": {}}, {"results": ["x"]}, {"results": [{}]}, {"results": [{"token": ""}]},
        {"results": [{"token": "x", "ok": -1}]}, {"results": [{"token": "x", "failed": "1"}]},
        {"results": [{"token": "x", "seconds": -1}]}, {"results": [{"token": "x", "seconds": []}]},
        {"results": [{"token": "\ud800"}]}, {"results": [[]]},
    ],
    "fail": [{}, {"token": ""}, {"token": 1}, {"error": "x"}, {"token": "\ud800"}],
    "release": [{}, {"worker": "w"}, {"worker": "w", "tokens": 1}, {"tokens": []}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "content"), [(verb, content) for verb in VERBS for content in BAD[verb]], ids=ascii
)
def test_what_is_wrong_is_said(tmp_path: Path, verb: str, content: Any) -> None:
    async def body(client: Client, place: Place) -> None:
        code, found = await client.call(verb, content)
        assert code == 400, found
        assert "wanted" in found["message"]
        assert place.memory.commits == []

    _with(tmp_path, body)


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[]", b"7", b"null", b'"x"', b"\xff\xfe\xff", b"{'worker': 1}", b'{"worker": "w"',
        b"[" * 100_000, b'{"worker":' * 50_000, b"\x00", b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda data: repr(data[:12]),
)  # fmt: skip
@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_object(tmp_path: Path, verb: str, data: bytes) -> None:
    async def body(client: Client, place: Place) -> None:
        code, found = await client.call(verb, data)
        assert code == 400
        assert found["message"] in ("the body is no JSON", "the body is no JSON object")

    _with(tmp_path, body)


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"-1e400", b"-0.5"])
def test_numbers_that_are_none(tmp_path: Path, number: bytes) -> None:
    async def body(client: Client, place: Place) -> None:
        for verb, data in (
            ("lease", b'{"worker":"w","max":%s}'), ("lease", b'{"worker":"w","wait":%s}'),
            ("renew", b'{"worker":"w","tokens":[],"items":%s}'),
            ("done", b'{"results":[{"token":"x","ok":%s}]}'),
            ("done", b'{"results":[{"token":"x","seconds":%s}]}'),
        ):  # fmt: skip
            code, found = await client.call(verb, data % number)
            assert (code, "0 or more" in found["message"]) == (400, True), data

    _with(tmp_path, body)


@pytest.mark.parametrize("number", [b"1e308", b"Infinity", b"9" * 400, b"1.5", b"0"])
def test_numbers_that_are_large_count_as_the_most(tmp_path: Path, number: bytes) -> None:
    async def body(client: Client, place: Place) -> None:
        data = b'{"worker":"w","max":%s,"wait":0}' % number
        code, found = await client.call("lease", data)
        assert (code, len(found["shards"])) == (200, 1)
        token = found["shards"][0]["token"].encode()
        await client.call("renew", b'{"worker":"w","tokens":["%s"],"items":%s}' % (token, number))
        result = b'{"results":[{"token":"%s","ok":%s,"failed":%s,"seconds":%s}]}'
        code, found = await client.call("done", result % (token, number, number, number))
        assert (code, found) == (200, {"accepted": [True]})
        code, _ = await client.call("status")
        assert code == 200

    _with(tmp_path, body)


def test_a_huge_body_is_not_read_to_its_end(tmp_path: Path) -> None:
    async def body(client: Client, place: Place) -> None:
        scope = {
            "type": "http", "method": "POST", "path": "/api/v1/shards/done",
            "headers": [(b"authorization", f"Bearer {TOKEN}".encode())],
        }  # fmt: skip
        parts = [b"x" * (1 << 16)] * 1000
        code, found = await client.asked(scope, parts)
        assert (code, found) == (413, {"message": "at most 1048576 bytes are taken"})
        assert await client.asked(scope, [b'{"results"', b": [", b"]}"]) == (200, {"accepted": []})

    _with(tmp_path, body)


def test_an_error_may_hold_anything(tmp_path: Path) -> None:
    """It comes from whatever the user's code was fed with."""

    async def body(client: Client, place: Place) -> None:
        _, found = await client.call("lease", {"worker": "w-0/1"})
        failure = {"token": found["shards"][0]["token"], "error": "a\ud800\u0000\nb"}
        assert await client.call("fail", failure) == (200, {})
        assert place.memory.ledgers[1].errors[0].error.encode()

    _with(tmp_path, body)


def test_when_the_batch_is_over_or_was_never_opened(tmp_path: Path) -> None:
    async def body(place: Place) -> None:
        place.fault = OSError(2, "No such file")
        service = place.service()
        await service.open(place.opening())
        client = Client(ShardsApi(service))
        assert (await client.call("done", {"results": []}))[0] == 409
        assert (await client.call("status"))[0] == 409
        assert await client.call("lease", {"worker": "w"}) == (200, {"shards": [], "done": True})
        service.close("r-1")
        assert (await client.call("done", {"results": []}))[0] == 401

    run(tmp_path, body)


# --- anything -----------------------------------------------------------------------------------

JSON: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(),
        st.text(st.characters(codec=None)), st.sampled_from(["w-0/1", "t-0", "x-9", "\ud800"]),
    ),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(), each, max_size=4),
    max_leaves=8,
)  # fmt: skip
FIELDS = ("worker", "max", "wait", "held", "tokens", "items", "results", "token", "error",
          "retryable")  # fmt: skip
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
    st.fixed_dictionaries(
        {"worker": st.just("w-0/1"), "token": st.just("t-0")},
        optional=dict.fromkeys(FIELDS[1:7], JSON) | {"error": JSON},
    ),
)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(VERBS), BODIES), max_size=6))
def test_nothing_is_answered_with_a_defect(calls: list[tuple[str, Any]]) -> None:
    async def body(client: Client, place: Place) -> None:
        for verb, content in calls:
            code, found = await client.call(verb, content)
            assert code in (200, 400), found
            assert code == 200 or found["message"]
        for _, changes in [each for commit in place.memory.commits for each in commit]:
            for value in [value for change in changes for value in vars(change).values()]:
                assert not isinstance(value, str) or value.encode() is not None
        assert (await client.call("status"))[0] == 200
        assert place.gave_up == []

    with tempfile.TemporaryDirectory() as folder:
        _with(folder, body)


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.sampled_from(VERBS), st.binary(max_size=60))
def test_bytes_that_are_no_json(verb: str, data: bytes) -> None:
    async def body(client: Client, place: Place) -> None:
        code, _ = await client.call(verb, data)
        assert code == 400

    with tempfile.TemporaryDirectory() as folder:
        _with(folder, body)
