"""The text that is searched, and the patterns that search it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.registry.searching import (
    label_pattern,
    label_words,
    relabelled,
    search_text,
    use_pattern,
    uses_in,
    word_patterns,
)

pytestmark = pytest.mark.quick

CONNECTION = sqlite3.connect(":memory:", check_same_thread=False)


def is_like(text: str, pattern: str) -> bool:
    query = "SELECT ? LIKE ? ESCAPE '!'"
    return bool(CONNECTION.execute(query, (text, pattern)).fetchone()[0])


def finds(text: str, words: str) -> bool:
    return all(is_like(text, pattern) for pattern in word_patterns(words))


def test_every_word_must_be_found_whatever_its_case() -> None:
    text = search_text(["Train", "Gradient boosting\nof TREES", "Straße"])
    assert finds(text, "train")
    assert finds(text, "boost tree")
    assert finds(text, "STRASSE")
    assert not finds(text, "train forest")
    assert finds(text, "")


def test_wildcards_stand_for_themselves() -> None:
    text = search_text(["100% of a_b!"])
    assert finds(text, "100%")
    assert finds(text, "a_b!")
    assert not finds(text, "a%b")
    assert not finds(search_text(["axb"]), "a_b")


def test_labels_are_found_by_name_and_by_value() -> None:
    text = search_text(["x"], {"team": "Risk", "env": "prod"})
    assert is_like(text, label_pattern("team"))
    assert is_like(text, label_pattern("team=risk"))
    assert not is_like(text, label_pattern("team=ris"))
    assert not is_like(text, label_pattern("tea"))
    assert label_pattern("") == ""


def test_no_description_looks_like_a_label_or_a_use() -> None:
    text = search_text(["x\n#team=risk\n>component:train@1.0.0\n"])
    assert not is_like(text, label_pattern("team=risk"))
    assert not is_like(text, use_pattern("component:train"))


def test_uses_are_found_with_and_without_their_version() -> None:
    text = search_text(["x"], uses=["component:train@1.0.0"])
    assert is_like(text, use_pattern("component:train"))
    assert is_like(text, use_pattern("component:train@1.0.0"))
    assert not is_like(text, use_pattern("component:train@1.0"))
    assert not is_like(text, use_pattern("component:trai"))


LABELS = st.dictionaries(
    st.from_regex(r"[a-z][a-z.]{0,8}", fullmatch=True), st.text("aB= %", max_size=8), max_size=3
)


@given(st.text(max_size=20), LABELS, LABELS)
def test_what_has_other_labels_is_found_as_if_it_had_always_had_them(
    word: str, before: dict[str, str], after: dict[str, str]
) -> None:
    def kept(labels: dict[str, str]) -> str:
        return search_text([word, *label_words(labels)], labels, ["component:train@1.0.0"])

    assert relabelled(kept(before), before, after) == kept(after)


def test_what_a_pipeline_is_made_of_is_told_by_its_text() -> None:
    words = ["Flights", "split builtin:split_rows", "more builtin:split_rows"]
    text = search_text(words, {"a": "b"}, ["component:train@1.0.0", "component:train@1.0.1"])
    assert uses_in(text) == {"builtin:split_rows", "component:train"}
    assert uses_in(search_text(())) == set()


def test_nine_words_are_refused() -> None:
    with pytest.raises(ValueError, match="8 words"):
        word_patterns("a b c d e f g h i")


@given(st.text(max_size=30))
def test_any_text_can_be_kept_and_is_found_by_its_words(text: str) -> None:
    kept = search_text([text])
    kept.encode()
    for word in text.split()[:8]:
        assert finds(kept, word)
