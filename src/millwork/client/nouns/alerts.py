"""Alerts: what was told of schedules, to whom, and what came of it.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import Any

from millwork.client.noun import Noun


class AlertsVerbs(Noun):
    """Alerts: what was told of schedules, to whom, and what came of it."""

    def list(self, *, limit: int = 50, after: str = "") -> dict[str, Any]:
        """What was told of the workspace's schedules, or tried to be, newest first."""
        answer: dict[str, Any] = self._door.ask("alerts.list", limit=limit, after=after)
        return answer
