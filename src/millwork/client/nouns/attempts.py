"""Attempts at steps.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import Any

from millwork.client.noun import Noun


class AttemptsVerbs(Noun):
    """Attempts at steps."""

    def list(self, run: str, step: str) -> dict[str, Any]:
        """The attempts at a step, oldest first, with their replicas."""
        answer: dict[str, Any] = self._door.ask("attempts.list", run=run, step=step)
        return answer
