"""Commands with their values: the table of azureml-spec 1.1, modes, references, refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.base.errors import BadRequest
from millwork.plan.model import Rendered
from millwork.plan.placeholders import render, warnings
from millwork.spec.template import TemplateFault

if TYPE_CHECKING:
    from millwork.spec.model import Syntax

pytestmark = pytest.mark.quick

VALUES = {
    "inputs.x": "a b",
    "inputs.n": "3",
    "inputs.f": "False",
    "inputs.e": "",
    "outputs.o": "/o",
}


def script(text: str, syntax: Syntax = "dollar", values: dict[str, str] = VALUES) -> str:
    """What bash gets, with $x for the variable of inputs.x."""
    rendered = render(text, syntax, values)
    assert rendered.argv[:2] == ("bash", "-c")
    shown = rendered.argv[2]
    for name, value in rendered.env.items():
        (key,) = [key for key in values if name == "MILLWORK_" + key.replace(".", "_")]
        assert value == values[key]
        shown = shown.replace(f"${{{name}}}", f"${key[-1]}")
    return shown


@pytest.mark.parametrize(
    ("braces", "dollar", "argv"),
    [
        ("{inputs.x}", "${{inputs.x}}", ["a b"]),
        ("p [--z {inputs.z}]", "p $[[--z ${{inputs.z}}]]", ["p"]),
        ("p [--z={inputs.z}]", "p $[[--z=${{inputs.z}}]]", ["p"]),
        ("p a=[{inputs.z}]", "p a=$[[${{inputs.z}}]]", ["p", "a="]),
        ("p [--z {inputs.z} --n {inputs.n}]", "p $[[--z ${{inputs.z}} --n ${{inputs.n}}]]", ["p"]),
        ("p [--n {inputs.n} --z {inputs.z}]", "p $[[--n ${{inputs.n}} --z ${{inputs.z}}]]", ["p"]),
        ("[-n {inputs.n} {inputs.x}]", "$[[-n ${{inputs.n}} ${{inputs.x}}]]", ["-n", "3", "a b"]),
        ("[literal]", "$[[literal]]", ["literal"]),
        ("p [--bf16 'true']", "p $[[--bf16 'true']]", ["p", "--bf16", "true"]),
        ("p [--f {inputs.f}]", "p $[[--f ${{inputs.f}}]]", ["p", "--f", "False"]),
        ("p [--f {inputs.e}]", "p $[[--f ${{inputs.e}}]]", ["p", "--f", ""]),
        ("p {inputs.e}", "p ${{inputs.e}}", ["p", ""]),
        ("a{inputs.x}b'{inputs.n}'", "a${{inputs.x}}b'${{inputs.n}}'", ["aa bb3"]),
        ("{outputs.o}/{inputs.n}.csv", "${{outputs.o}}/${{inputs.n}}.csv", ["/o/3.csv"]),
        ("-n={inputs.n} '{inputs.x} '", "-n=${{inputs.n}} '${{inputs.x}} '", ["-n=3", "a b "]),
        ("p \"{inputs.x}\" q", "p \"${{inputs.x}}\" q", ["p", "a b", "q"]),
        ("p \\\n -n {inputs.n}\n -q\n", "p \\\n -n ${{inputs.n}}\n -q\n", ["p", "-n", "3", "-q"]),
    ],
)  # fmt: skip
def test_the_table(braces: str, dollar: str, argv: list[str]) -> None:
    assert render(braces, "braces", VALUES) == Rendered(tuple(argv), {})
    assert render(dollar, "dollar", VALUES) == Rendered(tuple(argv), {})


@pytest.mark.parametrize(
    ("text", "argv"),
    [
        ("[[lit]]", ["[lit]"]),
        ("{{x}}", ["{x}"]),
        ("p [[{inputs.n},{inputs.n}]]", ["p", "[3,3]"]),
        ("python -c 'a[0]'", ["python", "-c", "a0"]),
        ("python -c 'a[[0]]'", ["python", "-c", "a[0]"]),
        ("awk '{print}' {inputs.x}", ["awk", "{print}", "a b"]),
        ("p\nq", ["p", "q"]),
        ("p 'it is' \\{inputs.x}", ["p", "it is", "a b"]),
    ],
)
def test_the_old_syntax_alone(text: str, argv: list[str]) -> None:
    assert render(text, "braces", VALUES) == Rendered(tuple(argv), {})


def test_old_brackets_in_a_shells_text() -> None:
    text = "if [[ -f {inputs.x} ]]; then p [--n {inputs.n}] [--z {inputs.z}]; fi"
    assert script(text, "braces") == 'if [ -f "$x" ]; then p --n $n ; fi'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("p ${{inputs.x}} && q \"${{inputs.x}}\" '${{inputs.n}}'", "p $x && q \"$x\" ''\"$n\"''"),
        ("p $'${{inputs.x}}' $HOME", "p $''\"$x\"$'' $HOME"),
        ("p \"$(q '${{inputs.x}}')\"", "p \"$(q ''\"$x\"'')\""),
        ("p <<E\n'${{inputs.x}}'\nE\n", "p <<E\n'$x'\nE\n"),
        ("p $((${{inputs.n}} + 1))", "p $(($n + 1))"),
        ("p | q $[[--z '${{inputs.z}}']] $[[-n]]", "p | q  -n"),
        ("p\n${{inputs.x}}", "p\n$x"),
        ('[ ${{inputs.x}} = a ] && printf "${{inputs.n}}"', '[ "$x" = a ] && printf "$n"'),
    ],
)
def test_references(text: str, expected: str) -> None:
    assert script(text) == expected


def test_a_program_for_a_shell_is_a_shells_text() -> None:
    rendered = render(
        "bash -euc \"p ${{inputs.x}} '${{inputs.n}}'\" ${{inputs.x}}", "dollar", VALUES
    )
    assert rendered.argv[2:] == (
        "p ${MILLWORK_inputs_x} ''\"${MILLWORK_inputs_n}\"''",
        "a b",
    )
    assert rendered.env == {"MILLWORK_inputs_x": "a b", "MILLWORK_inputs_n": "3"}


def test_an_optional_value_does_not_change_how_others_are_read() -> None:
    text = "p ${{inputs.x}} $[[> ${{inputs.z}}]]"
    assert script(text) == "p $x "


def test_variables_differ_from_one_another_and_from_those_of_the_command() -> None:
    values = {"inputs.a-b": "1", "inputs.a_b": "2", "inputs.c": "3", "inputs.a_b_2": "4"}
    text = "p {inputs.a-b} {inputs.a_b} {inputs.c} {inputs.a_b} {inputs.a_b_2} $MILLWORK_inputs_c;"
    rendered = render(text, "braces", values)
    assert rendered.env == {
        "MILLWORK_inputs_a_b": "1",
        "MILLWORK_inputs_a_b_2": "2",
        "MILLWORK_inputs_c_2": "3",
        "MILLWORK_inputs_a_b_2_2": "4",
    }
    assert rendered.argv[2] == (
        "p ${MILLWORK_inputs_a_b} ${MILLWORK_inputs_a_b_2} ${MILLWORK_inputs_c_2} "
        "${MILLWORK_inputs_a_b_2} ${MILLWORK_inputs_a_b_2_2} $MILLWORK_inputs_c;"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("p ${{inputs.missing}}", "required input 'missing' is not given"),
        ("p ${{inputs.z}} ${{outputs.y}} ${{inputs.z}}", "required inputs 'z', 'y' are not given"),
        ("p $[[a", "command, column 3: this group has no end"),
        ("", "command, column 1: the command is empty"),
        ("$[[${{inputs.z}}]]", "command, column 1: the command is empty"),
        ("p 'a", "column 3: this quote has no end"),
        ("p $[[-z ${{inputs.z}}]] | q \\${{inputs.x}}", "column 29: a backslash stands before"),
        ("p $((${{inputs.x}}))", "column 6: ${{inputs.x}}: here the value must be a whole number"),
        ("bash -c 'p \"${{inputs.x}}'", "column 13: ${{inputs.x}}: this quote has no end"),
        ("p\n\nq <<'E'\n${{inputs.x}}\nE", "line 4, column 1: a here-document with a quoted end"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    if "'a" in text:
        text += " ${{inputs.x}}"
    with pytest.raises(BadRequest) as caught:
        render(text, "dollar", VALUES)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", ["-v a[$(p)]", " -v"])
def test_a_format_is_no_option(value: str) -> None:
    with pytest.raises(BadRequest, match="the value must be a text without a leading '-'"):
        render("printf ${{inputs.x}} | q", "dollar", {"inputs.x": value})


def test_warnings_name_what_is_split() -> None:
    text = 'p ${{inputs.x}} "${{inputs.x}}" X=1 | q $[[--z ${{inputs.z}}]] > ${{outputs.o}}'
    assert warnings(text, "dollar") == [
        "${{inputs.x}} stands outside quotes at column 3: a value with blanks is split",
        "${{inputs.z}} stands outside quotes at column 48: a value with blanks is split",
        "${{outputs.o}} stands outside quotes at column 66: a value with blanks is split",
    ]
    assert warnings("p {inputs.x}\n| q", "braces") == [
        "{inputs.x} stands outside quotes at line 1, column 3: a value with blanks is split"
    ]
    assert warnings("sh -c 'p {inputs.x}'", "braces") == [
        "{inputs.x} stands outside quotes at column 10: a value with blanks is split"
    ]


@pytest.mark.parametrize(
    "text",
    ["p ${{inputs.x}}", "p; X=${{inputs.x}} q", "[ ${{inputs.x}} ] && [[ ${{inputs.x}} == a ]]",
     "p $((${{inputs.x}}))", "p; q '${{inputs.x}}'"],
)  # fmt: skip
def test_no_warning_where_nothing_is_split(text: str) -> None:
    assert warnings(text, "dollar") == []


@pytest.mark.parametrize(
    "text", ["p {inputs.x", "p | q '{inputs.x}", "", "p $[a; p ${x:-{inputs.x}}"]
)
def test_warnings_refuse_what_render_refuses(text: str) -> None:
    with pytest.raises(TemplateFault, match="column"):
        warnings(text, "braces")


@given(st.text(), st.text())
def test_words_keep_every_value(x: str, y: str) -> None:
    values = {"inputs.x": x, "inputs.y": y}
    text = "p ${{inputs.x}} -y=${{inputs.y}} '${{inputs.x}}' \"a${{inputs.y}}${{inputs.x}}b\""
    expected = ("p", x, f"-y={y}", x, f"a{y}{x}b")
    assert render(text, "dollar", values) == Rendered(expected, {})
    assert render(text.replace("${{", "{").replace("}}", "}"), "braces", values).argv == expected


@given(st.text(), st.text())
def test_no_value_is_in_a_shells_text(x: str, y: str) -> None:
    text = "p ${{inputs.x}} | q '${{inputs.y}}'"
    one = render(text, "dollar", {"inputs.x": x, "inputs.y": y})
    assert one.argv == render(text, "dollar", {"inputs.x": "", "inputs.y": ""}).argv
    assert sorted(one.env.values()) == sorted([x, y])
