"""Where `millwork runs` looks: in the home itself, or at a server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.actions.context import Context
    from millwork.app.doors import Door
    from millwork.client.door import HttpDoor

_PATIENCE = 15.0
_LOOK = 0.1
_PAGE = 200
_PART = 1 << 20


class Reading(Protocol):
    """Whatever logs are read from: what is behind an offset, and the offset behind that."""

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        """What the process has printed from that offset on; nothing if there is no more yet."""


@dataclass
class Logs:
    """The logs of an attempt: each process by the name that people know, and its own."""

    run: str
    attempt: str
    processes: tuple[tuple[str, str], ...]
    reading: Reading


class Runs(Protocol):
    """The runs of a home or of a server's workspace."""

    def listed(
        self, limit: int, wanted: Mapping[str, str], *, with_trials: bool
    ) -> Sequence[Mapping[str, Any]]:
        """The newest runs first; `wanted` has the status, name, creator and tag they must have."""

    def shown(self, run: str) -> Mapping[str, Any]:
        """All that is known of a run."""

    def result(self, run: str) -> Mapping[str, Any]:
        """What a run has come to."""

    def why(self, run: str, step: str) -> Mapping[str, Any]:
        """Why a step was, or was not, done again."""

    def cancel(self, run: str) -> Mapping[str, Any]:
        """Ends a run: its id and status."""

    def logs(self, run: str, step: str, replica: str) -> Logs:
        """The logs of the last attempt at a step."""

    def is_running(self, logs: Logs) -> bool:
        """Whether the attempt runs, and somebody would notice its end."""

    def followed(self, logs: Logs) -> Iterator[bytes] | None:
        """A log as it is written, if it comes by itself; None if it must be asked for."""


class HomeRuns:
    """The runs of a home."""

    def __init__(self, context: Context, workspace: str | None = None) -> None:
        self._context, self._workspace = context, workspace

    def listed(
        self, limit: int, wanted: Mapping[str, str], *, with_trials: bool
    ) -> Sequence[Mapping[str, Any]]:
        """The newest runs first; `wanted` has the status, name, creator and tag they must have."""
        if wanted:
            from millwork.app.doors import LocalDoor, named_workspace

            door = LocalDoor(self._context, named_workspace(self._workspace))
            return _listed(door, limit, {**wanted, "trials": with_trials})
        from millwork.actions import runs

        return runs.listed(self._context, limit, with_trials=with_trials)

    def shown(self, run: str) -> Mapping[str, Any]:
        """All that is known of a run."""
        from millwork.actions import runs

        return runs.shown(self._context, run)

    def result(self, run: str) -> Mapping[str, Any]:
        """What a run has come to."""
        from millwork.actions import runs

        return runs.result(self._context, run)

    def why(self, run: str, step: str) -> Mapping[str, Any]:
        """Why a step was, or was not, done again."""
        from millwork.actions.why import why

        return why(self._context, run, step)

    def cancel(self, run: str) -> Mapping[str, Any]:
        """Ends a run, if need be in the place of its master."""
        from millwork.actions import runs
        from millwork.actions.cancel import cancel

        row = runs.find(self._context, run)
        if row.status not in ("queued", "running"):
            has = "was" if row.status == "cancelled" else "has"
            raise BadRequest(f"{row.id} is over: it {has} {row.status}")
        return {"run": row.id, "status": cancel(self._context, row)}

    def logs(self, run: str, step: str, replica: str) -> Logs:
        """The logs of the last attempt at a step."""
        from millwork.actions import runs

        row = runs.find(self._context, run)
        found = runs.logs_of(self._context, row, step, replica)
        return Logs(row.id, found.attempt, found.processes, self._context.engine_of(row))

    def is_running(self, logs: Logs) -> bool:
        """Whether the attempt runs, and its run has a living master."""
        from millwork.actions import runs

        return runs.is_running(self._context, runs.find(self._context, logs.run), logs.attempt)

    def followed(self, logs: Logs) -> Iterator[bytes] | None:  # noqa: ARG002
        """A file that grows tells nobody."""
        return None


@dataclass
class ServerLog:
    """What the processes of a step print, asked of a server."""

    door: Door
    run: str
    step: str
    _over: set[str] = field(default_factory=set)

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        """A part of the log, at most 1 MiB."""
        part = self.door.ask(
            "logs.read", run=self.run, step=self.step, process=process, offset=offset, limit=_PART
        )
        if part["is_over"]:
            self._over.add(process)
        return part["text"].encode(), part["next"]

    def is_over(self, processes: Sequence[tuple[str, str]]) -> bool:
        """Whether all of them had ended when they were last asked about."""
        return self._over.issuperset(process for _, process in processes)


class ServerRuns:
    """The runs of a workspace of a server."""

    def __init__(self, door: HttpDoor) -> None:
        self._door = door

    def listed(
        self, limit: int, wanted: Mapping[str, str], *, with_trials: bool
    ) -> Sequence[Mapping[str, Any]]:
        """The newest runs first; `wanted` has the status, name, creator and tag they must have."""
        return _listed(self._door, limit, {**wanted, "trials": with_trials})

    def shown(self, run: str) -> Mapping[str, Any]:
        """All that is known of a run."""
        page: Mapping[str, Any] = self._door.ask("runs.show", run=run)
        return page

    def result(self, run: str) -> Mapping[str, Any]:
        """What a run has come to."""
        result: Mapping[str, Any] = self._door.ask("runs.result", run=run)
        return result

    def why(self, run: str, step: str) -> Mapping[str, Any]:
        """Why a step was, or was not, done again."""
        result = self.result(run)
        step = _step_in(result, step, "which step?")
        answer: Mapping[str, Any] = self._door.ask("steps.why", run=result["run"], step=step)
        return answer

    def cancel(self, run: str) -> Mapping[str, Any]:
        """Ends a run; waits for a while until nothing of it runs any more."""
        answer: Mapping[str, Any] = self._door.ask("runs.cancel", run=run)
        deadline = time.monotonic() + _PATIENCE
        while answer["status"] == "running" and time.monotonic() < deadline:
            time.sleep(_LOOK)  # the run ends in another process, which tells nobody
            status = self.result(answer["run"])["status"]
            answer = {"run": answer["run"], "status": status}
        return answer

    def logs(self, run: str, step: str, replica: str) -> Logs:
        """The logs of the last attempt at a step."""
        result = self.result(run)
        wanted = f"there is no step '{step}';" if step else "which step?"
        step = _step_in(result, step, wanted)
        known = self._door.ask("logs.list", run=result["run"], step=step)
        attempt, names = known["attempt"], known["items"]
        reading = ServerLog(self._door, result["run"], step)
        if names == ["last"]:
            if replica not in ("", "worker-0"):
                raise BadRequest(f"{attempt} has one replica, worker-0")
            return Logs(result["run"], attempt, (("", "last"),), reading)
        chosen = [name for name in names if replica in ("", name.partition("~")[0])]
        if not chosen:
            listed = ", ".join(dict.fromkeys(name.partition("~")[0] for name in names))
            raise BadRequest(f"{attempt} has no replica '{replica}'; it has: {listed}")
        labels = ("" if replica else name.partition("~")[0] for name in chosen)
        return Logs(result["run"], attempt, tuple(zip(labels, chosen, strict=True)), reading)

    def is_running(self, logs: Logs) -> bool:
        """Whether any of its processes may print more."""
        assert isinstance(logs.reading, ServerLog)
        return not logs.reading.is_over(logs.processes)

    def followed(self, logs: Logs) -> Iterator[bytes] | None:
        """The only log that is meant, as the server sends it."""
        if len(logs.processes) != 1:
            return None
        assert isinstance(logs.reading, ServerLog)
        stream = self._door.stream(
            "logs.follow", run=logs.run, step=logs.reading.step, process=logs.processes[0][1]
        )
        return (message.data["text"].encode() for message in stream)


def _listed(door: Door, limit: int, wanted: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    after: str | None = ""
    while after is not None and len(found) < limit:
        page = door.ask("runs.list", limit=min(_PAGE, limit - len(found)), after=after, **wanted)
        found, after = [*found, *page["items"]], page["next"]
    return found


def _step_in(result: Mapping[str, Any], step: str, wanted: str) -> str:
    """The step that is meant: the only one may be left out."""
    names = [one["node"] for one in result["steps"]]
    if not step and len(names) == 1:
        return str(names[0])
    if step not in names:
        raise BadRequest(f"{wanted} {result['run']} has: {', '.join(names)}")
    return step
