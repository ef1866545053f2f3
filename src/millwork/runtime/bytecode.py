"""Byte code of ours, kept apart: nothing is written into the code of a run, which is shared.

For a Python that was told to write none (`-B`), so that until then none was.
"""

from __future__ import annotations

import sys
from importlib.machinery import FileFinder, SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.abc import PathEntryFinder
    from types import CodeType


def keep_in(folder: str) -> None:
    """From now on byte code of the modules beside this one is kept below `folder`.

    That of libraries stays beside them, where other processes find it too.
    """
    ours = str(Path(__file__).parent)

    class Loader(SourceFileLoader):
        """Reads and writes byte code there; what a module imports is another loader's."""

        def get_code(self, fullname: str) -> CodeType | None:
            before, sys.pycache_prefix = sys.pycache_prefix, folder
            try:
                return super().get_code(fullname)
            finally:
                sys.pycache_prefix = before

    def finder(path: str) -> PathEntryFinder:
        if path != ours and not path.startswith(f"{ours}/"):
            raise ImportError(path)
        return FileFinder(path, (Loader, [".py"]))

    sys.dont_write_bytecode = False
    sys.path_hooks.insert(0, finder)
    for path in [path for path in sys.path_importer_cache if path.startswith(ours)]:
        del sys.path_importer_cache[path]
