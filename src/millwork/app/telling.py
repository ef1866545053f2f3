"""Alerts that are due go out, by mail and to webhooks.

The scheduler's process looks what is due, and has it sent by a few threads, each with a connection
of its own to the database; no server that is slow keeps the scheduler waiting. What goes wrong is
recorded with the alert, which is tried again.
"""

from __future__ import annotations

import hmac
import json
import socket
import sys
import threading
from contextlib import closing, contextmanager, suppress
from email.message import EmailMessage
from email.policy import SMTP as FORM
from email.utils import formatdate, parseaddr
from functools import cache, partial
from http.client import HTTPException
from ssl import create_default_context
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from millwork.app.settings import PORTS, is_mail, read_settings
from millwork.base.errors import MillworkError
from millwork.schedule.alerts import admitted, again, holds, message
from millwork.store.alerts import AlertStore
from millwork.store.database import open_database
from millwork.store.schedules import ScheduleStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.client import HTTPConnection
    from smtplib import SMTP
    from ssl import SSLContext

    from millwork.app.settings import Mail, Settings, Webhooks
    from millwork.ports import Clock, Secrets
    from millwork.schedule.alerts import Message, Notice
    from millwork.store.alerts import AlertRow

    Connection: TypeAlias = HTTPConnection | SMTP

_SENDERS = 4
_LEASE = 180.0  # seconds: longer than anything here takes, looking up names included
_PAUSES = (30.0, 120.0, 600.0, 1800.0)  # seconds before the second to the fifth try
_PATIENCE, _WHOLE = 10.0, 45.0  # seconds for a webhook, or one answer of mail; for a whole mail
_AGAIN = 0.5
_KEPT = 90 * 86_400.0  # seconds that what was told stays on record
_FAULT = 300  # letters
SIGNATURE = "Millwork-Signature"


class _Untold(Exception):
    """A message did not go out; the text says why, to people of the workspace."""


class Teller:
    """Has what is due sent. `place` is the database, `home` that of the settings.

    `secrets` are the home's: the mail's password and the key that signs are of `default`.
    """

    def __init__(
        self, alerts: AlertStore, place: str, home: str, secrets: Secrets, clock: Clock
    ) -> None:
        self._alerts, self._place, self._home = alerts, place, home
        self._secrets, self._clock = secrets, clock
        self._threads: list[threading.Thread] = []
        self._ending = threading.Event()
        self._said = ""

    def tell(self) -> None:
        """Sees that what is due is being sent; it asks the database once, and waits for nobody.

        Raises Unavailable if the database cannot be asked, and nothing else.
        """
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        waiting = self._alerts.due(self._clock.wall(), _SENDERS)
        for _ in range(waiting - len(self._threads)):
            # Whatever a thread leaves undone when the process ends is claimed again later.
            thread = threading.Thread(target=self._work, name="alerts", daemon=True)
            self._threads.append(thread)
            thread.start()

    def finish(self, patience: float = _WHOLE) -> None:
        """Waits until all that was due is sent, or `patience` seconds for each thread."""
        for thread in self._threads:
            thread.join(patience)

    def end(self, patience: float) -> None:
        """Begins nothing more, and lets what is under way be done."""
        self._ending.set()
        self.finish(patience)

    def _work(self) -> None:
        try:
            settings = read_settings(self._home)
            with closing(open_database(self._place, {})) as database:
                sender = _Sender(AlertStore(database), ScheduleStore(database), settings,
                                 self._secrets.of("default"), self._clock)  # fmt: skip
                sender.tidy()
                while not self._ending.is_set() and sender.send_one():
                    pass
            self._said = ""
        except (MillworkError, OSError) as error:
            if str(error) != self._said:  # it is met again with every look
                self._said = str(error)
                sys.stderr.write(f"millwork: alerts are not sent: {error}\n")


class _Sender:
    """One thread's means to send."""

    def __init__(
        self, alerts: AlertStore, schedules: ScheduleStore, settings: Settings,
        secrets: Secrets, clock: Clock,
    ) -> None:  # fmt: skip
        self._alerts, self._schedules, self._clock = alerts, schedules, clock
        self._settings, self._secrets = settings, secrets
        self._trust = cache(create_default_context)  # it takes longer than sending a mail

    def tidy(self) -> None:
        now = self._clock.wall()
        self._alerts.tidy(now, now - _KEPT)

    def send_one(self) -> bool:
        """Sends the first notice that is due, if it still holds; False if none is due."""
        now = self._clock.wall()
        row = self._alerts.claim(now, now + _LEASE)
        if row is None:
            return False
        notice = row.notice
        instance = self._schedules.instance(notice.instance)
        if instance is None or not holds(notice, instance) or self._is_off(notice):
            self._alerts.drop(row)
            return True
        due = admitted(notice.rule, now, self._alerts.told(notice, now))
        if due > now:
            self._alerts.postpone(row, due)
            return True
        try:
            self._send(notice, message(notice, instance, now))
        except Exception as error:  # one message must not keep back the others
            self._failed(row, _reason(error))
        else:
            now = self._clock.wall()
            self._alerts.sent(row, now, again(notice, now))
        return True

    def _is_off(self, notice: Notice) -> bool:
        schedule = self._schedules.in_force(notice.workspace, notice.schedule)
        return schedule is None or schedule.state == "off"

    def _failed(self, row: AlertRow, fault: str) -> None:
        now = self._clock.wall()
        if row.tries > len(_PAUSES):
            self._alerts.give_up(row, now, fault, again(row.notice, now))
        else:
            self._alerts.retry(row, now + _PAUSES[row.tries - 1], fault)

    def _send(self, notice: Notice, said: Message) -> None:
        if "://" in notice.address:
            key = self._secret(self._settings.webhooks.secret)
            send_webhook(notice.address, said, self._settings.webhooks, key)
            return
        mail = self._settings.mail
        if mail is None:
            raise _Untold("no mail is sent from here: `mail` in settings.yaml names a server")
        send_mail(notice, said, mail, self._secret(mail.password), self._trust)

    def _secret(self, name: str) -> str:
        if not name:
            return ""
        value = self._secrets.value(name)
        if not value:
            raise _Untold(f"there is no secret {name} in the workspace default")
        return value


# --- mail -------------------------------------------------------------------------------------


def send_mail(
    notice: Notice, said: Message, mail: Mail, password: str, trust: Callable[[], SSLContext]
) -> None:
    """Hands a message to the server of mail; raises whatever goes wrong."""
    address = notice.address
    domain = address.rpartition("@")[2].lower()
    if not is_mail(address):
        raise _Untold(f"{address!a} is no address of mail")
    if mail.domains and domain not in [each.lower() for each in mail.domains]:
        raise _Untold(f"nobody at {domain} is written to: mail.domains in settings.yaml")
    from smtplib import SMTP, SMTP_SSL, SMTPException

    port = mail.port or PORTS[mail.tls]
    kind = partial(SMTP_SSL, context=trust()) if mail.tls == "tls" else SMTP
    server = kind(mail.host, port, timeout=_PATIENCE)
    try:
        with _within(_WHOLE, server):
            if mail.tls == "starttls":
                server.starttls(context=trust())
            if mail.user:
                server.login(mail.user, password)
            server.send_message(_letter(notice, said, mail), parseaddr(mail.sender)[1], [address])
        with suppress(SMTPException, OSError):  # it has the message
            server.quit()
    finally:
        server.close()


def _letter(notice: Notice, said: Message, mail: Mail) -> EmailMessage:
    letter = EmailMessage(policy=FORM)
    letter["From"], letter["To"] = mail.sender, notice.address
    letter["Subject"] = said.subject
    letter["Date"] = formatdate()
    letter["Message-ID"] = f"<{notice.key}.millwork@{parseaddr(mail.sender)[1].rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    letter.set_content(said.text)
    return letter


# --- webhooks ---------------------------------------------------------------------------------


def send_webhook(address: str, said: Message, webhooks: Webhooks, key: str) -> None:
    """Posts a message's document; raises whatever goes wrong.

    The address must lead into the public network, unless the settings name its host. Redirects are
    not followed, and nothing that is answered is read or told, but its status.
    """
    from millwork.blobs.places.http import connection_to, path_of
    from millwork.blobs.places.model import StorageError

    private = _is_private(address, webhooks)
    body = json.dumps(said.document).encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "millwork",
        "Millwork-Alert": said.document["id"],
    }
    if key:
        headers[SIGNATURE] = f"sha256={hmac.digest(key.encode(), body, 'sha256').hex()}"
    connection = connection_to(address, _PATIENCE, allow_private=private)
    try:
        with _within(_PATIENCE, connection):
            connection.request("POST", path_of(address), body, headers)
            status = connection.getresponse().status
    except StorageError:
        host = urlsplit(address).hostname
        raise _Untold(
            f"{host} leads into the server's own network, where nobody is told anything unless "
            "`webhooks: {private: [HOST]}` in settings.yaml names them"
        ) from None
    finally:
        connection.close()
    if 300 <= status < 400:
        raise _Untold(f"it answers {status}: give the address that it redirects to")
    if status >= 300:
        raise _Untold(f"it answers {status}")


def _is_private(address: str, webhooks: Webhooks) -> bool:
    """Whether its host is one that may be in this network; raises _Untold for no address."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _Untold("its address cannot be read") from None
    host = parts.hostname or ""
    if not (address.isascii() and address.isprintable()) or " " in address or not host:
        raise _Untold("its address cannot be read")
    if parts.username is not None or parts.password is not None:
        raise _Untold("its address holds a user or a password: put a token into its path instead")
    shown = f"[{host}]" if ":" in host else host
    port = port or {"http": 80, "https": 443}.get(parts.scheme)
    private = {each.lower() for each in webhooks.private}
    is_private = not private.isdisjoint((shown, f"{shown}:{port}"))
    if parts.scheme != "https" and not (parts.scheme == "http" and is_private):
        raise _Untold("only https: is spoken, unless webhooks.private in settings.yaml names it")
    return is_private


# --- both -------------------------------------------------------------------------------------


@contextmanager
def _within(seconds: float, connection: Connection) -> Iterator[None]:
    """Breaks a connection off after that time, however little the other side says at a time."""
    done, over = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        over.set()
        while not done.wait(_AGAIN):  # there may be no socket yet
            if connection.sock is not None:
                with suppress(OSError):
                    # SSLSocket's own takes away what the other thread is using.
                    socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)

    threading.Thread(target=watch, name="alerts' patience", daemon=True).start()
    try:
        yield
    except (OSError, HTTPException, ValueError):
        if over.is_set():
            raise _Untold(f"it took longer than {seconds:g} s") from None
        raise
    finally:
        done.set()


def _reason(error: Exception) -> str:
    from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException

    if isinstance(error, SMTPRecipientsRefused):
        error = SMTPResponseException(*next(iter(error.recipients.values())))
    if isinstance(error, SMTPResponseException):
        answer = error.smtp_error
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        text = f"the server of mail answers {error.smtp_code} {text}"
    elif isinstance(error, TimeoutError):
        text = "it did not answer in time"
    elif isinstance(error, SMTPException):
        text = f"the server of mail cannot be used: {error}"
    elif isinstance(error, OSError):
        text = error.strerror or str(error) or type(error).__name__
    elif isinstance(error, HTTPException | MillworkError | _Untold):
        text = str(error) or type(error).__name__
    else:
        text = f"a defect in Millwork: {type(error).__name__}: {error}"
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())[:_FAULT]
