"""What the verbs are given: the home and the ports, made in `app`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millwork.actions.azureml import Maps
    from millwork.batch.records import Records
    from millwork.ports import Clock, Engine, Leasing, Masters, RunRow, Secrets, Store
    from millwork.run.loop import Command
    from millwork.run.state import Capacity
    from millwork.store.admission import AdmissionStore
    from millwork.store.alerts import AlertStore
    from millwork.store.assets import AssetStore
    from millwork.store.instances import InstanceLists
    from millwork.store.people import PeopleStore
    from millwork.store.retention import RetentionStore
    from millwork.store.schedules import ScheduleStore


class Engines(Protocol):
    """The engines of this machine, by name; they are made when they are first asked for."""

    def __call__(self, name: str = "local", workspace: str = "default") -> Engine:
        """The engine of that name, with the secrets of that workspace."""


def _nobody() -> None:
    """Nobody admits runs here: who asks for one drives it."""


@dataclass
class Context:
    """A Millwork home, and the means to work in it.

    `commands` gives what people want of a run since it was last asked; `shards` are the records of
    batches, `leasing` the service that gives a run's shards out, at an address. `people` and
    `assets` are the records of who may do what, and of the registry, `schedules` those of what
    recurs, `instances` the lists of its cycles, `alerts` what is told of it, `admissions` the
    queue; `nudge` makes whoever admits runs look at it. `maps` are what references of other clouds
    stand for here; `mounts` are folders by the names that `nas://NAME/...` knows them by;
    `artifacts` is where in S3 artifacts are kept besides the home, empty for nowhere. `retention`
    tells what may go. A server `is_shared` if its people are said to trust each other.
    """

    home: str
    store: Store
    secrets: Secrets
    clock: Clock
    masters: Masters
    machine: Capacity
    engine: Engines
    commands: Callable[[str], Callable[[], Sequence[Command]]]
    shards: Callable[[], Records]
    leasing: Callable[[RunRow, str], Leasing]
    people: Callable[[], PeopleStore]
    assets: Callable[[], AssetStore]
    admissions: Callable[[], AdmissionStore]
    default_engine: Callable[[], str]
    maps: Callable[[], Maps]
    retention: Callable[[], RetentionStore]
    schedules: Callable[[], ScheduleStore]
    alerts: Callable[[], AlertStore]
    instances: Callable[[], InstanceLists]
    nudge: Callable[[], None] = _nobody
    is_shared: bool = False
    mounts: Callable[[], Mapping[str, str]] = dict
    artifacts: Callable[[], str] = str

    def leases_of(self, run: str) -> str:
        """Where the lease service of a run listens."""
        return f"{self.home}/leases/{run}/socket"

    def engine_of(self, run: RunRow) -> Engine:
        """The engine that a run was begun with; it cannot go on with another."""
        return self.engine(run.facts.get("engine", "local"), run.workspace)

    def in_workspace(self, workspace: str) -> Context:
        """The same with the secrets of that workspace."""
        return replace(self, secrets=self.secrets.of(workspace))

    @property
    def code_store(self) -> str:
        """Where snapshots of code lie, by digest."""
        return f"{self.home}/code"

    @property
    def git_cache(self) -> str:
        """Where checkouts of Git repositories lie, by commit."""
        return f"{self.home}/git"
