"""The port of secrets: values by name, kept apart from everything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Secrets(Protocol):
    """Keeps values that only steps get, in their environment. Unavailable if it cannot be read."""

    def of(self, workspace: str) -> Secrets:
        """The secrets of a workspace."""

    def value(self, name: str) -> str | None:
        """The secret's value; None if there is none of that name."""

    def sources(self) -> Mapping[str, str]:
        """Where each secret comes from: `file`, or `environment`, which wins."""

    def keep(self, name: str, value: str) -> None:
        """Keeps a value in the file, instead of an earlier one."""

    def remove(self, name: str) -> bool:
        """Removes a value from the file; False if it was not there."""

    def forget(self) -> None:
        """Removes all that the file has of this workspace."""
