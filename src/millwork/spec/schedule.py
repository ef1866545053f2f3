"""The model of a schedule: which pipeline recurs, when, after what, and what is told of it.

Its fields are those of `kind: Schedule` files; where they are DataWorks' the source is
reference/platform.md 1.3 and 1.4.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.spec.dates import language

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Source
    from millwork.spec.recurrence import Recurrence

Cycle: TypeAlias = Literal["same", "last"]
Moment: TypeAlias = Literal["failed", "finished", "unfinished", "timeout"]
SELF, CHILDREN = "self", "children"
"""What a dependency names besides another schedule: its own last cycle, and its children's."""
_REFERENCE = re.compile(r"\$\$|\$\{[^{}]*\}|\$\[[^\[\]]*\]|\$[A-Za-z_]\w*|\$")


@dataclass(frozen=True)
class Dependency:
    """What an instance waits for: a cycle of another schedule, or a file that is there.

    `schedule` is a name in `workspace` (empty: the schedule's own), SELF or CHILDREN, which both
    mean the last cycle; or empty, and `file` is a URI, in which expressions may stand.
    """

    schedule: str = ""
    workspace: str = ""
    cycle: Cycle = "same"
    file: str = ""


@dataclass(frozen=True)
class Trigger:
    """What makes an instance outside the recurrence: a file that changes, or a dataset's version.

    `file` is a URI that is looked at each `every` seconds.
    """

    file: str = ""
    dataset: str = ""
    every: float = 60.0


@dataclass(frozen=True)
class Alert:
    """What is told to whom: `to` are addresses of mail and of webhooks (`https://...`).

    `by` is minutes after the midnight that ends the business date, up to 47:59 h, for
    `unfinished`. `silent` is from and to, minutes of the day in the schedule's zone. It is told
    again each `every` seconds while it holds, `most` times a day.
    """

    on: Moment
    to: tuple[str, ...]
    by: int | None = None
    silent: tuple[int, int] | None = None
    every: float | None = None
    most: int = 10


@dataclass(frozen=True)
class Schedule:
    """A recurring pipeline.

    `pipeline` is `name` or `name@version` in the registry. Without a `recurrence` only its triggers
    and people make instances. `parameters` and `inputs` are those of the pipeline, in which
    expressions may stand; `scheduling_parameters` take the place of the pipeline's own. Instances
    are made a day `ahead` (DataWorks' T+1) or from the present day on (`at_once`). `catch_up` says
    which of the cycles that were missed while no server was up are made up for; none older than
    `max_age` is. Times are seconds. `run_as` is who its runs belong to, empty for whoever deployed
    it.
    """

    name: str
    version: str
    pipeline: str
    recurrence: Recurrence | None = None
    timezone: str = "UTC"
    display_name: str = ""
    description: str = ""
    version_description: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    scheduling_parameters: Mapping[str, str] = field(default_factory=dict)
    instances: Literal["ahead", "at_once"] = "ahead"
    catch_up: Literal["all", "latest", "none"] = "latest"
    max_age: float | None = None
    timeout: float | None = None
    retries: int = 0
    retry_after: float = 120.0
    rerun: Literal["always", "after_failure", "never"] = "always"
    priority: int = 5
    run_as: str = ""
    depends_on: tuple[Dependency, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    alerts: tuple[Alert, ...] = ()
    source: Source | None = field(default=None, compare=False)

    @property
    def is_self_dependent(self) -> bool:
        """Whether each instance waits for the one before it."""
        return any(each.schedule == SELF for each in self.depends_on)


def read_within(text: str) -> language.Expression:
    """A parameter's value or a URI, in which expressions stand: outside them it is as it is.

    Spaces and `=` may stand there, as in `s3://logs/day=${yyyymmdd}/`, and `$$` is a `$`. Raises
    BadRequest with the column of what is no expression.
    """
    parts: list[language.Part] = []
    at = 0
    for piece in _REFERENCE.finditer(text):
        if piece.start() > at:
            parts.append(language.Constant(text[at : piece.start()]))
        at = piece.end()
        if piece[0] == "$$":
            parts.append(language.Constant("$"))
            continue
        try:
            parts += language.read(piece[0]).parts
        except BadRequest as error:
            reason = str(error).removeprefix(f"'{piece[0]}', column 1: ")
            raise BadRequest(f"'{text}', column {piece.start() + 1}: {reason}") from None
    if at < len(text):
        parts.append(language.Constant(text[at:]))
    return language.Expression(text, tuple(parts))
