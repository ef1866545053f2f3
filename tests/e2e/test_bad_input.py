"""Right on bad input: the exit code, the place, what to do, and nothing half-written.

The `millwork` fixture asserts for every command that no traceback is printed, that the host has
no /ml afterwards and that the home holds no temporary folders.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.local.limits import detect
from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Component, Millwork, Pipeline, Result

HELLO = EXAMPLES / "hello" / "component.yaml"
TRUE_HEAD = "apiVersion: millwork/v1\nkind: Component\nname: x\nversion: 1.0.0\ncommand: 'true'\n"


def refused(home: Path, result: Result, *words: str, code: int = 2) -> None:
    """The request was refused, its message has these words, and no run was kept."""
    assert result.code == code, result
    assert result.out == ""
    for word in words:
        assert word in result.err
    assert all(line.startswith("millwork: ") for line in result.err.splitlines())
    assert kept_runs(home) == 0


def kept_runs(home: Path) -> int:
    """How many runs the home knows, read past Millwork."""
    if not (home / "millwork.db").exists():
        return 0
    with sqlite3.connect(f"file:{home}/millwork.db?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM run").fetchone()[0])


# --- arguments --------------------------------------------------------------------------------


def test_a_missing_input_is_named_with_the_option_that_gives_it(
    millwork: Millwork, home: Path, component: Component
) -> None:
    file = component("true", inputs={"train": {"type": "table"}})
    message = "the required input 'train' is not given: -i train=PATH"
    refused(home, millwork("run", file), message)


def test_an_input_that_is_not_there_is_named_with_its_path(
    millwork: Millwork, home: Path, component: Component, tmp_path: Path
) -> None:
    file = component("true", inputs={"train": {}})
    result = millwork("run", file, "-i", "train=absent.csv")
    refused(home, result, "input 'train'", f"there is no {tmp_path}/absent.csv")


def test_unknown_inputs_and_parameters_are_all_told_with_those_that_exist(
    millwork: Millwork, home: Path, component: Component
) -> None:
    file = component("true", inputs={"a": {"required": False}}, parameters={"b": {"type": "Int"}})
    result = millwork("run", file, "-i", "../x=.", "-p", "../y=1")
    refused(
        home, result,
        "there is no input '../x'; inputs: a", "there is no parameter '../y'; parameters: b",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("declared", "given", "message"),
    [
        ({"type": "Int"}, "many", "expected a whole number, found 'many'"),
        ({"type": "Int"}, "1.5", "expected a whole number"),
        ({"type": "Int"}, "9" * 30, "does not fit in 64 bits"),
        ({"type": "Float"}, "nan", "expected a finite number"),
        ({"type": "Bool"}, "maybe", "expected true or false, found 'maybe'"),
        ({"type": "Int", "range": [1, 5]}, "6", "6 is outside [1, 5]"),
        ({"type": "Float", "range": {"exclusive_min": 0, "max": 1}}, "0", "outside (0, 1]"),
        ({"type": "String", "enum": ["a", "b"]}, "c", "'c' is not one of a, b"),
        ({"type": "String", "pattern": "[a-z]+"}, "A", "'A' does not match the pattern [a-z]+"),
        ({"type": "String", "required": True}, None, "the required parameter 'p' is not given"),
    ],
)
def test_a_parameter_of_the_wrong_type_or_out_of_its_bounds(
    millwork: Millwork,
    home: Path,
    component: Component,
    declared: dict[str, Any],
    given: str | None,
    message: str,
) -> None:
    file = component("true", parameters={"p": declared})
    words = [] if given is None else ["-p", f"p={given}"]
    refused(home, millwork("run", file, *words), "parameter 'p'", message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "give a file, or -- and a command"),
        (["run", "--"], "there is no command after --"),
        (["run", str(HELLO), "--", "true"], "give a file, or -- and a command"),
        (["run", str(HELLO), "--parallel", "0"], "--parallel is at least 1"),
        (["run", str(HELLO), "-i", "x=y", "-i", "x=y"], "-i x: given twice"),
        (["run", str(HELLO), "-p", "name=a", "-p", "name=b"], "-p name: given twice"),
        (["run", str(HELLO), "-p", "name"], "-p name: expected NAME=VALUE"),
        (["run", str(HELLO), "--tag", "x"], "--tag x: expected K=V"),
        (["run", "absent.yaml"], "cannot read absent.yaml: No such file or directory"),
        (["run", "."], "neither pipeline.yaml nor component.yaml"),
        (["run", str(HELLO), "--replicas", "2", "--", "true"], "give a file, or --"),
        (["runs", "show", "zzz"], "there is no run 'zzz'; `millwork runs list` shows them"),
        (["runs", "logs", "last"], "there are no runs yet"),
        (["run", str(HELLO), "-p", "name=\udcff"], "is not UTF-8 text"),
        (["run", str(HELLO), "--name", "\udcff"], "is not UTF-8 text"),
    ],
)
def test_words_that_make_no_request(
    millwork: Millwork, home: Path, words: list[str], message: str
) -> None:
    refused(home, millwork(*words), message)


def test_argparse_refuses_with_the_same_exit_code(millwork: Millwork, home: Path) -> None:
    for words in (["frobnicate"], ["run", "x.yaml", "--frob"], ["run", "x.yaml", "--parallel=two"]):
        result = millwork(*words)
        assert result.code == 2
        assert "usage: millwork" in result.err
    assert not home.exists()


def test_an_ambiguous_beginning_of_an_id_names_the_runs_it_could_be(millwork: Millwork) -> None:
    first = millwork("run", "--json", "--", "true").json["run"]
    second = millwork("run", "--json", "--", "true").json["run"]
    result = millwork("runs", "show", first[0])
    assert result.code == 2
    assert f"'{first[0]}' begins several runs:" in result.err
    assert first in result.err
    assert second in result.err
    assert millwork("runs", "show", second).code == 0


def test_a_folder_for_outputs_must_be_empty(
    millwork: Millwork, home: Path, write: Callable[[str, str], Path]
) -> None:
    write("full/file", "here before")
    refused(home, millwork("run", HELLO, "-o", "full"), "-o full: the folder is not empty")
    refused(home, millwork("run", HELLO, "-o", "full/file"), "there is a file of that name")
    refused(home, millwork("run", HELLO, "-o", "full/file/below"), "-o full/file/below")


# --- files ------------------------------------------------------------------------------------


def test_an_unknown_key_is_told_with_its_place(
    millwork: Millwork, home: Path, write: Callable[[str, str], Path]
) -> None:
    write("x.yaml", TRUE_HEAD + "parametres: {}\nouputs: {}\n")
    result = millwork("run", "x.yaml")
    refused(home, result, "x.yaml:6:1: error: parametres:", "x.yaml:7:1: error: ouputs:")
    checked = millwork("validate", "x.yaml", "--json")
    assert checked.code == 2
    assert [(fault["line"], fault["path"]) for fault in checked.json] == [
        (6, "parametres"),
        (7, "ouputs"),
    ]


def test_a_cycle_is_told_with_the_nodes_of_it(
    millwork: Millwork, home: Path, component: Component, pipeline: Pipeline
) -> None:
    component("true", name="a")
    nodes = {name: {"component": "./a/component.yaml"} for name in "abc"}
    nodes["a"]["after"] = ["c"]  # type: ignore[assignment]
    nodes["b"]["after"] = ["a"]  # type: ignore[assignment]
    nodes["c"]["after"] = ["b"]  # type: ignore[assignment]
    result = millwork("run", pipeline(nodes))
    refused(home, result, "the nodes wait for one another: a -> b -> c -> a", "nodes.a")


def test_a_pipeline_that_contains_itself_is_refused(
    millwork: Millwork, home: Path, pipeline: Pipeline
) -> None:
    file = pipeline({"again": {"component": "./pipe.yaml"}})
    refused(home, millwork("run", file), "nodes.again.component", "would contain itself")


def test_a_missing_component_file_is_told_where_it_is_named(
    millwork: Millwork, home: Path, pipeline: Pipeline
) -> None:
    file = pipeline({"a": {"component": "./gone/component.yaml"}})
    result = millwork("run", file)
    refused(home, result, f"{file}:", "nodes.a.component: cannot read", "gone/component.yaml")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: [1, 2", "not YAML"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not UTF-8 text"),
        (b"", "the file is empty"),
        (b"- a\n- b\n", "expected a mapping"),
        (b"a: &x [1]\nb: *x\n", "anchors (&x) are not accepted here"),
        (b"a: !!python/object:os.system {}\n", "tags"),
        (b"name: a\nname: b\n", "the key 'name' stands twice"),
        (b"[" * 100_000, "nested deeper than 32 levels"),
        (b"{a: " * 50_000, "nested deeper than 32 levels"),
        (b"".join(b" " * i + b"a:\n" for i in range(600)), "nested deeper than 32 levels"),
        (b"name: " + b"x" * 300_000, "at most 262,144 are read"),
        (b"a: [" + b"1," * 60_000 + b"]", "too many nodes"),
    ],
    ids=lambda value: repr(value[:20]) if isinstance(value, bytes) else "",
)
def test_a_file_that_is_no_component(
    millwork: Millwork, home: Path, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "x.yaml").write_bytes(content)
    refused(home, millwork("run", "x.yaml", timeout=10), "x.yaml:", message)


def test_a_device_without_end_is_no_component(millwork: Millwork, home: Path) -> None:
    refused(home, millwork("run", "/dev/zero", timeout=10), "/dev/zero:", "are read")


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "..", "", "x\u202ey", "x" * 300, "a\nb"])
def test_names_that_could_leave_their_folder(
    millwork: Millwork, home: Path, component: Component, pipeline: Pipeline, name: str
) -> None:
    component("true", name="ok")
    contents: tuple[dict[str, Any], ...] = (
        {"name": name},
        {"inputs": {name: {"required": False}}},
        {"outputs": {name: {}}},
        {"parameters": {name: {"type": "Int", "default": 1}}},
        {"env": {f"{name}-": "x"}},
    )
    for content in contents:
        file = component("true", **{"name": "bad", **content})
        result = millwork("validate", file)
        assert result.code == 2, content
        assert f"{file}:" in result.out
    ok = {"component": "./ok/component.yaml"}
    refused(home, millwork("run", pipeline({name: ok})), "nodes", "letters, digits")


def test_two_names_for_one_variable_are_named(
    millwork: Millwork, home: Path, component: Component
) -> None:
    number = {"type": "Int", "default": 1}
    file = component("true", parameters={"test-model": number, "test_model": number})
    message = "'test-model' and 'test_model' both give the variable PAI_HPS_TEST_MODEL"
    refused(home, millwork("run", file), message)


def test_init_and_convert_write_over_nothing(
    millwork: Millwork, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("full/keep", "mine")
    result = millwork("init", "full")
    assert (result.code, result.err) == (2, "millwork: full is there already, and not empty\n")
    result = millwork("convert", HELLO, "--to", "pai", "-o", "full/keep")
    assert result.code == 2
    assert "full/keep is there already" in result.err
    assert (tmp_path / "full/keep").read_text() == "mine"
    assert os.listdir(tmp_path / "full") == ["keep"]


# --- steps that fail --------------------------------------------------------------------------


def failed(result: Result, reason: str) -> dict[str, Any]:
    """The run of one step has failed for this reason; its row."""
    assert result.code == 1, result
    assert result.json["status"] == "failed"
    (step,) = result.json["steps"]
    assert reason in step["reason"], step
    assert f"run {result.json['run']} failed: " in result.err
    return dict(step)


def test_a_step_that_exits_with_3(millwork: Millwork, component: Component) -> None:
    step = failed(millwork("run", component("exit 3"), "--json"), "exit code 3")
    assert (step["status"], step["attempts"]) == ("failed", 1)
    assert millwork("runs", "show", "last", "--json").json["steps"][0]["tries"][0]["code"] == 3


def test_a_command_that_is_not_there(millwork: Millwork, component: Component) -> None:
    result = millwork("run", component("no-such-program --x"), "--json")
    failed(result, "exit code 127: a command was not found")
    assert "no-such-program: not found" in result.err


def test_a_step_killed_by_sigkill(millwork: Millwork, component: Component) -> None:
    failed(millwork("run", component("kill -KILL $$"), "--json"), "killed by SIGKILL")


def test_a_step_that_takes_more_memory_than_it_asked_for(
    millwork: Millwork, component: Component
) -> None:
    limiter = detect()
    if limiter.name == "rlimit":
        pytest.skip("no control group can be written here")
    hog = """python3 -c 'x = bytearray(300 << 20); print("never")'"""
    file = component(hog, resources={"memory": "64Mi"})
    result = millwork("run", file, "--json")
    failed(result, "out of memory (limit 64.0 MiB)")
    assert "never" not in result.err
    usage = millwork("runs", "show", "last", "--json").json["steps"][0]["tries"][0]["usage"]
    assert usage["limits"] == limiter.name


def test_a_requirement_that_does_not_exist(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path]
) -> None:
    write("step/requirements.txt", "millwork-has-no-such-package==1.0\n")
    write("step/requirements.txt", "./no-such-package.whl\n")
    result = millwork("run", component("echo never"), "--json")
    failed(result, "requirements.txt: ")
    assert "no-such-package" in result.json["steps"][0]["reason"]
    assert "never\n" not in result.err


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("true", "the output 'v' is a value, and the step wrote none to $PAI_OUTPUT_V"),
        ("echo '{' > $PAI_OUTPUT_V", "the output 'v' is not a JSON value"),
        ("echo NaN > $PAI_OUTPUT_V", "the output 'v' is not a JSON value: NaN is no JSON"),
        ("printf '\\377' > $PAI_OUTPUT_V", "the output 'v' is not a JSON value"),
        ("head -c 70000 /dev/zero | tr '\\0' 1 > $PAI_OUTPUT_V", "it has 68.4 KiB; at most 64.0"),
        ("head -c 60000 /dev/zero | tr '\\0' '[' > $PAI_OUTPUT_V", "nested too deep"),
        ("mkdir $PAI_OUTPUT_V", "the step wrote none"),
        ("ln -s /etc/passwd $PAI_OUTPUT_V", "outside the output"),
    ],
)
def test_a_value_output_that_is_no_value(
    millwork: Millwork, component: Component, command: str, message: str
) -> None:
    file = component(command, outputs={"v": {"type": "value"}})
    result = millwork("run", file, "--json")
    failed(result, message)
    assert result.json["outputs"] == {}


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("ln -s /etc/passwd leak", "leak is a link to /etc/passwd, outside the output"),
        ("ln -s ../../../../lock up", "up is a link to ../../../../lock, outside the output"),
        ("mkfifo pipe", "pipe is neither a file, a folder nor a link"),
        (r"""python3 -c 'import os; os.symlink(b"/etc/\xfe", b"x\xff")'""", "outside the output"),
    ],
)
def test_an_output_that_leads_outside_is_not_published(
    millwork: Millwork, component: Component, command: str, message: str
) -> None:
    file = component(f"cd $PAI_OUTPUT_O && {command}", outputs={"o": {}})
    result = millwork("run", file, "--json")
    failed(result, message)
    assert result.json["outputs"] == {}


def test_a_value_that_does_not_fit_the_parameter_it_is_wired_to(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("""printf %s "$JSON" > $PAI_OUTPUT_V""", "give", outputs={"v": {"type": "value"}})
    parameters = {"n": {"type": "Int", "range": [1, 5]}, "s": {"type": "String"}}
    component('echo "[$PAI_HPS_N]"', "take", parameters=parameters)
    values = {"six": "6", "text": '"x"', "null": "null", "half": '"\\ud800"', "nul": '"\\u0000"'}
    nodes: dict[str, Any] = {}
    for name, value in values.items():
        target = "s" if name in ("half", "nul", "null") else "n"
        nodes[f"give-{name}"] = {"component": "./give/component.yaml", "env": {"JSON": value}}
        nodes[name] = {
            "component": "./take/component.yaml",
            "parameters": {target: {"from": f"give-{name}.v"}},
        }
    result = millwork("run", pipeline(nodes), "--json")
    assert result.code == 1
    for name, says in {
        "six": "parameter 'n', from give-six.v: 6 is outside [1, 5]",
        "text": "parameter 'n', from give-text.v: expected a whole number, found 'x'",
        "null": "parameter 's', from give-null.v: expected one String",
        "half": "parameter 's', from give-half.v: half a surrogate pair",
        "nul": "parameter 's', from give-nul.v: a NUL character",
    }.items():
        step = result.step(name)
        assert step["status"] == "failed"
        assert says in step["reason"]


def test_a_value_too_long_for_the_kernel_is_told(millwork: Millwork, component: Component) -> None:
    long = {"type": "String", "default": "x" * 140_000}
    result = millwork("run", component("true", parameters={"long": long}), "--json")
    failed(result, "Argument list too long")


# --- folders, and all at once ------------------------------------------------------------------


def test_a_folder_of_code_that_holds_the_home_does_not_copy_it(
    millwork: Millwork, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "main.txt").write_text("code")
    for _ in range(2):
        result = millwork("run", "--json", "--", "find", ".", "-type", "f")
        assert result.code == 0
        assert [line for line in result.err.splitlines() if line[:2] == "./"] == ["./main.txt"]
    assert len([path for path in (home / "code").iterdir() if path.name[0] != "."]) == 1


def test_bytes_that_are_no_text_in_the_folder_s_name(
    millwork: Millwork, home: Path, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"x\xff")
    odd.mkdir()
    (odd / "data").write_text("1")
    (odd / "component.yaml").write_text(TRUE_HEAD + "inputs: {x: {required: false}}\n")
    for words in (["run", "component.yaml"], ["run", "--", "true"]):
        refused(home, millwork(*words, cwd=odd), "a folder whose name is not UTF-8 text")
    result = millwork("run", odd / "component.yaml", cwd=odd)
    refused(home, result, "is not UTF-8 text")
    input_file = millwork("validate", "component.yaml", cwd=odd)
    assert input_file.code == 0
    result = millwork("run", HELLO, env={"MILLWORK_HOME": str(odd / "home")})
    assert result.code == 3
    assert "is not UTF-8 text" in result.err


def test_the_faults_of_all_files_come_at_once(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    component("true", "a", version="1", outputs={"o": {"type": "nothing"}})
    component(" ", "b", inputs={"i": {}}, timeout="soon")
    component("true", "c", inputs={"i": {}}, outputs={"o": {"type": "folder"}})
    (tmp_path / "d").mkdir()
    (tmp_path / "d/component.yaml").write_bytes(b"\xff")
    file = pipeline(
        {
            "a": {},
            "b": {},
            "c": {"inputs": {"j": {"from": "c2.p"}}},
            "c2": {"component": "./c/component.yaml", "inputs": {"i": {"from": "d.o"}}},
            "d": {},
        }
    )
    faults = millwork("validate", file, "--json").json
    assert {(Path(fault["file"]).parent.name, fault["path"]) for fault in faults} == {
        ("a", "version"), ("a", "outputs.o.type"), ("b", "command"), ("b", "timeout"), ("d", ""),
        (tmp_path.name, "nodes.c.inputs.j"), (tmp_path.name, "nodes.c.inputs.i"),
    }  # fmt: skip
    for fault in faults:
        assert list(fault) == ["file", "line", "column", "path", "severity", "message"]
    pipeline({"a": {"retries": -1}, "b": {"after": 1}}, version="x")
    faults = millwork("validate", file, "--json").json
    assert {fault["path"] for fault in faults} == {
        "version", "nodes.a.retries", "nodes.b.after", "outputs.o.type", "command", "timeout",
    }  # fmt: skip
