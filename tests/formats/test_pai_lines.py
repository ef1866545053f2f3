"""PAI's command lines, as they are written in SQL nodes: read with the place of each word."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.base.errors import InvalidFile
from millwork.formats.pai.lines import Command, Other, has_commands, read_lines

pytestmark = pytest.mark.quick


def commands(text: str) -> list[Command]:
    return [each for each in read_lines(text, "node.sql") if isinstance(each, Command)]


def arguments(text: str) -> dict[str, str]:
    (command,) = commands(text)
    return {each.key: each.value for each in command.arguments}


def faults(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read_lines(text, "node.sql")
    return [str(fault).removeprefix("node.sql:") for fault in caught.value.faults]


def test_a_line_has_a_name_a_project_and_arguments() -> None:
    (command,) = commands("PAI -name split -project algo_public -Dfraction=0.25;")
    assert (command.name, command.project) == ("split", "algo_public")
    assert arguments("PAI -name split -Dfraction=0.25;") == {"fraction": "0.25"}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("a,b", "a,b"),
        ('"a, b"', "a, b"),
        ("'a b'", "a b"),
        ('""', ""),
        ("", ""),
        ('"a;b -- c"', "a;b -- c"),
        ("'it''s'", "it's"),
        (r'"say \"no\""', 'say "no"'),
        (r'"\t"', r"\t"),
        ("a=b", "a=b"),
        ("a--b", "a--b"),
        ("oss://bucket/key", "oss://bucket/key"),
        ("größe,日本", "größe,日本"),
        ('"two\nlines"', "two\nlines"),
    ],
)
def test_values_are_what_stands_in_the_quotes(said: str, meant: str) -> None:
    assert arguments(f"pai -name x -Da={said} -Db=c;") == {"a": meant, "b": "c"}


def test_lines_go_on_with_and_without_a_backslash() -> None:
    text = "PAI -name x\n  -Da=1 \\\n  -Db=2\\\n  -Dc=3\r\n;"
    assert arguments(text) == {"a": "1", "b": "2", "c": "3"}


def test_comments_and_other_statements_are_told_apart() -> None:
    text = (
        "--odps sql\n-- PAI -name no;\n/* PAI -name no; */\n"
        "create table t as select ';', \"PAI -name no\" from u; -- done\n"
        "pai -name a -Dx=1 -- why; not\n  -Dy=2; PAI -name b"
    )
    found = read_lines(text, "node.sql")
    assert [each.name if isinstance(each, Command) else "" for each in found] == ["", "a", "b"]
    assert isinstance(found[0], Other)
    assert found[0].text.startswith("create table t as select")
    assert (found[0].place, found[1].place) == ((4, 1), (5, 11))
    first = commands(text)[0]
    assert [(each.key, each.place) for each in first.arguments] == [("x", (5, 13)), ("y", (6, 3))]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("PAI -Da=1;", "1:1: error: PAI without -name NAME"),
        ("PAI -name", "1:5: error: -name without a word behind it"),
        ("PAI -name x\n -Da=1 -Da=2;", "2:8: error: -Da stands twice"),
        ("PAI -name x\n -D a=1;", "2:2: error: expected -name NAME, -project NAME or -Dkey=value"),
        ("PAI -name x\nPAI -name y;", "2:1: error: a second PAI in one statement: put ; before it"),
        ("PAI -name x -Da='1;\n", "1:17: error: this quote is not closed"),
        ("PAI -name x;\n /* PAI -name y;", "2:2: error: this comment is not closed"),
        ("/*/", "1:1: error: this comment is not closed"),
    ],
)
def test_faults_say_where(text: str, said: str) -> None:
    assert faults(text)[0].startswith(said)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults("PAI -name x -Da;\nPAI -Db=1;\nPAI -name y -Da=1 -Da=2;")) == 3


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("PAI -name x", True),
        ("drop table t;\n  pai  -project p -name x", True),
        ("drop table t;pai -name x", True),
        ("select pai -name from t", False),
        ("apiVersion: millwork/v1", False),
        ("", False),
    ],
)
def test_a_file_with_lines_is_known(text: str, has: bool) -> None:
    assert has_commands(text) is has


@given(st.text(alphabet="PAIpai -name'\"\\;D=x\n\r\t/*é", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidFile):
        read_lines(text, "node.sql")


PARTS = ['"', "'", "\\", '\\"', "/*", "/* ", "--", "a'b'", ";", "PAI -name x "]


@pytest.mark.parametrize("part", PARTS)
def test_long_texts_take_no_long_time(part: str) -> None:
    begun = time.process_time()
    with pytest.raises(InvalidFile):
        read_lines(f"PAI -name x -Da {part * (200_000 // len(part))}'", "node.sql")
    assert time.process_time() - begun < 5
