"""Requests that are too large, too deep, too slow or malformed (BentoML CVE-2024-9056).

Each is refused soon, and the server goes on.
"""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from tests.attacks.door import DEFAULT, PASSWORD, good, text
from tests.attacks.process import api_of, cpu_seconds, resident

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("attacks-bodies")

MIB = 1 << 20


@pytest.fixture(autouse=True)
def stands(door: Door) -> Iterator[None]:
    """Afterwards the process is the same, answers, and has not grown."""
    good(door.ask("GET", "/ready"))
    process = api_of(door.server)
    before = resident(process)
    yield
    assert good(door.as_("").ask("GET", "/health")).json == {"status": "ok"}
    assert api_of(door.server) == process
    assert resident(process) - before < 150 * MIB


def head(door: Door, path: str, *lines: str, method: str = "POST") -> bytes:
    """The head of a request of the owner's."""
    said = (f"{method} /api/v1{path} HTTP/1.1", f"Host: {door.host}",
            f"Authorization: Bearer {door.token}", *lines, "", "")  # fmt: skip
    return "\r\n".join(said).encode("latin-1")


def drip(made: socket.socket, seconds: float, pause: float) -> None:
    """Sends a byte now and then, for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        made.sendall(b"G")
        time.sleep(pause)


def status(said: bytes) -> int:
    return int(said.split(maxsplit=2)[1]) if said.startswith(b"HTTP/1.1 ") else 0


JSON = {"Content-Type": "application/json"}
HUGE = {
    "lists": b"[" + b"[]," * 5_000_000 + b"1]",
    "objects": b"[" + b"{}," * 5_000_000 + b"1]",
    "numbers": b'{"name": [' + b"1," * 7_000_000 + b"1]}",
    "a number": b'{"limit": ' + b"9" * 5_000_000 + b"}",
    "text": b'{"name": "' + b"x" * (17 * MIB) + b'"}',
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 500_000 + b"1" + b"}" * 500_000,
    "blanks": b" " * (17 * MIB),
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("who", ["nobody", "owner"])
def test_huge_json_is_refused_soon(door: Door, body: bytes, who: str) -> None:
    process = api_of(door.server)
    before = cpu_seconds(process)
    if who == "nobody":
        answer = door.as_("").ask("POST", "/login", body, JSON)
    else:
        answer = door.ask("POST", f"{DEFAULT}/runs", body, JSON)
    assert answer.status in (400, 413)
    assert cpu_seconds(process) - before < 1


@pytest.mark.parametrize("depth", [65, 500, 2000, 100_000])
def test_deep_json_is_refused_wherever_anything_may_stand(door: Door, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    body = f'{{"component": "x", "parameters": {{"a": {deep}}}}}'.encode()
    assert door.ask("POST", f"{DEFAULT}/runs", body, JSON).status == 400


@pytest.mark.parametrize("body", [
    b"", b"null", b"[]", b"1", b'"x"', b"{", b'{"name": "a",}', b"{'name': 'a'}", b"\xff\xfe{}",
    b'{"name": "\\ud800"}', b'{"name": "a\\u0000b"}', b'{"\\u0000": 1}', b'{"name": NaN}',
    b'{"name": "a"} {}', b'{"name": Infinity}', b'{"name": 1}', b'{"name": {"$ref": "#"}}',
    b'{"name": "a", "__class__": "x"}', b'{"name": "a", "self": 1}', b'{"name": "a", "call": 1}',
    b'{"name": "a", "workspace": "b"}', b"\xef\xbb\xbf{}", b'{"name": "\xed\xa0\x80"}',
    b"!!python/object/apply:os.system ['touch CANARY']", b"<x/>", b"\x80\x04N.",
])  # fmt: skip
def test_what_is_no_object_of_the_verb_is_refused(door: Door, body: bytes) -> None:
    assert door.ask("POST", "/workspaces", body, JSON).status == 400


def test_a_key_that_stands_twice_counts_once_and_is_checked_as_the_last(door: Door) -> None:
    body = b'{"name": "twice", "name": "../x"}'
    assert door.ask("POST", "/workspaces", body, JSON).status == 400
    for path in ("/workspaces?limit=1&limit=2", "/workspaces?after=a&after=b"):
        assert door.ask("GET", path).status == 400


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=" + "x" * 1_000, "text/xml",
                                  "application/x-www-form-urlencoded", "application/yaml",
                                  "application/x-python-pickle"])  # fmt: skip
def test_bentoml_other_types_are_not_read(door: Door, kind: str) -> None:
    body = b"--x\r\n" * 100_000
    answer = door.ask("POST", "/workspaces", body, {"Content-Type": kind})
    assert answer.status == 415


def test_bentoml_a_boundary_of_a_megabyte_is_refused(door: Door) -> None:
    line = f"Content-Type: multipart/form-data; boundary={'x' * MIB}"
    began = time.monotonic()
    assert status(door.raw(head(door, "/login", line, "Content-Length: 0"))) in (0, 400, 431)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("lines", [
    [f"X-{number}: y" for number in range(100_000)], [f"X: {'y' * MIB}"], [f"{'x' * MIB}: y"],
    [f"Cookie: {'; '.join(f'c{number}=1' for number in range(50_000))}"],
], ids=["100,000 headers", "long value", "long name", "many cookies"])  # fmt: skip
def test_a_head_without_end_is_refused(door: Door, lines: list[str]) -> None:
    process = api_of(door.server)
    before = cpu_seconds(process)
    assert status(door.raw(head(door, "/me", *lines, method="GET"))) in (0, 400, 431)
    assert cpu_seconds(process) - before < 1


def test_a_hundred_thousand_parameters_are_refused(door: Door) -> None:
    query = "&".join(f"p{number}=1" for number in range(5_000))
    assert door.page("GET", f"/api/v1/workspaces?{query}").status == 400
    query = "&".join(f"p{number}=1" for number in range(100_000))
    assert status(door.raw(head(door, f"/workspaces?{query}", method="GET"))) in (0, 400, 414)


@pytest.mark.parametrize("lines", [
    ["Content-Length: 10", "Content-Length: 2"], ["Content-Length: -1"], ["Content-Length: x"],
    ["Content-Length: 99999999999999999999"], ["Transfer-Encoding: chunked", "Content-Length: 4"],
    ["Transfer-Encoding: xchunked"], ["Transfer-Encoding : chunked"], ["X: a\rb"], ["X\0: a"],
    [" folded: x"], ["X: a\nEvil: b\0"],
])  # fmt: skip
def test_request_smuggling_what_is_ambiguous_is_refused(door: Door, lines: list[str]) -> None:
    data = head(door, "/login", "Content-Type: application/json", *lines)
    evil = f"GET /api/v1/me HTTP/1.1\r\nHost: {door.host}\r\nAuthorization: Bearer {door.token}"
    said = door.raw(data + b"0\r\n\r\n" + evil.encode() + b"\r\n\r\n", 3)
    assert status(said) in (0, 400, 413)
    assert b'"person":"owner"' not in said


def test_crlf_no_header_is_made_of_what_is_asked(door: Door) -> None:
    evil = "x%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"
    for path in (
        f"/api/v1{DEFAULT}/runs/{evil}",
        f"/{evil}",
        f"/login?link={evil}",
        f"/api/v1{DEFAULT}/runs?name={evil}",
        f"/api/v1/workspaces/{evil}/runs",
    ):
        answer = door.page("GET", path)
        assert "set-cookie" not in answer.headers
        assert "a=b" not in "".join(answer.headers.values())
    run = door.run({"component.yaml": text(
        "printf x > \"$PAI_OUTPUT_O/$(printf 'a\\r\\nSet-Cookie: a=b\\r\\n.')\"", outputs={"o": {}}
    )}, name="crlf")  # fmt: skip
    assert door.finished(run)["status"] == "succeeded"
    here = f"{DEFAULT}/runs/{run}/artifacts/step/o"
    path = good(door.ask("GET", here)).json["items"][0]["path"]
    assert "\r\n" in path
    answer = good(door.ask("GET", f"{here}/file", path=path))
    assert "set-cookie" not in answer.headers
    assert answer.headers["content-disposition"].startswith("attachment; filename*=utf-8''a%0D%0A")


@pytest.mark.parametrize("ranges", [
    ",".join(["0-0"] * 8_000), ",".join(f"{number}-" for number in range(8_000)), "-" * 60_000,
    "5-1", "x", "0-" + "9" * 5_000, ",".join(f"-{number}" for number in range(1, 8_000)),
], ids=["same", "open", "dashes", "backwards", "text", "huge", "last"])  # fmt: skip
def test_starlette_cve_2025_62727_ranges_without_end_cost_little(door: Door, ranges: str) -> None:
    component = text("head -c 20000 /dev/zero > $PAI_OUTPUT_O/x", outputs={"o": {}})
    run = door.run({"component.yaml": component}, name="ranges")
    assert door.finished(run)["status"] == "succeeded"
    path, process = f"{DEFAULT}/runs/{run}/artifacts/step/o/file", api_of(door.server)
    before = cpu_seconds(process)
    answer = door.ask("GET", path, None, {"Range": f"bytes={ranges}"})
    assert answer.status in (200, 206, 400, 416)
    assert len(answer.body) < 40 * MIB
    assert cpu_seconds(process) - before < 1


def test_slow_heads_and_bodies_do_not_keep_others_out(door: Door) -> None:
    """A hundred connections that say nothing, or not all: everybody else is answered."""
    starts = [b"", b"GET /api/v1/he", head(door, "/login", "Content-Length: 100") + b"{",
              head(door, "/me", "Content-Length: 100000000", method="GET") + b"x"]  # fmt: skip
    with ExitStack() as stack:
        for number in range(100):
            made = socket.create_connection(door.place, timeout=10)
            stack.enter_context(closing(made))
            made.sendall(starts[number % len(starts)])
        for _ in range(20):
            began = time.monotonic()
            good(door.as_("").ask("GET", "/health"))
            assert time.monotonic() - began < 5


def test_slowloris_a_body_that_nobody_reads_ends_the_connection(door: Door) -> None:
    """The answer is sent before the body is there; after that, dripping holds nothing open."""
    with closing(socket.create_connection(door.place, timeout=20)) as made:
        start = f"POST /api/v1{DEFAULT}/runs HTTP/1.1\r\nHost: {door.host}\r\n"
        made.sendall(f"{start}Content-Length: 100000000\r\n\r\n".encode())
        assert b" 401 " in made.recv(65_536)
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            drip(made, 15, 0.2)
        assert time.monotonic() - began < 15


@pytest.mark.slow
def test_slowloris_a_head_that_drips_ends_the_connection(door: Door) -> None:
    with closing(socket.create_connection(door.place, timeout=20)) as made:
        began = time.monotonic()
        with pytest.raises(ConnectionError):
            drip(made, 60, 1)
        assert time.monotonic() - began < 45


def test_passwords_without_end_cost_nothing(door: Door) -> None:
    person = {"person": "owner", "password": "x" * 15_000}
    assert door.as_("").ask("POST", "/login", person).status in (400, 401)
    wish = {"person": "long", "password": PASSWORD * 10_000}
    assert door.ask("POST", "/people", wish).status == 400


@pytest.mark.parametrize("number", ["9" * 30, "-1", "0", "1e309", "9" * 5000, "²", "１", "0x10", "",
                                    "9223372036854775808", "nan", "null", "true"])  # fmt: skip
def test_numbers_that_no_record_can_hold(door: Door, number: str) -> None:
    run = door.run({"component.yaml": text("true")}, name="numbers")
    here = f"{DEFAULT}/runs/{run}"
    for path, words in (
        (f"{DEFAULT}/runs", ("limit",)), (f"{here}/steps", ("limit", "after")),
        (f"{here}/events", ("limit", "after")), (f"{here}/artifacts", ("limit", "after")),
        (f"{DEFAULT}/components", ("limit", "after")), ("/audit", ("limit", "after")),
        (f"{here}/steps/step/logs/last", ("offset", "limit")), ("/workspaces", ("limit", "after")),
        (f"{here}/steps/step/logs/last/follow", ("since",)), (f"{here}/events/follow", ("since",)),
    ):  # fmt: skip
        for word in words:
            answer = door.ask("GET", path, **{word: number})
            assert answer.status in (200, 400, 404), (path, word, answer)
    for header in ("Last-Event-ID", "Idempotency-Key"):
        raw = number.encode().decode("latin-1")
        answer = door.ask("GET", f"{here}/events/follow", None, {header: raw})
        assert answer.status in (200, 400)
