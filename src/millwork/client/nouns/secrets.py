"""Secrets: values that only a step's environment gets; each workspace has its own.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import Any

from millwork.client.noun import Noun


class SecretsVerbs(Noun):
    """Secrets: values that only a step's environment gets; each workspace has its own."""

    def list(self) -> dict[str, Any]:
        """The secrets by name, and where each comes from; never their values."""
        answer: dict[str, Any] = self._door.ask("secrets.list")
        return answer

    def set(self, name: str, *, value: str) -> dict[str, Any]:
        """Keep a value under a name, or another value instead."""
        answer: dict[str, Any] = self._door.ask("secrets.set", name=name, value=value)
        return answer

    def remove(self, name: str) -> dict[str, Any]:
        """Forget a value that was kept."""
        answer: dict[str, Any] = self._door.ask("secrets.remove", name=name)
        return answer
