"""Commands with placeholders as a shell's text: what is run is what AzureML's form runs."""

import subprocess

import pytest

from millwork.base.errors import BadRequest
from millwork.formats.azureml.shell import Variable, shell_command
from millwork.plan.placeholders import render
from millwork.spec.model import Syntax

VARIABLES = {
    "inputs.x": Variable("${PAI_HPS_X}"),
    "inputs.n": Variable("${PAI_HPS_N}", is_whole=True),
    "inputs.z": Variable("${PAI_HPS_Z}", "PAI_HPS_Z"),
    "inputs.y": Variable("${PAI_HPS_Y}", "PAI_HPS_Y"),
    "outputs.o": Variable("${PAI_OUTPUT_O%/}"),
}
HOSTILE = "a  b $(touch gone) `touch gone` 'q' \"d\" \\ * ; touch gone"
SET = {"inputs.x": HOSTILE, "inputs.n": "3", "inputs.z": HOSTILE, "outputs.o": "/out/o"}
ENV = {
    "PAI_HPS_X": HOSTILE,
    "PAI_HPS_N": "3",
    "PAI_HPS_Z": HOSTILE,
    "PAI_OUTPUT_O": "/out/o/",
    "PATH": "/usr/bin:/bin",
}
TEXTS: dict[Syntax, tuple[str, ...]] = {
    "braces": (
        "/usr/bin/printf %s, {inputs.x} '{inputs.x}' \"{inputs.x}\" --o={outputs.o}/f",
        "/usr/bin/printf %s, [--z {inputs.z}] [--y={inputs.y}] a=[{inputs.y}] b[ -z {inputs.z}]",
        "/usr/bin/printf %s, [--z {inputs.z} {inputs.y}] [--n {inputs.n} {inputs.z}]",
        "/usr/bin/printf %s, [--lit 'a  b'] [[1,2]] \"in [--z {inputs.n}] [-y {inputs.y}]\"",
        "/usr/bin/printf %s, a\n  b {inputs.x}\n",
        "/usr/bin/printf %s, '' \"\" ~ '#'",
        "echo 'a\\tb' {inputs.x}",
        "bash -c 'echo \"{inputs.x}\"'",
        'echo a && echo "{inputs.x}" ["{inputs.z}"] [{inputs.y}] | cat',
        "cat <<E\n{inputs.x} [z {inputs.z}]\nE\n",
    ),
    "dollar": (
        "/usr/bin/printf %s, ${{inputs.x}} $[[--z ${{inputs.z}}]] $[[--y '${{inputs.y}}']]",
        "set -e\n/usr/bin/printf %s, '${{inputs.x}}' $[[--z '${{inputs.z}}' $HOME]]\necho ok",
        'for i in 1 2; do echo "$i ${{inputs.x}} $[[z=${{inputs.z}}]]"; done',
        'X=\'$[[z ${{inputs.z}}]]\'; echo "$X"; [ "${{inputs.n}}" -gt 2 ] && echo more',
        "[[ ${{inputs.n}} -gt 2 ]] && echo ${BASH_VERSION:+bash}",
        "echo $'a\\t${{inputs.x}} $[[z ${{inputs.z}}]]'",
    ),
}


@pytest.mark.parametrize(
    ("syntax", "text"), [(syntax, text) for syntax, texts in TEXTS.items() for text in texts]
)
@pytest.mark.parametrize("unset", [(), ("inputs.z",)])
def test_it_runs_the_same(
    syntax: Syntax, text: str, unset: tuple[str, ...], tmp_path: object
) -> None:
    values = {name: value for name, value in SET.items() if name not in unset}
    env = {name: value for name, value in ENV.items() if not unset or name != "PAI_HPS_Z"}
    rendered = render(text, syntax, values)
    wanted = subprocess.run(
        rendered.argv,
        env={"PATH": ENV["PATH"], **rendered.env},
        capture_output=True,
        cwd=str(tmp_path),
    )
    command = shell_command(text, syntax, VARIABLES)
    found = subprocess.run(["sh", "-c", command], env=env, capture_output=True, cwd=str(tmp_path))
    assert (found.stdout, found.returncode) == (wanted.stdout, wanted.returncode)
    assert wanted.stdout


@pytest.mark.quick
@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("python t.py --x {inputs.x}", 'exec python t.py --x "${PAI_HPS_X}"'),
        ("t [--z {inputs.z}]", 'exec t ${PAI_HPS_Z+--z "${PAI_HPS_Z}"}'),
        ("t [--x {inputs.x}]", 'exec t --x "${PAI_HPS_X}"'),
        ("t | u", "exec bash -c 't | u'"),
    ],
)
def test_the_text(text: str, written: str) -> None:
    assert shell_command(text, "braces", VARIABLES) == written


@pytest.mark.quick
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("t a[b {inputs.z} | u] ; v", "column 4: an optional group with shell operators in it"),
        ('t "[$HOME {inputs.z}]" ; v', "column 4: an optional group that no expansion"),
        ("[ -n [a {inputs.z}] ] ; v", "column 6: a group within"),
        ("[[ -n [a {inputs.z}] ]] ; v", "column 7: an optional group that no expansion"),
        ("bash -c 'echo [a {inputs.z}]'", "column 15: 'bash' would take the value for code"),
        ("b'as'h -c 'echo [{inputs.z}]'", "column 17: an optional group within a shell's program"),
        ("bash -c 'cat <<< $[{inputs.x}]'", "column 20: a '.' stands before a placeholder"),
        ("[[[[ {inputs.x} -gt 2 ]]]] ; v", "inputs.x: here the value must be a whole number"),
        ("eval {inputs.x}", "'eval' would take the value for code"),
        ("t 'a", "no closing quotation|this quote has no end"),
        ("''[--z {inputs.z}", "column 3: this group has no end"),
    ],
)
def test_what_has_no_such_form_is_named(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        shell_command(text, "braces", VARIABLES)
