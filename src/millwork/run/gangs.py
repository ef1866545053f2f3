"""The gangs of a run: none, as a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.plan.gang import Roster
    from millwork.run.crew import Crew
    from millwork.run.gang import Gang
    from millwork.run.state import StepState


class Gangs:
    """The gangs of the attempts that run, found by any of their processes."""

    def __init__(self) -> None:
        self._gangs: dict[str, Gang] = {}

    def begin(self, attempt: str, roster: Roster, step: StepState) -> Gang:
        """Watches over one more, of a step that has had some restarts already."""
        from millwork.run.gang import Gang, Used  # a run without a job does not pay for it

        kind = Gang
        if roster.rules.by_shards:
            from millwork.run.crew import Crew

            kind = Crew
        used = Used(step.restarts, step.memory_restarts)
        self._gangs[attempt] = kind(attempt, roster, used)
        return self._gangs[attempt]

    def of(self, process: str) -> Gang | None:
        """The gang of an attempt, or of one of its processes; None for a plain step's."""
        return self._gangs.get(process.partition("/")[0])

    def crew_of(self, attempt: str) -> Crew | None:
        """The workers of an attempt at a batch."""
        gang = self._gangs.get(attempt)
        if gang is None or not gang.by_shards:
            return None
        from millwork.run.crew import Crew

        assert isinstance(gang, Crew)
        return gang

    def all(self) -> Iterable[Gang]:
        """All of them; one may be removed meanwhile."""
        return tuple(self._gangs.values())

    def remove(self, gang: Gang) -> None:
        """The attempt is over."""
        self._gangs.pop(gang.attempt, None)

    def next_deadline(self) -> float | None:
        """When the first of them has something to do."""
        times = (gang.next_deadline() for gang in self._gangs.values())
        return min((time for time in times if time is not None), default=None)
