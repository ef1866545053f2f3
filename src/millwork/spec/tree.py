"""A definition together with the definitions it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field
from millwork.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Definition, Input, Parameter


@dataclass(frozen=True)
class Tree:
    """A definition, and for a pipeline the tree of each of its nodes."""

    definition: Definition
    children: Mapping[str, Tree] = field(default_factory=dict)

    @property
    def inputs(self) -> Mapping[str, Input]:
        """Its input ports."""
        return self.definition.inputs

    @property
    def parameters(self) -> Mapping[str, Parameter]:
        """Its parameters."""
        return self.definition.parameters

    def output_type(self, name: str) -> str | None:
        """The type of the output `name`, None if there is none; a pipeline's is its node's."""
        if isinstance(self.definition, Component):
            port = self.definition.outputs.get(name)
            return port.type if port else None
        reference = self.definition.outputs.get(name)
        if reference is None or reference.owner not in self.children:
            return None
        return self.children[reference.owner].output_type(reference.name)
