"""Secrets as people see them: by name, never with their values."""

from __future__ import annotations

from typing import TypedDict

# `from` is no name that a class could have: `file`, or `environment`, which wins.
SecretView = TypedDict("SecretView", {"name": str, "from": str})
