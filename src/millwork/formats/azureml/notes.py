"""What is said of a pipeline file of AzureML besides its model: in AzureML's names, and once.

The rules of `spec` speak of Millwork's fields (`nodes.train.parameters.rounds`); who wrote an
AzureML file looks for `jobs.train.inputs.rounds`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.spec.fields import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Path


class AzureNames(Reading):
    """Notes what breaks Millwork's rules for a pipeline where its file has the fields.

    `path` is the pipeline's own, `moved` are the paths of those nodes and outputs that are not
    simply in `jobs` and `outputs`. `inner` are those of the pipelines that stand within it, and
    `untyped` the inputs of which the file says a value and no type. `overrides` are what jobs set
    in place of their components.
    """

    def __init__(
        self,
        reading: Reading,
        path: Path,
        moved: Mapping[Path, Path],
        inner: Mapping[str, AzureNames],
        untyped: frozenset[str],
        overrides: Mapping[str, Mapping[str, Any]],
    ) -> None:
        super().__init__(reading.file, reading.faults, reading.places)
        self.inner = inner
        self.untyped = untyped
        self.overrides = overrides
        self._reading = reading
        self._path = path
        self._moved = moved

    def fault(self, path: Path, message: str, severity: str = "error") -> Any:
        """Notes a fault at the field of AzureML's that `path` is."""
        return self._reading.fault(self._translated(path), message, severity)

    def is_broken(self, path: Path) -> bool:
        """Whether something at or above that field is wrong."""
        return self._reading.is_broken(self._translated(path))

    def _translated(self, path: Path) -> Path:
        kind, name, rest = path[0], path[1:2], path[2:]
        if kind == "nodes":
            home = self._moved.get(path[:2], (*self._path, "jobs", *name))
            return (*home, *_in_job(rest))
        if kind == "outputs":
            return self._moved.get(path[:2], (*self._path, *path[:2]))
        return (*self._path, "inputs" if kind == "parameters" else kind, *name, *rest)


def _in_job(path: Path) -> Path:
    if not path:
        return ()
    if path[0] in ("inputs", "parameters"):
        return ("inputs", *path[1:2])
    if path[0] == "timeout":
        return ("limits", "timeout")
    return ("environment_variables" if path[0] == "env" else path[0], *path[1:])


class Notes:
    """What of a file is not used here, said once for the whole file."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._unused: dict[str, Path] = {}
        self._stored: dict[str, Path] = {}

    def unused(self, name: str, path: Path) -> None:
        """Keeps in mind that the field `name` means nothing here."""
        self._unused.setdefault(name, path)

    def stored(self, where: str, path: Path) -> None:
        """Keeps in mind that an output is not put into the storage `where`."""
        self._stored.setdefault(where, path)

    def say(self) -> None:
        """Notes the warnings that stand for many fields."""
        if self._unused:
            *names, last = self._unused
            listed = f"{', '.join(names)} and {last} are " if names else ""
            first = next(iter(self._unused.values()))
            self._reading.fault(first, f"{listed}kept, not used here", "warning")
        if self._stored:
            where, first = next(iter(self._stored.items()))
            more = f" and {len(self._stored) - 1} more" if len(self._stored) > 1 else ""
            message = f"outputs are kept with the run; nothing is put at {where}{more}"
            self._reading.fault(first, message, "warning")
