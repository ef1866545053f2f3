"""Templates: their parts, their escapes, and what is refused with its column."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.spec.template import MOST, Group, Literal, Placeholder, TemplateFault, parse

if TYPE_CHECKING:
    from millwork.spec.model import Syntax

pytestmark = [pytest.mark.quick, pytest.mark.long]


def written(text: str, syntax: Syntax) -> str:
    """The parts in a notation for tests: <a.b> a placeholder, (...) a group."""
    shown = ""
    for part in parse(text, syntax).parts:
        parts = part.parts if isinstance(part, Group) else (part,)
        inside = "".join(p.text if isinstance(p, Literal) else f"<{p.name}>" for p in parts)
        shown += f"({inside})" if isinstance(part, Group) else inside
    return shown


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("p --x {inputs.x}", "p --x <inputs.x>"),
        ("{inputs.a}{outputs.b}", "<inputs.a><outputs.b>"),
        ("a=[{inputs.z}]b", "a=(<inputs.z>)b"),
        ("[--z {inputs.z} --n={inputs.n}]", "(--z <inputs.z> --n=<inputs.n>)"),
        ("[[lit]] {{x}} {{inputs.x}}", "[lit] {x} {inputs.x}"),
        ("{{{inputs.x}}} [[{inputs.x}]]", "{<inputs.x>} [<inputs.x>]"),
        ("[[[{inputs.x}]]]", "[(<inputs.x>)]"),
        ("[--z [[{inputs.z}]]]", "(--z [<inputs.z>])"),
        ("[[a [{inputs.z}] b]]", "[a (<inputs.z>) b]"),
        ("[] a] {print} { {x: {y: 1}} ]]", "[] a] {print} { {x: {y: 1}} ]]"),
        ("{search_space.x} {input.x} {inputs}", "{search_space.x} {input.x} {inputs}"),
        ("${{inputs.x}}", "${inputs.x}"),
    ],
)  # fmt: skip
def test_braces(text: str, parts: str) -> None:
    assert written(text, "braces") == parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("p ${{inputs.x}}/${{outputs.y}}", "p <inputs.x>/<outputs.y>"),
        ("${{ inputs.x }} ${{search_space.lr}}", "<inputs.x> <search_space.lr>"),
        ("${{parent.jobs.j.outputs.o}}", "<parent.jobs.j.outputs.o>"),
        ("$[[--z ${{inputs.z}}]]", "(--z <inputs.z>)"),
        ("$[[--bf16 'true']]", "(--bf16 'true')"),
        ("[[ x ]] a[0] {inputs.x} {{x}} $X $ ]", "[[ x ]] a[0] {inputs.x} {{x}} $X $ ]"),
    ],
)  # fmt: skip
def test_dollar(text: str, parts: str) -> None:
    assert written(text, "dollar") == parts


@pytest.mark.parametrize("text", ["{inputs.x} [${{inputs.y}}]", "$[[ [", "[a [b]]"])
def test_the_syntax_of_a_shell_has_no_placeholders(text: str) -> None:
    assert parse(text, "shell").parts == (Literal(text, 0),)


def test_offsets_and_groups_are_known() -> None:
    template = parse("p {inputs.x} [[[-z {outputs.z}]", "braces")
    assert template.placeholders == (
        Placeholder(("inputs", "x"), 2),
        Placeholder(("outputs", "z"), 19, in_group=True),
    )
    assert [part.offset for part in template.parts] == [0, 2, 12, 13, 15]


def test_a_constant_group_of_the_old_syntax_warns() -> None:
    template = parse("python -c 'a[0]' [-z {inputs.z}]", "braces")
    (warning,) = template.warnings
    assert warning == (
        "column 13: [0] holds no placeholder, so it loses its brackets, as in AzureML; "
        "the author should write [[0]] to keep them"
    )
    assert parse("$[[--bf16]]", "dollar").warnings == ()


@pytest.mark.parametrize(
    ("text", "syntax", "message"),
    [
        ("p [a [b {inputs.n}] c]", "braces", "column 6: a group within a group; write [[ and ]]"),
        ("$[[a $[[b]]]]", "dollar", "column 6: a group within a group"),
        ("p [a", "braces", "column 3: this group has no end"),
        ("p\n q $[[a", "dollar", "line 2, column 4: this group has no end"),
        ("p {inputs.x", "braces", "column 3: {inputs.name} or {outputs.name} is expected"),
        ("p {inputs.a b}", "braces", "column 3"),
        ("p {inputs..x}", "braces", "column 3"),
        ("p ${{inputs.x}", "dollar", "column 3: ${{inputs.name}} or ${{outputs.name}} is expected"),
        ("p ${{x}}", "dollar", "column 3"),
        ("p ${{}}", "dollar", "column 3"),
        ("p \0", "dollar", "column 3: a command cannot hold a NUL"),
        ("p \0", "braces", "column 3: a command cannot hold a NUL"),
        ("{inputs.x}" * (MOST + 1), "braces", "a command has at most 1000 placeholders"),
    ],
)
def test_what_is_refused(text: str, syntax: Syntax, message: str) -> None:
    with pytest.raises(TemplateFault) as caught:
        parse(text, syntax)
    assert message in str(caught.value)


@given(
    st.lists(st.sampled_from(["[", "]", "{", "}", "$", "inputs.x", "outputs.", " ", "a", "\n"])),
    st.sampled_from(["braces", "dollar"]),
)
def test_any_text_is_read_or_refused(pieces: list[str], syntax: Syntax) -> None:
    text = "".join(pieces)
    try:
        template = parse(text, syntax)
    except TemplateFault as fault:
        offsets = [fault.offset]
    else:
        offsets = [part.offset for part in template.placeholders]
        assert all(text[offset] in "${" for offset in offsets)
    assert all(0 <= offset <= len(text) for offset in offsets)


@pytest.mark.parametrize("unit", ["{{", "{{]]", "[[]]", "[]", "[a]", "$", "{inputs", "]", "}}"])
@pytest.mark.parametrize("syntax", ["braces", "dollar"])
def test_long_text_is_read_in_time(unit: str, syntax: Syntax) -> None:
    started = time.process_time()
    parse(unit * (200_000 // len(unit)), syntax)
    assert time.process_time() - started < 3
