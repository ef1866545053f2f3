"""What a workspace may use, what it uses, and which of its runs wait, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.queue.admission import why_waits
from millwork.queue.records import Quota, Room
from millwork.views.queue import waiting_runs, workspace_usage

if TYPE_CHECKING:
    from millwork.actions.call import Call
    from millwork.run.state import Capacity
    from millwork.views.queue import WorkspaceUsage

_SHOWN = 20
_BEHIND = "behind another run"
_RUNS_PER_CORE = 4  # each is a process that drives it, whatever its steps ask for


def room_for_runs(machine: Capacity) -> Room:
    """What a machine has for runs that are admitted to it."""
    runs = max(1, int(machine.cpu * _RUNS_PER_CORE))
    return Room(machine.cpu, machine.memory, machine.gpus, runs)


def usage_of_workspace(call: Call) -> WorkspaceUsage:
    """The quota, what of it is used and free, how many runs run and wait, and why they wait.

    The first 20 that wait are told, but for private runs that this person may not see. Nor is
    such a run named as what others wait for.
    """
    queue = call.context.admissions()
    waiting, running, quotas = queue.look()
    reasons = why_waits(waiting, running, quotas, room_for_runs(call.context.machine))
    rows = queue.waiting(call.workspace, _SHOWN)
    shown = [row for row in rows if call.may("run", "read", row.creator, row.visibility)]
    told = {row.id: _told(call, reasons[row.id]) for row in shown if row.id in reasons}
    return workspace_usage(
        call.workspace,
        quotas.get(call.workspace, Quota()),
        queue.usage(call.workspace),
        queue.count_waiting(call.workspace),
        waiting_runs(shown, told),
    )


def _told(call: Call, reason: str) -> str:
    """A reason, without the name of a run that this person may not see."""
    word, _, run = reason.partition(" ")
    if word != "behind":
        return reason
    row = call.context.store.run(run)
    if row is None or row.workspace != call.workspace:
        return _BEHIND
    return reason if call.may("run", "read", row.creator, row.visibility) else _BEHIND
