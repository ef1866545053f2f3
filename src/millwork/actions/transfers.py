"""Which data by URI a step can have, and what is said of it before the run begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, Unavailable
from millwork.base.uris import parse_uri
from millwork.plan.contract import LINK
from millwork.plan.model import GivenUri
from millwork.plan.transfers import MOUNTABLE, is_shared, mount_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.plan.model import Step

_READ_ONLY, _DOWNLOADED = ("http", "https"), ("http", "https", "table", "odps")


def check(step: Step, *, is_incremental: bool) -> list[str]:
    """What people should know. Raises BadRequest and Unavailable for what cannot be done."""
    batch, by_uri = step.component.batch, dict(_by_uri(step))
    if is_incremental and batch and batch.input in by_uri:
        raise BadRequest(
            f"step '{step.name}': --incremental compares the files of the batch's input, and "
            f"{by_uri[batch.input]} is brought within the run: `millwork data get` fetches it"
        )
    for name, uri in step.destinations.items():
        _check_destination(step, name, uri)
    return list(check_mounts(step))


def check_mounts(step: Step) -> Iterator[str]:
    """Raises BadRequest and Unavailable for what must be mounted and cannot be."""
    wishes = [(name, uri, mount_of(step, name, uri)) for name, uri in _by_uri(step)]
    if not any(wish for _, _, wish in wishes):
        return
    from millwork.blobs.places import mounting

    trouble = mounting.trouble()
    for name, uri, wish in wishes:
        if wish == "needed":
            _check_mount(step, name, uri, trouble)
        elif wish and trouble:
            yield f"input '{name}' is downloaded, not mounted: {trouble}"


def _by_uri(step: Step) -> Iterator[tuple[str, str]]:
    for name, given in step.inputs.items():
        if isinstance(given, GivenUri):
            yield name, given.uri


def _check_mount(step: Step, name: str, uri: str, trouble: str) -> None:
    asked = f"step '{step.name}': input '{name}' has `mode: mount`"
    if parse_uri(uri).scheme in _DOWNLOADED:
        known = ", ".join(MOUNTABLE)
        raise BadRequest(f"{asked}, and {uri} cannot be mounted; {known} can: mount_or_download")
    if is_shared(step):
        raise BadRequest(
            f"{asked}; of a job of several replicas, a batch and a sweep data is downloaded once "
            "for all: mount_or_download"
        )
    if trouble:
        raise Unavailable(f"{asked}, and nothing can be mounted: {trouble}; or mount_or_download")


def _check_destination(step: Step, name: str, uri: str) -> None:
    if parse_uri(uri).scheme in _READ_ONLY:
        raise BadRequest(f"output '{name}': {uri} is only read")
    if step.each or step.component.batch or step.component.outputs[name].mode == LINK:
        raise BadRequest(
            f"output '{name}' to {uri}: of a foreach, a batch or a link nothing is brought away; "
            "let a step after it do that, or `millwork data put`"
        )
