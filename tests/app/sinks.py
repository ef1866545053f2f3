"""Real servers of mail and of the web on this machine, and a home whose alerts go there."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiosmtpd.controller import Controller

from millwork.app.telling import Teller
from millwork.ports.schedules import Change, InstanceRow, ScheduleRow
from millwork.schedule.alerts import expected
from millwork.spec.schedule import Alert, Schedule
from millwork.store.alerts import AlertStore
from millwork.store.database import open_database
from millwork.store.schedules import ScheduleStore
from millwork.store.secrets import HomeSecrets
from tests.actions.office import HandClock
from tests.blobs.s3 import free_ports

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

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  as it is called there
        pass


def accepting(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


@contextmanager
def mail_at(port: int, mailbox: Mailbox, **options: Any) -> Iterator[None]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield
    finally:
        controller.stop()


@dataclass
class Bench:
    """A home with a schedule whose instance has failed."""

    home: Path
    clock: HandClock = field(default_factory=lambda: HandClock(TWO + 1))
    mailbox: Mailbox = field(default_factory=Mailbox)
    mail_port: int = field(default_factory=lambda: free_ports(1)[0])

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
        self.alerts.keep(expected(row, schedule, self.clock.now), self.clock.now)

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
