"""Which of the waiting runs start now, and why the others wait."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field
from millwork.base.sizes import format_size
from millwork.queue.records import Admission, Allotment, Demand, Policy, Quota, Usage, usage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from millwork.queue.records import Room, Running, Waiting

_DUST = 1e-9  # cores: what sums of fractions may be wrong by
_NO_LIMIT = Quota()


def by_priority_then_age(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The highest priority first, of one priority the oldest."""
    return sorted(waiting, key=lambda run: (-run.priority, run.created, run.run))


STRICT = Policy(by_priority_then_age, head_blocks=True)


def admit(
    waiting: Iterable[Waiting],
    running: Iterable[Running],
    quotas: Mapping[str, Quota],
    machine: Room,
    policy: Policy = STRICT,
) -> list[Admission]:
    """The runs that start now, each with what it may use; the first in the queue first.

    A run whose workspace has used its quota up blocks only its workspace. For one that the
    machine has no room for yet, what is free is set aside, so runs of other workspaces do not
    keep it waiting. One that can never start blocks nobody.
    """
    judged = _judged(waiting, running, quotas, machine, policy)
    return [Admission(run.run, given) for run, given in judged if isinstance(given, Allotment)]


def why_waits(
    waiting: Iterable[Waiting],
    running: Iterable[Running],
    quotas: Mapping[str, Quota],
    machine: Room,
    policy: Policy = STRICT,
) -> dict[str, str]:
    """Why each run waits, in one sentence, by run; in the order of the queue."""
    judged = _judged(waiting, running, quotas, machine, policy)
    return {run.run: given if isinstance(given, str) else "starts now" for run, given in judged}


def _judged(
    waiting: Iterable[Waiting],
    running: Iterable[Running],
    quotas: Mapping[str, Quota],
    machine: Room,
    policy: Policy,
) -> Iterator[tuple[Waiting, Allotment | str]]:
    """Each run in its turn, with what it is given or why it waits."""
    books = _opened(list(running), machine, policy.head_blocks)
    for run in policy.order(waiting):
        yield run, books.judge(run, quotas.get(run.workspace, _NO_LIMIT), machine)


def _opened(running: list[Running], machine: Room, head_blocks: bool) -> _Books:
    here = [run for run in running if run.is_here]
    taken = {gpu for run in here for gpu in run.allotment.gpus}
    used = usage_of(here)
    free = _Free(
        cpu=max(0.0, machine.cpu - used.cpu),
        memory=max(0, machine.memory - used.memory),
        gpus=[gpu for gpu in machine.gpus if gpu not in taken],
        runs=None if machine.runs is None else max(0, machine.runs - used.runs),
    )
    books = _Books(free, head_blocks)
    for run in running:
        books.use(run.workspace, run.allotment)
    return books


@dataclass
class _Free:
    """What of a machine nobody has; `aside` is kept for the runs `for_runs`, who wait for more."""

    cpu: float
    memory: int
    gpus: list[int]
    runs: int | None
    aside: Demand = Demand()
    for_runs: list[str] = field(default_factory=list)

    def lack(self, demand: Demand) -> str:
        """Why there is no room for it; empty if there is."""
        if self.runs == 0:
            return "waits for a run to end; this machine has as many as it may have at once"
        if self.runs is not None and self.runs <= len(self.for_runs):
            return f"behind {self.for_runs[0]}"
        reason = _lack_of(demand, self.cpu, self.memory, len(self.gpus))
        if reason or not self.for_runs:
            return reason
        aside = self.aside
        free = (self.cpu - aside.cpu, self.memory - aside.memory, len(self.gpus) - aside.gpu)
        cpu, memory, gpu = (max(0, each) for each in free)
        if _lack_of(demand, cpu, int(memory), int(gpu)):
            return f"behind {self.for_runs[0]}"
        return ""

    def set_aside(self, run: str, demand: Demand) -> None:
        """Keeps for a run what it asks for, as far as it is there."""
        self.for_runs.append(run)
        self.aside = Demand(
            self.aside.cpu + demand.cpu,
            self.aside.memory + demand.memory,
            self.aside.gpu + demand.gpu,
        )

    def take(self, demand: Demand) -> Allotment:
        """Gives a run what it asks for."""
        self.cpu = max(0.0, self.cpu - demand.cpu)
        self.memory -= demand.memory
        gpus, self.gpus = self.gpus[: demand.gpu], self.gpus[demand.gpu :]
        if self.runs is not None:
            self.runs -= 1
        return Allotment(demand.cpu, demand.memory, tuple(gpus))


def _lack_of(demand: Demand, cpu: float, memory: int, gpu: int) -> str:
    if demand.gpu > gpu:
        return f"waits for {_gpus(demand.gpu)}; {gpu} {'is' if gpu == 1 else 'are'} free"
    if demand.cpu > cpu + _DUST:
        return f"waits for {_cores(demand.cpu)}; {cpu:g} {'is' if cpu == 1 else 'are'} free"
    if demand.memory > memory:
        return f"waits for {format_size(demand.memory)} of memory; {format_size(memory)} is free"
    return ""


class _Books:
    """What is used and free while one run after the other is judged."""

    def __init__(self, free: _Free, head_blocks: bool) -> None:
        self._free = free
        self._head_blocks = head_blocks
        self._used: defaultdict[str, Usage] = defaultdict(Usage)
        self._heads: dict[str, str] = {}

    def use(self, workspace: str, given: Allotment) -> None:
        """Another run of the workspace has this."""
        used = self._used[workspace]
        self._used[workspace] = Usage(
            used.cpu + given.cpu,
            used.memory + given.memory,
            used.gpu + len(given.gpus),
            used.runs + 1,
        )

    def judge(self, run: Waiting, quota: Quota, machine: Room) -> Allotment | str:
        """What the run is given, or why it waits."""
        never = _never(run, quota, machine)
        if never:
            return never
        if run.workspace in self._heads:
            return f"behind {self._heads[run.workspace]}"
        demand = _cut(run.demand, quota, machine)
        reason = _over_quota(run.workspace, demand, self._used[run.workspace], quota)
        if reason:
            self._block(run)
            return reason
        reason = self._free.lack(demand)
        if reason:
            if self._head_blocks:
                self._free.set_aside(run.run, demand)
            self._block(run)
            return reason
        given = self._free.take(demand)
        self.use(run.workspace, given)
        return given

    def _block(self, run: Waiting) -> None:
        if self._head_blocks:
            self._heads[run.workspace] = run.run


def _never(run: Waiting, quota: Quota, machine: Room) -> str:
    """Why a run will never start as things are; empty if it may."""
    demand, whose = run.demand, f"the quota of workspace '{run.workspace}'"
    least = demand.least_gpu
    if least > len(machine.gpus):
        return f"never starts: a step asks for {_gpus(least)}, this machine has {len(machine.gpus)}"
    if quota.gpu is not None and least > quota.gpu:
        return f"never starts: a step asks for {_gpus(least)}, {whose} is {quota.gpu}"
    if demand.cpu and quota.cpu == 0:
        return f"never starts: asks for {_cores(demand.cpu)}, {whose} is 0"
    if demand.memory and quota.memory == 0:
        return f"never starts: asks for {format_size(demand.memory)} of memory, {whose} is 0"
    return ""


def _cut(demand: Demand, quota: Quota, machine: Room) -> Demand:
    """The demand, no more than there can be: then fewer steps run at once, as with any machine."""
    cpu = machine.cpu if quota.cpu is None else min(quota.cpu, machine.cpu)
    memory = machine.memory if quota.memory is None else min(quota.memory, machine.memory)
    gpu = len(machine.gpus) if quota.gpu is None else min(quota.gpu, len(machine.gpus))
    return Demand(min(demand.cpu, cpu), min(demand.memory, memory), min(demand.gpu, gpu))


def _over_quota(workspace: str, demand: Demand, used: Usage, quota: Quota) -> str:
    """What of its quota a workspace has used up; empty if the demand fits into it."""
    if quota.runs is not None and used.runs >= quota.runs:
        runs = "1 run" if used.runs == 1 else f"{used.runs} runs"
        verb = "runs" if used.runs == 1 else "run"
        return f"{runs} of workspace '{workspace}' {verb}, its quota is {quota.runs}"
    if demand.gpu and quota.gpu is not None and used.gpu + demand.gpu > quota.gpu:
        return (
            f"asks for {_gpus(demand.gpu)}; workspace '{workspace}' uses {used.gpu} "
            f"of its quota of {quota.gpu}"
        )
    if demand.cpu and quota.cpu is not None and used.cpu + demand.cpu > quota.cpu + _DUST:
        return (
            f"asks for {_cores(demand.cpu)}; workspace '{workspace}' uses {used.cpu:g} "
            f"of its quota of {quota.cpu:g}"
        )
    if demand.memory and quota.memory is not None and used.memory + demand.memory > quota.memory:
        return (
            f"asks for {format_size(demand.memory)} of memory; workspace '{workspace}' uses "
            f"{format_size(used.memory)} of its quota of {format_size(quota.memory)}"
        )
    return ""


def _gpus(count: int) -> str:
    return "1 GPU" if count == 1 else f"{count} GPUs"


def _cores(count: float) -> str:
    return "1 core" if count == 1 else f"{count:g} cores"
