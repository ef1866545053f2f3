"""Settings to a Context with the concrete store, engine and clocks."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from functools import cache, partial
from typing import TYPE_CHECKING

from millwork import __version__
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
    from millwork.engines.container.tool import Settings as ContainerSettings
    from millwork.engines.host.engine import HostEngine
    from millwork.ports import Leasing, RunRow
    from millwork.run.loop import Command
    from millwork.store.shards import ShardStore

LOCAL = "local"
_YOUNG = 2_000_000_000  # ns: a file may change once more within one tick of its clock
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
    def made(name: str) -> HostEngine:
        from millwork.blobs import code

        def copy(digest: str, target: str) -> None:
            code.copy(digest, f"{home}/code", target)

        if name == LOCAL:
            from millwork.engines.local.engine import LocalEngine

            return LocalEngine(home, copy, control.wake, secrets)
        from millwork.engines.container.engine import ContainerEngine

        return ContainerEngine(home, copy, control.wake, secrets, lambda: _execution()[1])

    def engine(name: str = LOCAL) -> HostEngine:
        return made(name)

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
        shards=cache(open_shards),
        leasing=partial(_leasing, home, control),
    )


def _leasing(home: str, control: Control, run: RunRow, address: str) -> Leasing:
    from millwork.app.leases import LeaseProcess

    return LeaseProcess(home, address, run, control.notify)


def open_shards() -> ShardStore:
    """The records of batches in `$MILLWORK_HOME`."""
    from millwork.store.shards import ShardStore

    return ShardStore(f"{open_home(find_home())}/millwork.db")


def default_engine() -> str:
    """The engine of runs that name none."""
    # A run on this machine alone pays for no more than this look.
    return _execution()[0] if os.path.lexists(_settings_file()) else LOCAL


def container_settings() -> ContainerSettings:
    """How containers are run."""
    return _execution()[1]


def _settings_file() -> str:
    return f"{find_home()}/settings.yaml"


@cache
def _execution() -> tuple[str, ContainerSettings]:
    """What the settings say of engines.

    It is kept until the file changes: reading the file takes longer than starting a step.
    """
    from millwork.engines.container.memo import Memo
    from millwork.engines.container.tool import Settings as ContainerSettings

    try:
        state = os.stat(_settings_file())
    except FileNotFoundError:
        return LOCAL, ContainerSettings()
    key = [__version__, state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino]
    memo = Memo(f"{find_home()}/containers.json")
    kept = memo.get("settings", LOCAL)
    if isinstance(kept, dict) and kept["key"] == key:
        lists = {name: tuple(value) for name, value in kept["container"].items()
                 if isinstance(value, list)}  # fmt: skip
        return kept["engine"], ContainerSettings(**{**kept["container"], **lists})
    settings = home_settings()
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _YOUNG:
        said = {"engine": settings.engine, "container": asdict(settings.container)}
        memo.put("settings", LOCAL, {"key": key, **said})
    return settings.engine, settings.container


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
