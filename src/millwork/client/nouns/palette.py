# ruff: noqa: E501
"""The verbs of the palette: what can be put on a canvas.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.faces import Face, FacePage

from millwork.client.noun import Noun


class PaletteVerbs(Noun):
    """The verbs of the palette: what can be put on a canvas."""

    def list(self, *, search: str = "", limit: int = 50, after: str = "") -> FacePage:
        """What can be put on a canvas: built-in components, the workspace's own, then its pipelines."""
        answer: FacePage = self._door.ask("palette.list", search=search, limit=limit, after=after)
        return answer

    def show(self, reference: str) -> Face:
        """One of them: `builtin:NAME`, or NAME or NAME@VERSION of the workspace."""
        answer: Face = self._door.ask("palette.show", reference=reference)
        return answer
