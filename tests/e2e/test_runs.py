"""The command line on good input: runs, and what is told of them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork import __version__
from tests.conftest import COMMAND, EXAMPLES, environment, listing, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork, Pipeline

HELLO = EXAMPLES / "hello" / "component.yaml"


# --- what is printed --------------------------------------------------------------------------


def test_a_component_prints_its_log_and_nothing_else(millwork: Millwork) -> None:
    result = millwork("run", HELLO)
    assert (result.code, result.out) == (0, "Hello, world!\n")
    assert "greeting" in result.err
    assert result.err.splitlines()[-1].endswith(" succeeded")


def test_a_result_that_is_used_again_shows_its_log_again(
    millwork: Millwork, component: Component
) -> None:
    file = component("date +%N", metrics=[{"name": "n", "regex": "(.*)"}])
    first, second = millwork("run", file), millwork("run", file)
    assert second.out == first.out
    assert "succeeded: reused " in second.err
    assert millwork("runs", "logs", "last").out == first.out
    # A bare command has not promised to do the same again.
    first, second = millwork("run", "--", "date +%N"), millwork("run", "--", "date +%N")
    assert second.out != first.out


def test_run_json_is_one_object_on_the_last_line(
    millwork: Millwork, component: Component, home: Path
) -> None:
    command = "echo rmse=0.5; echo rmse=0.25; echo text > ${PAI_OUTPUT_O}f; echo 3 > $PAI_OUTPUT_V"
    outputs = {"o": {"type": "folder"}, "v": {"type": "value"}}
    metrics = [{"name": "rmse", "regex": r"rmse=([0-9.]+)"}, {"name": "no", "regex": "no=(.)"}]
    result = millwork("run", component(command, outputs=outputs, metrics=metrics), "--json")
    assert len(result.out.splitlines()) == 1
    run = result.json
    folder = f"{home}/attempts/{run['run']}-1/ml/output"
    paths = {"o": f"{folder}/o", "v": f"{folder}/v/value.json"}
    (step,) = run["steps"]
    assert 0 < step.pop("seconds") < 30
    assert run == {
        "run": run["run"],
        "status": "succeeded",
        "reason": "",
        "steps": [
            {
                "node": "step", "status": "succeeded", "reason": "", "attempts": 1,
                "outputs": paths, "metrics": {"rmse": 0.25},
            }
        ],
        "outputs": paths,
    }  # fmt: skip
    assert Path(paths["o"], "f").read_text() == "text\n"


def test_a_pipeline_prints_plain_lines_when_piped(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("echo one > ${PAI_OUTPUT_O}f", "a", outputs={"o": {}})
    component("cat $PAI_INPUT_I/f; echo m=7", "b", inputs={"i": {}},
              metrics=[{"name": "m", "regex": "m=(.)"}])  # fmt: skip
    nodes = {"a": {}, "b": {"inputs": {"i": {"from": "a.o"}}}}
    result = millwork("run", pipeline(nodes, outputs={"made": {"from": "a.o"}}))
    assert result.code == 0
    assert "\x1b" not in result.out
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[0][2:] == ["pipe,", "2", "steps"]
    assert [line[:2] for line in lines[1:5]] == [
        ["a", "running"], ["a", "succeeded"], ["b", "running"], ["b", "succeeded"],
    ]  # fmt: skip
    assert "b.m" in result.out
    assert "made" in result.out
    assert lines[-1][0::2] == ["run", "succeeded"]


def test_a_failed_step_of_a_pipeline_shows_the_end_of_its_log(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("seq 1 100; echo the cause; exit 4", "a")
    component("true", "b")
    result = millwork("run", pipeline({"a": {}, "b": {"after": ["a"]}}))
    assert result.code == 1
    assert "the cause" in result.out
    assert "\n42\n" not in result.out
    words = result.out.split()
    assert "exit code 4" in result.out
    assert "skipped" in words
    whole = next(line for line in result.out.splitlines() if line.startswith("the whole log: "))
    assert "\n42\n" in millwork(*whole.split()[4:]).out


def test_runs_list_is_newest_first(millwork: Millwork, component: Component) -> None:
    millwork("run", HELLO, "--name", "one", "--tag", "k=v", "--tag", "e=", "--note", "why")
    millwork("run", component("exit 1"), "--name", "two")
    listed = millwork("runs", "list", "--json").json
    assert [(row["name"], row["status"]) for row in listed] == [
        ("two", "failed"),
        ("one", "succeeded"),
    ]
    row = listed[1]
    assert list(row) == [
        "run", "name", "definition", "status", "created", "seconds", "reason", "tags",
        "workspace", "creator", "visibility", "priority", "progress",
    ]  # fmt: skip
    assert (row["definition"], row["tags"]) == ("hello 1.0.0", {"k": "v", "e": ""})
    assert len(millwork("runs", "list", "--limit", "1", "--json").json) == 1
    text = millwork("runs", "list").out.splitlines()
    assert text[0].split() == ["run", "name", "definition", "status", "started", "time"]
    assert text[1].split()[1:5] == ["two", "step", "1.0.0", "failed"]
    shown = millwork("runs", "show", row["run"], "--json").json
    assert shown["notes"] == "why"
    assert list(shown["steps"][0]["tries"][0]) == [
        "attempt", "number", "status", "created", "launched", "ended", "code", "reason", "usage",
    ]  # fmt: skip
    page = millwork("runs", "show", row["run"][:-1]).out
    for words in ("one", "hello", "succeeded", "notes: why", "tags: k=v, e=", "output greeting:"):
        assert words in page


def test_logs_and_outputs(millwork: Millwork, component: Component, pipeline: Pipeline) -> None:
    component("echo out; echo err >&2; printf '\\377 no newline'", "a", outputs={"o": {}})
    component("echo b", "b")
    file = pipeline({"a": {}, "b": {}}, outputs={"made": {"from": "a.o"}})
    run = millwork("run", file, "--json").json
    said = millwork("runs", "logs", f"{run['run']}/a")
    assert said.out == os.fsdecode(b"out\nerr\n\xff no newline")
    assert millwork("runs", "logs", "last/b/worker-0").out == "b\n"
    as_json = millwork("runs", "logs", "last/a", "--json").json
    assert as_json == {
        "run": run["run"],
        "attempt": as_json["attempt"],
        "log": "out\nerr\n\ufffd no newline",
    }
    which = millwork("runs", "logs", "last")
    assert (which.code, which.err) == (2, f"millwork: which step? {run['run']} has: a, b\n")
    assert "there is no step 'c'" in millwork("runs", "logs", "last/c").err
    assert "has one replica" in millwork("runs", "logs", "last/a/worker-1").err
    assert millwork("runs", "outputs", "last", "--json").json == run["outputs"]
    assert millwork("runs", "outputs", "last").out == f"made\t{run['outputs']['made']}\n"


def test_plan_starts_nothing(
    millwork: Millwork, component: Component, pipeline: Pipeline, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("1")
    outputs = {"o": {}, "v": {"type": "value"}}
    component(
        "a $PAI_USER_ARGS", "a", inputs={"i": {}}, outputs=outputs, resources={"memory": "1Gi"},
        parameters={"n": {"type": "Int", "default": 3}},
    )  # fmt: skip
    component("b", "b", inputs={"o": {}}, parameters={"v": {"type": "Float"}})
    nodes = {
        "a": {"inputs": {"i": {"from": "inputs.data"}}},
        "b": {"inputs": {"o": {"from": "a.o"}}, "parameters": {"v": {"from": "a.v"}}},
    }
    file = pipeline(nodes, inputs={"data": {}})
    result = millwork("plan", file, "-i", "data=x.csv", "--json")
    first, second = result.json["steps"]
    assert (first["node"], second["node"], second["after"]) == ("a", "b", ["a"])
    (replica,) = first["replicas"]
    env = replica.pop("env")
    assert replica == {
        "role": "worker",
        "index": 0,
        "argv": ["sh", "-c", "a $PAI_USER_ARGS", "sh", "--n", "3"],
        "mounts": [
            {
                "source": f"{tmp_path}/x.csv",
                "target": "/ml/input/data/i/x.csv",
                "read_only": True,
                "is_copy": False,
            }
        ],
        "resources": {"cpu": None, "memory": 1 << 30, "gpu": 0, "processes": None},
        "starts_after": {},
        "files": {},
    }
    assert env["PAI_INPUT_I"] == "/ml/input/data/i/x.csv"
    assert second["replicas"][0]["env"]["PAI_HPS_V"] == "a.v"
    text = millwork("plan", file, "-i", "data=x.csv").out
    assert "PAI_HPS_N=3" in text
    assert "b  after a" in text
    refused = millwork("plan", file)
    assert (refused.code, refused.out) == (2, "")
    assert "the required input 'data' is not given" in refused.err
    assert not home.exists()


def test_plan_shows_replicas(millwork: Millwork, component: Component, pipeline: Pipeline) -> None:
    file = component("mpirun x", "gang", job_type="MPIJob")
    lines = millwork("plan", file, "--replicas", "2").out.splitlines()
    as_host = 'exec "$MILLWORK_PYTHON" -I -S "$MILLWORK_WORKER/mpi.py" host "$0" "$@"'
    assert lines[:4] == [
        "gang",
        f"  launcher-0: sh -c '{as_host}' 127.77.0.1 sh -c 'mpirun x' sh",
        "    starts when every worker is running",
        "    input/config/mpi/hostfile = '127.77.0.1 slots=1\\n127.77.0.2 slots=1\\n'",
    ]
    (step,) = millwork("plan", file, "--replicas", "2", "--json").json["steps"]
    assert [replica["role"] for replica in step["replicas"]] == ["launcher", "worker"]
    refused = millwork("plan", file, "--replicas", "0")
    assert "--replicas worker=0: a number from 1 to 10000 is expected" in refused.err
    whole = pipeline({"gang": {"replicas": 2}})
    (step,) = millwork("plan", whole, "--json").json["steps"]
    assert len(step["replicas"]) == 2


def test_validate_convert_schema_and_init(millwork: Millwork, home: Path, tmp_path: Path) -> None:
    folders = [EXAMPLES / "flights", HELLO, EXAMPLES / "pai-seed"]
    result = millwork("validate", *folders)
    assert (result.code, result.out) == (0, "3 files in order\n")
    assert millwork("validate", *folders, "--json").json == []
    missing = millwork("validate", "absent.yaml", "--json")
    assert missing.code == 2
    assert missing.json[0]["message"].startswith("cannot read absent.yaml")

    schema = json.loads(millwork("schema").out)
    assert "Component" in json.dumps(schema)
    assert schema["$schema"].startswith("https://json-schema.org/")

    converted = millwork("convert", EXAMPLES / "pai-seed", "--to", "pai")
    assert converted.code == 0
    assert json.loads(converted.out)["AlgorithmSpec"]["JobType"] == "TFJob"
    back = millwork("convert", EXAMPLES / "pai-seed" / "algorithm.json", "--to", "millwork")
    (tmp_path / "back.yaml").write_text(back.out)
    assert millwork("validate", "back.yaml").code == 0
    pipeline = millwork("convert", EXAMPLES / "flights", "--to", "pai")
    assert pipeline.code == 2
    assert "pipeline" in pipeline.err

    made = millwork("init", "first")
    assert made.code == 0
    command = made.out.splitlines()[-1].split()
    assert command[0] == "millwork"
    assert not home.exists()
    run = millwork(*command[1:])
    assert (run.code, run.out) == (0, "Hello, you!\n")


def test_doctor_help_and_version(millwork: Millwork, home: Path) -> None:
    assert millwork("--version").out == f"millwork {__version__}\n"
    for words in ([], ["run"], ["runs"], ["runs", "logs"], ["validate"], ["plan"], ["convert"]):
        shown = millwork(*words, "--help")
        assert shown.code == 0
        assert shown.out.startswith("usage: millwork")
    assert not home.exists()
    findings = millwork("doctor", "--json").json
    assert {finding["what"] for finding in findings} >= {"Python", "machine", "home", "/ml"}
    assert all(finding["state"] in ("ok", "note") and finding["says"] for finding in findings)
    assert "/ml" in millwork("doctor").out


def test_outputs_are_copied_to_a_folder_of_one_s_own(
    millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    command = "cd $PAI_OUTPUT_O; mkdir -p a/b empty; echo 1 > a/b/f; ln -s a/b/f link; echo 2 > x; "
    command += "chmod +x x; echo 5 > $PAI_OUTPUT_V"
    file = component(command, outputs={"o": {}, "v": {"type": "value"}})
    result = millwork("run", file, "-o", "deep/er/out", "--json")
    out = tmp_path / "deep/er/out"
    assert result.json["outputs"] == {"o": f"{out}/o", "v": f"{out}/v/value.json"}
    assert (out / "o/link").read_text() == "1\n"
    assert os.readlink(out / "o/link") == "a/b/f"
    assert (out / "o/empty").is_dir()
    assert os.access(out / "o/x", os.X_OK)
    assert (out / "v/value.json").read_text() == "5\n"
    assert sorted(os.listdir(out)) == ["o", "v"]
    assert millwork("runs", "outputs", "last", "--json").json["o"] != f"{out}/o"


def test_the_run_goes_on_when_its_reader_has_gone(millwork: Millwork, home: Path) -> None:
    shell = f"{COMMAND} run -- 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.2; done' | head -n 1"
    done = subprocess.run(
        ["sh", "-c", shell], env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.stdout == "1\n"
    assert "Traceback" not in done.stderr
    row = until(lambda: [r for r in listing(millwork) if r["status"] != "running"])[0]
    assert row["status"] == "succeeded"
    assert millwork("runs", "logs", "last").out == "1\n2\n3\n4\n5\n6\n"


def test_a_terminal_shows_all_steps_and_then_the_outputs(
    home: Path, tmp_path: Path, component: Component, pipeline: Pipeline
) -> None:
    names = [f"s{number}" for number in range(6)]
    component("echo 1 > ${PAI_OUTPUT_O}f; sleep 0.1", "s0", outputs={"o": {}})
    nodes = {name: {"component": "./s0/component.yaml", "after": names[max(0, index - 2) : index]}
             for index, name in enumerate(names)}  # fmt: skip
    file = pipeline(nodes, outputs={"made": {"from": "s5.o"}})
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        env = {**environment(home), "TERM": "xterm", "COLUMNS": "100", "LINES": "40"}
        os.execve(COMMAND, [COMMAND, "run", str(file)], env)
    shown = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    text = shown.decode()
    assert "Traceback" not in text
    last_table = text[text.rindex("6/6") :]
    for name in names:
        assert name in last_table
    assert last_table.count("succeeded") == 7
    assert last_table.index("s5") < last_table.index("made")
    assert "0/6" in text


# --- how runs are carried out -----------------------------------------------------------------

TRACE = """began=$(date +%s.%N); sleep 0.4; echo "$began $(date +%s.%N)" >> """


def overlaps(trace: Path) -> int:
    """How many steps ran at once, at most."""
    spans = [tuple(map(float, line.split())) for line in trace.read_text().splitlines()]
    return max(sum(a <= start < b for a, b in spans) for start, _ in spans)


@pytest.mark.parametrize(
    ("words", "resources", "expected"),
    [
        (("--parallel", "1"), {}, 1),
        (("--parallel", "2"), {}, 2),
        (("--parallel", "4"), {"cpu": len(os.sched_getaffinity(0))}, 1),
        (("--parallel", "4"), {"memory": "900Gi"}, 1),
    ],
)
def test_how_many_steps_run_at_once(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path,
    words: tuple[str, ...], resources: dict[str, Any], expected: int,
) -> None:  # fmt: skip
    trace = tmp_path / "trace"
    component(TRACE + str(trace), "t", resources=resources)
    nodes = {f"t{index}": {"component": "./t/component.yaml"} for index in range(4)}
    result = millwork("run", pipeline(nodes), *words)
    assert result.code == 0, result
    assert overlaps(trace) in ((1,) if expected == 1 else range(2, expected + 1))
    if "memory" in resources:
        assert "asks for 900.0 GiB of memory and may use all" in result.err


def test_retries_timeout_and_continue_on_failure(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    counter = tmp_path / "tries"
    component(f"echo x >> {counter}; test $(wc -l < {counter}) -ge 2", "flaky")
    component("exit 5", "broken", outputs={"o": {}})
    component("trap '' TERM; echo $$ > shell; sleep 60", "slow")
    component("echo ran", "after")
    component("true", "reader", inputs={"o": {}})
    node = {"component": "./after/component.yaml"}
    nodes: dict[str, Any] = {
        "flaky": {"retries": 2},
        "broken": {"continue_on_failure": True},
        "slow": {"timeout": "1s"},
        "late": {**node, "after": ["broken"]},
        "reader": {"inputs": {"o": {"from": "broken.o"}}},
        "never": {**node, "after": ["slow"]},
    }
    result = millwork("run", pipeline(nodes), "--parallel", "3", "--json")
    assert result.code == 1
    said = {
        step["node"]: (step["status"], step["attempts"], step["reason"])
        for step in result.json["steps"]
    }
    assert said == {
        "flaky": ("succeeded", 2, ""),
        "broken": ("failed", 1, "exit code 5"),
        "slow": ("failed", 1, "timed out after 1 s"),
        "late": ("succeeded", 1, ""),
        "reader": ("skipped", 0, "'broken' failed"),
        "never": ("skipped", 0, "'slow' failed"),
    }
    assert result.json["reason"] == "in slow"
    tries = millwork("runs", "show", "last", "--json").json["steps"][0]["tries"]
    assert [(each["number"], each["status"], each["code"]) for each in tries] == [
        (1, "failed", 1),
        (2, "succeeded", 0),
    ]


def test_a_pipeline_as_a_node_with_values_that_flow(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "data.txt").write_text("from a file")
    component("""echo "$((PAI_HPS_N * 2))" > $PAI_OUTPUT_V""", "double",
              parameters={"n": {"type": "Int", "required": True}},
              outputs={"v": {"type": "value"}})  # fmt: skip
    component("cat $PAI_INPUT_TEXT > ${PAI_OUTPUT_O}copy", "copy",
              inputs={"text": {"type": "file"}}, outputs={"o": {"type": "file"}})  # fmt: skip
    inner = {
        "first": {"component": "./double/component.yaml",
                  "parameters": {"n": {"from": "parameters.start"}}},
        "second": {"component": "./double/component.yaml",
                   "parameters": {"n": {"from": "first.v"}}},
        "copy": {"inputs": {"text": {"from": "inputs.text"}}},
    }  # fmt: skip
    pipeline(
        inner, "inner",
        inputs={"text": {"type": "file"}},
        parameters={"start": {"type": "Int", "default": 1}},
        outputs={"v": {"from": "second.v"}, "o": {"from": "copy.o"}},
    )  # fmt: skip
    nodes = {
        "seed": {"component": "./double/component.yaml", "parameters": {"n": 5}},
        "sub": {"component": "./inner.yaml", "inputs": {"text": {"path": "./data.txt"}},
                "parameters": {"start": {"from": "seed.v"}}},
        "again": {"component": "./copy/component.yaml", "inputs": {"text": {"from": "sub.o"}}},
    }  # fmt: skip
    file = pipeline(nodes, "outer", outputs={"v": {"from": "sub.v"}, "o": {"from": "again.o"}})
    result = millwork("run", file, "--json")
    assert result.code == 0, result
    assert [step["node"] for step in result.json["steps"]] == [
        "seed", "sub.first", "sub.second", "sub.copy", "again",
    ]  # fmt: skip
    assert Path(result.json["outputs"]["v"]).read_text() == "40\n"
    assert Path(result.json["outputs"]["o"], "copy").read_text() == "from a file"
    assert millwork("runs", "logs", "last/sub.first").code == 0


def test_many_commands_share_a_home(
    background: Callable[..., Background], millwork: Millwork
) -> None:
    several = [background("run", HELLO, "-p", f"name={number}") for number in range(6)]
    for number, each in enumerate(several):
        code, out, _ = each.end()
        assert (code, out) == (0, f"Hello, {number}!\n")
    rows = listing(millwork)
    assert len({row["run"] for row in rows}) == 6
    assert {row["status"] for row in rows} == {"succeeded"}


def test_a_log_without_end_is_kept_in_bounds(
    millwork: Millwork, component: Component, home: Path
) -> None:
    command = "echo first; head -c 120000000 /dev/zero | tr '\\0' x; echo; echo last"
    result = millwork("run", component(command), "--json")
    assert result.code == 0
    (log,) = home.glob("attempts/*/log")
    assert log.stat().st_blocks * 512 < 40 << 20
    said = millwork("runs", "logs", "last").out
    assert said.startswith("first\n")
    assert said.endswith("x\nlast\n")
    assert "bytes of the log were dropped here]" in said
