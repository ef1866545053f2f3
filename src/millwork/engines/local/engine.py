"""The local engine: plans become processes of this machine, and outlive the loop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from millwork import worker
from millwork.base.sizes import format_size
from millwork.engines.host import processes, recorder
from millwork.engines.host.engine import HostEngine, Launch, attempt_of, masked
from millwork.engines.local import requirements
from millwork.engines.local.sandbox import Sandbox
from millwork.plan.contract import ML
from millwork.ports.engine import OUT_OF_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millwork.engines.host.engine import Watched
    from millwork.engines.host.usage import Extent
    from millwork.engines.local import limits
    from millwork.engines.local.warm import WarmProcess
    from millwork.plan.model import Plan, Replica, Warm
    from millwork.ports import Secrets
    from millwork.spec.model import Environment, Resources


_WARM = "MILLWORK_WARM"
"""Set to `no`, every step starts its own Python."""


class LocalEngine(HostEngine):
    """Implements `ports.Engine` with processes; attempts lie in folders below `home`."""

    name = "local"

    def __init__(
        self,
        home: str,
        copy_code: Callable[[str, str], None],
        wake: int | None = None,
        secrets: Secrets | None = None,
        begun: WarmProcess | None = None,
    ) -> None:
        """`begun` is a process that may fork steps, begun while this one was getting ready."""
        super().__init__(home, copy_code, wake, secrets)
        self._envs = f"{home}/envs"
        self._plain_code: set[str] = set()
        self._limiter: limits.Limiter | None = None
        self._warm = {begun.digest: begun} if begun else {}
        self.sandbox = Sandbox(f"{home}/sandbox.json")

    @property
    def shortcoming(self) -> str:
        """Why steps cannot have a real `/ml` here; empty if they can."""
        return self.sandbox.reason

    def root(self, attempt: str, mounts: str) -> str:
        """`/ml` where it can be made real and is wanted, else a folder of the attempt's own."""
        is_real = mounts == "ml" and self.sandbox.works
        return ML if is_real else f"{self._folder(attempt)}/ml"

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

    # --- starting -------------------------------------------------------------------------

    def _launch(self, process: str, plan: Plan, replica: Replica) -> Launch:
        ml, folder = self.folder(attempt_of(process)), self._folder(process)
        wanted = self._wanted(folder, ml, plan)
        preparation = requirements.prepare(
            wanted, self._envs, self._environ_of_host, replica.secrets
        )
        program = _driver(plan) if plan.driver else ()
        words = [*masked(replica.secrets), *preparation.words, *program, *replica.argv]
        if plan.root == ML:
            bound = [mount for mount in plan.mounts if not mount.is_copy]
            words = [*self.sandbox.wrap(ml, bound), *words]
        env = self._environ(process, replica, preparation.variables)
        if plan.driver or len(plan.replicas) > 1:
            folder = os.path.dirname(worker.__file__)
            env |= {"MILLWORK_PYTHON": sys.executable, "MILLWORK_WORKER": folder}
        if plan.driver:
            env["MILLWORK_HOME"] = self._home
        if plan.shims:
            env["PYTHONPATH"] = _search_path(env.get("PYTHONPATH", ""), plan.shims)
        if plan.leases:
            env["MILLWORK_WORKER_NAME"] = process.partition("/")[2]
            env["PATH"] = f"{env.get('PATH', os.defpath)}:{_shim('batch')}/bin"
            env.setdefault("MILLWORK_PYTHON", sys.executable)
        box, confinement = self._confine(process, replica.resources)
        facts = {
            "mounts": "namespace" if plan.root == ML else "folder",
            "limits": self._limiter.name if box and self._limiter else "none",
        }
        return Launch(words, env, confinement, facts)

    def _spawn(self, folder: str, work: str, launch: Launch, plan: Plan) -> tuple[int, bool]:
        # A limit of addresses would count the libraries; transfers are words around a command.
        is_cold = launch.confinement.memory or plan.transfers or os.environ.get(_WARM) == "no"
        if plan.warm and not is_cold and (process := self._warm_process(plan.code, plan.warm)):
            words = plan.warm.words
            pid = process.spawn(folder, work, words, launch.env, launch.confinement)
            if pid is not None:
                return pid, False
        return super()._spawn(folder, work, launch, plan)

    def _warm_process(self, digest: str, warm: Warm) -> WarmProcess | None:
        """The process that can fork such a step of this code now; None if there is none."""
        process = self._warm.get(digest)
        if process is None and warm.functions:
            from millwork.engines.local.warm import begin

            process = begin(self._home, digest, warm.functions)
            if process:
                self._warm[digest] = process
        return process if process and process.is_ready() else None

    def _wanted(self, folder: str, ml: str, plan: Plan) -> requirements.Wanted:
        if plan.environment is None:
            return requirements.of_code(f"{ml}/usercode", f"{plan.root}/usercode")
        wanted = requirements.of_environment(plan.environment, self._envs)
        requirements.note(folder, wanted)
        return wanted

    def _environ(
        self, process: str, replica: Replica, variables: Mapping[str, str]
    ) -> dict[str, str]:
        reason = f"{self._folder(process)}/{recorder.REASON}"
        ours = {processes.MARK: process, "MILLWORK_REASON": reason}
        return {**self._environ_of_host, **variables, **replica.env, **ours}

    def _confine(
        self, process: str, wishes: Resources
    ) -> tuple[limits.Box | None, recorder.Confinement]:
        if wishes.cpu is None and wishes.memory is None and wishes.processes is None:
            return None, recorder.Confinement()
        from millwork.engines.local.limits import Limits

        wanted = Limits(wishes.cpu, wishes.memory, wishes.processes)
        box = self._limits().open(_flat(process), wanted)
        letters = {letter: str(number) for letter, number in box.ulimits}
        confinement = recorder.Confinement(box.procs, letters.get("v", ""), letters.get("u", ""))
        with open(f"{self._folder(process)}/limits", "w", encoding="utf-8") as file:
            file.write("\n".join((str(wishes.memory or ""), *box.groups)))
        return box, confinement

    def _limits(self) -> limits.Limiter:
        if self._limiter is None:
            from millwork.engines.local.limits import detect

            self._limiter = detect()
        return self._limiter

    # --- ending ---------------------------------------------------------------------------

    def _kill(self, state: Watched) -> None:
        """Ends all of the process but its recorder, which writes down how."""
        box = self._box(state.folder, state.id)
        if box is not None:
            box.kill()
        processes.kill_marked(state.id, after=state.pid, spare=state.pid)

    def _box(self, folder: str, process: str) -> limits.Box | None:
        groups = _groups(folder)
        return None if groups is None else self._limits().reopen(_flat(process), groups)

    def _extent(self, state: Watched) -> Extent:
        return _groups(state.folder) or (), super()._extent(state)[1]

    def _clean_up(self, state: Watched, code: int | None, usage: dict[str, Any]) -> str:
        code_folder = f"{self.folder(attempt_of(state.id))}/usercode"
        wanted = requirements.noted(state.folder, code_folder)
        usage |= requirements.installed(wanted, self._envs)
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
        usage[OUT_OF_MEMORY] = True
        with open(f"{state.folder}/limits", encoding="utf-8") as file:
            limit = file.readline().strip()
        return f"out of memory (limit {format_size(int(limit))})" if limit else "out of memory"


def _groups(folder: str) -> tuple[str, ...] | None:
    """The control groups of a process that was limited; None if it was not."""
    try:
        with open(f"{folder}/limits", encoding="utf-8") as file:
            return tuple(file.read().splitlines()[1:])
    except FileNotFoundError:
        return None


def _flat(process: str) -> str:
    """The process's id as the name of one control group."""
    return process.replace("/", ".")


def _search_path(given: str, shims: Sequence[str]) -> str:
    """PYTHONPATH with our packages behind what the step names itself."""
    return os.pathsep.join(filter(None, (given, *map(_shim, shims))))


def _shim(name: str) -> str:
    """The folder of a small package of ours."""
    return f"{os.path.dirname(worker.__file__)}/shims/{name}"


def _driver(plan: Plan) -> tuple[str, ...]:
    """The words that start a program of ours: by the Python of its environment, if it has one."""
    python = "python" if plan.environment else sys.executable
    return (python, "-E", "-s", f"{os.path.dirname(worker.__file__)}/{plan.driver}.py")
