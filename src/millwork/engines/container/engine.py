"""The container engine: each replica of a plan is a container of podman's or docker's."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

from millwork import worker
from millwork.base.errors import BadRequest, MillworkError, Unavailable
from millwork.base.sizes import format_size
from millwork.engines.container import detection, inside, preparation
from millwork.engines.container.memo import Memo
from millwork.engines.container.tool import (
    OURS,
    Bind,
    Caps,
    Container,
    caller,
    remove_words,
    run_words,
)
from millwork.engines.host import processes, recorder, staging
from millwork.engines.host.engine import HostEngine, Launch, attempt_of, masked
from millwork.plan.contract import ML
from millwork.ports.engine import OUT_OF_MEMORY, Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from millwork.engines.container.images import Image as Found
    from millwork.engines.container.images import Images
    from millwork.engines.container.tool import Settings, Tool
    from millwork.engines.host.engine import Watched
    from millwork.engines.host.usage import Extent
    from millwork.plan.model import Plan, Replica, Step
    from millwork.ports import Secrets
    from millwork.spec.model import Environment

_OWN, _NOTE = "ours", "container"
_CODES_OF_CLIENTS = (125, 126, 127)
_PATIENCE = 10.0
_END_OF_LOG = 4096
_REASON = f"{OURS}/{recorder.REASON}"
_ONLY_HERE = "runs on this machine only: --engine local"


class ContainerEngine(HostEngine):
    """Implements `ports.Engine` with containers; attempts lie in folders below `home`.

    The recorder starts the client in the foreground. What a container prints goes into the
    attempt's log without passing through the client, and its first process writes down how the
    step ended: the client's exit code counts only where that is missing.
    """

    name = "container"

    def __init__(
        self,
        home: str,
        copy_code: Callable[[str, str], None],
        wake: int | None = None,
        secrets: Secrets | None = None,
        settings: Callable[[], Settings] | None = None,
    ) -> None:
        super().__init__(home, copy_code, wake, secrets)
        self._memo = Memo(f"{home}/containers.json")
        self._read_settings = settings
        self._killed: dict[str, float] = {}
        self._extents: dict[str, Extent] = {}

    @property
    def shortcoming(self) -> str:
        """Why no container can run here; empty if they can."""
        return detection.trouble(self._settings, self._memo)

    def root(self, attempt: str, mounts: str) -> str:  # noqa: ARG002
        """`/ml`: a container has nothing else there."""
        return ML

    def lacks(self, environment: Environment) -> str:  # noqa: ARG002
        """Nothing: which Python there is, is the image's to say."""
        return ""

    def environment(self, code: str, wished: Environment | None) -> str:
        """The sha256 of the requirements' text: what they resolve to is known to pip only."""
        if wished is not None:
            return preparation.digest_of(preparation.of_environment(wished))
        return preparation.digest_of(self._requirements(code)) if code else ""

    def images(self, steps: Iterable[Step]) -> Mapping[str, Image]:
        """The image of each step, fetched if need be, with all that the step counts on in it."""
        known: dict[str, Found] = {}
        found = {}
        for step in steps:
            try:
                found[step.name] = self._image(step, known)
            except MillworkError as error:
                raise type(error)(f"step '{step.name}': {error}") from None
        return found

    def furnish(self, attempt: str, plan: Plan) -> None:
        """As on the host, and the caller's own mount points: a client would make root's."""
        super().furnish(attempt, plan)
        root = self.folder(attempt)
        for mount in plan.mounts:
            if mount.is_copy:
                continue
            point = root + mount.target.removeprefix(plan.root)
            if os.path.isdir(mount.source):
                os.makedirs(point, exist_ok=True)
            else:
                os.makedirs(os.path.dirname(point), exist_ok=True)
                os.close(os.open(point, os.O_CREAT | os.O_WRONLY, 0o600))

    # --- images ---------------------------------------------------------------------------

    @cached_property
    def _settings(self) -> Settings:
        from millwork.engines.container.tool import Settings

        return self._read_settings() if self._read_settings else Settings()

    @cached_property
    def _tool(self) -> Tool:
        return detection.detect(self._settings, self._memo)

    @cached_property
    def _images(self) -> Images:
        from millwork.engines.container.images import Images

        return Images(self._tool, self._settings, self._memo, caller())

    def _image(self, step: Step, known: dict[str, Found]) -> Image:
        _check(step, self._settings.network)
        reference = step.component.image or self._settings.image
        if not reference:
            raise BadRequest(
                "there is no image to run it in: add `image:` to the component, --image IMAGE, or"
                " `container: {image: ...}` to settings.yaml"
            )
        if reference not in known:
            known[reference] = self._images.resolve(reference)
        image = known[reference]
        wished = step.component.environment
        wanted = preparation.of_environment(wished) if wished else self._requirements(step.code)
        found = self._images.require(image, pip=wanted.whose)
        notices = [image.news] if image.news else []
        asked = wished.python if wished else ""
        if asked and not f"{found.python_version}.".startswith(f"{asked}."):
            has = f"Python {found.python_version}" if found.python else "no Python"
            notices.append(f"image {reference} has {has}; Python {asked} was asked for")
        return Image(reference, image.id, image.digest, tuple(notices))

    def _requirements(self, code: str) -> preparation.Wanted:
        return preparation.of_code(f"{self._home}/code/{code}") if code else preparation.Wanted()

    # --- starting -------------------------------------------------------------------------

    def _launch(self, process: str, plan: Plan, replica: Replica) -> Launch:
        folder, ml = self._folder(process), self.folder(attempt_of(process))
        ours = f"{folder}/{_OWN}"
        os.makedirs(f"{ours}/home", mode=0o700)
        before = preparation.words_of(plan, f"{ml}/usercode", ours, self._python)
        memory = replica.resources.memory
        container = Container(
            image=plan.image,
            argv=inside.wrap((*before, *replica.argv)),
            name=_name(process),
            env={**replica.env, **_ours(process, plan)},
            secrets=tuple(replica.secrets),
            mounts=_mounts(ml, ours, plan),
            caps=_caps(replica),
            shared_memory=memory or _memory_of_this_machine() // 2,
            gpus=tuple(filter(None, replica.env.get("NVIDIA_VISIBLE_DEVICES", "").split(","))),
            labels={"millwork.attempt": attempt_of(process)},
            home=f"{ours}/home",
            remove=True,
        )
        words = run_words(self._tool, self._settings, container, caller())
        self._write_note(folder, container, any(each.is_upload for each in plan.transfers))
        secret = {name: replica.env[name] for name in replica.secrets}
        env = {**self._environ_of_host, **secret, processes.MARK: process}
        is_limited = any(limit is not None for limit in vars(container.caps).values())
        facts = {
            "mounts": self.name,
            "limits": self._tool.kind if is_limited and self._tool.limits else "none",
            "image": plan.image,
        }
        # conmon leaves a file where it was started, if the kernel ends a step for its memory.
        return Launch([*masked(replica.secrets), *words], env, facts=facts, work=folder)

    def _python(self, image: str) -> str:
        from millwork.engines.container.images import Image as Found

        return self._images.contents(Found(image, image)).python or "python"

    def _write_note(self, folder: str, container: Container, has_uploads: bool) -> None:
        """Keeps what is needed when it ends: the settings may be others by then."""
        note = {
            "remove": remove_words(self._tool, [container.name]),
            "groups": self._tool.has_groups,
            "memory": container.caps.memory,
            "uploads": has_uploads,
        }
        with open(f"{folder}/{_NOTE}", "w", encoding="utf-8") as file:
            json.dump(note, file)

    def _extent(self, state: Watched) -> Extent:
        """The container's own control groups, or else its sessions: looked for until found."""
        if state.id not in self._extents:
            from millwork.engines.host.usage import groups_of

            members = self._members(state)
            if not members:
                return (), ()
            has_groups = _note(state.folder).get("groups", False)
            groups = groups_of(members[0]) if has_groups else ()
            self._extents[state.id] = groups, tuple({_session(pid) for pid in members} - {0})
        return self._extents[state.id]

    # --- ending ---------------------------------------------------------------------------

    def stop(self, process: str, grace: float) -> None:
        """As on the host; what has not begun has nothing to tidy up."""
        state = self._watched.get(process)
        has_begun = state is not None and _report(state.folder).begun
        super().stop(process, grace if has_begun else 0.0)

    def _members(self, state: Watched) -> list[int]:
        """What runs within: the client would pass a signal on, and complain once it cannot."""
        marked = processes.marked(state.id, state.pid)
        return [pid for pid in marked if _session(pid) != state.pid]

    def _kill(self, state: Watched) -> None:
        """Ends what runs within, so that the client sees it end and tidies up.

        A client that is killed while it starts leaves a container that nobody knows, so one that
        has not begun is told not to. Only a client that hangs is killed.
        """
        since = self._killed.setdefault(state.id, time.monotonic())
        if time.monotonic() - since > _PATIENCE:
            processes.kill_marked(state.id, after=state.pid, spare=state.pid)
            return
        with suppress(OSError), open(f"{state.folder}/{_OWN}/{inside.STOP}", "w", encoding="ascii"):
            pass
        processes.signal_all(self._members(state), signal.SIGKILL)
        self._end_transfers(state)

    def _ask(self, state: Watched) -> None:
        self._end_transfers(state)
        super()._ask(state)

    def _end_transfers(self, state: Watched) -> None:
        """Ends what brings data, on this side of the container; it is deaf while the step runs."""
        marked = processes.marked(state.id, state.pid)
        own = [pid for pid in marked if processes.runs_module(pid, staging.PROGRAM)]
        processes.signal_all(own, signal.SIGTERM)

    def _outcome_of(self, folder: str) -> tuple[int | None, float | None]:
        """As the container reports it; a step that succeeded may have failed at its uploads."""
        code, _ = recorder.outcome_of(folder)
        report = _report(folder)
        is_final = report.code != 0 or not _note(folder).get("uploads")
        if code is not None and report.code is not None and is_final:
            code = report.code
        if code == 0 and not report.begun:
            code = _CODES_OF_CLIENTS[0]  # podman ends with 0 when it is stopped before the start
        return code, report.cpu_seconds

    def _clean_up(self, state: Watched, code: int | None, usage: dict[str, Any]) -> str:
        self._killed.pop(state.id, None)
        self._extents.pop(state.id, None)
        report = _report(state.folder)
        usage["peak_memory"] = report.peak_memory
        usage["throttled_seconds"] = report.throttled_seconds
        note = _note(state.folder)
        if report.code is None and "remove" in note:
            with suppress(Unavailable):
                detection.call(note["remove"])
        if not report.begun and code in _CODES_OF_CLIENTS:
            said = self.log(state.id, _length_of_log(state.folder) - _END_OF_LOG)[0]
            reason = detection.first_useful(said.decode("utf-8", "replace"))
            return f"the container was not started: {reason}"
        if report.oom_kills and code:
            usage[OUT_OF_MEMORY] = True
            limit = note.get("memory")
            return f"out of memory (limit {format_size(limit)})" if limit else "out of memory"
        return recorder.reason_of(f"{state.folder}/{_OWN}") if code else ""


def _check(step: Step, network: str) -> None:
    """Raises BadRequest for what cannot be run in a container here."""
    if step.component.work == "sweep":
        raise BadRequest(f"a sweep {_ONLY_HERE}")
    if step.component.work in ("spark", "hdinsight"):
        raise BadRequest(f"a Spark job {_ONLY_HERE}")
    roles = _roles(step)
    if len(roles) == 1:
        return
    if "launcher" in roles:
        # What stands in for ssh gives each replica a host name, which a container may not.
        raise BadRequest(f"an MPIJob of several replicas {_ONLY_HERE}")
    if network not in ("", "host"):
        raise BadRequest(
            "its replicas find one another by this machine's addresses, and container.network"
            f" in settings.yaml is {network}, not host"
        )


def _roles(step: Step) -> list[str]:
    """The role of each replica."""
    if not step.is_job:
        return ["worker"]
    from millwork.plan.gang import roster

    return [seat.role for seat in roster(step).seats]


def _ours(process: str, plan: Plan) -> dict[str, str]:
    """The variables that every process gets from its engine."""
    worker_name = {"MILLWORK_WORKER_NAME": process.partition("/")[2]} if plan.leases else {}
    return {processes.MARK: process, "MILLWORK_REASON": _REASON, **worker_name}


def _mounts(ml: str, ours: str, plan: Plan) -> tuple[Bind, ...]:
    mounts = [Bind(ml, ML), Bind(f"{ml}/input/config", f"{ML}/input/config", read_only=True)]
    mounts += [Bind(each.source, each.target, each.read_only) for each in plan.mounts
               if not each.is_copy]  # fmt: skip
    mounts.append(Bind(ours, OURS))
    if plan.leases:
        mounts.append(Bind(plan.leases, plan.leases))
    if plan.shims:
        os.makedirs(f"{ours}/{os.path.basename(preparation.WORKER)}", exist_ok=True)
        folder = os.path.dirname(worker.__file__)
        mounts.append(Bind(folder, preparation.WORKER, read_only=True))
    return tuple(mounts)


def _caps(replica: Replica) -> Caps:
    wishes = replica.resources
    # The shell that reports is a process of the container's, too.
    return Caps(wishes.memory, wishes.cpu, wishes.processes and wishes.processes + 1)


def _name(process: str) -> str:
    """The process's id as a container's name."""
    return "millwork-" + process.replace("/", ".").replace("~", "_")


def _memory_of_this_machine() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _session(pid: int) -> int:
    """The session of a process; the client's and the filter's is the recorder's."""
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(pid)
    return 0


def _note(folder: str) -> dict[str, Any]:
    try:
        with open(f"{folder}/{_NOTE}", encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError):
        return {}


def _report(folder: str) -> inside.Report:
    try:
        with open(f"{folder}/{_OWN}/{inside.REPORT}", encoding="utf-8", errors="replace") as file:
            return inside.read(file.read(65536), _note(folder).get("groups", False))
    except OSError:
        return inside.Report()


def _length_of_log(folder: str) -> int:
    with suppress(OSError):
        return max(os.stat(f"{folder}/{recorder.LOG}").st_size, _END_OF_LOG)
    return _END_OF_LOG
