"""The machine of one step's shards. Pure: no clock, process, file or randomness of its own.

    todo -> leased -> done | failed

A lease is a try of a shard by a worker. Its token fences it: the first result that comes with a
token that counts is accepted, and every other lease of the shard is void from then on. Times are
monotonic seconds, which a later master on the same machine shares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.batch.book import Book
from millwork.batch.changes import (
    BatchJudged,
    Done,
    Leased,
    LeasesDropped,
    ResultRefused,
    Returned,
    ShardFailed,
    ShardsDone,
    ShardsLeased,
    ShardsReturned,
)
from millwork.batch.choice import PATIENCE, Choice, earlier
from millwork.batch.decision import Decision, DoneAnswer, Grant, LeaseAnswer, RenewAnswer
from millwork.batch.rules import Tally, Verdict, judge
from millwork.batch.speed import MIN_FINISHED, Durations
from millwork.batch.state import (
    FAILED,
    LEASED,
    STATUSES,
    TODO,
    Lease,
    Shards,
    Trouble,
    Worker,
)
from millwork.batch.status import overview

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import Literal

    from millwork.batch.changes import Change, LeaseRow, ShardRow, ShardStatus
    from millwork.batch.decision import Result
    from millwork.batch.rules import Rules
    from millwork.batch.status import Status

FIRST_LEASE, LEAST_LEASE, MOST_LEASE = 60.0, 30.0, 3600.0
_TRIES, _LONGEST = 254, 1e8
_SHOWN = 5


class Machine:
    """The state of one batch of `total` shards, numbered from 0.

    `items` is how many items each has, or all; it counts for shards that fail for good. Further
    shards may come (`extend`) as long as it is not `is_whole`.
    """

    def __init__(
        self,
        total: int,
        rules: Rules,
        new_token: Callable[[], str],
        items: Sequence[int] | int = 1,
        *,
        is_whole: bool = True,
    ) -> None:
        self._rules, self._new_token, self._items = rules, new_token, items
        self._shards, self._tally = Shards(total), Tally(total, is_whole)
        self._retries, self._max_lost = min(rules.max_retries, _TRIES), min(rules.max_lost, _TRIES)
        self._book = Book()
        self._troubles: dict[int, Trouble] = {}
        self._failed: list[int] = []
        self._durations = Durations()
        self._choice = Choice(self._shards, self._book, self._troubles, self._durations)
        self._due: float | None = None
        self._failures = self._losses = self._copies = 0
        self.verdict: Verdict | None = None

    @property
    def is_over(self) -> bool:
        """Whether every shard has ended, or too much has failed."""
        return self.verdict is not None

    def next_deadline(self) -> float | None:
        """When `tick` should be called; None as long as nothing is leased."""
        return self._due

    # --- events ---------------------------------------------------------------------------

    def start(self) -> Decision:
        """The batch begins, or goes on after `restore`; one without shards has ended."""
        decision = Decision()
        self._judge(decision)
        return decision

    def extend(self, count: int, *, is_whole: bool) -> Decision:
        """So many more shards are there, and if `is_whole` no others will come."""
        self._shards.extend(count)
        self._tally.total += count
        self._tally.is_whole = is_whole
        decision = Decision(wakes=True)
        self._judge(decision)
        return decision

    def lease(
        self, worker: str, most: int, now: float, held: Collection[str] | None = None
    ) -> LeaseAnswer:
        """A worker asks for at most `most` shards.

        `held` are the tokens it knows of, if it says so: what it had besides was in an answer
        that never reached it, and is given again.
        """
        asker = self._book.hear(worker)
        asker.asked = now
        if self.verdict:
            return LeaseAnswer(is_over=True)
        if held is not None and (missed := self._missed(asker, held, now)):
            return LeaseAnswer(grants=missed)
        shards, again_at = self._choice.take(asker, self._choice.share(asker, most), now)
        if shards:
            return self._grant(asker, shards, now)
        if not self._tally.is_whole:
            return LeaseAnswer(again_at=again_at)
        if self._rules.speculates and not asker.leases:
            lease, later = self._choice.copy(asker, now)
            if lease:
                self._copies += 1
                return self._grant(asker, [lease.shard], now)
            again_at = earlier(again_at, later)
        if not asker.leases and self._book.idle(asker, now - PATIENCE) >= self._tally.open:
            self._book.part(asker)
            return LeaseAnswer(is_over=True)
        return LeaseAnswer(again_at=again_at)

    def renew(
        self, worker: str, tokens: Collection[str], now: float, items: int = 0
    ) -> RenewAnswer:
        """A worker is still at work: `items` of what it holds are finished."""
        asker, answer = self._book.hear(worker), RenewAnswer()
        asker.progress = max(items, 0)
        kept, gone, late = [], [], []
        for token in tokens:
            lease = self._book.tokens.get(token)
            if lease is None or lease.worker is not asker or lease.is_late:
                gone.append(token)
                if lease and lease.worker is asker:
                    self._book.drop(lease)
                    late.append(token)
            else:
                lease.deadline = now + lease.seconds
                kept.append(token)
        if late:
            answer.changes.append(LeasesDropped(tuple(late)))
        answer.ok, answer.lost = tuple(kept), tuple(gone)
        return answer

    def done(self, results: Sequence[Result], now: float) -> DoneAnswer:
        """Shards are done. Said again, it is answered as before, and nothing is counted twice."""
        answer, accepted, spans = DoneAnswer(), [], dict[str, float]()
        kept: list[Done] = []
        refused: list[Change] = []
        for result in results:
            lease = self._book.tokens.get(result.token)
            is_good = lease is not None and not self._is_tried_again(lease, result)
            if lease is None:
                is_good = self._shards.was_accepted(result.token)
                if not is_good:
                    refused.append(ResultRefused(result.token))
            elif is_good:
                kept.append(self._accept(lease, result, len(results), spans, now))
            else:
                error = f"{result.failed} of {result.ok + result.failed} items failed"
                self._fail_try(lease, error, now, answer, retryable=True)
            if lease and lease.worker.asked is not None and not lease.worker.leases:
                answer.wakes = True  # it asked ahead, and is idle only now
            accepted.append(is_good)
        if kept:
            answer.changes.append(ShardsDone(tuple(kept)))
            # From now on it is known what a slow lease is.
            answer.wakes |= 0 <= self._durations.count - MIN_FINISHED < len(kept)
        answer.changes += refused
        answer.accepted = tuple(accepted)
        self._judge(answer)
        return answer

    def fail(self, token: str, error: str, now: float, *, retryable: bool = True) -> Decision:
        """A try failed; the shard is tried elsewhere, unless it was the last or is hopeless."""
        decision = Decision()
        lease = self._book.tokens.get(token)
        if lease:
            self._book.hear(lease.worker.name)
            self._fail_try(lease, error, now, decision, retryable=retryable)
            self._judge(decision)
        return decision

    def release(self, worker: str, tokens: Collection[str]) -> Decision:
        """A worker gives back what it has not begun."""
        decision = Decision()
        held = self._book.hear(worker).leases
        leases = [held[token] for token in dict.fromkeys(tokens) if token in held]
        self._give_back(worker, leases, "left", decision)
        return decision

    def lost(self, worker: str) -> Decision:
        """A worker is gone for sure: its shards go back at once, and that counts against them."""
        return self._gone(worker, "lost")

    def left(self, worker: str) -> Decision:
        """A worker has ended of its own accord: what it still held goes back."""
        return self._gone(worker, "left")

    def tick(self, now: float) -> Decision:
        """Time has passed: leases that were not renewed expire."""
        decision = Decision()
        if self._due is None or now < self._due:
            return decision
        self._due = None
        expired: dict[str, list[Lease]] = {}
        for lease in self._book.tokens.values():
            if lease.is_late:
                continue
            if lease.deadline <= now:
                expired.setdefault(lease.worker.name, []).append(lease)
            else:
                self._due = earlier(self._due, lease.deadline)
        for name, leases in expired.items():
            self._book.part(self._book.workers[name])
            self._give_back(name, leases, "expired", decision)
        self._judge(decision)
        return decision

    # --- questions ------------------------------------------------------------------------

    @property
    def has_fresh(self) -> bool:
        """Whether a shard waits that was never leased."""
        return self._shards.has_fresh()

    def live(self) -> list[str]:
        """The workers that have asked and not gone."""
        return list(self._book.live)

    def wanted(self, unstarted: int, now: float, startup: float = 0.0) -> int:
        """How many of so many workers that were not started would still find work.

        None would if what is left takes the others less than a start takes, `startup` seconds.
        """
        todo = self._shards.counts[TODO]
        if self.verdict or (self._book.live and 0 < todo <= self._book.pace * startup):
            return 0
        return min(unstarted, max(0, todo - self._book.idle(None, now - PATIENCE)))

    def status(self, now: float) -> Status:
        """What is shown of it."""
        repeats = (self._failures, self._losses, self._copies)
        workers = list(self._book.workers.values())
        p95 = self._durations.p95()
        return overview(
            self._shards.counts, self._tally, workers, self._book.by_shard, repeats, p95, now
        )

    # --- restoring ------------------------------------------------------------------------

    def restore(
        self,
        shards: Iterable[ShardRow],
        leases: Iterable[LeaseRow],
        verdict: Verdict | None,
        now: float,
    ) -> None:
        """Puts everything back as it was kept, before `start`.

        Leases count as before, and for their full time; of workers that are gone, say `lost`.
        """
        self.verdict = verdict
        for row in shards:
            self._restore_shard(row)
        for kept in leases:
            worker = self._book.hear(kept.worker)
            seconds = self._seconds(worker, 1, kept.shard)
            lease = Lease(kept.shard, kept.attempt, kept.token, worker, kept.at, seconds)
            lease.deadline = now + seconds
            self._book.hold(lease)
            self._shards.set_attempts(kept.shard, kept.attempt + 1)
            if kept.is_late:
                self._book.make_late(lease)
            else:
                self._shards.put(lease.shard, LEASED)
                worker.began = min(worker.began or now, kept.at)
                self._due = earlier(self._due, lease.deadline)
        for shard, trouble in self._troubles.items():
            trouble.at = now
            if self._shards.status(shard) == TODO:
                self._shards.give_back(shard)

    def _restore_shard(self, row: ShardRow) -> None:
        shards, shard = self._shards, row.shard
        shards.set_attempts(shard, row.attempts)
        shards.set_failures(shard, row.failures)
        shards.set_losses(shard, row.losses)
        self._failures += row.failures
        self._losses += row.losses
        if row.status == "done":
            shards.accept(shard, row.token)
            self._count(self._book.known(row.worker), row.ok, row.bad, is_partial=row.is_partial)
            self._note_failed(shard, is_failed=row.is_partial)
            self._durations.add(row.seconds)
        elif row.status == "failed":
            self._fail_for_good(shard)
        elif row.failures or row.losses:
            self._troubles[shard] = Trouble(row.failed_on, 0.0, row.error)

    # --- giving out -----------------------------------------------------------------------

    def _grant(self, asker: Worker, shards: list[int], now: float) -> LeaseAnswer:
        asker.asked = None
        if not asker.leases:
            asker.began = now
        seconds = self._seconds(asker, len(shards), shards[0])
        leased, grants = [], []
        for shard in shards:
            attempt = self._shards.next_attempt(shard)
            token = f"{self._new_token()}-{shard}"
            self._book.hold(Lease(shard, attempt, token, asker, now, seconds))
            leased.append(Leased(shard, attempt, token))
            grants.append(Grant(shard, attempt, token, seconds))
        self._due = earlier(self._due, now + seconds)
        changes = ShardsLeased(asker.name, tuple(leased), now)
        return LeaseAnswer([changes], grants=tuple(grants))

    def _missed(self, asker: Worker, held: Collection[str], now: float) -> tuple[Grant, ...]:
        """What it was granted and does not know of."""
        missed = self._book.renew_unknown(asker, held, now)
        return tuple(Grant(each.shard, each.attempt, each.token, each.seconds) for each in missed)

    def _seconds(self, worker: Worker, count: int, shard: int) -> float:
        """How long a lease lasts: three times what so many shards take, and twice for each loss."""
        p95, pace = self._durations.p95(), worker.pace.shards
        seconds = FIRST_LEASE
        if p95 is not None:
            one = max(p95, 1 / pace if pace else 0.0)
            seconds = max(LEAST_LEASE, 3 * one * (len(worker.leases) + count))
        seconds *= float(2 ** min(self._shards.losses(shard), 6))
        return min(seconds, MOST_LEASE)

    # --- taking back ----------------------------------------------------------------------

    def _is_tried_again(self, lease: Lease, result: Result) -> bool:
        if not (self._rules.partial_is_failure and result.failed > 0):
            return False
        return self._shards.failures(lease.shard) < self._retries

    def _accept(
        self, lease: Lease, result: Result, among: int, spans: dict[str, float], now: float
    ) -> Done:
        worker, shard = self._book.hear(lease.worker.name), lease.shard
        if worker.name not in spans:
            since = lease.since if lease.is_late else worker.began
            spans[worker.name], worker.began = (now - since) / among, now
        given = result.seconds
        seconds = given if given is not None and given >= 0 else spans[worker.name]
        seconds = min(seconds, _LONGEST)
        if self._shards.status(shard) == TODO:
            self._shards.put(shard, LEASED)
        self._book.void(shard)
        self._troubles.pop(shard, None)
        self._shards.accept(shard, lease.token)
        ok, failed = max(result.ok, 0), max(result.failed, 0)
        is_partial = self._rules.partial_is_failure and failed > 0
        self._count(worker, ok, failed, is_partial=is_partial)
        self._note_failed(shard, is_failed=is_partial)
        self._durations.add(seconds)
        self._book.measure(worker, seconds, ok + failed)
        worker.progress = 0
        return Done(shard, lease.attempt, lease.token, worker.name, ok, failed, seconds, is_partial)

    def _count(self, worker: Worker, ok: int, failed: int, *, is_partial: bool) -> None:
        self._tally.accept(ok, failed, is_partial=is_partial)
        worker.done += 1
        worker.items += ok + failed

    def _fail_try(
        self, lease: Lease, error: str, now: float, decision: Decision, *, retryable: bool
    ) -> None:
        shard, worker = lease.shard, lease.worker
        failures = self._shards.failures(shard) + 1
        self._shards.set_failures(shard, failures)
        self._failures += 1
        worker.failed += 1
        worker.began = now
        before = self._troubles.get(shard)
        workers = (*before.workers, worker.name) if before else (worker.name,)
        self._troubles[shard] = Trouble(tuple(dict.fromkeys(workers)), now, error)
        self._book.drop(lease)
        status: ShardStatus = "failed"
        if retryable:
            status = self._settle(shard, decision)
        else:
            self._fail_for_good(shard)
        decision.changes.append(self._failure(lease, error, status))

    def _gone(self, name: str, reason: Literal["lost", "left"]) -> Decision:
        decision = Decision()
        worker = self._book.workers.get(name)
        if worker is None:
            return decision
        self._book.part(worker)
        worker.asked, worker.progress = None, 0
        late = list(worker.late.values())
        for lease in late:
            self._book.drop(lease)
        if late:
            decision.changes.append(LeasesDropped(tuple(lease.token for lease in late)))
        self._give_back(name, list(worker.leases.values()), reason, decision)
        self._judge(decision)
        return decision

    def _give_back(
        self,
        name: str,
        leases: list[Lease],
        reason: Literal["lost", "left", "expired"],
        decision: Decision,
    ) -> None:
        returned = []
        for lease in leases:
            shard = lease.shard
            losses = self._shards.losses(shard) + (reason != "left")
            self._shards.set_losses(shard, losses)
            self._losses += reason != "left"
            if reason == "expired":
                self._book.make_late(lease)
            else:
                self._book.drop(lease)
            trouble, failures = self._troubles.get(shard), self._shards.failures(shard)
            status = self._settle(shard, decision)
            if status == "failed":
                is_failure = trouble is not None and failures > self._retries
                error = trouble.error if trouble and is_failure else _lost(losses)
                decision.changes.append(self._failure(lease, error, status))
            else:
                returned.append(Returned(shard, lease.token, losses, status))
        if returned:
            decision.changes.append(ShardsReturned(name, reason, tuple(returned)))

    def _failure(self, lease: Lease, error: str, status: ShardStatus) -> ShardFailed:
        failures, losses = self._shards.failures(lease.shard), self._shards.losses(lease.shard)
        return ShardFailed(
            lease.shard,
            lease.attempt,
            lease.token,
            lease.worker.name,
            error,
            failures,
            losses,
            status,
        )

    def _settle(self, shard: int, decision: Decision) -> ShardStatus:
        """What becomes of a shard, one lease of which has ended without a result."""
        if self._book.in_time(shard):
            return "leased"
        failures, losses = self._shards.failures(shard), self._shards.losses(shard)
        if failures > self._retries or 0 <= self._max_lost < losses:
            self._fail_for_good(shard)
        elif self._shards.status(shard) != TODO:
            self._shards.give_back(shard)
            decision.wakes = True
        return STATUSES[self._shards.status(shard)]

    def _fail_for_good(self, shard: int) -> None:
        self._book.void(shard)
        self._troubles.pop(shard, None)
        self._shards.put(shard, FAILED)
        self._tally.failed += 1
        items = self._items if isinstance(self._items, int) else self._items[shard]
        self._tally.failed_items += items
        self._note_failed(shard, is_failed=True)

    def _note_failed(self, shard: int, *, is_failed: bool) -> None:
        if is_failed and len(self._failed) < _SHOWN:
            self._failed.append(shard)

    def _judge(self, decision: Decision) -> None:
        if self.verdict is None:
            self.verdict = judge(self._rules, self._tally, self._failed)
            if self.verdict:
                decision.changes.append(BatchJudged(self.verdict.name, self.verdict.reason))
                decision.wakes = True


def _lost(losses: int) -> str:
    return f"it was lost with its worker {losses} times"
