"""Hostile names, addresses and servers, and settings that keep alerts from going out."""

from __future__ import annotations

import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import AuthResult

from millwork.app import telling
from millwork.ports.schedules import ScheduleRow
from millwork.schedule.alerts import expected
from millwork.spec.schedule import Alert, Schedule
from tests.app.sinks import ANN, FAILED, TWO, Bench, mail_at

if TYPE_CHECKING:
    import ssl
    from http.server import BaseHTTPRequestHandler

# --- hostile ----------------------------------------------------------------------------------


def test_a_hostile_name_injects_no_header(bench: Bench) -> None:
    hostile = "x\r\nBcc: all@example.org\r\n\r\nInjected"
    row = replace(FAILED, id="i2", schedule=hostile, reason=f"{hostile}\r\n.\r\nMAIL FROM:<e@e.e>")
    bench.schedules.add([replace(row, number=7)])
    schedule = Schedule(hostile, "1.0.0", "pipe", display_name=hostile,
                        alerts=(Alert("failed", (ANN,)),))  # fmt: skip
    bench.put(row)
    bench.schedules.deploy(
        ScheduleRow("default", hostile, "1.0.0", "on", "ann", TWO, TWO), [], [], TWO
    )
    bench.alerts.keep(expected(row, schedule, bench.clock.now), bench.clock.now)
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
