"""Files that are sent to the server: each once, by its sha256.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import builtins

from millwork.client.noun import Noun


class FilesVerbs(Noun):
    """Files that are sent to the server: each once, by its sha256."""

    def missing(self, *, sha256: builtins.list[str]) -> dict[str, Any]:
        """Which of these files, by their sha256, the server has not got."""
        answer: dict[str, Any] = self._door.ask("files.missing", sha256=sha256)
        return answer

    def put(self, sha256: str, *, path: str) -> dict[str, Any]:
        """Keeps a file, if it is what its sha256 says."""
        answer: dict[str, Any] = self._door.upload(path, sha256)
        return answer
