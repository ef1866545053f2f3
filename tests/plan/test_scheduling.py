"""Scheduling parameters of a run: their values, the steps that get them, and commands."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.codec import decode, encode
from millwork.plan.contract import Job, make_plan
from millwork.plan.graph import Arguments, expand
from millwork.plan.identity import component_identity, identity_of
from millwork.plan.model import GivenUri, Graph
from millwork.plan.scheduling import Timing, check_commands, evaluated, in_shell
from millwork.spec.fields import Reading
from millwork.spec.model import (
    Component,
    Input,
    LocalPath,
    Output,
    Parameter,
    Pipeline,
    PipelineNode,
    Reference,
)
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.model import Step
    from millwork.spec.model import Syntax

pytestmark = pytest.mark.quick

TIME = datetime(2024, 3, 1, 6, tzinfo=ZoneInfo("Europe/Berlin"))
TIMING = Timing(date(2024, 2, 29), TIME)


def component(command: str = "true", syntax: Syntax = "shell") -> Component:
    return Component(
        "c", "1.0.0", command, syntax=syntax,
        parameters={"s": Parameter("String"), "n": Parameter("Int"), "l": Parameter("Columns")},
        inputs={"i": Input("any", required=False)}, outputs={"o": Output("file")},
    )  # fmt: skip


def tree(
    listed: Mapping[str, str],
    node: PipelineNode | None = None,
    command: str = "true",
    child: Tree | None = None,
    **fields: Any,
) -> Tree:
    nodes = {"a": node or PipelineNode("./c.yaml")}
    pipeline = Pipeline("p", "1.0.0", nodes, scheduling_parameters=listed, **fields)
    return Tree(pipeline, {"a": child or Tree(component(command))})


def graph(whole: Tree, timing: Timing | None = TIMING, **given: Any) -> Graph:
    return expand(whole, Arguments(timing=timing, **given))


def only(whole: Tree, timing: Timing | None = TIMING) -> Step:
    (step,) = graph(whole, timing).steps.values()
    return step


def test_values_reach_parameters_paths_and_the_command() -> None:
    node = PipelineNode(
        "./c.yaml",
        inputs={"i": LocalPath("s3://b/${day}/x.csv")},
        parameters={"s": "d=${day} $${day}", "n": "${hour}", "l": ["${day}", "x"]},
    )
    step = only(tree({"day": "${yyyymmdd}", "hour": "$[hh24]"}, node, "echo ${day} ${HOME}"))
    assert step.inputs == {"i": GivenUri("s3://b/20240229/x.csv")}
    assert step.parameters == {"s": "d=20240229 ${day}", "n": 6, "l": ("20240229", "x")}
    assert step.scheduling == {"day": "20240229"}
    assert decode(encode(step, "x"), step.component) == step


def test_a_value_that_does_not_fit_is_refused() -> None:
    node = PipelineNode("./c.yaml", parameters={"n": "${day}"})
    with pytest.raises(BadRequest, match="parameter 'n': expected a whole number, found '2024-02"):
        only(tree({"day": "${yyyy-mm-dd}"}, node))


def test_each_pipelines_list_is_for_its_own_nodes() -> None:
    inner = Pipeline(
        "inner", "1.0.0",
        {"x": PipelineNode("./c.yaml", parameters={"s": Reference("parameters", "given")}),
         "y": PipelineNode("./c.yaml", parameters={"s": "${day}/${up}"})},
        parameters={"given": Parameter("String")},
        scheduling_parameters={"day": "${yyyy}", "up": "${workflow.day}"},
    )  # fmt: skip
    child = Tree(inner, {name: Tree(component("echo ${day} ${hour}")) for name in ("x", "y")})
    node = PipelineNode("./inner.yaml", parameters={"given": "${day}"})
    whole = tree({"day": "${yyyymmdd}", "hour": "$[hh24]"}, node, child=child)
    steps = graph(whole).steps
    assert steps["a.x"].parameters["s"] == "20240229"
    assert steps["a.y"].parameters["s"] == "2024/20240229"
    # `${hour}` is the outer list's: within, it is the shell's.
    assert steps["a.x"].scheduling == {"day": "2024"}
    assert evaluated(whole, TIMING) == {
        "": {"day": "20240229", "hour": "06"}, "a.": {"day": "2024", "up": "20240229"},
    }  # fmt: skip


def test_a_pipeline_without_a_list_is_left_as_it_is() -> None:
    node = PipelineNode("./c.yaml", parameters={"s": "${HOME} $${HOME}"})
    for timing in (None, TIMING):
        step = only(tree({}, node, "echo ${day}"), timing)
        assert step.parameters["s"] == "${HOME} $${HOME}"
        assert step.scheduling == {}


def test_other_flavours_have_none() -> None:
    node = PipelineNode("./c.yaml", parameters={"s": "${day} $${day}"})
    step = only(tree({}, node, flavour="azureml-v2"))
    assert step.parameters["s"] == "${day} $${day}"


def test_the_pipelines_values_are_known_to_one_another() -> None:
    listed = {"a": "${workflow.b}/${workflow.c}", "b": "${yyyy}", "c": "x${workflow.b}"}
    assert evaluated(tree(listed), TIMING)[""] == {"a": "2024/x2024", "b": "2024", "c": "x2024"}


def test_scopes_and_names_are_the_requests() -> None:
    listed = {"a": "${workspace.bucket}/${node.x}/$jobid"}
    scopes = {"workspace": {"bucket": "b"}, "node": {"x": "1"}}
    timing = Timing(TIMING.bizdate, TIME, {"jobid": "j"}, scopes)
    assert evaluated(tree(listed), timing)[""] == {"a": "b/1/j"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("${workspace.bucket}", "${workspace.bucket}"),
        ("${node.x}", "${node.x}"),
        ("$jobid", "$jobid"),
        ("${workflow.other}", "${workflow.other}"),
    ],
)
def test_what_has_no_value_is_refused(text: str, shown: str) -> None:
    with pytest.raises(BadRequest) as caught:
        evaluated(tree({"a": text}), TIMING)
    assert str(caught.value) == f"scheduling parameter 'a': {shown} has no value here"


def test_overrides_take_the_place_of_expressions() -> None:
    timing = Timing(TIMING.bizdate, TIME, overrides={"day": "$[yyyy]-${workflow.hour}"})
    whole = tree({"day": "${yyyymmdd}", "hour": "$[hh24]"})
    assert evaluated(whole, timing)[""] == {"day": "2024-06", "hour": "06"}


@pytest.mark.parametrize(
    ("overrides", "fault"),
    [
        ({"dya": "x"}, "there is no scheduling parameter 'dya'; there are: day, hour"),
        ({"day": "a b"}, "scheduling parameter 'day': 'a b', column 2: a value has no space"),
        ({"day": "${workflow.hour}"}, "need one another's values: day -> hour -> day"),
    ],
)
def test_wrong_overrides_are_refused(overrides: dict[str, str], fault: str) -> None:
    whole = tree({"day": "${yyyymmdd}", "hour": "${workflow.day}"})
    with pytest.raises(BadRequest) as caught:
        evaluated(whole, Timing(TIMING.bizdate, TIME, overrides=overrides))
    assert fault in str(caught.value)


def test_overrides_of_a_component_are_refused() -> None:
    with pytest.raises(BadRequest, match="there are: none"):
        expand(Tree(component()), Arguments(timing=Timing(date.min, TIME, overrides={"x": "y"})))


def test_a_year_that_nobody_has_is_refused() -> None:
    with pytest.raises(
        BadRequest, match="'day': '\\$\\{yyyy\\+9999\\}' leaves the years 1 to 9999"
    ):
        evaluated(tree({"day": "${yyyy+9999}"}), TIMING)


def test_uris_that_a_run_is_given_have_the_names_too() -> None:
    node = PipelineNode("./c.yaml", inputs={"i": Reference("inputs", "i")})
    whole = tree(
        {"day": "${yyyymmdd}"}, node,
        inputs={"i": Input("any")}, outputs={"o": Reference("a", "o")},
    )  # fmt: skip
    given: dict[str, Any] = {
        "inputs": {"i": "s3://b/${day}"},
        "outputs": {"o": "s3://b/o/${day}/$${x}"},
    }
    (step,) = graph(whole, **given).steps.values()
    assert step.inputs == {"i": GivenUri("s3://b/20240229")}
    assert step.destinations == {"o": "s3://b/o/20240229/${x}"}
    with pytest.raises(BadRequest, match="output 'o': there is no scheduling parameter 'dya'"):
        graph(whole, inputs={"i": "s3://b/x"}, outputs={"o": "s3://b/${dya}"})


def test_a_key_depends_on_what_the_step_uses() -> None:
    listed = {"day": "${yyyymmdd}", "hour": "$[hh24]"}
    later = Timing(date(2024, 3, 1), TIME)

    def key(command: str, timing: Timing) -> Any:
        step = only(tree(listed, command=command), timing)
        return identity_of(step, component_identity(step.component), "", {}, {})

    for command in ("echo ${hour} ${HOME}", "echo $day", "true"):
        assert key(command, TIMING) == key(command, later)
    assert key("echo ${day}", TIMING) != key("echo ${day}", later)


# --- commands -------------------------------------------------------------------------------------

REFERENCES = [
    ("echo ${day}", "echo ${V}"),
    ('echo "on ${day}"', 'echo "on ${V}"'),
    ("echo 'on ${day}'", "echo 'on '\"${V}\"''"),
    ("x=${day}; echo \"$x\" ${HOME} ${x:-y} '${other}'",
     "x=${V}; echo \"$x\" ${HOME} ${x:-y} '${other}'"),
    ('echo "$(date -d ${day})"', 'echo "$(date -d ${V})"'),
    ("cat <<E\n${day} $day\nE\n", "cat <<E\n${V} $day\nE\n"),
    ("[ ${day} = x ] && echo $(( ${day} + 1 ))", '[ "${V}" = x ] && echo $(( ${V} + 1 ))'),
    ("--command='echo '\\''${day}'\\'';' \\\n -x",
     "--command='echo '\\'''\"${V}\"''\\'';' \\\n -x"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), REFERENCES)
def test_a_command_refers_to_a_variable(text: str, wanted: str) -> None:
    found = in_shell(text, {"day": "1", "other-one": "2"}, ("--x", "3"))
    name = "MILLWORK_scheduling_day"
    assert found.argv == ("sh", "-c", wanted.replace("V", name), "sh", "--x", "3")
    assert found.env == {name: "1"}


def test_a_variable_of_the_command_is_not_taken() -> None:
    found = in_shell("echo ${day} $MILLWORK_scheduling_day", {"day": "1"})
    assert found.env == {"MILLWORK_scheduling_day_2": "1"}


def test_a_program_for_a_shell_is_run_without_another() -> None:
    found = in_shell("bash -ec 'echo ${day} \"$@\"' x ${day}", {"day": "a b"})
    variable = "MILLWORK_scheduling_day"
    assert found.argv == ("bash", "-ec", f'echo ${{{variable}}} "$@"', "x", "a b")
    assert found.env == {variable: "a b"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo ok; eval ${day}", "column 15: 'eval' would take the value for code"),
        ("cd x && bash -c 'echo ${day}'", "column 23: 'bash' would take the value for code"),
        ("echo ${x:-${day}}", "column 6: this ${...} is not understood"),
        ("echo \\${day}", "column 6: a backslash stands before a placeholder"),
        ("echo ok\necho $'${day}'", "line 2, column 8: ${day}: $'...' is not known to every sh"),
        ("echo '${day}", "column 6: this quote has no end"),
        ("cat <<'E'\n${day}\nE\n", "line 2, column 1: a here-document with a quoted end"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_column(text: str, reason: str) -> None:
    whole = tree({"day": "${yyyymmdd}", "other": "x"}, command=text)
    reading = Reading("p.yaml")
    check_commands(whole, reading)
    (fault,) = reading.faults
    assert fault.path == "nodes.a.component"
    assert fault.message.startswith(f"./c.yaml: command, {reason}")
    # Nothing is asked of a command in which no name stands that is listed.
    spared = Reading("p.yaml")
    check_commands(tree({"other": "x"}, command=text), spared)
    assert spared.faults == []


PIPED = (
    "python t.py ${MILLWORK_scheduling_day} ${MILLWORK_inputs_s} | "
    "tee ''\"${MILLWORK_scheduling_day}\"'' ${HOME}"
)


@pytest.mark.parametrize(
    ("syntax", "command", "argv"),
    [
        ("braces", "python t.py --d ${day} [--n {inputs.n}] {inputs.s}",
         ("python", "t.py", "--d", "20240229", "v")),
        ("dollar", "python t.py --d=${day} $[[--n ${{inputs.n}}]] '${{inputs.s}}'",
         ("python", "t.py", "--d=20240229", "v")),
        ("dollar", "python t.py ${day} ${{inputs.s}} | tee '${day}' ${HOME}",
         ("bash", "-c", PIPED)),
    ],
)  # fmt: skip
def test_commands_of_azureml_take_them_as_well(
    syntax: Syntax, command: str, argv: tuple[str, ...]
) -> None:
    child = Tree(component(command, syntax))
    whole = tree({"day": "${yyyymmdd}"}, PipelineNode("./c", parameters={"s": "v"}), child=child)
    step = only(whole)
    plan = make_plan(step, {}, {"s": "v"}, Job("r", "a"))
    assert plan.replicas[0].argv == argv


def test_a_command_of_azureml_that_is_not_understood_is_refused() -> None:
    child = Tree(component("t ${{inputs.s}}; eval ${day}", "dollar"))
    reading = Reading("p.yaml")
    check_commands(tree({"day": "x"}, child=child), reading)
    assert [fault.message for fault in reading.faults] == [
        "./c.yaml: command, column 23: 'eval' would take the value for code"
    ]


def test_a_sweeps_command_takes_none() -> None:
    child = Component("c", "1.0.0", "t ${day}", syntax="dollar", work="sweep")
    whole = tree({"day": "${yyyymmdd}"}, child=Tree(child))
    with pytest.raises(BadRequest, match=r"hand \$\{day\} to one of its inputs"):
        graph(whole)
