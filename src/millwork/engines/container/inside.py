"""What runs first in a container: a shell that starts the step and reports how it ended.

As the container's first process it is deaf to every signal that it does not handle, so a SIGTERM
to all processes of the step ends the step, as on the host, and not the container before the
report is written. It reads the container's control group, which is gone with the container:
podman's and docker's own word on memory is not reliable (`OOMKilled` is false on control groups
v1 with podman 4.3). Only built-in commands of a POSIX shell are used. A container that was not
given a group of its own reads its caller's, which may be the whole machine's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.engines.container.tool import OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

REPORT = "report"
"""The name of the report's file, in the folder that a container knows as `OURS`."""

STOP = "stop"
"""The name of a file in that folder, which says that the step must not begin any more."""

_TIMES = re.compile(r"(\d+)m(\d+(?:\.\d+)?)s")

# The first line says that the step was about to begin, the last one that the report is whole. Who
# wants it stopped leaves word and then looks at the report: one of the two sees the other.
SCRIPT = f"""
report={OURS}/{REPORT} groups=/sys/fs/cgroup
echo begun >"$report" || exit 125
[ ! -e {OURS}/{STOP} ] || exit 143
"$@"
code=$?
{{
  echo "code $code"
  times
  for name in memory.peak memory/memory.max_usage_in_bytes cpuacct/cpuacct.usage; do
    [ -r $groups/$name ] && read -r value <$groups/$name && echo "${{name##*/}} $value"
  done
  for name in memory.events memory/memory.oom_control cpu.stat cpu/cpu.stat; do
    [ -r $groups/$name ] && while read -r line; do echo "$line"; done <$groups/$name
  done
  echo end
}} >>"$report" 2>/dev/null
exit $code
"""


@dataclass(frozen=True)
class Report:
    """How a step ended, by its container's own word; None for what is not known.

    `begun` is False if the container never came to start the step. `peak_memory` is in bytes.
    """

    begun: bool = False
    code: int | None = None
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    throttled_seconds: float | None = None
    oom_kills: int = 0


def wrap(argv: Sequence[str]) -> tuple[str, ...]:
    """The words that run a command beneath the reporting shell."""
    return ("sh", "-c", SCRIPT, "sh", *argv)


def read(text: str, has_group: bool) -> Report:
    """What a report says; one without its last line gives no exit code.

    `has_group` is False where the client cannot give containers a control group of their own.
    """
    lines = text.splitlines()
    numbers = {}
    for line in lines:
        name, _, value = line.partition(" ")
        if value.isdigit():
            numbers[name] = int(value)
    begun = "begun" in lines[:1]
    code = numbers.get("code") if lines[-1:] == ["end"] else None
    if not has_group:
        return Report(begun, code, _of_times(lines))
    return Report(
        begun,
        code,
        cpu_seconds=_scaled(numbers, ("usage_usec", 1e6), ("cpuacct.usage", 1e9)),
        peak_memory=numbers.get("memory.peak", numbers.get("memory.max_usage_in_bytes")),
        throttled_seconds=_scaled(numbers, ("throttled_usec", 1e6), ("throttled_time", 1e9)),
        oom_kills=numbers.get("oom_kill", 0),
    )


def _scaled(numbers: dict[str, int], *units: tuple[str, float]) -> float | None:
    for name, unit in units:
        if name in numbers:
            return numbers[name] / unit
    return None


def _of_times(lines: list[str]) -> float | None:
    """The seconds of the shell and of what it has waited for: `1m2.5s 0m0.1s`, twice."""
    found = [_TIMES.fullmatch(word) for line in lines for word in line.split()]
    parts = [match.groups() for match in found if match]
    return sum(int(minutes) * 60 + float(seconds) for minutes, seconds in parts) if parts else None
