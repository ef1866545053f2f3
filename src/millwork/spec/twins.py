"""PAI's components behind nodes of ours: what all the files share in which PAI keeps a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MILLWORK = "millwork"
"""The provider of nodes that only Millwork has; their identifier is what a node names."""
FOREIGN = "pai:"
"""What a node's component begins with that only PAI has."""
READER = "data_source"
"""The component that reads a table of MaxCompute, `inputTableName`."""
TABLE_NAME = "inputTableName"


@dataclass(frozen=True)
class Twin:
    """PAI's component with the work of one of ours: its names by our names.

    `values` are its words by ours, by our parameter; `unsaid` our defaults as text where its own
    are others, by our parameter.
    """

    identifier: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    unsaid: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_names(self) -> bool:
        """Whether its names are known, unlike those of one that only PAI has."""
        return bool(self.inputs or self.outputs or self.parameters)


def known(component: str, twin: Callable[[str], Twin | None]) -> Twin | None:
    """The component of PAI's that a node names itself, or else its `twin`."""
    if component.startswith(FOREIGN):
        return Twin(component.removeprefix(FOREIGN))
    return twin(component)
