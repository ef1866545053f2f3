# ruff: noqa: E501
"""What steps have left: listed, looked into, and sent as it is.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millwork.views.previews import Preview

from millwork.client.artifacts import save
from millwork.client.noun import Noun


class ArtifactsVerbs(Noun):
    """What steps have left: listed, looked into, and sent as it is."""

    def list(self, run: str, *, limit: int = 50, after: str = "") -> dict[str, Any]:
        """The outputs of a run's steps, in the order of its file."""
        answer: dict[str, Any] = self._door.ask("artifacts.list", run=run, limit=limit, after=after)
        return answer

    def show(
        self, run: str, step: str, port: str, *, limit: int = 200, after: int = 0
    ) -> dict[str, Any]:
        """An output and its files, sorted by path."""
        answer: dict[str, Any] = self._door.ask(
            "artifacts.show", run=run, step=step, port=port, limit=limit, after=after
        )
        return answer

    def preview(self, run: str, step: str, port: str, *, path: str = "") -> Preview:
        """The beginning of a file: text, the rows of a table, what a report or model says of itself."""
        answer: Preview = self._door.ask(
            "artifacts.preview", run=run, step=step, port=port, path=path
        )
        return answer

    def download(self, run: str, step: str, port: str, *, to: str, path: str = "") -> None:
        """A file as it is: the only one of an output, or the one at `path` in it."""
        save(self._door, to, run=run, step=step, port=port, path=path)
