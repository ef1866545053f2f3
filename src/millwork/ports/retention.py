"""What a home keeps of the runs and instances that are over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Retention:
    """Which runs go: those that ended more than `runs_days` days ago; None for none.

    The newest `keep_last` of each definition stay, and those with one of the tags: `NAME`, or
    `NAME=VALUE`. Results that were made more than `results_days` ago are not used again. Instances
    of schedules, and backfills, go as runs do after `instances_days`.
    """

    runs_days: float | None = None
    keep_last: int = 0
    tags_kept: tuple[str, ...] = ()
    results_days: float | None = None
    instances_days: float | None = None

    def keeps(self, tags: Mapping[str, str]) -> bool:
        """Whether a run with these tags stays, however old it is."""
        said = {*tags, *(f"{name}={value}" for name, value in tags.items())}
        return not said.isdisjoint(self.tags_kept)
