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
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.run.state import Capacity
from millwork.store.runs import RunStore
from millwork.store.secrets import HomeSecrets

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
DATABASE = "MILLWORK_DATABASE"
_GPUS = "/proc/driver/nvidia/gpus"


def open_context() -> Context:
    """The context of `$MILLWORK_HOME`; raises Unavailable if the home cannot be used."""
    if os.environ.get("MILLWORK_FAULT"):
        from millwork.app.faults import arm_from_environment

        arm_from_environment()
    home = open_home(find_home())
    store = RunStore(database_of(home), home)
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

        return ContainerEngine(home, copy, control.wake, secrets, container_settings)

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

    home = open_home(find_home())
    return ShardStore(database_of(home), home)


def database_of(home: str) -> str:
    """Where the record of runs is: a file of the home, or the URL of a database.

    Raises BadRequest for a URL of another kind, InvalidFile for faults in the settings.
    """
    named = os.environ.get(DATABASE)
    if named:
        from millwork.app.settings import DATABASE_RULE, is_database

        if not is_database(named):
            raise BadRequest(f"{DATABASE}: expected {DATABASE_RULE}")
        return named
    if os.path.lexists(_settings_file()) and _execution().database:
        return home_settings().database
    return f"{home}/millwork.db"


def default_engine() -> str:
    """The engine of runs that name none."""
    # A run on this machine alone pays for no more than this look.
    return _execution().engine if os.path.lexists(_settings_file()) else LOCAL


def container_settings() -> ContainerSettings:
    """How containers are run."""
    return _execution().container


def _settings_file() -> str:
    return f"{find_home()}/settings.yaml"


@dataclass(frozen=True)
class _Execution:
    """What every command needs of the settings; the database's URL may hold a password."""

    engine: str
    container: ContainerSettings
    database: bool = False


@cache
def _execution() -> _Execution:
    """What the settings say of engines, and whether they name a database.

    It is kept until the file changes: reading the file takes longer than starting a step.
    """
    from millwork.engines.container.memo import Memo
    from millwork.engines.container.tool import Settings as ContainerSettings

    try:
        state = os.stat(_settings_file())
    except FileNotFoundError:
        return _Execution(LOCAL, ContainerSettings())
    key = [__version__, state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino]
    memo = Memo(f"{find_home()}/containers.json")
    kept = memo.get("settings", LOCAL)
    if isinstance(kept, dict) and kept["key"] == key and "database" in kept:
        lists = {name: tuple(value) for name, value in kept["container"].items()
                 if isinstance(value, list)}  # fmt: skip
        container = ContainerSettings(**{**kept["container"], **lists})
        return _Execution(kept["engine"], container, kept["database"])
    settings = home_settings()
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _YOUNG:
        said = {
            "engine": settings.engine, "container": asdict(settings.container),
            "database": bool(settings.database),
        }  # fmt: skip
        memo.put("settings", LOCAL, {"key": key, **said})
    return _Execution(settings.engine, settings.container, bool(settings.database))


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
