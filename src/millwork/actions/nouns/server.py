"""The server itself: whether it lives, whether it can work, what it is, and its figures."""

from __future__ import annotations

import shutil

from millwork import __version__
from millwork.actions.call import Call
from millwork.actions.exchange import Text
from millwork.base.errors import Unavailable
from millwork.base.sizes import format_size
from millwork.store.census import Census
from millwork.store.database import Database
from millwork.store.runs import RunStore
from millwork.views.server import About, EngineView, Health

PATIENCE = 2.0
"""Seconds that the database may take to answer before the server is not ready."""

LEAST = 64 * 2**20
"""Bytes that must be free on the disk of the home."""

_ENGINES = ("local", "container")
_PROMISE = (
    "On the local engine a workspace is a folder and a label, not a wall: steps run as the "
    "server's user, and can read its database, the data of other workspaces and its secrets. It is "
    "for one person, or for people who trust each other."
)


def health(call: Call) -> Health:  # noqa: ARG001
    """Says that the process answers."""
    return {"status": "ok"}


def ready(call: Call) -> Health:
    """Says that the server can work, or, with status 503, why it cannot."""
    facts = database_of(call).facts(PATIENCE)
    if facts.schema != facts.newest:
        raise Unavailable(
            f"the database is of version {facts.schema} and not {facts.newest}: "
            "start this server again, with the newest Millwork"
        )
    free = shutil.disk_usage(call.context.home).free
    if free < LEAST:
        raise Unavailable(f"only {format_size(free)} are free on the disk of the home: make room")
    return {"status": "ok"}


def about(call: Call) -> About:
    """What the server is, and what it has to do."""
    machine = call.context.machine
    runs = Census(database_of(call)).runs()
    return {
        "version": __version__,
        "engines": [_engine(call, name) for name in _ENGINES],
        "machine": {"cpu": machine.cpu, "memory": machine.memory, "gpus": len(machine.gpus)},
        "database": database_of(call).facts(PATIENCE).kind,
        "running": sum(number for (_, status), number in runs.items() if status == "running"),
        "queued": sum(number for (_, status), number in runs.items() if status == "queued"),
        "promise": _PROMISE,
    }


def metrics(call: Call) -> Text:
    """The server's figures, as Prometheus reads them."""
    from millwork.actions.metrics import CONTENT_TYPE, exposition

    return Text(exposition(call.context, database_of(call)), CONTENT_TYPE)


def database_of(call: Call) -> Database:
    """The database of the home."""
    store = call.context.store
    assert isinstance(store, RunStore)
    return store.database


def _engine(call: Call, name: str) -> EngineView:
    return {"name": name, "shortcoming": call.context.engine(name).shortcoming}
