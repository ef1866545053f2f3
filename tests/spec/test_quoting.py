"""The scanner of shell texts: how a placeholder stands, and what is refused with its offset."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.spec.quoting import NotUnderstood, Place, Quoting, Rule, needs_shell, places

pytestmark = pytest.mark.quick

BARE, DOUBLE, SINGLE, ANSI, TEST = Quoting


def read(text: str) -> tuple[Place, ...]:
    return places(text.replace("@", "\0"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p @ a@b", [BARE, BARE]),
        ("p \"@\" '@' $'@' $\"@\"", [DOUBLE, SINGLE, ANSI, DOUBLE]),
        (r"""p \"@ '\'@ "\"@" $'\'@' @""", [BARE, BARE, DOUBLE, ANSI, BARE]),
        ("p \"it's @\" 'a\"@' # it's @\np @", [DOUBLE, SINGLE, DOUBLE, BARE]),
        ("p a#'@' $#'@' ${#x}'@' $$@", [SINGLE, SINGLE, SINGLE, BARE]),
        ("p \\\n# it's\np '@'", [SINGLE]),
        ("p \"$(q @ \"@\" '@')\" @ \"$(q)@\"", [BARE, DOUBLE, SINGLE, BARE, DOUBLE]),
        ("p \"$( (q; r) ; s # )'\n @ )@\"", [BARE, DOUBLE]),
        ("p `q @ '@' \"@\"` \"`q @`@\"", [BARE, SINGLE, DOUBLE, BARE, DOUBLE]),
        ("p ${x:-a}@ \"${x#?}@\"", [BARE, DOUBLE]),
        ("p <(q @) > @ 2>&1 @ &> @", [BARE] * 4),
        ("p <<< @; p <<<\"@\"", [BARE, DOUBLE]),
        ("p <<E @\n'@' \"@\"\nE\np @", [BARE, DOUBLE, DOUBLE, BARE]),
        ("p <<E\n$(q @ '@') `q @`\nE\np '@'", [BARE, SINGLE, BARE, SINGLE]),
        ("p <<E <<-'F'\n@\nE\n\t$( '\n\tF\np '@'", [DOUBLE, SINGLE]),
        ("p $(q <<E\n@ it's\nE\n) '@'", [DOUBLE, SINGLE]),
        ("X=@ Y=\"@\" p Z=@", [DOUBLE, DOUBLE, BARE]),
        ("case @ in a) p @;; esac; p '@'", [BARE, BARE, SINGLE]),
        ("if [ @ = a ] || test \"@\"; then p @; fi", [TEST, DOUBLE, BARE]),
        ("[[ @ == a && @ < b ]] && p @", [DOUBLE, DOUBLE, BARE]),
        ("export X=@; local x=@", [BARE, BARE]),
        ("bash x.sh -c @; bash -c 'p \"$1\"' bash @", [BARE, BARE]),
        ("printf %s @", [BARE]),
        ("p [@] a[@]", [BARE, BARE]),
        ("f() { p @; }; f", [BARE]),
    ],
)  # fmt: skip
def test_how_it_stands(text: str, expected: list[Quoting]) -> None:
    found = read(text)
    assert [place.quoting for place in found] == expected
    assert {place.rule for place in found} == {Rule.ANY}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("p $((@ + (1)))", Rule.NUMBER),
        ("((x = @))", Rule.NUMBER),
        ("for ((i=0; i<@; i++)); do p; done", Rule.NUMBER),
        ("p \"$((@ << 2))\"", Rule.NUMBER),
        ("[[ a == b && \"@\" -eq 3 ]]", Rule.NUMBER),
        ("x[@]=1", Rule.NUMBER),
        ("x=([\"@\"]=1)", Rule.NUMBER),
        ("p 2>&@", Rule.NUMBER),
        ("p >& \"@\"", Rule.NUMBER),
        ("printf \"@\" x", Rule.OPERAND),
        ("printf @", Rule.OPERAND),
    ],
)  # fmt: skip
def test_what_the_value_must_be(text: str, rule: Rule) -> None:
    assert [place.rule for place in read(text)] == [rule]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("p '@", 2, "quote has no end"),
        ('p "@', 2, "quote has no end"),
        ("p $'@", 2, "quote has no end"),
        ("p `@", 2, "backtick has no end"),
        ("p $(@", 5, "a ')' is missing"),
        ("p \\@", 2, "a backslash stands before a placeholder"),
        ('p "\\@"', 3, "a backslash stands before a placeholder"),
        ("p $@", 2, "a '$' stands before a placeholder"),
        ("p ${x:-@}", 2, "this ${...} is not understood"),
        ('p ${x:-"a"}', 2, "this ${...} is not understood"),
        ("p `q \\`@\\``", 2, "a backslash within backticks"),
        ("p $[1+@]", 2, "write $((...))"),
        ("p $(case @ in a) q;; esac)", 4, "case within $(...)"),
        ("p $((a); (b))", 2, "'((' without '))'"),
        ("p $((@", 2, "'((' without '))'"),
        ("p $(('@'))", 5, "within ((...))"),
        ("[[ @ == a", 0, "' ]]' is missing"),
        ("p <<'E'\n@\nE", 8, "leave the quotes out"),
        ("p <<E\n@\n", 6, "the line 'E' that ends a here-document is missing"),
        ("p <<E @", 2, "this '<<' is not understood"),
        ("p <<$x\n@\n$x\n", 2, "this '<<' is not understood"),
        ("p <<E $(q\n@\n)\nE\n", 2, "this '<<' is not understood"),
        ("p <<E\n@\\\nE\nE\n", 6, "a backslash ends a line"),
        ("p $(q <<E\n@\nE)", 10, "the line 'E'"),
        ("bash <<E\n@\nE", 9, "a shell would take the value for code"),
        ("p <<E | sh\n@\nE", 11, "a shell would take the value for code"),
        ("bash <<< @", 9, "'bash' would take the value for code"),
        ("p; env X=1 bash -ec 'q @'", 23, "'bash' would take the value for code"),
        ("timeout 5 bash -euo pipefail -c @", 32, "would take the value for code"),
        ("eval p @", 7, "'eval' would take the value for code"),
        ("if \\eval @; then p; fi", 9, "'eval' would take the value for code"),
        ("let x=@", 6, "'let'"),
        ("trap '@' EXIT", 6, "'trap'"),
        ("declare @", 8, "'declare'"),
        ("declare -i x=@", 13, "'declare'"),
        ("[ -v @ ]", 5, "'[ -v'"),
        ("printf -v @ x", 10, "'printf -v'"),
        ("$(" * 100 + "@", 66, "nested too deep"),
        ("p " + "<<E " * 100 + "\n", 130, "too many here-documents"),
    ],
)
def test_what_is_refused(text: str, offset: int, message: str) -> None:
    with pytest.raises(NotUnderstood) as caught:
        read(text)
    assert (caught.value.offset, message in str(caught.value)) == (offset, True), caught.value


@pytest.mark.parametrize(
    "text",
    ["p a 'b $c' \"d e\" \\$ \\; --x=@", "p {x} {} a{b}c http://a/b#c a~b a=b", "p 'a\nb'",
     "p \\\n  --x @", "p {print} a,b ^ % @ + ! x!", "@ @", "p\n --x @\n --y", ""],
)  # fmt: skip
def test_words_need_no_shell(text: str) -> None:
    assert not needs_shell(text, "dollar")
    assert not needs_shell(text, "braces")


@pytest.mark.parametrize(
    "text",
    ["p $HOME", 'p "$HOME"', 'p "`q`"', "p `q`", "p | q", "p && q", "p; q", "p & q", "p > q",
     "p < q", "(p)", "p *", "p ?", "p {a,b}", "p {1..3}", "p ~", "p x=~/y", "p # q", "! p",
     "X=1 p", "cd x", "exit 3", "source x", "time p", "p 'a", 'p "a', "p $'a'"],
)  # fmt: skip
def test_what_needs_a_shell(text: str) -> None:
    assert needs_shell(text, "dollar")
    assert needs_shell(text, "braces")


@pytest.mark.parametrize("text", ["p [ab]", "p [1,2]", "p\nq", "p\n\n --x\nq"])
def test_brackets_and_lines_are_a_shells_in_v2_only(text: str) -> None:
    assert needs_shell(text, "dollar")
    assert not needs_shell(text, "braces")


PIECES = ["@", "'", '"', "$", "(", ")", "((", "{", "}", "`", "\\", "\n", "<<E", "E", "[[ ", " ]]",
          "#", ";", "case ", " "]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES)))
def test_any_text_is_read_or_refused(pieces: list[str]) -> None:
    text = "".join(pieces)
    needs_shell(text, "dollar")
    try:
        assert len(read(text)) == text.count("@")
    except NotUnderstood as fault:
        offset = fault.offset
    else:
        offset = 0
    assert 0 <= offset <= len(text)


@pytest.mark.parametrize(
    "unit", ["{", "{a", "[[ ", "[[  ]] ", "((", "$((", "a=b ", "if ", "'a' ",
             '"a"', "\\a", "sh -c ", "# ", "a[", "\n"]
)  # fmt: skip
def test_long_text_is_read_in_time(unit: str) -> None:
    text = "p " + "@ " * 1000 + unit * (200_000 // len(unit)) + " @" * 1000
    started = time.process_time()
    needs_shell(text, "dollar")
    with contextlib.suppress(NotUnderstood):
        read(text)
    assert time.process_time() - started < 3
