"""A machine driven by hand: a clock of its own, tokens in order, and a ledger behind it."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from millwork.batch.decision import Result
from millwork.batch.machine import Machine
from millwork.batch.rules import Rules
from tests.batch.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Collection

    from millwork.batch.decision import Decision, Grant, LeaseAnswer, RenewAnswer


class Desk:
    """Whoever calls the machine; it keeps every change before it answers."""

    def __init__(self, total: int, items: int = 1, *, is_whole: bool = True, **rules: Any) -> None:
        self.now = 0.0
        self.is_whole = is_whole
        self.total, self.items, self.rules = total, items, Rules(**rules)
        self.ledger, self._numbers = Ledger(), count()
        self.woken = False
        self.machine = self._made()
        self._keep(self.machine.start())

    def _made(self) -> Machine:
        return Machine(
            self.total, self.rules, lambda: f"t{next(self._numbers)}", self.items,
            is_whole=self.is_whole,
        )  # fmt: skip

    def _keep(self, decision: Decision) -> None:
        self.ledger.keep(decision.changes)
        self.woken = decision.wakes

    def restart(self) -> None:
        """The master dies, and another goes on from what was kept."""
        self.machine = self._made()
        kept = self.ledger
        self.machine.restore(kept.shards.values(), kept.leases.values(), kept.verdict, self.now)
        self._keep(self.machine.start())

    def ask(self, worker: str, most: int = 1, held: Collection[str] | None = None) -> LeaseAnswer:
        answer = self.machine.lease(worker, most, self.now, held)
        self._keep(answer)
        return answer

    def take(self, worker: str, most: int = 1) -> list[Grant]:
        return list(self.ask(worker, most).grants)

    def one(self, worker: str) -> Grant:
        (grant,) = self.take(worker)
        return grant

    def done(self, *grants: Grant | str, ok: int = 1, failed: int = 0) -> tuple[bool, ...]:
        tokens = [each if isinstance(each, str) else each.token for each in grants]
        answer = self.machine.done([Result(token, ok, failed) for token in tokens], self.now)
        self._keep(answer)
        return answer.accepted

    def fail(self, grant: Grant | str, error: str = "boom", *, retryable: bool = True) -> None:
        token = grant if isinstance(grant, str) else grant.token
        self._keep(self.machine.fail(token, error, self.now, retryable=retryable))

    def renew(self, worker: str, *grants: Grant | str, items: int = 0) -> RenewAnswer:
        tokens = [each if isinstance(each, str) else each.token for each in grants]
        answer = self.machine.renew(worker, tokens, self.now, items)
        self._keep(answer)
        return answer

    def extend(self, count: int, *, is_whole: bool) -> None:
        self.total, self.is_whole = self.total + count, is_whole
        self._keep(self.machine.extend(count, is_whole=is_whole))

    def release(self, worker: str, *grants: Grant) -> None:
        self._keep(self.machine.release(worker, [grant.token for grant in grants]))

    def lost(self, worker: str) -> None:
        self._keep(self.machine.lost(worker))

    def left(self, worker: str) -> None:
        self._keep(self.machine.left(worker))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self._keep(self.machine.tick(self.now))

    def work(self, worker: str, shards: int, seconds: float = 1.0) -> None:
        """A worker does so many shards, one after the other."""
        for _ in range(shards):
            grant = self.one(worker)
            self.now += seconds
            assert self.done(grant) == (True,)

    def status(self, shard: int) -> str:
        return self.ledger.row(shard).status
