"""Alerts that go out to real servers of mail and of the web, on this machine."""

from __future__ import annotations

import hmac
import json
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from millwork.app import telling
from tests.app.sinks import ANN, BERLIN, FAILED, TWO, Bench, mail_at

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

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


def test_what_a_sender_left_undone_is_sent_by_another(bench: Bench) -> None:
    bench.keep(ANN)
    assert bench.alerts.claim(bench.clock.now, bench.clock.now + 180.0)  # and it was killed
    with mail_at(bench.mail_port, bench.mailbox):
        bench.tell(after=179.0)
        assert not bench.mailbox.letters
        bench.tell(after=1.0)
        assert len(bench.mailbox.letters) == 1


def test_letters_of_all_kinds(bench: Bench) -> None:
    reason = "Ä" * 400 + " 标注 \U0001f600 " + "x" * 2000
    bench.settle(mail=bench.mail(**{"from": "Müller's mill \u78e8\u574a <mill@example.org>"}))
    bench.put(replace(FAILED, reason=reason))
    bench.keep(ANN)
    with mail_at(bench.mail_port, bench.mailbox):
        bench.tell()
    [letter] = bench.mailbox.letters
    assert letter["From"] == "Müller's mill \u78e8\u574a <mill@example.org>"
    assert "Ä" * 400 + " 标注 \U0001f600 x" in letter.get_content()


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
                time.sleep(0.2)  # the slowness that is tested
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
