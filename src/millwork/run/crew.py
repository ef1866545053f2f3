"""One attempt at a batch: workers that start as there is work for them, until the shards are done.

A gang whose job ends when its shards do: none of its members is needed (docs/elastic-batch.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.run.decision import Decision, Stop
from millwork.run.gang import Gang, Verdict
from millwork.run.state import GRACE

if TYPE_CHECKING:
    from millwork.plan.gang import Roster
    from millwork.ports import News
    from millwork.run.gang import Used


class Crew(Gang):
    """The workers of one attempt. As long as there are no news of its shards, nobody starts."""

    def __init__(self, attempt: str, roster: Roster, used: Used) -> None:
        super().__init__(attempt, roster, used)
        self._at_once = roster.rules.at_once or len(roster.seats)
        self._news: News | None = None

    def informed(self, news: News, now: float) -> Decision:
        """The lease service has told how its shards are."""
        decision = Decision()
        self._news = news
        if news.verdict and not self.verdict:
            self._conclude(_verdict_of(news), decision)
        for member in self._members.values():
            process = self._process(member)
            if process in self._by_process and process.partition("/")[2] in news.vain:
                member.stop_at = None
                decision.instructions.append(Stop(process, GRACE))
        self._go_on(decision, now)
        return decision

    def _open_ready(self, decision: Decision, now: float) -> None:
        """Starts as many as would find work; those that start just now are not known there yet."""
        if self._news is None:
            return
        under_way = len(self.running)
        starting = max(0, under_way - self._news.live)
        room = min(self._at_once - under_way, self._news.wanted - starting)
        for member in self._members.values():
            if room > 0 and member.status == "waiting" and member.due <= now:
                self._open(member, decision)
                room -= 1

    def _judge(self, decision: Decision, now: float) -> None:
        """Only when nobody is left who could work: else the shards' verdict is the job's."""
        for member in self._failures():
            self._take_failure(member, decision, now)
        if any(each.status not in ("succeeded", "failed") for each in self._members.values()):
            return
        failed = self._failures()
        if failed:
            self._conclude(self._verdict_on(failed[0]), decision)
        else:
            reason = "the workers have ended, and not all shards are done"
            self._conclude(Verdict("failed", reason), decision)


def _verdict_of(news: News) -> Verdict:
    if news.verdict == "succeeded":
        return Verdict("succeeded", code=0)
    return Verdict("failed", news.reason)
