"""What stands for data and values while a pipeline is composed: nodes, their outputs, wires."""

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    NoReturn,
    Protocol,
    Self,
    TypeAlias,
    TypedDict,
    Unpack,
)

from millwork.base.records import dataclass
from millwork.formats.python.signature import Port
from millwork.sdk.names import attributes, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


class NodeOptions(TypedDict, total=False):
    """The fields of a node in a pipeline file, but for its component, inputs and parameters."""

    retries: int
    timeout: str
    when: str
    on_lost: Literal["retry", "fail"]
    continue_on_failure: bool
    env: Mapping[str, Any]
    resources: Mapping[str, float | str]
    replicas: int | Mapping[str, Any]
    job: Mapping[str, Any]
    run_policy: Mapping[str, Any]


class Composition(Protocol):
    """The pipeline that a node belongs to."""

    def configure(
        self, node: Node, name: str, after: Sequence[Node], options: Mapping[str, Any]
    ) -> None:
        """Gives a node its name, if there is one, and options; raises if they are not allowed."""


class Wire:
    """Data or a value that is known when the pipeline runs: an output, an input, a parameter.

    `type` is the port's (`table`) or the parameter's (`Int`).
    """

    def __init__(self, pipeline: Composition, owner: Node | str, name: str, type_: str) -> None:
        self.pipeline, self.owner, self.name, self.type = pipeline, owner, name, type_

    @property
    def reference(self) -> str:
        """As a pipeline file writes it: `train.model`, `parameters.rounds`."""
        owner = self.owner.name if isinstance(self.owner, Node) else self.owner
        return f"{owner}.{self.name}"

    def __repr__(self) -> str:
        return f"<wire {self.reference}: {self.type}>"

    def _refuse(self, *_: object) -> NoReturn:
        raise TypeError(
            f"'{self.reference}' has no value while the pipeline is composed; "
            "pass it to a component, which gets the value when the pipeline runs"
        )

    if not TYPE_CHECKING:
        __bool__ = __iter__ = __len__ = __getitem__ = __format__ = __index__ = _refuse
        __int__ = __float__ = __lt__ = __le__ = __gt__ = __ge__ = __call__ = _refuse
        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
        __truediv__ = __rtruediv__ = __floordiv__ = __mod__ = __pow__ = __neg__ = _refuse


class Outputs:
    """A node's outputs: by attribute, `outputs.model`, by name, `outputs["model-2"]`, or all.

    `train(**split.outputs)` passes each under its own name.
    """

    def __init__(self, node: Node, types: Mapping[str, str]) -> None:
        self._owner = node
        self._wires = {name: Wire(node.pipeline, node, name, kind) for name, kind in types.items()}
        self._attributes = attributes(types)

    def __getattr__(self, name: str) -> Wire:
        known: Mapping[str, str] = self.__dict__.get("_attributes", {})
        if name not in known:
            raise AttributeError(self._missing(name) if known else name)
        return self._wires[known[name]]

    def __getitem__(self, name: str) -> Wire:
        if name not in self._wires:
            raise KeyError(self._missing(name))
        return self._wires[name]

    def keys(self) -> Iterable[str]:
        """The names of the outputs."""
        return self._wires.keys()

    def __iter__(self) -> Iterator[str]:
        return iter(self._wires)

    def __len__(self) -> int:
        return len(self._wires)

    def __dir__(self) -> list[str]:
        return sorted(self._attributes)

    def _missing(self, name: str) -> str:
        return f"'{self._owner.name}' has no output '{name}'; it has: {listed(self._wires)}"


class Node:
    """A component with its arguments in the pipeline that is being composed."""

    def __init__(self, pipeline: Composition, name: str, outputs: Mapping[str, str]) -> None:
        self.pipeline, self.name = pipeline, name
        self._outputs = Outputs(self, outputs)

    @property
    def outputs(self) -> Outputs:
        """Its outputs, to be passed to other components."""
        return self._outputs

    @property
    def wire(self) -> Wire:
        """Its only output; TypeError if it has none or several."""
        if len(self._outputs) != 1:
            named = ", ".join(f".outputs.{name}" for name in dir(self._outputs))
            which = f"say which: {named}" if named else "nothing can be read from it"
            raise TypeError(f"'{self.name}' has {len(self._outputs)} outputs; {which}")
        return self._outputs[next(iter(self._outputs))]

    def with_(
        self, *, name: str = "", after: Iterable[Node] = (), **options: Unpack[NodeOptions]
    ) -> Self:
        """Gives the node a name, nodes to wait for, and options as a pipeline file has them.

        TypeError for an option that is not there or does not fit, ValueError for a name in use.
        """
        self.pipeline.configure(self, name, tuple(after), options)
        return self

    def __repr__(self) -> str:
        return f"<node {self.name}: {', '.join(self._outputs) or 'no outputs'}>"


@dataclass(frozen=True)
class Each:
    """A list over which a node is repeated; see `each`."""

    items: Wire
    max_parallel: int | None = None


def each(items: Wire | Node | Any, *, max_parallel: int | None = None) -> Any:
    """As a parameter's argument: the node runs once for each item of the list `items`.

    `items` is a `value` output, or a parameter, that holds a list; see `foreach` in the docs.
    """
    wire = items.wire if isinstance(items, Node) else items
    if not isinstance(wire, Wire):
        raise TypeError(f"each() takes an output or a parameter, not {type(items).__name__}")
    return Each(wire, max_parallel)


Input: TypeAlias = Annotated[Wire, Port("pipeline", "inputs")]
"""An input of a pipeline: `rows: Input`, or with a type `rows: Annotated[Input, "table"]`."""
