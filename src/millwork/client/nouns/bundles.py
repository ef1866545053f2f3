"""Bundles: folders of files that were sent, of which runs and components are made.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import builtins

from millwork.client.noun import Noun


class BundlesVerbs(Noun):
    """Bundles: folders of files that were sent, of which runs and components are made."""

    def create(self, *, files: builtins.list[dict[str, Any]]) -> dict[str, Any]:
        """Makes a folder of files that were sent. The same files give the same bundle."""
        answer: dict[str, Any] = self._door.ask("bundles.create", files=files)
        return answer
