"""The console has words for all that the server tells as a code."""

from __future__ import annotations

import re

import pytest

from millwork.schedule.reasons import NOT_BEGUN, SENTENCES
from tests.web.looking import strings


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_reason_of_an_instance_has_words(language: str) -> None:
    words = strings(language)
    missing = [code for code in (*SENTENCES, NOT_BEGUN) if f"instance.reason.{code}" not in words]
    assert missing == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_words_of_a_reason_take_no_value_that_there_is_not(language: str) -> None:
    words = strings(language)
    for code, sentence in SENTENCES.items():
        taken = set(re.findall(r"\{(\w+)\}", words[f"instance.reason.{code}"]))
        assert taken <= set(re.findall(r"\{(\w+):", sentence)), code
