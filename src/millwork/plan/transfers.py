"""Data that is brought within an attempt: what comes before its command, what goes after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from millwork.base.uris import parse_uri
from millwork.plan.model import Finish, Transfer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.plan.model import Artifact, Route, Step

MOUNTABLE = ("s3", "oss")
"""The places that can be mounted instead of downloaded."""
DONE = "transfers.done"
"""The file in an attempt's folder that says that its inputs have been brought."""
# Of AzureML's words, which are of its own machines: there is always a way to do without.
_WANTED = ("mount_or_download", "mount", "ro_mount", "eval_mount")


def of(
    step: Step,
    data: Mapping[str, Artifact],
    targets: Mapping[str, str],
    uploads: Mapping[str, Route],
) -> dict[str, Any]:
    """The fields `transfers` and `finish` of a plan; `targets` are paths below its root."""
    found = (*_downloads(step, data, targets), *_uploads(uploads))
    return {"transfers": found, "finish": _finish(step) if uploads else Finish()}


def mount_of(step: Step, name: str, uri: str) -> Literal["", "wanted", "needed"]:
    """Whether an input that lies at a URI is to be mounted."""
    mode, flavour = step.component.inputs[name].mode, step.component.flavour
    if mode == "mount" and flavour == "millwork":
        return "needed"
    can_be = parse_uri(uri).scheme in MOUNTABLE and not is_shared(step)
    return "wanted" if mode in _WANTED and can_be else ""


def is_shared(step: Step) -> bool:
    """Whether more than one process reads the inputs, or a sweep's trials do."""
    if step.component.work == "sweep" or step.component.batch:
        return True
    if not step.is_job:
        return False
    from millwork.plan.gang import roster

    return len(roster(step).seats) > 1


def _downloads(
    step: Step, data: Mapping[str, Artifact], targets: Mapping[str, str]
) -> Iterator[Transfer]:
    for name, artifact in data.items():
        if artifact.route:
            mount = mount_of(step, name, artifact.route.uri)
            yield Transfer(name, targets[name], artifact.route, mount=mount)


def _uploads(uploads: Mapping[str, Route]) -> Iterator[Transfer]:
    for name, route in uploads.items():
        yield Transfer(name, f"output/{name}", route, is_upload=True)


def _finish(step: Step) -> Finish:
    if not step.is_job:
        return Finish(any_exit_code=step.component.any_exit_code)
    from millwork.plan.gang import roster

    job = roster(step)
    grace = {seat.name: job.rules.grace.get(seat.role, 0.0) for seat in job.seats}
    waited = {name: seconds for name, seconds in grace.items() if seconds}
    return Finish(job.rules.success, waited, job.rules.any_exit_code)
