"""Asking for the registry's verbs, as people of several roles, and texts that it takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.access.identity import Identity
from millwork.actions.assets import load_registered
from millwork.actions.call import Call
from millwork.actions.perform import Asked, perform
from millwork.store.people import MemberRow, WorkspaceRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.access.roles import Role
    from millwork.actions.context import Context
    from millwork.spec.tree import Tree

ROLES: dict[str, Role] = {
    "ann": "developer", "bob": "developer", "ops": "operator", "gus": "guest", "adi": "admin"
}  # fmt: skip


def hire(context: Context) -> None:
    """People of all roles in `default`, and Eve, who owns another workspace."""
    people = context.people()
    people.add_workspace(WorkspaceRow("other", "", {}, "owner", 0.0))
    for person, role in ROLES.items():
        people.add_person(person, "", 0.0, is_admin=False)
        people.set_member(MemberRow("default", person, role, 0.0))
    people.add_person("eve", "", 0.0, is_admin=False)
    people.set_member(MemberRow("other", "eve", "owner", 0.0))


class Asker:
    """Asks for verbs as one person."""

    def __init__(self, context: Context, person: str, workspace: str = "default") -> None:
        self.context, self.who, self.workspace = context, Identity(person), workspace

    def __call__(self, verb: str, /, **arguments: Any) -> Any:
        return perform(self.context, self.who, Asked(verb, arguments, self.workspace))


def component(name: str = "train", version: str = "1.0.0", **fields: Any) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Component", "name": name, "version": version}
    return json.dumps({**head, "command": "true", **fields}, indent=1)


def pipeline(nodes: Mapping[str, Any], name: str = "pipe", **fields: Any) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "nodes": nodes, **fields}, indent=1)


def names(page: Mapping[str, Any]) -> list[str]:
    return [item["name"] for item in page["items"]]


def loaded(ann: Asker, kind: str, name: str, version: str = "") -> Tree:
    call = Call(ann.context, ann.who, "default", "developer")
    return load_registered(call, kind, name, version)[0]
