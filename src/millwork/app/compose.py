"""Settings to a Context with the concrete store, engine and clocks."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from millwork.actions.context import Context
from millwork.app.control import Control
from millwork.app.home import find_home, open_home
from millwork.app.process import LocalMasters, SystemClock
from millwork.run.state import Capacity
from millwork.store.secrets import HomeSecrets
from millwork.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.app.settings import Settings
    from millwork.engines.local.engine import LocalEngine
    from millwork.run.loop import Command

_GPUS = "/proc/driver/nvidia/gpus"


def open_context() -> Context:
    """The context of `$MILLWORK_HOME`; raises Unavailable if the home cannot be used."""
    if os.environ.get("MILLWORK_FAULT"):
        from millwork.app.faults import arm_from_environment

        arm_from_environment()
    home = open_home(find_home())
    store = SqliteStore(f"{home}/millwork.db")
    secrets = HomeSecrets(home, os.environ)
    control = Control()

    @cache
    def engine() -> LocalEngine:
        from millwork.blobs import code
        from millwork.engines.local.engine import LocalEngine

        def copy(digest: str, target: str) -> None:
            code.copy(digest, f"{home}/code", target)

        return LocalEngine(home, copy, control.wake, secrets)

    def commands(run: str) -> Callable[[], Sequence[Command]]:
        control.install()
        return control.commands(store, run)

    return Context(
        home=home,
        store=store,
        secrets=secrets,
        clock=SystemClock(),
        masters=LocalMasters(),
        machine=this_machine(),
        engine=engine,
        commands=commands,
    )


@cache
def home_settings() -> Settings:
    """The settings of `$MILLWORK_HOME`; raises InvalidFile with every fault of the file."""
    from millwork.app.settings import read_settings

    return read_settings(find_home())


def this_machine() -> Capacity:
    """The cores this process may use, the memory, and NVIDIA's GPUs."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    gpus = range(len(os.listdir(_GPUS))) if os.path.isdir(_GPUS) else ()
    return Capacity(parallel=cores, cpu=cores, memory=memory, gpus=tuple(gpus))
