"""Reasons: what is said is read back as it was, whatever the values are."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.schedule import reasons
from millwork.schedule.reasons import Reason, read, say

_TEXTS = st.one_of(
    st.text(),
    st.sampled_from([
        "load", "other/load (last cycle)", "self", "s3://lake/${yyyymmdd}/done file", "", '"', "\\",
        "frozen", "its", "a dry run", "stopped by eve", "x: not done", "run r1 has failed: why",
        "not begun: frozen: somebody must thaw it", "load\n", "\u2028", '" is gone', "[: {why}]",
        "load: the one of 2026-03-01 #3 is waiting, and 4 more", "{name:text}", "\x00\x85",
    ]),
)  # fmt: skip
_COUNTS = st.integers(0, 10**12)
_BY_KIND = {
    "text": _TEXTS, "rest": _TEXTS, "count": _COUNTS,
    "span": st.integers(0, 86_399_999_999_999),
}  # fmt: skip


def _reasons_of(code: str) -> st.SearchStrategy[Reason]:
    sentence = reasons.SENTENCES[code]
    optional = "".join(re.findall(r"\[.+?\]", sentence))
    found = {name: _BY_KIND[kind] for name, kind in reasons._VALUE.findall(sentence)}
    may = {name: each for name, each in found.items() if f"{{{name}:" in optional}
    must = {name: each for name, each in found.items() if name not in may}
    values: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(must, optional=may)
    return values.map(lambda values: Reason(code, values))


_REASONS = st.sampled_from(sorted(reasons.SENTENCES)).flatmap(_reasons_of)


@given(_REASONS)
def test_what_is_said_is_read_back(reason: Reason) -> None:
    assert read(say(reason.code, **reason.values)) == reason


@given(_REASONS)
def test_so_is_why_something_was_not_begun(why: Reason) -> None:
    reason = Reason("not_begun", {"because": why.code, **why.values})
    assert read(say(reason.code, **reason.values)) == reason
    assert say(reason.code, **reason.values) == reasons.not_begun(say(why.code, **why.values))


@given(st.from_regex(r'("\\?.*" ?|.)(: not done|: looked for each half minute)?', fullmatch=True))
def test_a_text_that_is_almost_one_is_left_as_it_is(text: str) -> None:
    reason = read(text)
    assert read(say(reason.code, **reason.values)) == reason


_ENDLESS = f"timeout after {'9' * 5000}:00:00"
_NEVER = "not begun: " * 5000
_MISSED = "missed by 1 day, 3:00:00: catch_up is none"


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [
        ("run 1rya has failed", "run_failed", {"run": "1rya"}),
        ("run r has failed: a\nb", "run_failed", {"run": "r", "why": "a\nb"}),
        (_MISSED, "missed_none", {"late": 97_200}),
        ("load (last cycle): not done", "undone", {"name": "load (last cycle)"}),
        (
            "other/load: the one of 2026-03-01 #3 is waiting, and 4 more", "cycle",
            {"name": "other/load", "date": "2026-03-01", "number": 3, "status": "waiting",
             "more": 4},
        ),
        (
            "not begun: load: the one of 2026-02-28 is failed", "not_begun",
            {"because": "cycle", "name": "load", "date": "2026-02-28", "status": "failed"},
        ),
        ("it runs as 'eve', who is not active any more", "said",
         {"text": "it runs as 'eve', who is not active any more"}),
        ("not begun: not begun: x", "said", {"text": "not begun: not begun: x"}),
        ("", "said", {"text": ""}),
        ('"\\q": not done', "said", {"text": '"\\q": not done'}),
        (_ENDLESS, "said", {"text": _ENDLESS}),
        (_NEVER, "said", {"text": _NEVER}),
        ('"\\ud800": not done', "said", {"text": '"\\ud800": not done'}),  # no text could say it
        ('"a b\\u0001": not done', "undone", {"name": "a b\x01"}),
    ],
)  # fmt: skip
def test_sentences_that_are_kept(text: str, code: str, values: dict[str, Any]) -> None:
    assert read(text) == Reason(code, values)
    assert say(code, **values) == text


def test_a_name_with_a_space_stands_in_quotes() -> None:
    assert say("file", name="s3://a b") == '"s3://a b": looked for each half minute'
