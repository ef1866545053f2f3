"""One attempt at a batch: workers that start as there is work for them, until the shards are done.

A gang whose job ends when its shards do: none of its members is needed (docs/elastic-batch.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.plan.rules import RESTARTS
from millwork.run.decision import Decision, Stop
from millwork.run.gang import Gang, Verdict
from millwork.run.state import FIRST_BACKOFF, GRACE, LONGEST_BACKOFF

if TYPE_CHECKING:
    from millwork.plan.gang import Roster
    from millwork.ports import News
    from millwork.run.gang import Used, _Member


class Crew(Gang):
    """The workers of one attempt. As long as there are no news of its shards, nobody starts."""

    def __init__(self, attempt: str, roster: Roster, used: Used) -> None:
        super().__init__(attempt, roster, used)
        self._at_once = roster.rules.at_once or len(roster.seats)
        self._news: News | None = None
        self._started: dict[str, float] = {}
        self._waits: dict[str, float] = {}
        self._has_worked = False

    def started(self, process: str, now: float) -> Decision:
        """The engine has started a worker."""
        member = self._by_process.get(process)
        if member:
            self._started[member.seat.name] = now
        return super().started(process, now)

    def informed(self, news: News, now: float) -> Decision:
        """The lease service has told how its shards are."""
        decision = Decision()
        self._news = news
        self._has_worked = self._has_worked or news.live > 0
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

    def _take_failure(self, member: _Member, decision: Decision, now: float) -> None:
        """Whoever lived longer than it had waited for its start waits no longer than at first.

        Else workers that are killed now and then would in the end wait most of the time.
        """
        super()._take_failure(member, decision, now)
        if member.status == "waiting":
            name = member.seat.name
            before = self._waits.get(name, 0.0)
            lived = now - self._started.get(name, float("-inf"))
            wait = FIRST_BACKOFF if lived > max(before, FIRST_BACKOFF) else 2 * before
            self._waits[name] = min(max(wait, FIRST_BACKOFF), LONGEST_BACKOFF)
            member.due = now + self._waits[name]

    def _most_restarts(self) -> int:
        """Few, as long as no worker has come so far as to ask for a shard."""
        most = self._rules.restarts
        return most if self._has_worked else min(most, RESTARTS)

    def _judge(self, decision: Decision, now: float) -> None:
        """Only when nobody is left who could work: else the shards' verdict is the job's.

        It may be on its way: the last worker ends because of it. When the lease service knows
        that nobody is left, and has told no verdict, there is none.
        """
        for member in self._failures():
            self._take_failure(member, decision, now)
        if any(each.status not in ("succeeded", "failed") for each in self._members.values()):
            return
        if self._news is None or self._news.live:
            return
        failed = self._failures()
        if failed:
            self._conclude(self._verdict_on(failed[0]), decision)
        else:
            self._conclude(Verdict("failed", self._early_end()), decision)

    def _early_end(self) -> str:
        if self._has_worked:
            return "the workers have ended, and not all shards are done"
        return "the workers have ended, and none has asked for a shard (docs/elastic-batch.md)"


def _verdict_of(news: News) -> Verdict:
    if news.verdict == "succeeded":
        return Verdict("succeeded", code=0)
    return Verdict("failed", news.reason)
