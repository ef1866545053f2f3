"""What was asked for, by whom, and whether it was allowed."""

from __future__ import annotations

from typing import Literal

from millwork.actions.call import Call
from millwork.actions.pages import cut, with_one_more
from millwork.base.errors import BadRequest
from millwork.store.audit import NEWEST, broken_at
from millwork.views import people as views
from millwork.views.people import Audit

_MOST_DIGITS = 18


def list_(
    call: Call,
    limit: int = 50,
    after: str = "",
    person: str = "",
    verb: str = "",
    outcome: Literal["allowed", "denied"] | None = None,
) -> Audit:
    """The audit log of a workspace, newest first."""
    return _page(call, limit, after, (person, verb, outcome or ""), call.workspace)


def all_(
    call: Call,
    limit: int = 50,
    after: str = "",
    person: str = "",
    verb: str = "",
    outcome: Literal["allowed", "denied"] | None = None,
) -> Audit:
    """The audit log of the server, newest first."""
    return _page(call, limit, after, (person, verb, outcome or ""), None)


def _page(
    call: Call, limit: int, after: str, wanted: tuple[str, str, str], workspace: str | None
) -> Audit:
    person, verb, outcome = wanted
    found = call.context.people().entries(
        with_one_more(limit), _before(after), workspace=workspace, person=person, verb=verb,
        outcome=outcome,
    )  # fmt: skip
    # The first row of the next page is looked at with this one, and so is each link of the chain.
    is_all = workspace is None and not any(wanted)
    is_intact = broken_at(found[::-1], is_all=is_all) == 0
    rows, follows = cut(found, limit, lambda row: str(row.seq))
    return {"items": [views.entry(row) for row in rows], "next": follows, "intact": is_intact}


def _before(after: str) -> int:
    if not after:
        return NEWEST
    if not (after.isascii() and after.isdigit() and len(after) <= _MOST_DIGITS):
        raise BadRequest("after: expected `next` of an earlier page")
    return int(after)
