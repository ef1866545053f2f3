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
    from collections.abc import Callable, Mapping, Sequence

    from millwork.actions.context import Engines
    from millwork.app.settings import Settings
    from millwork.engines.container.tool import Settings as ContainerSettings
    from millwork.engines.host.engine import HostEngine
    from millwork.engines.local.warm import WarmProcess
    from millwork.ports import Leasing, RunRow
    from millwork.run.loop import Command
    from millwork.store.admission import AdmissionStore
    from millwork.store.alerts import AlertStore
    from millwork.store.assets import AssetStore
    from millwork.store.instances import InstanceLists
    from millwork.store.people import PeopleStore
    from millwork.store.retention import RetentionStore
    from millwork.store.schedules import ScheduleStore
    from millwork.store.shards import ShardStore

LOCAL = "local"
DEFAULT = "default"
_YOUNG = 2_000_000_000  # ns: a file may change once more within one tick of its clock
DATABASE = "MILLWORK_DATABASE"
_GPUS = "/proc/driver/nvidia/gpus"


def open_context(control: Control | None = None, begun: WarmProcess | None = None) -> Context:
    """The context of `$MILLWORK_HOME`; raises Unavailable if the home cannot be used.

    `control` hears what people want of a run; by default, as one who has started it in a terminal.
    `begun` may fork the steps of built-ins on the local engine.
    """
    if os.environ.get("MILLWORK_FAULT"):
        from millwork.app.faults import arm_from_environment

        arm_from_environment()
    home = open_home(find_home())
    store = RunStore(database_of(home), home)
    secrets = HomeSecrets(home, os.environ)
    control = control or Control()

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
        engine=_engines(home, control.wake, secrets, begun),
        commands=commands,
        shards=cache(open_shards),
        leasing=partial(_leasing, home, control),
        people=cache(partial(_people, store)),
        assets=cache(partial(_assets, store)),
        mounts=mounts,
        admissions=cache(partial(_admissions, store)),
        default_engine=default_engine,
        maps=home_settings,
        retention=cache(partial(_retention, store)),
        schedules=cache(partial(_schedules, store)),
        alerts=cache(partial(_alerts, store)),
        instances=cache(partial(_instances, store)),
        artifacts=artifacts,
    )


def _engines(home: str, wake: int, secrets: HomeSecrets, begun: WarmProcess | None) -> Engines:
    """The engines of the home by name, each made when it is first asked for."""

    @cache
    def made(name: str, workspace: str) -> HostEngine:
        from millwork.blobs import code

        def copy(digest: str, target: str) -> None:
            code.copy(digest, f"{home}/code", target)

        if name == LOCAL:
            from millwork.engines.local.engine import LocalEngine

            return LocalEngine(home, copy, wake, secrets.of(workspace), begun)
        from millwork.engines.container.engine import ContainerEngine

        own = secrets.of(workspace)
        return ContainerEngine(home, copy, wake, own, container_settings)

    def engine(name: str = LOCAL, workspace: str = DEFAULT) -> HostEngine:
        return made(name, workspace)

    return engine


def _people(store: RunStore) -> PeopleStore:
    from millwork.store.people import PeopleStore

    return PeopleStore(store.database)


def _assets(store: RunStore) -> AssetStore:
    from millwork.store.assets import AssetStore

    return AssetStore(store.database)


def _admissions(store: RunStore) -> AdmissionStore:
    from millwork.store.admission import AdmissionStore

    return AdmissionStore(store.database)


def _retention(store: RunStore) -> RetentionStore:
    from millwork.store.retention import RetentionStore

    return RetentionStore(store.database)


def _schedules(store: RunStore) -> ScheduleStore:
    from millwork.store.schedules import ScheduleStore

    return ScheduleStore(store.database)


def _instances(store: RunStore) -> InstanceLists:
    from millwork.store.instances import InstanceLists

    return InstanceLists(store.database)


def _alerts(store: RunStore) -> AlertStore:
    from millwork.store.alerts import AlertStore

    return AlertStore(store.database)


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


def running_server() -> str | None:
    """The URL of the server on this home; None if none is up."""
    import json

    from millwork.ports import Master

    try:
        with open(f"{find_home()}/server.json", encoding="utf-8") as file:
            said = json.load(file)
        master = Master(said["pid"], said["started"], said["boot"])
        return str(said["url"]) if LocalMasters().is_alive(master) else None
    except (OSError, ValueError, KeyError):
        return None


def mounts() -> Mapping[str, str]:
    """Folders by the names that `nas://NAME/...` knows them by."""
    return home_settings().mounts if os.path.lexists(_settings_file()) else {}


def artifacts() -> str:
    """Where in S3 artifacts are kept besides the home; empty for nowhere."""
    return _execution().artifacts if os.path.lexists(_settings_file()) else ""


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
    artifacts: str = ""


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
    if isinstance(kept, dict) and kept["key"] == key and "artifacts" in kept:
        lists = {name: tuple(value) for name, value in kept["container"].items()
                 if isinstance(value, list)}  # fmt: skip
        container = ContainerSettings(**{**kept["container"], **lists})
        return _Execution(kept["engine"], container, kept["database"], kept["artifacts"])
    settings = home_settings()
    if time.time_ns() - max(state.st_mtime_ns, state.st_ctime_ns) > _YOUNG:
        said = {
            "engine": settings.engine, "container": asdict(settings.container),
            "database": bool(settings.database), "artifacts": settings.artifacts,
        }  # fmt: skip
        memo.put("settings", LOCAL, {"key": key, **said})
    database = bool(settings.database)
    return _Execution(settings.engine, settings.container, database, settings.artifacts)


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
