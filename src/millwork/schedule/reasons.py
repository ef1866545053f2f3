"""Why instances are as they are: each reason is a code with values, kept and told as a sentence.

Records hold the sentence alone, and people read it; from it the code and the values are read back
for whoever has words of their own. A value stands in quotes where it could be taken for words.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    Value: TypeAlias = str | int

SAID, NOT_BEGUN = "said", "not_begun"
_NOT_BEGUN = "not begun: "
SENTENCES = {
    "time": "its time has not come",
    "again": "tried again after a pause",
    "frozen": "frozen: somebody must thaw it",
    "schedule_frozen": "the schedule is frozen",
    "schedule_gone": "the schedule, or its version, is not there any more",
    "schedule_withdrawn":
        "its schedule, or its version, is not deployed any more: it fails when it is due",
    "no_work": "a dry run: no work on that day",
    "excluded": "a dry run: the backfill leaves it out",
    "skipping": "a dry run: the schedule is skipping",
    "missed_max_age": "missed by {late:span}: more than max_age",
    "missed_none": "missed by {late:span}: catch_up is none",
    "missed_latest": "missed by {late:span}: catch_up is latest",
    "timeout": "timeout after {after:span}",
    "run_failed": "run {run:text} has failed[: {why:rest}]",
    "run_cancelled": "run {run:text} was cancelled[: {why:rest}]",
    "run_gone": "its run {run:text} is gone",
    "stopped": "stopped by {person:text}",
    "set": "set to succeeded by {person:text}",
    "cycle": "{name:text}: the one of {date:text}[ #{number:count}] is {status:text}"
             "[, and {more:count} more]",
    "absent": "{name:text}: no instance of that cycle yet",
    "absent_off": "{name:text}: no instance of that cycle yet and the schedule is off",
    "undeployed": "{name:text} is not deployed any more: remove the dependency, or deploy it",
    "undone": "{name:text}: not done",
    "unseen": "{name:text}: not done, or not there",
    "file": "{name:text}: looked for each half minute",
    "backfill_cancelled": "its backfill was cancelled by {person:text}",
    "backfill_is": "its backfill is {status:text}",
    "turn": "its turn in the backfill has not come: {going:count} of {parallel:count} at once run",
}  # fmt: skip
"""What stands in brackets is left out where its value is not given."""


@dataclass(frozen=True)
class Reason:
    """A reason taken apart; spans are seconds.

    One that was never one of these is `said`, with its `text`. That of an instance which is given
    up before it has begun is `not_begun`: `because` is the code of why, whose values it has.
    """

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True)
class _Kind:
    pattern: str
    written: Callable[[Value], str]
    read: Callable[[str], Value]


def say(code: str, **values: Value) -> str:
    """The sentence of a reason, whose optional values may be left out."""
    if code == SAID:
        return str(values["text"])
    if code == NOT_BEGUN:
        return not_begun(say(str(values.pop("because")), **values))
    said = ""
    for part, is_optional in _parts(SENTENCES[code]):
        names = _VALUE.findall(part)
        if not is_optional or all(name in values for name, _ in names):
            said += _VALUE.sub(lambda found: _KINDS[found[2]].written(values[found[1]]), part)
    return said


def not_begun(why: str) -> str:
    """The sentence of an instance that is given up before it has begun, from that of why."""
    return f"{_NOT_BEGUN}{why}"


def read(text: str) -> Reason:
    """The reason of a sentence."""
    because = text.removeprefix(_NOT_BEGUN)
    if because == text or because.startswith(_NOT_BEGUN):
        return _read(text)
    why = _read(because)
    return Reason(NOT_BEGUN, {"because": why.code, **why.values})


def _read(text: str) -> Reason:
    for code, pattern, kinds in _patterns():
        found = pattern.fullmatch(text)
        if found:
            there = {name: value for name, value in found.groupdict().items() if value is not None}
            return Reason(code, {name: kinds[name].read(value) for name, value in there.items()})
    return Reason(SAID, {"text": text})


def _parts(sentence: str) -> list[tuple[str, bool]]:
    """The parts of a sentence, each with whether it may be left out."""
    parts = re.split(r"\[(.+?)\]", sentence)
    return [(part, at % 2 == 1) for at, part in enumerate(parts) if part]


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], dict[str, _Kind]]]:
    found = []
    for code, sentence in SENTENCES.items():
        pattern = "".join(
            f"(?:{_pattern(part)})?" if is_optional else _pattern(part)
            for part, is_optional in _parts(sentence)
        )
        kinds = {name: _KINDS[kind] for name, kind in _VALUE.findall(sentence)}
        found.append((code, re.compile(pattern, re.DOTALL), kinds))
    return found


def _pattern(part: str) -> str:
    """The pattern of a part: its words as they stand, and its values by their kinds."""
    words = _VALUE.split(part)  # words, name, kind, words, ...
    made = re.escape(words[0])
    for name, kind, after in zip(words[1::3], words[2::3], words[3::3], strict=True):
        made += f"(?P<{name}>{_KINDS[kind].pattern}){re.escape(after)}"
    return made


def _text(value: Value) -> str:
    text = str(value)
    return text if re.fullmatch(_BARE, text) else json.dumps(text, ensure_ascii=False)


def _span(value: Value) -> str:
    return str(timedelta(seconds=int(value)))


def _seconds(text: str) -> int:
    days, _, clock = text.rpartition(", ")
    hours, minutes, seconds = map(int, clock.split(":"))
    return ((int(days.partition(" ")[0] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds


def _unquoted(text: str) -> str:
    return str(json.loads(text)) if text.startswith('"') else text


_VALUE = re.compile(r"\{(\w+):(\w+)\}")
_BARE = r'[^\s"]+(?: \(last cycle\))?'
_QUOTED = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\bfnrt]|u00[01][0-9a-f]))*"'  # as JSON has it
_KINDS = {
    "text": _Kind(rf"{_BARE}|{_QUOTED}", _text, _unquoted),
    "rest": _Kind(r".*", str, str),
    "count": _Kind(r"[0-9]{1,18}", str, int),
    "span": _Kind(r"(?:[0-9]{1,9} days?, )?[0-9]{1,2}:[0-9]{2}:[0-9]{2}", _span, _seconds),
}
