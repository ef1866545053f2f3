"""What a job may do at a URI: tried in an attempt, with the job's environment and credentials."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from millwork.actions import submit
from millwork.actions.drive import open_loop
from millwork.actions.storage import CONNECTION, Storage
from millwork.base.errors import BadRequest, Unavailable
from millwork.base.uris import is_uri, parse_uri
from millwork.plan.model import GivenPath, GivenUri, Route
from millwork.plan.transfers import MOUNTABLE
from millwork.spec.model import Component, Output, Secret
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.run.loop import Observer

_PROGRAM = "millwork.blobs.places.probe"
_PROBE, _SECRET = "MILLWORK_PROBE", "MILLWORK_PROBE_SECRET"
_PATIENCE = 300.0


MOUNT = "mount"
"""The finding that says whether buckets can be mounted here: nobody has to be able to."""


def examine_storage(context: Context, text: str, observer: Observer) -> list[dict[str, str]]:
    """Findings as those of `actions.doctor`, the state `ok` or `note`; a run is kept of it.

    `text` is a URI, or the name of a connection. It is tried by the local engine: data of
    containers is brought on this machine, too. Raises BadRequest and Unavailable.
    """
    storage = Storage(context)
    uri = text if is_uri(text) else _top(context, text)
    route = _route(storage, uri)
    storage.check_secret(route)
    submitted = submit.submit(context, submit.Request(Tree(_component(route))))
    loop = open_loop(context, submitted.run, submitted.graph.steps, observer)
    if loop.drive() != "succeeded":
        row = context.store.steps(submitted.run.id)[0]
        raise Unavailable(f"{uri}: it could not be tried: {row.reason}")
    row = context.store.steps(submitted.run.id)[0]
    with open(f"{row.outputs['report']['path']}/value.json", encoding="utf-8") as file:
        checks = json.load(file)
    return [
        {"what": each["what"], "state": "ok" if each["allowed"] else "note", "says": each["says"]}
        for each in checks
    ] + _mounting(route)


def _mounting(route: Route) -> list[dict[str, str]]:
    if parse_uri(route.uri).scheme not in MOUNTABLE:
        return []
    from millwork.blobs.places import mounting

    trouble = mounting.trouble()
    says = f"downloaded, not mounted: {trouble}" if trouble else "can be mounted, by rclone"
    return [{"what": MOUNT, "state": "note" if trouble else "ok", "says": says}]


def _top(context: Context, name: str) -> str:
    from millwork.actions.nouns.connections import top_of

    kept = context.assets().get("default", CONNECTION, name)
    if kept is None:
        raise BadRequest(f"there is no connection '{name}'; a URI may be named as well")
    return top_of(kept)


def _route(storage: Storage, uri: str) -> Route:
    """How the data is reached in the end: a dataset where it lies."""
    if parse_uri(uri).scheme != "dataset":
        return storage.route(uri)
    found, _ = storage.source(GivenUri(uri))
    if isinstance(found, GivenPath):
        return Route(f"file://{found.path}")
    assert isinstance(found, GivenUri)
    return storage.route(found.uri)


def _component(route: Route) -> Component:
    order = {"uri": route.uri, "fields": dict(route.fields)}
    env: dict[str, str | Secret] = {_PROBE: json.dumps(order)}
    if route.secret:
        env[_SECRET] = Secret(route.secret)
    return Component(
        name="storage-check",
        version="1.0.0",
        command=f"exec '{sys.executable}' -E -P -m {_PROGRAM}",
        outputs={"report": Output("value")},
        env=env,
        is_deterministic=False,
        timeout=_PATIENCE,
    )
