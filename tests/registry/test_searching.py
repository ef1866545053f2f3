"""The text that is searched, and the patterns that search it."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.registry.searching import (
    label_pattern,
    search_text,
    use_pattern,
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


def test_nine_words_are_refused() -> None:
    with pytest.raises(ValueError, match="8 words"):
        word_patterns("a b c d e f g h i")


@given(st.text(max_size=30))
def test_any_text_can_be_kept_and_is_found_by_its_words(text: str) -> None:
    kept = search_text([text])
    kept.encode()
    for word in text.split()[:8]:
        assert finds(kept, word)
