"""Placeholders of one flavour in the words of the other: the same command is run."""

import pytest

from millwork.base.errors import BadRequest
from millwork.formats.azureml.retemplate import retemplate
from millwork.plan.placeholders import render
from millwork.spec.model import Syntax

pytestmark = pytest.mark.quick

VALUES = {"inputs.x": "a b", "inputs.n": "3", "outputs.o": "/out"}
BOTH = (
    ("t {inputs.x} {outputs.o}", "t ${{inputs.x}} ${{outputs.o}}"),
    ("t [--n {inputs.n}] [--z={inputs.z}]", "t $[[--n ${{inputs.n}}]] $[[--z=${{inputs.z}}]]"),
    ("t [--flag 'true']", "t $[[--flag 'true']]"),
    ("t '[[1, 2]]' '{a}'", "t '[1, 2]' '{a}'"),
    ('t "{{{inputs.n}}}"', 't "{${{inputs.n}}}"'),
    ("t '[[[--n {inputs.n}]]]'", "t '[$[[--n ${{inputs.n}}]]]'"),
    ("t '{{{{}}}}'", "t '{{}}'"),
    ("t a && u {inputs.x} | v", "t a && u ${{inputs.x}} | v"),
    ("t $(u {inputs.x})", "t $(u ${{inputs.x}})"),
    ("", ""),
)


@pytest.mark.parametrize(("old", "new"), BOTH)
def test_both_ways(old: str, new: str) -> None:
    assert retemplate(old, "braces", "dollar") == new
    back = retemplate(new, "dollar", "braces")
    assert retemplate(back, "braces", "dollar") == new
    if old:
        assert render(old, "braces", VALUES) == render(new, "dollar", VALUES)
        assert render(back, "braces", VALUES) == render(new, "dollar", VALUES)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("t --l [[1,2]] {inputs.x}", r"t --l \[1,2\] ${{inputs.x}}"),
        ("t a\n  b {inputs.x}\n", "t a b ${{inputs.x}} "),
        ("t '[[1]]' [[2]] [--n {inputs.n}\n]", r"t '[1]' \[2\] $[[--n ${{inputs.n}} ]]"),
    ],
)
def test_what_v2_would_give_to_a_shell_is_kept_from_it(old: str, new: str) -> None:
    assert retemplate(old, "braces", "dollar") == new
    assert render(old, "braces", VALUES).argv == render(new, "dollar", VALUES).argv


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ("a\nb ${{inputs.n}}\n", "a ;\nb {inputs.n}"),
        ("ls x[0-9]", "ls x[[0-9]] ;"),
        ("[ -f x ]", "[[ -f x ]] ;"),
        ("a \\\n  --b\n\n  c 'd\ne'", "a   --b ;\nc 'd\ne'"),
    ],
)
def test_what_only_a_shell_runs_is_given_to_one(new: str, old: str) -> None:
    assert retemplate(new, "dollar", "braces") == old
    assert render(new, "dollar", VALUES).argv[0] == "bash"
    assert render(old, "braces", VALUES).argv[0] == "bash"


@pytest.mark.parametrize(
    ("text", "to", "written"),
    [
        ("python main.py $PAI_USER_ARGS", "braces", "python main.py $PAI_USER_ARGS"),
        ("python main.py $PAI_USER_ARGS", "dollar", "python main.py $PAI_USER_ARGS"),
        ("[ -f a ] && echo {inputs.x}", "braces", "[[ -f a ]] && echo {{inputs.x}}"),
        ("a\nb", "braces", "a ;\nb"),
    ],
)
def test_a_shells_text_has_no_placeholders(text: str, to: Syntax, written: str) -> None:
    assert retemplate(text, "shell", to) == written


@pytest.mark.parametrize(
    ("text", "syntax", "to", "message"),
    [
        ("t $[[--x ${{inputs.x}} ']']]", "dollar", "braces", "has no way to write the brackets"),
        ("t [--x {inputs.x} [[1]]]", "braces", "dollar", "has no way to write the brackets"),
        ("echo '${{x}}'", "shell", "dollar", r"column \d+: \$\{\{inputs.name\}\}"),
        ("t {inputs.", "braces", "dollar", "column 3"),
    ],
)
def test_what_cannot_be_written(text: str, syntax: Syntax, to: Syntax, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        retemplate(text, syntax, to)
