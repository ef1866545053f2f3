"""What one type makes of its own fields, before what all types have in common is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.document import Node
    from millwork.spec.model import Path, Work


@dataclass(frozen=True)
class Shape:
    """The work of a component: `templates` are the texts with placeholders, by their path.

    Code and environment stand at paths of their own in some types.
    """

    work: Work
    command: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    templates: Mapping[Path, str] = field(default_factory=dict)
    code: str | None = None
    code_path: Path = ("code",)
    environment: Node | None = None
    environment_path: Path = ("environment",)
    needs_environment: bool = False
    timeout: float | None = None
