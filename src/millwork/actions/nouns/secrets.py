"""Secrets: values that only a step's environment gets; each workspace has its own."""

from __future__ import annotations

from typing import TypedDict

from millwork.actions import secrets
from millwork.actions.call import Call
from millwork.base.errors import NotFound
from millwork.views.secrets import SecretView


class SecretList(TypedDict):
    """The names of all secrets; `next` is always None: there are few."""

    items: list[SecretView]
    next: str | None


class SecretName(TypedDict):
    """A secret that was kept, or removed."""

    name: str


def list_(call: Call) -> SecretList:
    """The secrets by name, and where each comes from; never their values."""
    return {"items": secrets.listed(call.context), "next": None}


def set_(call: Call, name: str, value: str) -> SecretName:
    """Keep a value under a name, or another value instead."""
    secrets.keep(call.context, name, value)
    return {"name": name}


def remove(call: Call, name: str) -> SecretName:
    """Forget a value that was kept."""
    known = {secret["name"] for secret in secrets.listed(call.context)}
    if name not in known:
        raise NotFound(f"there is no secret '{name}' in the file")
    secrets.remove(call.context, name)
    return {"name": name}
