"""What the reading of one AzureML component has at hand, and what it finds."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass, field
from millwork.spec.fields import Reading

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.formats.azureml.kinds import Kind
    from millwork.spec.model import Path

Found: TypeAlias = Literal["file", "folder", ""]


@dataclass(frozen=True)
class Files:
    """What the caller lets the reader see of the files around the one it reads.

    `folder` is that file's folder, absolute. `find` says what stands at a path, relative to it,
    and `read_text` gives a file's text, or None. `check_code` is whether code has to be there;
    the files that an environment names have to be there in any case.
    """

    folder: str
    find: Callable[[str], Found]
    read_text: Callable[[str], str | None]
    check_code: bool = True

    def within(self, folder: str) -> Files:
        """The same files as a file in `folder` names them."""
        return Files(
            posixpath.join(self.folder, folder),
            lambda path: self.find(posixpath.join(folder, path)),
            lambda path: self.read_text(posixpath.join(folder, path)),
            self.check_code,
        )


@dataclass
class Findings:
    """The faults of one component, noted in its file's reading, and why no run would take it.

    Paths are given from the component on, which stands at `root` in its file.
    """

    kind: Kind
    files: Files
    reading: Reading
    root: Path = ()
    includes: tuple[str, ...] = ()
    search_space: tuple[str, ...] = ()
    refusals: list[str] = field(default_factory=list)

    @property
    def is_v2(self) -> bool:
        """Whether the flavour is v2, in which the oracle looks closer."""
        return self.kind.flavour == "azureml-v2"

    def elsewhere(self, file: str) -> Findings:
        """The findings in another file, which stands at `file` seen from this one."""
        shown = posixpath.join(posixpath.dirname(self.reading.file), file)
        return Findings(
            self.kind,
            self.files.within(posixpath.dirname(file)),
            Reading(posixpath.normpath(shown)),
            refusals=self.refusals,
        )

    def error(self, path: Path, message: str) -> None:
        """Notes what the oracle rejects."""
        self.reading.fault((*self.root, *path), message)

    def warn(self, path: Path, message: str) -> None:
        """Notes what is worth a look, and harms no run."""
        self.reading.fault((*self.root, *path), message, "warning")

    def refuse(self, path: Path, message: str) -> None:
        """Notes what the oracle accepts and what could not run right."""
        before = len(self.reading.faults)
        self.warn(path, f"{message}; no run will take it")
        for fault in self.reading.faults[before:]:
            self.refusals.append(f"{fault.file}:{fault.line}: {fault.path}: {message}")

    def judge(self, path: Path, message: str, *, is_error: bool) -> None:
        """An error, or else a refusal."""
        if is_error:
            self.error(path, message)
        else:
            self.refuse(path, message)
