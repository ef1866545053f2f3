"""What stands in a manifest: a graph, or one component of a graph with its arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from millwork.spec.model import Path


class Origin(NamedTuple):
    """What `{{...}}` names: an output of `pipeline`, or if that is empty an input of the graph."""

    pipeline: str
    is_artifact: bool
    name: str


class Argument(NamedTuple):
    """What an artifact or parameter is: a value, or where it comes from; None for neither."""

    name: str
    value: str | tuple[str, ...] | None
    origin: Origin | None
    path: Path


class Artifact(NamedTuple):
    """A port; `kind` is `table`, `model` or `any`."""

    name: str
    kind: str
    required: bool
    description: str
    origin: Origin | None
    path: Path


class Parameter(NamedTuple):
    """A value that a graph takes."""

    name: str
    type: str
    value: str | tuple[str, ...] | None
    description: str
    path: Path


@dataclass(frozen=True)
class Manifest:
    """A graph if it has `pipelines`, else a component: `image` is that of its container."""

    name: str
    title: str
    identifier: str
    provider: str
    image: str
    inputs: tuple[Artifact, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[Artifact, ...]
    artifacts: tuple[Argument, ...]
    settings: tuple[Argument, ...]
    after: tuple[str, ...]
    pipelines: tuple[Manifest, ...]
    path: Path
