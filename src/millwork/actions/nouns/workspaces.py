"""Workspaces: what is known of them, and what their runs may use."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from millwork.actions import uploads
from millwork.actions.call import DEFAULT, Call
from millwork.actions.pages import cut, with_one_more
from millwork.actions.usage import usage_of_workspace
from millwork.base.errors import BadRequest, Conflict, NotFound
from millwork.base.names import LABEL_RULE, PARAMETER_RULE, is_label, is_parameter, is_text
from millwork.store.people import WorkspaceRow
from millwork.views import people as views
from millwork.views.people import Deleted, Quota, Workspace, Workspaces
from millwork.views.queue import WorkspaceUsage

if TYPE_CHECKING:
    from millwork.access.roles import Role

_LONGEST_DESCRIPTION = 10_000
_MOST_VARIABLES, _LONGEST_VARIABLE = 256, 1000
_MOST = 2**63 - 1


Stage = Literal["", "development", "production"]


def list_(call: Call, limit: int = 50, after: str = "") -> Workspaces:
    """The workspaces that one is a member of, by name; administrators see all."""
    who, people = call.who, call.context.people()
    member = "" if who.is_admin else who.person
    if who.workspace:
        found = [_row(call, who.workspace)] if after < who.workspace else []
    else:
        found = people.workspaces(with_one_more(limit), after, member)
    rows, follows = cut(found, limit, lambda row: row.name)
    roles = people.memberships(who.person)
    items = [views.workspace(row, "owner" if who.is_admin else roles[row.name]) for row in rows]
    return {"items": items, "next": follows}


def create(
    call: Call,
    name: str,
    description: str = "",
    quota: dict[str, float | int] | None = None,
    stage: Stage = "",
    variables: dict[str, str] | None = None,
) -> Workspace:
    """Make a workspace; whoever makes it owns it.

    `quota` is what its runs may use at a time: `cpu` cores, `memory` bytes, `gpu`, and `runs`.
    `variables` are what `${workspace.NAME}` is in its schedules.
    """
    if not is_label(name):
        raise BadRequest(f"name: expected {LABEL_RULE}")
    _check_description(description)
    limits, now = _checked(quota or {}), call.context.clock.wall()
    _check_variables(variables or {})
    row = WorkspaceRow(name, description, limits, call.who.person, now, stage, variables or {})
    if not call.context.people().add_workspace(row):
        raise Conflict(f"there is a workspace '{name}' already")
    return views.workspace(row, "owner")


def show(call: Call) -> Workspace:
    """What is known of a workspace."""
    return views.workspace(_row(call, call.workspace), _role(call))


def change(
    call: Call,
    description: str | None = None,
    quota: dict[str, float | int] | None = None,
    stage: Stage | None = None,
    variables: dict[str, str] | None = None,
) -> Workspace:
    """Describe a workspace anew, or set another quota instead of the one that it has.

    `quota` and `variables` are as `workspaces.create` takes them, and take the place of those that
    there are; a quota of `{}` is no limit at all.
    """
    row = _row(call, call.workspace)
    text = row.description if description is None else description
    _check_description(text)
    limits = row.quota if quota is None else _checked(quota)
    _check_variables(variables or {})
    changed = replace(
        row, description=text, quota=limits, stage=row.stage if stage is None else stage,
        variables=row.variables if variables is None else variables,
    )  # fmt: skip
    call.context.people().change_workspace(changed)
    return show(call)


def delete(call: Call) -> Deleted:
    """Remove a workspace that holds no runs and no assets, with its secrets."""
    if call.workspace == DEFAULT:
        raise Conflict(f"workspace '{DEFAULT}' cannot be removed")
    call.context.people().delete_workspace(call.workspace)
    call.context.secrets.forget()
    uploads.forget(call)
    return {"deleted": call.workspace}


def usage(call: Call) -> WorkspaceUsage:
    """Quota, usage and the queue of a workspace, with why its runs wait."""
    return usage_of_workspace(call)


def _row(call: Call, name: str) -> WorkspaceRow:
    row = call.context.people().workspace(name)
    if row is None:
        raise NotFound(f"there is no workspace '{name}'")
    return row


def _role(call: Call) -> Role:
    assert call.role is not None
    return call.role


def _check_variables(variables: dict[str, str]) -> None:
    """Raises BadRequest for what no expression can name, or no shell and no log should see."""
    if len(variables) > _MOST_VARIABLES:
        raise BadRequest(f"variables: there may be {_MOST_VARIABLES}")
    for name, value in variables.items():
        if not is_parameter(name):
            raise BadRequest(f"variables.{name[:80]}: {PARAMETER_RULE}")
        if len(value) > _LONGEST_VARIABLE or not value.isprintable() or not is_text(value):
            raise BadRequest(
                f"variables.{name}: one line of at most {_LONGEST_VARIABLE} characters"
            )


def _check_description(text: str) -> None:
    if len(text) > _LONGEST_DESCRIPTION or not is_text(text):
        raise BadRequest(f"description: expected at most {_LONGEST_DESCRIPTION} characters")


def _checked(quota: dict[str, float | int]) -> dict[str, float | int]:
    """The limits that are set; raises BadRequest for one that is none."""
    known = Quota.__annotations__
    for name, value in quota.items():
        if name not in known:
            raise BadRequest(f"quota.{name[:80]}: there is none; there are: {', '.join(known)}")
        is_number = isinstance(value, int if name != "cpu" else int | float)
        if not is_number or isinstance(value, bool) or not _is_limit(value):
            kind = "a number" if name == "cpu" else "a whole number"
            raise BadRequest(f"quota.{name}: expected {kind}, not less than 0")
    return quota


def _is_limit(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= _MOST
