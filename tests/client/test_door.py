"""A door of its own over a server that does what each test says, on a real socket."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base import errors
from millwork.base.errors import BadRequest, MillworkError, Unauthenticated, Unavailable
from millwork.cli.following import waiting
from millwork.client import door as doors
from millwork.client.changes import change_of
from millwork.client.door import HttpDoor
from millwork.client.messages import messages
from millwork.ports.changes import AttemptClosed, AttemptOpened, ItemsAdded, ReplicaOpened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.quick


@dataclass
class Told:
    """A request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Peer:
    """A server that gives one answer after another; an empty one cuts the connection."""

    answers: list[bytes]
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while self.answers:
            try:
                connection, _ = self.listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as reader:
                while self.answers and (told := _read(reader)):
                    self.told.append(told)
                    answer = self.answers.pop(0)
                    connection.sendall(answer)
                    if not answer or b"Content-Length" not in answer:
                        break


def _read(reader: Any) -> Told | None:
    line = reader.readline().decode().rstrip()
    if not line:
        return None
    headers = {}
    while (text := reader.readline().decode().rstrip()) != "":
        name, _, value = text.partition(": ")
        headers[name.lower()] = value
    return Told(line, headers, reader.read(int(headers.get("content-length", 0))))


def answer(content: Any, status: int = 200, kind: str = "application/json") -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def problem(status: int, **more: Any) -> bytes:
    content = {"status": status, "detail": f"said with {status}", **more}
    return answer(content, status, "application/problem+json")


def events(*numbers: int) -> bytes:
    """A stream without an end, that is cut off behind these events."""
    lines = (
        b"HTTP/1.1 200 X\r\nContent-Type: text/event-stream\r\n\r\nevent: open\nid: 0\ndata: {}\n\n"
    )
    for number in numbers:
        data = json.dumps({"run": "r", "seq": number})
        lines += f"id: {number}\nevent: change\ndata: {data}\n\n".encode()
    return lines + b"event: cha"


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Peer]]:
    monkeypatch.setattr(doors, "_PAUSES", (0.0, 0.0, 0.0))
    made: list[Peer] = []

    def make(*answers: bytes) -> Peer:
        made.append(Peer(list(answers)))
        return made[-1]

    yield make
    for each in made:
        each.listening.close()


def test_parts_of_paths_are_encoded_whole_and_the_rest_is_the_query(
    peer: Callable[..., Peer],
) -> None:
    server = peer(answer({}), answer({}))
    door = HttpDoor(server.url, "secret", "my team")
    door.ask("artifacts.preview", run="r", step="a/b?", port="ü", path="x y&z")
    door.ask("runs.list", limit=3, trials=True, name=None)
    assert [told.line.split()[1] for told in server.told] == [
        "/api/v1/workspaces/my%20team/runs/r/artifacts/a%2Fb%3F/%C3%BC/preview?path=x+y%26z",
        "/api/v1/workspaces/my%20team/runs?limit=3&trials=true",
    ]
    assert server.told[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_would_be_another_path_is_refused(name: str) -> None:
    with pytest.raises(BadRequest, match="name"):
        HttpDoor("http://127.0.0.1:1", "secret").ask("models.show", name=name)


def test_a_write_that_was_cut_off_is_asked_again_with_its_key(peer: Callable[..., Peer]) -> None:
    server = peer(b"", problem(503), answer({"deleted": "m"}), answer({"deleted": "n"}))
    door = HttpDoor(server.url, "secret")
    assert door.ask("models.delete", name="m") == {"deleted": "m"}
    door.ask("models.delete", name="n")
    keys = [told.headers["idempotency-key"] for told in server.told]
    assert len(set(keys[:3])) == 1
    assert keys[3] != keys[0]


def test_it_gives_up_after_four_tries(peer: Callable[..., Peer]) -> None:
    server = peer(*[b""] * 9)
    with pytest.raises(Unavailable, match="cannot reach the server at http"):
        HttpDoor(server.url, "secret").ask("runs.list")
    assert len(server.told) == 4


def test_the_body_of_a_write_is_json_without_what_was_not_said(peer: Callable[..., Peer]) -> None:
    server = peer(answer({"stage": "Approved"}))
    HttpDoor(server.url, "secret").ask(
        "models.approve", name="m", version="1", stage="Approved", comment=None
    )
    assert json.loads(server.told[0].body) == {"stage": "Approved"}
    assert server.told[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "BadRequest"), (401, "Unauthenticated"), (403, "Forbidden"), (404, "NotFound"),
     (409, "Conflict"), (413, "BadRequest"), (415, "BadRequest"), (422, "BadRequest"),
     (500, "Unavailable"), (503, "Unavailable"), (507, "NoSpace")],
)  # fmt: skip
def test_a_problem_is_the_error_of_its_status(
    peer: Callable[..., Peer], status: int, kind: str
) -> None:
    server = peer(*[problem(status)] * 4)
    with pytest.raises(MillworkError) as caught:
        HttpDoor(server.url, "secret").ask("runs.list")
    assert type(caught.value) is getattr(errors, kind)
    assert str(caught.value) == f"said with {status}"


def test_faults_come_back_whole(peer: Callable[..., Peer]) -> None:
    fault = {"file": "f.yaml", "line": 3, "column": 1, "path": "a.b", "severity": "error",
             "message": "wrong"}  # fmt: skip
    server = peer(problem(422, faults=[fault]))
    with pytest.raises(errors.InvalidFile, match=r"^f\.yaml:3:1: error: a\.b: wrong$"):
        HttpDoor(server.url, "secret").ask("components.create", text="")


def test_what_is_no_millwork_is_said_so(peer: Callable[..., Peer]) -> None:
    server = peer(*[answer(b"<html>", 502, "text/html")] * 4)
    with pytest.raises(Unavailable, match="answered 502"):
        HttpDoor(server.url, "secret").ask("runs.list")


def test_a_stream_goes_on_where_it_was_cut_and_tells_nothing_twice(
    peer: Callable[..., Peer],
) -> None:
    end = events(3, 4).removesuffix(b"event: cha") + b"event: end\ndata: {}\n\n"
    server = peer(events(1, 2), events(2, 3), b"", end)
    stream = HttpDoor(server.url, "secret").stream("runs.follow", run="r")
    assert [message.data["seq"] for message in stream] == [1, 2, 3, 4]
    places = [told.headers.get("last-event-id") for told in server.told]
    assert places == [None, "2", "3", "3"]


def test_an_error_of_a_stream_is_that_of_its_verb(peer: Callable[..., Peer]) -> None:
    server = peer(problem(404))
    with pytest.raises(errors.NotFound):
        next(HttpDoor(server.url, "secret").stream("runs.follow", run="r"))


def test_a_download_goes_on_and_is_checked(peer: Callable[..., Peer]) -> None:
    whole = b"0123456789"
    cut = answer(whole, kind="application/octet-stream")[:-4]
    rest = answer(whole[6:], 206, "application/octet-stream")
    server = peer(cut.replace(b"Content-Length: 10", b"X: 10"), rest)
    target, digest = io.BytesIO(), hashlib.sha256(whole).hexdigest()
    door = HttpDoor(server.url, "secret")
    named = {"run": "r", "step": "s", "port": "p"}
    door.download("artifacts.download", target, 10, digest, **named)
    assert target.getvalue() == whole
    assert server.told[1].headers["range"] == "bytes=6-"
    server = peer(answer(b"another", kind="application/octet-stream"))
    with pytest.raises(Unavailable, match="sha256"):
        HttpDoor(server.url, "x").download("artifacts.download", io.BytesIO(), 7, digest, **named)


@pytest.mark.parametrize("url", ["server", "ftp://x", "http://", "http://x:99999", "http://x?y=1"])
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    with pytest.raises(BadRequest):
        HttpDoor(url, "secret")


def test_without_a_token_nothing_is_asked() -> None:
    with pytest.raises(Unauthenticated, match="MILLWORK_TOKEN"):
        HttpDoor("http://127.0.0.1:1", "").ask("runs.list")


def test_a_token_may_have_ends_of_lines_around_it(peer: Callable[..., Peer]) -> None:
    server = peer(answer({}))
    HttpDoor(server.url, " secret\r\n").ask("runs.list")
    assert server.told[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize("token", ["sec\nret", "sec\0ret", "sécret", "sec\x1bret"])
def test_what_is_no_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(BadRequest) as caught:
        HttpDoor("http://127.0.0.1:1", token)
    assert "ret" not in str(caught.value)


def test_a_server_that_is_away_is_waited_for(
    peer: Callable[..., Peer], capsys: pytest.CaptureFixture[str]
) -> None:
    server = peer(*[b""] * 9, answer({"items": []}))
    door = HttpDoor(server.url, "secret")
    with waiting(door, "run 1abc", "runs show 1abc -f"):
        assert door.ask("runs.list") == {"items": []}
    assert capsys.readouterr().err == "millwork: the server is away; waiting\n"


def test_a_server_that_does_not_come_back_is_told_of(
    peer: Callable[..., Peer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "_PATIENCE", 0.2)
    monkeypatch.setattr(doors, "_PAUSES", (0.02,) * 3)
    server = peer()
    server.listening.close()
    door = HttpDoor(server.url, "secret")
    for ask in (lambda: door.ask("runs.list"), lambda: next(door.stream("runs.follow", run="r"))):
        with pytest.raises(Unavailable) as caught, waiting(door, "run 1abc", "runs show 1abc -f"):
            ask()
        reason, further = str(caught.value).splitlines()
        assert reason.endswith("(is it up? millwork up)")
        assert further == "run 1abc goes on without it: millwork runs show 1abc -f"
    assert caught.value.exit_code == 3


def test_messages_are_read_as_the_standard_says() -> None:
    lines = (
        b'retry: 5\nevent: a\nid: 7\ndata: {"x":\ndata: 1}\n\n: still here\n\ndata: 2\n\ndata: 3'
    )
    found = [(m.id, m.event, m.data) for m in messages(lines.splitlines(keepends=True))]
    assert found == [("7", "a", {"x": 1}), ("7", "message", 2)]


def test_events_are_the_changes_that_they_tell_of() -> None:
    def change(kind: str, **data: Any) -> Any:
        return change_of({"kind": kind, "data": data})

    assert change("AttemptOpened", attempt="r-1", step="s", number=1) == AttemptOpened(
        "r-1", "s", 1, ""
    )
    assert change("ReplicaOpened", attempt="r-1", replica="worker-0") == ReplicaOpened(
        "r-1", "worker-0", 0
    )
    closed = change("AttemptClosed", attempt="r-1", step="s", status="succeeded")
    assert closed == AttemptClosed("r-1", "s", "", "succeeded", None, "")
    assert change("ItemsAdded", step="s", items=3) == ItemsAdded("s", ())
    assert change("OfTomorrow", x=1) is None
