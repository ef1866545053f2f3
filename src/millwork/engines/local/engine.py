"""The local engine: plans become processes of this machine, and outlive the loop."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork import worker
from millwork.base.errors import Unavailable
from millwork.base.faultpoints import reach
from millwork.base.records import dataclass, field
from millwork.base.sizes import format_size
from millwork.engines.local import logs, processes, recorder, requirements
from millwork.engines.local.sandbox import Sandbox
from millwork.plan.contract import ML
from millwork.ports.engine import Ended, Outcome
from millwork.ports.secrets import VARIABLE
from millwork.worker import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millwork.engines.local import limits
    from millwork.plan.model import Plan, Replica
    from millwork.ports import Secrets
    from millwork.spec.model import Environment, Resources

_OURS = ("MILLWORK_HOME", "MILLWORK_URL")


@dataclass
class _Attempt:
    """An attempt under watch. `pid` is the recorder's; `is_child` if this process started it."""

    id: str
    folder: str
    pid: int | None
    is_child: bool
    watch: int | None = None
    kill_at: float | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class LocalEngine:
    """Implements `ports.Engine` with processes; attempts lie in folders below `home`."""

    name = "local"

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
        self._envs = f"{home}/envs"
        self._plain_code: set[str] = set()
        self._copy_code = copy_code
        self._wake = wake
        self._secrets = secrets
        self._environ_of_host = {
            name: value
            for name, value in os.environ.items()
            if name not in _OURS and not name.startswith(VARIABLE)
        }
        self._poll = select.poll()
        if wake is not None:
            self._poll.register(wake, select.POLLIN)
        self._attempts: dict[str, _Attempt] = {}
        self._by_watch: dict[int, str] = {}
        self._due: list[str] = []
        self._keeper = logs.LogKeeper()
        self._limiter: limits.Limiter | None = None
        self.sandbox = Sandbox(f"{home}/sandbox.json")

    # --- the port -------------------------------------------------------------------------

    @property
    def shortcoming(self) -> str:
        """Why steps cannot have a real `/ml` here; empty if they can."""
        return self.sandbox.reason

    def root(self, attempt: str, mounts: str) -> str:
        """`/ml` where it can be made real and is wanted, else a folder of the attempt's own."""
        is_real = mounts == "ml" and self.sandbox.works
        return ML if is_real else f"{self._folder(attempt)}/ml"

    def folder(self, attempt: str) -> str:
        """The folder that the step knows as the plan's root."""
        return f"{self._folder(attempt)}/ml"

    def lacks(self, environment: Environment) -> str:
        """The Python that an environment names, if it is not here."""
        if requirements.interpreter(environment.python):
            return ""
        here = ".".join(map(str, sys.version_info[:2]))
        return f"Python {environment.python} is not here: steps that name it run on {here}"

    def environment(self, code: str, wished: Environment | None) -> str | None:
        """The environment that a component, or its code's requirements, lead to, once built."""
        if wished is not None:
            return requirements.resolved(
                requirements.of_environment(wished, self._envs), self._envs
            )
        if code and code not in self._plain_code:
            wanted = requirements.of_code(f"{self._home}/code/{code}")
            found = requirements.resolved(wanted, self._envs)
            if found == "":
                self._plain_code.add(code)
            return found
        return ""

    def start(self, attempt: str, plan: Plan) -> str:
        """Starts the plan's one replica; the handle is the attempt's id."""
        replica = self._with_secrets(plan.replicas[0])
        folder = self._folder(attempt)
        self._furnish(folder, plan)
        reach("engine.furnished")
        wanted = self._wanted(folder, plan)
        preparation = requirements.prepare(
            wanted, self._envs, self._environ_of_host, replica.secrets
        )
        program = _driver(plan) if plan.driver else ()
        words = [*_filter(replica.secrets), *preparation.words, *program, *replica.argv]
        if plan.root == ML:
            bound = [mount for mount in plan.mounts if not mount.is_copy]
            words = [*self.sandbox.wrap(f"{folder}/ml", bound), *words]
        env = self._environ(attempt, folder, replica, preparation.variables)
        if plan.driver:
            env |= {"MILLWORK_HOME": self._home, "MILLWORK_PYTHON": sys.executable}
        if plan.shims:
            env["PYTHONPATH"] = _search_path(env.get("PYTHONPATH", ""), plan.shims)
        box, confinement = self._confine(attempt, replica.resources)
        pid = recorder.spawn(folder, f"{folder}/ml/usercode", words, env, confinement)
        facts = {
            "mounts": "namespace" if plan.root == ML else "folder",
            "limits": self._limiter.name if box and self._limiter else "none",
        }
        self._watch(_Attempt(attempt, folder, pid, is_child=True, facts=facts))
        return attempt

    def adopt(self, attempt: str) -> None:
        """Watches an attempt of an earlier master; one that is over is told at once."""
        folder = self._folder(attempt)
        self._watch(_Attempt(attempt, folder, recorder.find(folder), is_child=False))

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        """Waits for the ends of attempts; returns early when woken."""
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

    def stop(self, attempt: str, grace: float) -> None:
        """SIGTERM to the step, SIGKILL to all of it after `grace` seconds, or at once."""
        state = self._attempts.get(attempt)
        if state is None:
            return
        if grace <= 0:
            self._kill(state)
            return
        processes.signal_all(self._members(state), signal.SIGTERM)
        state.kill_at = time.monotonic() + grace

    def log(self, attempt: str, offset: int) -> tuple[bytes, int]:
        """What the attempt printed from `offset` on, and the offset to go on from."""
        return logs.read(self._folder(attempt), offset)

    # --- starting -------------------------------------------------------------------------

    def _folder(self, attempt: str) -> str:
        return f"{self._attempts_folder}/{attempt}"

    def _furnish(self, folder: str, plan: Plan) -> None:
        os.mkdir(folder, 0o700)
        root = f"{folder}/ml"
        os.mkdir(root)
        for name in plan.folders:
            os.mkdir(f"{root}/{name}")
        for name, text in plan.files.items():
            with open(f"{root}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        if plan.code:
            self._copy_code(plan.code, f"{root}/usercode")
        for name, target in plan.links.items():
            if not os.path.lexists(f"{root}/{name}"):
                os.symlink(target, f"{root}/{name}")
        for mount in plan.mounts:
            if mount.is_copy:
                _copy(mount.source, root + mount.target.removeprefix(plan.root))
            elif plan.root != ML:
                os.makedirs(os.path.dirname(mount.target), exist_ok=True)
                os.symlink(mount.source, mount.target)

    def _wanted(self, folder: str, plan: Plan) -> requirements.Wanted:
        if plan.environment is None:
            return requirements.of_code(f"{folder}/ml/usercode", f"{plan.root}/usercode")
        wanted = requirements.of_environment(plan.environment, self._envs)
        requirements.note(folder, wanted)
        return wanted

    def _with_secrets(self, replica: Replica) -> Replica:
        """The replica with the values of its secrets, and room for the filter of its log."""
        if not replica.secrets:
            return replica
        env = dict(replica.env)
        for variable, name in replica.secrets.items():
            value = self._secrets.value(name) if self._secrets else None
            if value is None:
                raise Unavailable(f"there is no secret '{name}': millwork secrets set {name}")
            env[variable] = value
        most = replica.resources.processes
        resources = replace(replica.resources, processes=most and most + 1)
        return replace(replica, env=env, resources=resources)

    def _environ(
        self, attempt: str, folder: str, replica: Replica, variables: Mapping[str, str]
    ) -> dict[str, str]:
        ours = {processes.MARK: attempt, "MILLWORK_REASON": f"{folder}/{recorder.REASON}"}
        return {**self._environ_of_host, **variables, **replica.env, **ours}

    def _confine(
        self, attempt: str, wishes: Resources
    ) -> tuple[limits.Box | None, recorder.Confinement]:
        if wishes.cpu is None and wishes.memory is None and wishes.processes is None:
            return None, recorder.Confinement()
        from millwork.engines.local.limits import Limits

        wanted = Limits(wishes.cpu, wishes.memory, wishes.processes)
        box = self._limits().open(attempt, wanted)
        letters = {letter: str(number) for letter, number in box.ulimits}
        confinement = recorder.Confinement(box.procs, letters.get("v", ""), letters.get("u", ""))
        with open(f"{self._folder(attempt)}/limits", "w", encoding="utf-8") as file:
            file.write("\n".join((str(wishes.memory or ""), *box.groups)))
        return box, confinement

    def _limits(self) -> limits.Limiter:
        if self._limiter is None:
            from millwork.engines.local.limits import detect

            self._limiter = detect()
        return self._limiter

    def _watch(self, state: _Attempt) -> None:
        self._attempts[state.id] = state
        self._keeper.watch(state.folder)
        if state.pid is not None:
            with suppress(ProcessLookupError):
                state.watch = os.pidfd_open(state.pid)
        if state.watch is None:
            self._due.append(state.id)
            return
        self._poll.register(state.watch, select.POLLIN)
        self._by_watch[state.watch] = state.id

    # --- ending ---------------------------------------------------------------------------

    def _milliseconds(self, deadline: float | None) -> float | None:
        now = time.monotonic()
        times = [state.kill_at for state in self._attempts.values() if state.kill_at is not None]
        if deadline is not None:
            times.append(deadline)
        if self._attempts:
            times.append(now + self._keeper.interval)
        if not times:
            return None
        return max(0.0, (min(times) - now) * 1000)

    def _take_due(self) -> list[Ended]:
        due, self._due = self._due, []
        return [self._end(self._attempts.pop(attempt)) for attempt in due]

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for state in self._attempts.values():
            if state.kill_at is not None and state.kill_at <= now:
                state.kill_at = None
                self._kill(state)

    def _kill(self, state: _Attempt) -> None:
        """Ends all of the attempt but its recorder, which writes down how."""
        box = self._box(state.folder, state.id)
        if box is not None:
            box.kill()
        processes.kill_marked(state.id, after=state.pid, spare=state.pid)

    def _members(self, state: _Attempt) -> list[int]:
        """The step's own processes: neither the recorder nor bubblewrap's monitor.

        The monitor would die of SIGTERM at once, and its end would be taken for the step's.
        """
        own = [
            pid
            for pid in processes.marked(state.id, state.pid)
            if pid != state.pid and not processes.is_monitor(pid)
        ]
        return processes.addressed(own, mask.__file__)

    def _end(self, state: _Attempt) -> Ended:
        if state.watch is not None:
            self._poll.unregister(state.watch)
            del self._by_watch[state.watch]
            os.close(state.watch)
        peak = self._reap(state) if state.is_child else None
        self._keeper.forget(state.folder)
        code, cpu = recorder.outcome_of(state.folder)
        # Daemons may have left the group of a step that ended by itself.
        processes.kill_marked(state.id, after=state.pid)
        wanted = requirements.noted(state.folder)
        usage = {**state.facts, **requirements.installed(wanted, self._envs)}
        usage |= {"cpu_seconds": cpu, "peak_memory": peak}
        if lost := logs.dropped(state.folder):
            usage["log_bytes_dropped"] = lost
        reason = self._close_box(state, code, usage)
        usage = {name: value for name, value in usage.items() if value is not None}
        if code is None:
            text = "the step's recorder was killed, or the machine went down"
            return Ended(state.id, Outcome("lost", None, text, usage))
        if code:
            reason = recorder.reason_of(state.folder) or reason or _describe(code)
        return Ended(state.id, Outcome("exited", code, reason, usage))

    def _reap(self, state: _Attempt) -> int | None:
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

    def _box(self, folder: str, attempt: str) -> limits.Box | None:
        try:
            with open(f"{folder}/limits", encoding="utf-8") as file:
                groups = tuple(file.read().splitlines()[1:])
        except FileNotFoundError:
            return None
        return self._limits().reopen(attempt, groups)

    def _close_box(self, state: _Attempt, code: int | None, usage: dict[str, Any]) -> str:
        box = self._box(state.folder, state.id)
        if box is None:
            return ""
        box.kill()
        used = box.usage()
        if used.cpu_seconds is not None:
            usage["cpu_seconds"] = used.cpu_seconds
        if used.peak_memory is not None:
            usage["peak_memory"] = used.peak_memory
        usage["throttled_seconds"] = used.throttled_seconds
        box.close()
        if not used.oom_kills or code == 0:
            return ""
        with open(f"{state.folder}/limits", encoding="utf-8") as file:
            limit = file.readline().strip()
        return f"out of memory (limit {format_size(int(limit))})" if limit else "out of memory"


def _copy(source: str, target: str) -> None:
    from shutil import copy2, copytree

    if os.path.isdir(source):
        copytree(source, target)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    copy2(source, target)


def _search_path(given: str, shims: Sequence[str]) -> str:
    """PYTHONPATH with our packages behind what the step names itself."""
    folder = f"{os.path.dirname(worker.__file__)}/shims"
    return os.pathsep.join(filter(None, (given, *(f"{folder}/{name}" for name in shims))))


def _driver(plan: Plan) -> tuple[str, ...]:
    """The words that start a program of ours: by the Python of its environment, if it has one."""
    python = "python" if plan.environment else sys.executable
    return (python, "-E", "-s", f"{os.path.dirname(worker.__file__)}/{plan.driver}.py")


def _filter(secrets: Mapping[str, str]) -> list[str]:
    """The words to put before a command whose variables `secrets` are masked in its log."""
    if not secrets:
        return []
    return [sys.executable, "-I", "-S", mask.__file__, "--secrets", ",".join(secrets), "--"]


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
