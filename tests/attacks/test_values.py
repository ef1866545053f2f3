"""The 22 hostile values in every place where a command could meet them.

Nothing is executed, and where the contract promises the bytes, the bytes arrive. CANARY is a
file that the values would make, by its name alone: it is looked for wherever a step could write.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import EXAMPLES

if TYPE_CHECKING:
    from tests.conftest import Component, Millwork, Pipeline, Result

VALUES = [
    "a b", "$(touch CANARY)", "`touch CANARY`", "; touch CANARY;", "' ; touch CANARY ; '",
    '" ; touch CANARY ; "', "| touch CANARY", "&& touch CANARY", "\n touch CANARY\n", "*",
    "--a 1 --b 2", "$HOME", "~", "\\", "a\\nb", '"', "'", "", "{a,b}", "!x", "#c", "x=1",
]  # fmt: skip
NAMES = [f"p{number}" for number in range(len(VALUES))]
GIVEN = dict(zip(NAMES, VALUES, strict=True))
PARAMETERS = {name: {"type": "String", "required": True} for name in NAMES}
WORDS = [word for name, value in GIVEN.items() for word in ("-p", f"{name}={value}")]
SURVIVES = frozenset(["~", "$HOME", "{a,b}", "!x", "#c", "x=1"])
"""What the shell does not touch in an unquoted variable."""


@pytest.fixture
def unharmed(tmp_path: Path, home: Path) -> Any:
    """Asserts that nothing was executed."""

    def check() -> None:
        assert list(tmp_path.rglob("CANARY")) == []
        assert not Path("/CANARY").exists()

    yield check
    check()
    assert home.exists()


def dump(source: str) -> str:
    """A command that keeps words, as they arrive, as JSON in the value output `seen`."""
    code = "import json, os, sys; json.dump(sys.argv[1:], open(os.environ['PAI_OUTPUT_SEEN'], 'w'))"
    return f'python3 -c "{code}" {source}'


def seen(result: Result) -> Any:
    """What `dump` kept."""
    assert result.code == 0, result
    return json.loads(Path(result.json["outputs"]["seen"]).read_text())


QUOTED = " ".join(f'"$PAI_HPS_{name.upper()}"' for name in NAMES)
SUBSTITUTED = " ".join(f'"$(printf %s. "$PAI_HPS_{name.upper()}")"' for name in NAMES)
BARE = " ".join(f"$PAI_HPS_{name.upper()}" for name in NAMES)
IN_SINGLE = " ".join(f"""'"$PAI_HPS_{name.upper()}"'""" for name in NAMES)
BRACES = " ".join(f'"${{PAI_HPS_{name.upper()}:-}}"' for name in NAMES)
OUTPUT = {"seen": {"type": "value"}}


@pytest.mark.parametrize(
    ("source", "arrives"),
    [
        (QUOTED, VALUES),
        (BRACES, VALUES),
        (SUBSTITUTED, [f"{value}." for value in VALUES]),
        (IN_SINGLE, [f'"$PAI_HPS_{name.upper()}"' for name in NAMES]),
        ('"$@"', [word for name, value in GIVEN.items() for word in (f"--{name}", value)]),
        ('"$PAI_HPS"', [json.dumps(GIVEN, ensure_ascii=False)]),
    ],
    ids=["quoted", "braces", "substituted", "in single quotes", "words", "json"],
)
def test_inside_quotes_every_byte_arrives(
    millwork: Millwork, component: Component, unharmed: Any, source: str, arrives: list[str]
) -> None:
    file = component(dump(source), parameters=PARAMETERS, outputs=OUTPUT)
    assert seen(millwork("run", file, *WORDS, "--json")) == arrives


def test_bare_variables_split_and_glob_and_execute_nothing(
    millwork: Millwork, component: Component, unharmed: Any
) -> None:
    file = component(dump(BARE), parameters=PARAMETERS, outputs=OUTPUT)
    arrived = seen(millwork("run", file, *WORDS, "--json"))
    expected: list[str] = []
    for value in VALUES:
        expected += ["component.yaml"] if value == "*" else value.split()
    assert arrived == expected


def test_a_here_document_carries_every_byte(
    millwork: Millwork, component: Component, unharmed: Any
) -> None:
    lines = "\n".join(f"$PAI_HPS_{name.upper()}" for name in NAMES)
    command = f"cat > ${{PAI_OUTPUT_TEXT}}text <<END\n{lines}\nEND\n"
    file = component(command, parameters=PARAMETERS, outputs={"text": {}})
    result = millwork("run", file, *WORDS, "--json")
    assert result.code == 0
    text = Path(result.json["outputs"]["text"], "text").read_text()
    assert text == "\n".join(VALUES) + "\n"


def test_the_configuration_files_carry_every_byte(
    millwork: Millwork, component: Component, unharmed: Any
) -> None:
    file = component(
        "cp /ml/input/config/* $PAI_OUTPUT_CONFIG", parameters=PARAMETERS, outputs={"config": {}}
    )
    result = millwork("run", file, *WORDS, "--json")
    folder = Path(result.json["outputs"]["config"])
    assert json.loads((folder / "hyperparameters.json").read_text()) == GIVEN
    job = json.loads((folder / "training_job.json").read_text())
    assert {row["Name"]: row["Value"] for row in job["HyperParameters"]} == GIVEN


def test_user_args_carry_what_the_shell_leaves_alone(
    millwork: Millwork, component: Component, unharmed: Any
) -> None:
    safe = {name: value for name, value in GIVEN.items() if value in SURVIVES}
    assert len(safe) == len(SURVIVES)
    file = component(
        dump("$PAI_USER_ARGS"),
        parameters={name: PARAMETERS[name] for name in safe},
        outputs=OUTPUT,
    )
    words = [word for name, value in safe.items() for word in ("-p", f"{name}={value}")]
    arrived = seen(millwork("run", file, *words, "--json"))
    assert arrived == [word for name, value in safe.items() for word in (f"--{name}", value)]


@pytest.mark.parametrize("value", sorted(set(VALUES) - SURVIVES), ids=repr)
def test_user_args_that_cannot_carry_a_value_refuse_it_before_the_start(
    millwork: Millwork, component: Component, unharmed: Any, value: str
) -> None:
    file = component("echo $PAI_USER_ARGS", parameters={"good": {"type": "Int", "default": 1},
                                                       "bad": {"type": "String"}})  # fmt: skip
    result = millwork("run", file, "-p", f"bad={value}")
    assert (result.code, result.out) == (2, "")
    assert "step 'step': parameter 'bad' has " in result.err
    assert 'let the command use "$@" or "$PAI_HPS_BAD" instead' in result.err
    assert millwork("runs", "list", "--json").json == []


def test_values_of_a_pipeline_and_of_another_step_arrive(
    millwork: Millwork, component: Component, pipeline: Pipeline, unharmed: Any
) -> None:
    component(dump(QUOTED), "take", parameters=PARAMETERS, outputs=OUTPUT)
    give = """printf %s "$VALUE" > $PAI_OUTPUT_V"""
    component(give, "give", outputs={"v": {"type": "value"}})
    nodes: dict[str, Any] = {
        f"g{name}": {"component": "./give/component.yaml", "env": {"VALUE": json.dumps(value)}}
        for name, value in GIVEN.items()
    }
    nodes["wired"] = {
        "component": "./take/component.yaml",
        "parameters": {name: {"from": f"g{name}.v"} for name in NAMES},
    }
    nodes["given"] = {
        "component": "./take/component.yaml",
        "parameters": {name: {"from": f"parameters.{name}"} for name in NAMES},
    }
    file = pipeline(
        nodes,
        parameters=PARAMETERS,
        outputs={"wired": {"from": "wired.seen"}, "given": {"from": "given.seen"}},
    )
    result = millwork("run", file, *WORDS, "--json")
    assert result.code == 0, result
    for path in result.json["outputs"].values():
        assert json.loads(Path(path).read_text()) == VALUES


def test_a_value_output_refused_by_user_args_fails_its_step_alone(
    millwork: Millwork, component: Component, pipeline: Pipeline, unharmed: Any
) -> None:
    component(
        "echo '\"$(touch CANARY)\"' > $PAI_OUTPUT_V", "give", outputs={"v": {"type": "value"}}
    )
    component("echo $PAI_USER_ARGS", "take", parameters={"p": {"type": "String"}})
    file = pipeline({"give": {}, "take": {"parameters": {"p": {"from": "give.v"}}}})
    result = millwork("run", file, "--json")
    assert result.code == 1
    assert "parameter 'p' has blanks" in result.step("take")["reason"]


def test_the_words_of_a_command_arrive_as_they_are(
    millwork: Millwork, tmp_path: Path, unharmed: Any
) -> None:
    show = "import json, sys; print(json.dumps(sys.argv[1:]))"
    (tmp_path / "show.py").write_text(show)
    result = millwork("run", "--", "python3", "show.py", *VALUES)
    assert result.code == 0
    assert json.loads(result.out) == VALUES


def test_variables_of_a_component_arrive(
    millwork: Millwork, component: Component, unharmed: Any
) -> None:
    names = [name.upper() for name in NAMES]
    file = component(
        dump(" ".join(f'"${name}"' for name in names)),
        env=dict(zip(names, VALUES, strict=True)),
        outputs=OUTPUT,
    )
    assert seen(millwork("run", file, "--json")) == VALUES


def test_names_tags_and_notes_are_only_text(millwork: Millwork, unharmed: Any) -> None:
    text = "|".join(VALUES) + "[/x][bold]:smile:\x1b[2J"
    tags = [word for name, value in GIVEN.items() for word in ("--tag", f"{name}={value}")]
    words = ["--name", text, "--note", text, *tags, "--json", "--", "true"]
    run = millwork("run", *words).json["run"]
    page = millwork("runs", "show", run, "--json").json
    assert (page["name"], page["notes"], page["tags"]) == (text, text, GIVEN)
    assert millwork("runs", "list", "--json").json[0]["name"] == text
    for shown in (millwork("runs", "show", run), millwork("runs", "list")):
        assert shown.code == 0
        assert "[bold]:smile:" in "".join(shown.out.split())
        assert "\x1b" not in shown.out


def test_names_of_files_are_only_text(
    millwork: Millwork, component: Component, tmp_path: Path, unharmed: Any
) -> None:
    legal = {name: value for name, value in GIVEN.items() if value}
    words = []
    for name, value in legal.items():
        (tmp_path / value).write_text(name)
        words += ["-i", f"{name}={tmp_path}/{value}"]
    paths = " ".join(f'"$PAI_INPUT_{name.upper()}"' for name in legal)
    reads = "; ".join(f'cat "$PAI_INPUT_{name.upper()}" >&2; echo >&2' for name in legal)
    file = component(f"{dump(paths)}; {reads}", inputs={name: {} for name in legal}, outputs=OUTPUT)
    result = millwork("run", file, *words, "--json")
    assert seen(result) == [f"/ml/input/data/{name}/{value}" for name, value in legal.items()]
    assert result.err.split()[: len(legal)] == list(legal)


def test_hello_greets_all_of_them(
    millwork: Millwork, pipeline: Pipeline, tmp_path: Path, unharmed: Any
) -> None:
    shutil.copytree(EXAMPLES / "hello", tmp_path / "hello")
    nodes = {
        name: {"component": "./hello", "parameters": {"name": value}}
        for name, value in GIVEN.items()
    }
    outputs = {f"o{name}": {"from": f"{name}.greeting"} for name in NAMES}
    result = millwork("run", pipeline(nodes, outputs=outputs), "--json")
    assert result.code == 0, result
    for name, value in GIVEN.items():
        kept = Path(result.json["outputs"][f"o{name}"], "greeting.txt").read_text()
        # dash's echo reads \n as a line's end: the command's own choice of program.
        assert kept in (f"Hello, {value}!\n", f"Hello, {value}!\n".replace("\\n", "\n"))
