"""The registry as people and programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from millwork.registry.documents import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.base.faults import Fault
    from millwork.store.assets import Kept


class AssetView(TypedDict):
    """A row of a list: a thing with what its latest version is."""

    kind: str
    name: str
    version: str
    visibility: str
    description: str
    labels: dict[str, str]
    stage: str
    deprecated: str
    creator: str
    created: float
    changed: float


class AssetPage(TypedDict):
    """A page of things; `next` is what `after` is for the page behind it."""

    items: list[AssetView]
    next: str | None


class FaultView(TypedDict):
    """What is wrong, or worth a look, in a text."""

    line: int
    column: int
    path: str
    severity: str
    message: str


class VersionRow(AssetView):
    """A row of a list of versions; `latest` is the one that the name alone stands for."""

    latest: str
    digest: str
    run: str
    comment: str
    author: str
    registered: float


class VersionView(VersionRow):
    """One version whole."""

    document: dict[str, Any]


class PublishedView(VersionView):
    """A version of a component or pipeline; `definition` is what its text says."""

    definition: dict[str, Any]
    warnings: list[FaultView]


class VersionPage(TypedDict):
    """A page of a thing's versions, latest first."""

    items: list[VersionRow]
    next: str | None


class DifferencesView(TypedDict):
    """In what two versions differ."""

    name: str
    before: str
    after: str
    differences: list[Difference]


class DraftView(TypedDict):
    """A draft; it is saved with the `revision` that was loaded. `faults` are those of its text."""

    name: str
    revision: int
    text: str
    bundle: str
    visibility: str
    creator: str
    author: str
    created: float
    changed: float
    faults: list[FaultView]


class DraftRow(TypedDict):
    """A row of the list of drafts."""

    name: str
    revision: int
    visibility: str
    creator: str
    author: str
    created: float
    changed: float


class DraftPage(TypedDict):
    """A page of drafts."""

    items: list[DraftRow]
    next: str | None


class Deleted(TypedDict):
    """What was deleted."""

    deleted: str


class UsedInput(TypedDict):
    """What an input of a step read: `model.port` of another step, or data by any of the names."""

    port: str
    kind: Literal["path", "uri", "dataset", "step"]
    value: str


class CodeView(TypedDict):
    """The code of a step: the digest of its snapshot, and the commit that it was taken from."""

    digest: str
    commit: str
    url: str
    dirty: bool


class TakenView(TypedDict):
    """A file of a code source, and the `bundle` of the code that goes with it, at one commit."""

    text: str
    bundle: str
    code: str
    commit: str
    url: str


class StepLineage(TypedDict):
    """What a step is made of; `outputs` are the digests of what it left, by port.

    `registered` are the versions that were made of an output, by port: `model:greeter@0.1.0`.
    """

    step: str
    status: str
    attempt: str
    component: str
    flavour: str
    image: str
    code: CodeView
    inputs: list[UsedInput]
    outputs: dict[str, str]
    registered: dict[str, list[str]]


class RunLineage(TypedDict):
    """A run both ways: the things it `uses`, its steps, and what was `registered` of it."""

    run: str
    name: str
    definition: str
    status: str
    created: float
    uses: list[str]
    steps: list[StepLineage]
    registered: list[str]


class AssetLineage(TypedDict):
    """Where a version comes from, and what is made of it.

    `run` is the steps that led to it; None without a run, or if it is not shown to this person.
    `used_by` are things and `runs` the ids of runs that name this version, newest first.
    """

    asset: str
    source: dict[str, Any]
    run: RunLineage | None
    used_by: list[str]
    runs: list[str]


def row_of(kept: Kept) -> AssetView:
    """A thing for a list."""
    return {
        "kind": kept.kind,
        "name": kept.name,
        "version": kept.version,
        "visibility": kept.visibility,
        "description": kept.description,
        "labels": dict(kept.labels),
        "stage": kept.stage,
        "deprecated": kept.deprecated,
        "creator": kept.creator,
        "created": kept.created,
        "changed": kept.changed,
    }


def version_row_of(kept: Kept) -> VersionRow:
    """A version for a list."""
    return {
        **row_of(kept),
        "latest": kept.latest,
        "digest": kept.digest,
        "run": kept.run,
        "comment": kept.comment,
        "author": kept.author,
        "registered": kept.registered,
    }


def version_of(kept: Kept) -> VersionView:
    """A version whole."""
    return {**version_row_of(kept), "document": dict(kept.document)}


def published_of(
    kept: Kept, definition: Mapping[str, Any], warnings: Sequence[Fault]
) -> PublishedView:
    """A version of a component or pipeline."""
    return {
        **version_of(kept),
        "definition": dict(definition),
        "warnings": faults_of(warnings),
    }


def draft_row_of(kept: Kept) -> DraftRow:
    """A draft for a list."""
    return {
        "name": kept.name,
        "revision": kept.revision,
        "visibility": kept.visibility,
        "creator": kept.creator,
        "author": kept.author,
        "created": kept.created,
        "changed": kept.changed,
    }


def draft_of(kept: Kept, faults: Sequence[Fault]) -> DraftView:
    """A draft whole."""
    return {
        **draft_row_of(kept),
        "text": kept.document["text"],
        "bundle": kept.document["bundle"],
        "faults": faults_of(faults),
    }


def faults_of(faults: Sequence[Fault]) -> list[FaultView]:
    """Faults with their places."""
    return [
        {
            "line": fault.line,
            "column": fault.column,
            "path": fault.path,
            "severity": fault.severity,
            "message": fault.message,
        }
        for fault in faults
    ]
