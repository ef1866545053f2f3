"""Starts recorders, waits for them, and ends what they started; what is started is an engine's."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Unavailable
from millwork.base.faultpoints import reach
from millwork.base.records import dataclass, field
from millwork.engines.host import logs, processes, recorder
from millwork.plan.contract import ML
from millwork.ports.engine import Ended, Outcome
from millwork.worker import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from millwork.engines.host.usage import Extent
    from millwork.plan.jobs import Hosts, Place
    from millwork.plan.model import Plan, Replica, Step
    from millwork.ports import Secrets
    from millwork.ports.engine import Image, Sample
    from millwork.spec.model import Environment

_AGAIN, _ASK_AGAIN = 0.1, 0.02
_FIRST_PORT, _PORTS = 20_000, 12_000


@dataclass(frozen=True)
class Launch:
    """What a recorder starts: words, variables, limits; and facts for the record.

    `work` is the folder that it starts in; empty for that of the code.
    """

    words: Sequence[str]
    env: Mapping[str, str]
    confinement: recorder.Confinement = field(default_factory=recorder.Confinement)
    facts: Mapping[str, Any] = field(default_factory=dict)
    work: str = ""


@dataclass
class Watched:
    """A process under watch. `pid` is its recorder's; `is_child` if this process started it.

    It is asked to end at `ask_at`, if it was not there yet to be asked, and killed at `kill_at`.
    """

    id: str
    folder: str
    pid: int | None
    is_child: bool
    watch: int | None = None
    ask_at: float | None = None
    kill_at: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class HostEngine(ABC):
    """Implements what of `ports.Engine` is alike for all processes of this machine.

    Attempts lie in folders below `home`: `ml` is what the step knows as the plan's root. Files of
    the one process of a plain step stand beside it, those of a job's replicas in a folder each.
    """

    name = ""

    def __init__(
        self,
        home: str,
        copy_code: Callable[[str, str], None],
        wake: int | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self._attempts_folder = f"{home}/attempts"
        os.makedirs(self._attempts_folder, mode=0o700, exist_ok=True)
        self._home = home
        self._copy_code = copy_code
        self._wake = wake
        self._secrets = secrets
        self._environ_of_host = processes.inherited()
        self._poll = select.poll()
        if wake is not None:
            self._poll.register(wake, select.POLLIN)
        self._watched: dict[str, Watched] = {}
        self._by_watch: dict[int, str] = {}
        self._due: list[str] = []
        self._keeper = logs.LogKeeper()

    # --- what an engine adds --------------------------------------------------------------

    @property
    @abstractmethod
    def shortcoming(self) -> str:
        """Why steps cannot have a real `/ml` here; empty if they can."""

    @abstractmethod
    def root(self, attempt: str, mounts: str) -> str:
        """Where `usercode`, `input` and `output` will be for this attempt."""

    @abstractmethod
    def lacks(self, environment: Environment) -> str:
        """What of an environment it cannot give, for people; empty if it can give all."""

    @abstractmethod
    def environment(self, code: str, wished: Environment | None) -> str | None:
        """The digest of what a component's environment resolves to."""

    @abstractmethod
    def _launch(self, process: str, plan: Plan, replica: Replica) -> Launch:
        """What the recorder of this process is to start."""

    @abstractmethod
    def _kill(self, state: Watched) -> None:
        """Ends all of the process but its recorder, which writes down how."""

    @abstractmethod
    def _clean_up(self, state: Watched, code: int | None, usage: dict[str, Any]) -> str:
        """Leaves nothing of a process that is over; adds to `usage`, and says what it died of."""

    def _outcome_of(self, folder: str) -> tuple[int | None, float | None]:
        """The exit code of what the recorder started, None if it noted none, and CPU seconds."""
        return recorder.outcome_of(folder)

    # --- the port -------------------------------------------------------------------------

    def images(self, steps: Iterable[Step]) -> Mapping[str, Image]:  # noqa: ARG002
        """None: steps run in what there is on this machine."""
        return {}

    def folder(self, attempt: str) -> str:
        """The folder that the step knows as the plan's root."""
        return f"{self._folder(attempt)}/ml"

    def aside(self, attempt: str) -> str:
        """The attempt's folder, in which each replica has one of its own."""
        return self._folder(attempt)

    def hosts(self, attempt: str, places: tuple[Place, ...]) -> Hosts:
        """Addresses in 127/8 and ports of the attempt's own, found again from its id.

        Of the addresses there are 15 million: two jobs of 8 that run at once share one with a
        chance of one in a million. Nothing has to be kept, locked or given back. Ports lie below
        those that the kernel hands out by itself.
        """
        from millwork.plan import jobs

        number = int.from_bytes(sha256(attempt.encode()).digest()[:8], "big")
        port = _FIRST_PORT + number % _PORTS
        return jobs.Hosts(jobs.loopback(places, number), port)

    def furnish(self, attempt: str, plan: Plan) -> None:
        """Makes the attempt's folder and all that a step finds in it."""
        for replica in plan.replicas:
            self._with_secrets(replica)  # nothing is made for what cannot start
        root = self.folder(attempt)
        os.mkdir(self._folder(attempt), 0o700)
        os.mkdir(root)
        for name in plan.folders:
            os.mkdir(f"{root}/{name}")
        for name, text in plan.files.items():
            _write(f"{root}/{name}", text)
        for replica in plan.replicas:
            for name, text in replica.files.items():
                os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
                _write(f"{root}/{name}", text)
        if plan.code:
            self._copy_code(plan.code, f"{root}/usercode")
        _bring_data(root, plan)

    def start(self, process: str, plan: Plan, place: int = 0) -> str:
        """Starts the plan's replica at `place`; the handle is the process's id."""
        replica = self._with_secrets(plan.replicas[place])
        folder = self._folder(process)
        if process != attempt_of(process):
            os.mkdir(folder, 0o700)
        reach("engine.furnished")
        launch = self._launch(process, plan, replica)
        if plan.transfers:
            from dataclasses import replace

            from millwork.engines.host import staging

            words, env = staging.staged(
                launch.words, plan, process, self._attempts_folder, self._secrets
            )
            launch = replace(launch, words=words, env={**launch.env, **env})
        work = launch.work or f"{self.folder(attempt_of(process))}/usercode"
        pid, is_child = self._spawn(folder, work, launch, plan)
        facts = {**launch.facts, **({} if is_child else {"start": "forked"})}
        self._watch(Watched(process, folder, pid, is_child, facts=facts))
        return process

    def adopt(self, process: str) -> None:
        """Watches a process of an earlier master; one that is over is told at once."""
        folder = self._folder(process)
        self._watch(Watched(process, folder, recorder.find(folder), is_child=False))

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        """Waits for the ends of processes; returns early when woken."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            if self._due:
                return self._take_due()
            ready = self._poll.poll(self._milliseconds(deadline))
            woken = False
            for descriptor, _ in ready:
                if descriptor == self._wake:
                    woken = bool(os.read(descriptor, 4096))
                else:
                    self._due.append(self._by_watch[descriptor])
            self._keeper.look()
            self._kill_overdue()
            is_late = deadline is not None and time.monotonic() >= deadline
            if woken or is_late:
                return self._take_due()

    def stop(self, process: str, grace: float) -> None:
        """SIGTERM to the step, SIGKILL to all of it after `grace` seconds, or at once."""
        state = self._watched.get(process)
        if state is None:
            return
        if grace <= 0:
            self._kill_until_it_ends(state)
            return
        state.kill_at = time.monotonic() + grace
        self._ask(state)

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        """What it printed from `offset` on, and the offset to go on from."""
        return logs.read(self._folder(process), offset)

    def extent(self, process: str) -> tuple[int, tuple[int, int]]:
        """How many bytes it has printed so far, and from where to where they were not kept."""
        return logs.extent(self._folder(process))

    def silence(self, process: str) -> float:
        """Seconds since it last printed, or was started."""
        return logs.silence(self._folder(process))

    def usage(self) -> Mapping[str, Sample]:
        """What is known of control groups, or else of the sessions that recorders have begun."""
        from millwork.engines.host import usage

        return usage.samples({state.id: self._extent(state) for state in self._watched.values()})

    # --- inside ---------------------------------------------------------------------------

    def _spawn(self, folder: str, work: str, launch: Launch, plan: Plan) -> tuple[int, bool]:  # noqa: ARG002 - an engine may know another way for some plans
        """Starts a recorder; its process id, and whether it is a child of this process."""
        return recorder.spawn(folder, work, launch.words, launch.env, launch.confinement), True

    def _extent(self, state: Watched) -> Extent:
        """Where the process's own processes are found."""
        return (), () if state.pid is None else (state.pid,)

    def _folder(self, process: str) -> str:
        return f"{self._attempts_folder}/{process}"

    def _with_secrets(self, replica: Replica) -> Replica:
        """The replica with the values of its secrets, and room for the filter of its log."""
        if not replica.secrets:
            return replica
        from dataclasses import replace

        env = dict(replica.env)
        for variable, name in replica.secrets.items():
            value = self._secrets.value(name) if self._secrets else None
            if value is None:
                raise Unavailable(f"there is no secret '{name}': millwork secrets set {name}")
            env[variable] = value
        most = replica.resources.processes
        resources = replace(replica.resources, processes=most and most + 1)
        return replace(replica, env=env, resources=resources)

    def _watch(self, state: Watched) -> None:
        self._watched[state.id] = state
        self._keeper.watch(state.folder)
        if state.pid is not None:
            with suppress(ProcessLookupError):
                state.watch = os.pidfd_open(state.pid)
        if state.watch is None:
            self._due.append(state.id)
            return
        self._poll.register(state.watch, select.POLLIN)
        self._by_watch[state.watch] = state.id

    def _milliseconds(self, deadline: float | None) -> float | None:
        now = time.monotonic()
        dues = (due for state in self._watched.values() for due in (state.ask_at, state.kill_at))
        times = [due for due in dues if due is not None]
        if deadline is not None:
            times.append(deadline)
        if self._watched:
            times.append(now + self._keeper.interval)
        if not times:
            return None
        return max(0.0, (min(times) - now) * 1000)

    def _take_due(self) -> list[Ended]:
        due, self._due = self._due, []
        return [self._end(self._watched.pop(process)) for process in due]

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for state in self._watched.values():
            if state.kill_at is not None and state.kill_at <= now:
                self._kill_until_it_ends(state)
            elif state.ask_at is not None and state.ask_at <= now:
                self._ask(state)

    def _ask(self, state: Watched) -> None:
        """SIGTERM to the step; if bubblewrap has not begun it yet, a moment later."""
        members = self._members(state)
        processes.signal_all(members, signal.SIGTERM)
        state.ask_at = None if members else time.monotonic() + _ASK_AGAIN

    def _kill_until_it_ends(self, state: Watched) -> None:
        """A recorder that has just been started may have nothing yet that could be killed."""
        self._kill(state)
        state.ask_at, state.kill_at = None, time.monotonic() + _AGAIN

    def _members(self, state: Watched) -> list[int]:
        """The step's own processes: neither the recorder, nor its copy that is to become the step.

        Nor bubblewrap's monitor, which would die of SIGTERM at once, as if the step had ended.
        """
        own = [
            pid
            for pid in processes.marked(state.id, state.pid)
            if not processes.is_monitor(pid) and not processes.runs_script(pid, recorder.SCRIPT)
        ]
        return processes.addressed(own, mask.__file__)

    def _end(self, state: Watched) -> Ended:
        if state.watch is not None:
            self._poll.unregister(state.watch)
            del self._by_watch[state.watch]
            os.close(state.watch)
        peak = self._reap(state) if state.is_child else recorder.peak_of(state.folder)
        self._keeper.forget(state.folder)
        code, cpu = self._outcome_of(state.folder)
        # Daemons may have left the group of a step that ended by itself.
        processes.kill_marked(state.id, after=state.pid)
        usage = {**state.facts, "cpu_seconds": cpu, "peak_memory": peak}
        if lost := logs.dropped(state.folder):
            usage["log_bytes_dropped"] = lost
        reason = self._clean_up(state, code, usage)
        if os.path.exists(f"{state.folder}/{recorder.ORDER}"):
            from millwork.engines.host import staging

            staging.release(state.folder)
        usage = {name: value for name, value in usage.items() if value is not None}
        if code is None:
            text = "the step's recorder was killed, or the machine went down"
            return Ended(state.id, Outcome("lost", None, text, usage, time.time()))
        at = recorder.ended_at(state.folder)
        if code:
            reason = recorder.reason_of(state.folder) or reason or _describe(code)
        return Ended(state.id, Outcome("exited", code, reason, usage, at))

    def _reap(self, state: Watched) -> int | None:
        """Collects the recorder, and ends what the step left in the background of its group.

        The group is ended before the recorder is collected: until then its id cannot be reused.
        """
        assert state.pid is not None
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(state.pid, signal.SIGKILL)
        try:
            usage = os.wait4(state.pid, 0)[2]
        except ChildProcessError:
            return None
        # A spawned child begins with its parent's peak: less than that cannot be told.
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return usage.ru_maxrss * 1024 if usage.ru_maxrss > own else None


def attempt_of(process: str) -> str:
    """The attempt that a process belongs to: itself, or what stands before its place in a job."""
    return process.partition("/")[0]


def masked(secrets: Mapping[str, str]) -> list[str]:
    """The words to put before a command whose variables `secrets` are masked in its log."""
    if not secrets:
        return []
    return [sys.executable, "-I", "-S", mask.__file__, "--secrets", ",".join(secrets), "--"]


def _bring_data(root: str, plan: Plan) -> None:
    """Links, copies and checkpoints: all that has another place as well."""
    for name, target in plan.links.items():
        if not os.path.lexists(f"{root}/{name}"):
            os.symlink(target, f"{root}/{name}")
    for mount in plan.mounts:
        if mount.is_copy:
            _copy(mount.source, root + mount.target.removeprefix(plan.root))
        elif plan.root != ML:
            os.makedirs(os.path.dirname(mount.target), exist_ok=True)
            os.symlink(mount.source, mount.target)
    for name, earlier in plan.carries.items():
        os.rename(earlier, f"{root}/{name}")


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    if text.startswith("#!"):
        os.chmod(path, 0o700)


def _copy(source: str, target: str) -> None:
    from shutil import copy2, copytree

    if os.path.isdir(source):
        copytree(source, target)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    copy2(source, target)


def _describe(code: int) -> str:
    """What an exit code means, in the shell's convention."""
    if code == 0:
        return ""
    if code > 128:
        with suppress(ValueError):
            return f"killed by {signal.Signals(code - 128).name}"
    if code == 127:
        return "exit code 127: a command was not found"
    return f"exit code {code}"
