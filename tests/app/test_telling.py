"""Alerts that go out to real servers of mail and of the web, on this machine."""

from __future__ import annotations

import hmac
import json
import socket
import ssl
import subprocess
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from millwork.app import telling
from millwork.app.telling import Teller
from millwork.ports.schedules import Change, InstanceRow, ScheduleRow
from millwork.spec.schedule import Alert, Schedule
from millwork.store.alerts import AlertStore
from millwork.store.database import open_database
from millwork.store.schedules import ScheduleStore
from millwork.store.secrets import HomeSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from aiosmtpd.smtp import SMTP, Envelope, Session

    from millwork.store.alerts import AlertRow

BERLIN = ZoneInfo("Europe/Berlin")
TWO = datetime(2026, 11, 23, 2, 0, tzinfo=BERLIN).timestamp()
ANN = "ann@example.org"
FAILED = InstanceRow(
    "i1", "default", "nightly", "1.0.0", date(2026, 11, 23), 0, 0, "", "recurring", TWO - 60,
    "failed", run="r1", uses="1.0.0", tries=1, began=TWO - 50, ended=TWO, reason="exit code 1",
)  # fmt: skip


# --- servers ----------------------------------------------------------------------------------


@dataclass
class Mailbox:
    """What a server of mail was handed."""

    letters: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"


class Web(ThreadingHTTPServer):
    """A server of the web that keeps what is posted."""

    daemon_threads = True

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.port = self.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}/hook?token=1"


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((dict(self.headers), body))
        self.server.answer(self)

    def do_GET(self) -> None:
        self.server.posts.append((dict(self.headers), b"GET"))
        self.send_error(404)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


def accepting(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@contextmanager
def mail_at(port: int, mailbox: Mailbox, **options: Any) -> Iterator[None]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@pytest.fixture
def serve() -> Iterator[Callable[..., Web]]:
    """Starts servers of the web."""
    started: list[Web] = []

    def start(
        answer: Callable[[BaseHTTPRequestHandler], None] = accepting,
        tls: ssl.SSLContext | None = None,
    ) -> Web:
        web = Web(answer)
        if tls:
            web.socket = tls.wrap_socket(web.socket, server_side=True)
            web.address = web.address.replace("http:", "https:")
        threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
        started.append(web)
        return web

    yield start
    for web in started:
        web.shutdown()
        web.server_close()


@dataclass
class Clock:
    now: float = TWO + 1

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@dataclass
class Bench:
    """A home with a schedule whose instance has failed."""

    home: Path
    clock: Clock = field(default_factory=Clock)
    mailbox: Mailbox = field(default_factory=Mailbox)
    mail_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.place = str(self.home / "millwork.db")
        self.database = open_database(self.place, {})
        self.alerts, self.schedules = AlertStore(self.database), ScheduleStore(self.database)
        self.secrets = HomeSecrets(str(self.home), {})
        self.deploy()
        self.schedules.add([FAILED])
        self.put(FAILED)
        self.settle(mail=self.mail())

    def mail(self, **more: Any) -> dict[str, Any]:
        sender = "Millwork <millwork@example.org>"
        return {"host": "127.0.0.1", "port": self.mail_port, "from": sender, "tls": "none", **more}

    def settle(self, **settings: Any) -> None:
        (self.home / "settings.yaml").write_text(json.dumps(settings))

    def deploy(self, state: Any = "on") -> None:
        row = ScheduleRow("default", "nightly", "1.0.0", state, "ann", TWO, TWO + 86_400)
        self.schedules.deploy(row, [], [], TWO)

    def put(self, row: InstanceRow) -> None:
        """The instance is this from now on."""
        before = self.schedules.instance(row.id)
        assert before
        assert self.schedules.change(self.clock.now, [Change(before, row, "changed")])

    def teller(self) -> Teller:
        return Teller(self.alerts, self.place, str(self.home), self.secrets, self.clock)

    def keep(self, *to: str, on: Any = "failed", **said: Any) -> None:
        """The instance has changed, and its schedule has this alert."""
        alert = {name: said.pop(name) for name in ("silent", "every", "most", "by") if name in said}
        schedule = Schedule(
            "nightly", "1.0.0", "pipe@1.0.0", timezone="Europe/Berlin",
            alerts=(Alert(on, to, **alert),), **said,
        )  # fmt: skip
        row = self.schedules.instance("i1")
        assert row
        self.teller().keep(schedule, [Change(row, row, "failed")])

    def tell(self, after: float = 0.0) -> list[AlertRow]:
        """What has been told or tried, newest first, so many seconds later."""
        self.clock.now += after
        teller = self.teller()
        teller.tell()
        teller.finish()
        return self.alerts.page("default", 100)

    def fault(self, after: float = 0.0) -> str:
        """Why the only one was not told."""
        [row] = self.tell(after)
        assert row.status != "sent"
        return row.fault


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with closing(bench.database):
        yield bench


# --- sent -------------------------------------------------------------------------------------


def test_mail_is_delivered_once(bench: Bench) -> None:
    with mail_at(bench.mail_port, bench.mailbox):
        for _ in range(3):  # as often as the instance changes, or a server looks
            bench.keep(ANN)
            bench.tell(after=400.0)
    [letter], [to] = bench.mailbox.letters, bench.mailbox.to
    assert to == [ANN] == [letter["To"]]
    assert letter["From"] == "Millwork <millwork@example.org>"
    assert letter["Subject"] == "Failed: nightly, business date 2026-11-22 (workspace default)"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Message-ID"].endswith("@example.org>")
    text = letter.get_content()
    for said in ("2026-11-23 01:59 +01:00, Europe/Berlin", "exit code 1", "runs show r1"):
        assert said in text
    [row] = bench.tell()
    assert (row.status, row.tries, row.fault) == ("sent", 1, "")


def test_a_webhook_is_told_once_in_json_that_is_signed(bench: Bench, serve: Any) -> None:
    web = serve()
    bench.secrets.keep("hook-key", "s3cret")
    bench.settle(webhooks={"private": ["127.0.0.1"], "sign": {"secret": "hook-key"}})
    bench.keep(web.address)
    bench.tell()
    bench.tell(after=400.0)
    [(headers, body)] = web.posts
    said = json.loads(body)
    assert (said["moment"], said["bizdate"], said["run"]) == ("failed", "2026-11-22", "r1")
    assert said["id"] == headers["Millwork-Alert"]
    assert headers["Content-Type"] == "application/json"
    signature = hmac.digest(b"s3cret", body, "sha256").hex()
    assert headers["Millwork-Signature"] == f"sha256={signature}"


def test_two_servers_with_all_their_threads_tell_each_once(bench: Bench, serve: Any) -> None:
    web = serve()
    bench.settle(webhooks={"private": [f"127.0.0.1:{web.port}"]})
    bench.keep(*(f"{web.address}&n={number}" for number in range(40)))
    tellers = [bench.teller(), bench.teller()]
    for teller in tellers:
        teller.tell()
    for teller in tellers:
        teller.finish()
    ids = [json.loads(body)["id"] for _, body in web.posts]
    assert len(ids) == len(set(ids)) == 40


def test_a_server_that_is_down_is_tried_again(bench: Bench) -> None:
    bench.keep(ANN)
    assert bench.fault() == "Connection refused"
    assert bench.fault(after=29.0) == "Connection refused"
    with mail_at(bench.mail_port, bench.mailbox):
        [row] = bench.tell()
        assert row.status == "due"  # it is not time yet
        [row] = bench.tell(after=1.0)
    assert (row.status, row.tries, row.fault) == ("sent", 2, "")
    assert len(bench.mailbox.letters) == 1


def test_five_tries_are_enough(bench: Bench, serve: Any) -> None:
    web = serve(lambda handler: handler.send_error(503))
    bench.settle(webhooks={"private": ["127.0.0.1"]})
    bench.keep(web.address)
    for number in range(1, 10):
        [row] = bench.tell()
        assert row.tries == min(number, 5)
        bench.clock.now += 1800.0
    assert (row.status, row.fault, len(web.posts)) == ("failed", "it answers 503", 5)


def test_a_slow_server_keeps_nobody_waiting(
    bench: Bench, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "_PATIENCE", 1.0)

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        try:
            for letter in b"HTTP/1.1 200 OK\r\n\r\n":
                handler.wfile.write(bytes([letter]))
                time.sleep(0.2)
        except OSError:
            pass

    web, quick = serve(dripping), serve()
    bench.settle(webhooks={"private": ["127.0.0.1"]})
    bench.keep(web.address, quick.address)
    teller, began = bench.teller(), time.monotonic()
    teller.tell()
    assert time.monotonic() - began < 0.3
    teller.finish()
    assert time.monotonic() - began < 4
    told = {row.notice.address: row for row in bench.alerts.page("default", 9)}
    assert told[web.address].fault == "it took longer than 1 s"
    assert told[quick.address].status == "sent"


# --- not sent ---------------------------------------------------------------------------------


def test_what_has_been_mended_meanwhile_is_not_told(bench: Bench) -> None:
    bench.keep(ANN)
    bench.put(replace(FAILED, status="running", ended=None, tries=2))
    assert bench.tell() == []
    assert bench.alerts.due(1e12, 9) == 0


@pytest.mark.parametrize("is_gone", [True, False])
def test_of_a_schedule_that_is_off_nothing_is_told(bench: Bench, is_gone: bool) -> None:
    bench.keep(ANN)
    if is_gone:
        bench.schedules.withdraw("default", "nightly", bench.clock.now)
    else:
        bench.deploy("off")
    assert bench.tell() == []


def test_silence_is_kept(bench: Bench) -> None:
    with mail_at(bench.mail_port, bench.mailbox):
        bench.keep(ANN, silent=(22 * 60, 8 * 60))
        assert bench.tell() == []
        assert bench.tell(after=TWO + 6 * 3600 - 1 - bench.clock.now) == []
        [row] = bench.tell(after=1.0)
    assert row.status == "sent"
    assert datetime.fromtimestamp(row.tried, BERLIN).strftime("%H:%M") == "08:00"


def test_who_was_away_during_the_day_still_keeps_silence(bench: Bench) -> None:
    bench.keep(ANN, silent=(22 * 60, 1 * 60))
    assert bench.tell(after=21 * 3600) == []  # 23:00
    assert bench.fault(after=2 * 3600)


def test_it_is_told_again_but_not_too_often(bench: Bench) -> None:
    with mail_at(bench.mail_port, bench.mailbox):
        bench.keep(ANN, every=3600.0, most=3)
        told = [len(bench.tell(after=60.0)) for _ in range(60 * 25)]
        bench.put(replace(FAILED, status="running", ended=None, tries=2))
        told.append(len(bench.tell(after=86_400.0)))
    # 02:01, 03:01, 04:01; from midnight on those of the next day.
    changes = [minute for minute in range(1, len(told)) if told[minute] > told[minute - 1]]
    assert changes == [60, 120, 22 * 60 - 1, 23 * 60 - 1, 24 * 60 - 1]
    subjects = [letter["Subject"] for letter in bench.mailbox.letters]
    assert len(subjects) == 6
    assert subjects[2].endswith("told again (2)")


def test_unfinished_by_the_hour(bench: Bench) -> None:
    waiting = replace(
        FAILED, status="waiting", ended=None, began=None, run="", reason="waits for a"
    )
    bench.put(waiting)
    with mail_at(bench.mail_port, bench.mailbox):
        bench.keep(ANN, on="unfinished", by=8 * 60)
        assert bench.tell(after=6 * 3600 - 2) == []
        bench.tell(after=1.0)
    [letter] = bench.mailbox.letters
    assert "Not finished in time" in letter["Subject"]
    assert "it is waiting, and should be done by 2026-11-23 08:00 +01:00" in letter.get_content()
    assert "waits for a" in letter.get_content()


# --- hostile ----------------------------------------------------------------------------------


def test_a_hostile_name_injects_no_header(bench: Bench) -> None:
    hostile = "x\r\nBcc: all@example.org\r\n\r\nInjected"
    row = replace(FAILED, id="i2", schedule=hostile, reason=f"{hostile}\r\n.\r\nMAIL FROM:<e@e.e>")
    bench.schedules.add([replace(row, number=7)])
    schedule = Schedule(hostile, "1.0.0", "pipe", display_name=hostile,
                        alerts=(Alert("failed", (ANN,)),))  # fmt: skip
    before = bench.schedules.instance("i2")
    assert before
    bench.put(row)
    bench.schedules.deploy(
        ScheduleRow("default", hostile, "1.0.0", "on", "ann", TWO, TWO), [], [], TWO
    )
    bench.teller().keep(schedule, [Change(before, row, "failed")])
    with mail_at(bench.mail_port, bench.mailbox):
        bench.tell()
    [letter], [to] = bench.mailbox.letters, bench.mailbox.to
    assert to == [ANN]
    assert letter["Bcc"] is None
    assert set(letter.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert "Bcc: all@example.org Injected" in letter["Subject"]


@pytest.mark.parametrize(
    "address",
    [
        "ann@example.org\r\nBcc: all@example.org",
        "ann@example.org, all@example.org",
        "Ann <ann@example.org>",
        "ann@exa mple.org",
        "ann",
        "@example.org",
        "",
    ],
)
def test_what_is_no_address_of_mail_is_not_written_to(bench: Bench, address: str) -> None:
    with mail_at(bench.mail_port, bench.mailbox):
        bench.keep(address)
        assert "is no address of mail" in bench.fault()
    assert not bench.mailbox.letters


def test_only_some_domains_are_written_to(bench: Bench) -> None:
    bench.settle(mail=bench.mail(domains=["Example.org"]))
    with mail_at(bench.mail_port, bench.mailbox):
        bench.keep("ann@example.org", "ann@sub.example.org", "ann@other.net")
        told = {row.notice.address: row.status for row in bench.tell()}
    assert told == {
        "ann@example.org": "sent", "ann@sub.example.org": "due", "ann@other.net": "due",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("address", "fault"),
    [
        ("https://127.0.0.1:{port}/", "own network"),
        ("https://localhost:{port}/", "own network"),
        ("https://[::1]:{port}/", "own network"),
        ("https://[::ffff:127.0.0.1]:{port}/", "own network"),
        ("https://2130706433:{port}/", "own network"),
        ("https://0x7f.1:{port}/", "own network"),
        ("https://169.254.169.254/latest/meta-data/", "own network"),
        ("https://[fd00:ec2::254]/latest/meta-data/", "own network"),
        ("https://100.100.100.200/latest/meta-data/", "own network"),
        ("https://10.0.0.1/", "own network"),
        ("http://127.0.0.1:{port}/", "only https"),
        ("http://169.254.169.254/latest/meta-data/", "only https"),
        ("http://example.org/", "only https"),
        ("file:///etc/passwd", "cannot be read"),
        ("gopher://127.0.0.1:{port}/x", "only https"),
        ("https://allowed.example@127.0.0.1:{port}/", "user or a password"),
        ("https://127.0.0.1:{port}\\@allowed.example/", "user or a password"),
        ("https://127.0.0.1:99999/", "cannot be read"),
        ("https://127.0.0.1:{port}/ HTTP/1.1\r\nX: y\r\n", "cannot be read"),
        ("https://", "cannot be read"),
    ],
)
def test_hostile_webhooks_are_refused(bench: Bench, serve: Any, address: str, fault: str) -> None:
    web = serve()
    bench.settle(webhooks={"private": ["127.0.0.2", "127.0.0.1:1", "allowed.example"]})
    bench.keep(address.format(port=web.port))
    assert fault in bench.fault()
    assert not web.posts


def test_redirects_are_not_followed(bench: Bench, serve: Any) -> None:
    inner = serve()

    def elsewhere(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(307)
        handler.send_header("Location", inner.address)
        handler.end_headers()

    outer = serve(elsewhere)
    bench.settle(webhooks={"private": [f"127.0.0.1:{outer.port}"]})
    bench.keep(outer.address)
    assert bench.fault() == "it answers 307: give the address that it redirects to"
    assert (len(outer.posts), len(inner.posts)) == (1, 0)


def test_what_a_webhook_answers_is_not_told(bench: Bench, serve: Any) -> None:
    def telling_all(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500, "the-secret-of-an-inner-server")
        handler.end_headers()
        handler.wfile.write(b"the-secret-of-an-inner-server")

    web = serve(telling_all)
    bench.settle(webhooks={"private": ["127.0.0.1"]})
    bench.keep(web.address)
    assert bench.fault() == "it answers 500"


# --- settings ---------------------------------------------------------------------------------


def test_without_a_server_of_mail(bench: Bench) -> None:
    bench.settle()
    bench.keep(ANN)
    assert bench.fault() == "no mail is sent from here: `mail` in settings.yaml names a server"
    bench.settle(mail=bench.mail())
    with mail_at(bench.mail_port, bench.mailbox):
        [row] = bench.tell(after=30.0)
    assert row.status == "sent"


def test_settings_with_a_fault_lose_nothing(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    bench.settle(mail={"host": "h"})
    bench.keep(ANN)
    assert bench.tell() == []
    assert "alerts are not sent: " in capfd.readouterr().err
    bench.settle(mail=bench.mail())
    with mail_at(bench.mail_port, bench.mailbox):
        [row] = bench.tell()
    assert row.status == "sent"


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that is trusted for the test."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def logging_in(_server: Any, _session: Any, _envelope: Any, _mechanism: Any, data: Any) -> Any:
    is_right = (data.login, data.password) == (b"millwork", b"p@ss")
    return AuthResult(success=is_right, handled=False)


def test_a_webhook_by_tls(
    bench: Bench, serve: Any, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = serve(tls=tls)
    bench.settle(webhooks={"private": ["127.0.0.1", "localhost"]})
    bench.keep(web.address, web.address.replace("127.0.0.1", "localhost"))
    told = {row.notice.address: row for row in bench.tell()}
    assert told[web.address].status == "sent"
    other = told[web.address.replace("127.0.0.1", "localhost")]  # the certificate is another's
    assert (other.status, "certificate" in other.fault.lower()) == ("due", True)
    monkeypatch.delenv("SSL_CERT_FILE")
    bench.keep(f"{web.address}&untrusted")
    bench.tell()
    assert len(web.posts) == 1


def test_a_server_that_never_shakes_hands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "_PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        bench.settle(webhooks={"private": [f"127.0.0.1:{port}"]})
        bench.keep(f"https://127.0.0.1:{port}/")
        assert bench.fault() in ("it took longer than 0.5 s", "it did not answer in time",
                                 "The handshake operation timed out")  # fmt: skip


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # it is TLS from the start
@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_mail_by_tls_with_a_password(bench: Bench, tls: ssl.SSLContext, kind: str) -> None:
    login = {"user": "millwork", "password": {"secret": "mail"}}
    bench.settle(mail=bench.mail(tls=kind, **login))
    bench.keep(ANN)
    options: dict[str, Any] = {"authenticator": logging_in, "auth_required": True}
    if kind == "starttls":
        options |= {"tls_context": tls, "require_starttls": True}
    else:
        options |= {"ssl_context": tls, "auth_require_tls": False}
    with mail_at(bench.mail_port, bench.mailbox, **options):
        assert bench.fault() == "there is no secret mail in the workspace default"
        bench.secrets.keep("mail", "wr0ng")
        fault = bench.fault(after=30.0)
        assert fault.startswith("the server of mail answers 535")
        assert "wr0ng" not in fault
        bench.secrets.keep("mail", "p@ss")
        [row] = bench.tell(after=120.0)
    assert row.status == "sent"
    assert len(bench.mailbox.letters) == 1


def test_a_certificate_that_nobody_trusts(
    bench: Bench, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    bench.settle(mail=bench.mail(tls="starttls"))
    bench.keep(ANN)
    with mail_at(bench.mail_port, bench.mailbox, tls_context=tls):
        assert "certificate" in bench.fault().lower()
    assert not bench.mailbox.letters


def test_a_server_without_tls_is_not_spoken_to_in_the_open(bench: Bench) -> None:
    bench.settle(mail=bench.mail(tls="starttls"))
    bench.keep(ANN)
    with mail_at(bench.mail_port, bench.mailbox):
        assert "STARTTLS" in bench.fault()
    assert not bench.mailbox.letters
