"""Data by URI, as the server sees it.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.connections import DataView

from millwork.client.noun import Noun


class DataVerbs(Noun):
    """Data by URI, as the server sees it."""

    def list(self, *, uri: str, limit: int = 200) -> DataView:
        """What lies at a URI: one file, or the first files of a folder."""
        answer: DataView = self._door.ask("data.list", uri=uri, limit=limit)
        return answer
