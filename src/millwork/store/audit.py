"""The audit log: entries that are only added, each with a hash that covers the one before it.

Whoever may write the database can make the whole chain anew, or cut its end: only a copy of the
newest hash kept elsewhere tells that.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.store.database import Database

_LONGEST = 500  # letters of one field: what strangers send is not kept whole
_BATCH = 1000
_FIRST = ""
NEWEST = 2**62
_SAID = ("seq", "time", "person", "workspace", "verb", "target", "outcome", "request")


@dataclass(frozen=True)
class Entry:
    """One line of the audit log; `before` is the hash of the line before it."""

    seq: int
    time: float
    person: str
    workspace: str
    verb: str
    target: str
    outcome: str
    request: str
    before: str
    hash: str


@dataclass(frozen=True)
class Chain:
    """The state of the log: `broken_at` is the first entry that is not as it was written, or 0."""

    entries: int
    head: str
    broken_at: int


class AuditStore:
    """The `audit` table. Writers come one after another, in whatever process."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self,
        time: float,
        person: str,
        workspace: str,
        verb: str,
        target: str,
        outcome: str,
        request: str,
    ) -> None:
        """Adds an entry."""
        texts = {
            "person": person, "workspace": workspace, "verb": verb, "target": target,
            "outcome": outcome, "request": request,
        }  # fmt: skip
        said: dict[str, Any] = {"time": time, **{name: _kept(text) for name, text in texts.items()}}
        with self._database.transaction():
            self._database.query("lock_people", {})
            head = self._database.query("audit_head", {}).fetchone()
            seq, before = (head["seq"] + 1, head["hash"]) if head else (1, _FIRST)
            row = {"seq": seq, **said, "before": before}
            self._database.query("insert_audit", {**row, "hash": _hash(Entry(**row, hash=""))})

    def entries(
        self,
        limit: int,
        before: int = NEWEST,
        *,
        workspace: str | None = None,
        person: str = "",
        verb: str = "",
        outcome: str = "",
    ) -> list[Entry]:
        """Entries older than `before`, newest first; of one workspace, or of the server."""
        name = "audit_of_server" if workspace is None else "audit_of_workspace"
        values = {
            "workspace": workspace, "before": before, "person": person, "verb": verb,
            "outcome": outcome, "limit": limit,
        }  # fmt: skip
        return [Entry(**dict(row)) for row in self._database.query(name, values)]

    def verify_audit(self) -> Chain:
        """Reads the whole log, and hashes it anew."""
        last: Entry | None = None
        while True:
            values = {"after": last.seq if last else 0, "limit": _BATCH}
            found = [Entry(**dict(row)) for row in self._database.query("audit_from", values)]
            if not found:
                return Chain(last.seq if last else 0, last.hash if last else _FIRST, 0)
            broken = broken_at([last, *found] if last else found, is_all=True)
            if not last and (found[0].seq, found[0].before) != (1, _FIRST):
                broken = found[0].seq
            if broken:
                return Chain(found[-1].seq, found[-1].hash, broken)
            last = found[-1]


def broken_at(entries: Sequence[Entry], *, is_all: bool) -> int:
    """The first of these, oldest first, that is not as it was written; 0 if all are.

    With `is_all` none may be missing between them.
    """
    for number, entry in enumerate(entries):
        if entry.hash != _hash(entry):
            return entry.seq
        earlier = entries[number - 1] if number else None
        is_next = earlier is not None and (is_all or entry.seq == earlier.seq + 1)
        if earlier and is_next and (entry.seq, entry.before) != (earlier.seq + 1, earlier.hash):
            return entry.seq
    return 0


def _hash(entry: Entry) -> str:
    said = json.dumps({name: getattr(entry, name) for name in _SAID}, sort_keys=True)
    return hashlib.sha256(f"{entry.before}{said}".encode()).hexdigest()


def _kept(text: str) -> str:
    """A text as both databases give it back, letter by letter."""
    plain = text[:_LONGEST].replace("\0", "\N{SYMBOL FOR NULL}")
    return plain.encode("utf-8", "backslashreplace").decode()
