"""The run contract as a step sees it (pai-contract 1.1, seed 000, DESIGN decisions 8 to 10)."""

from __future__ import annotations

import json
import os
import subprocess
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.local.engine import LocalEngine
from millwork.engines.local.sandbox import Sandbox
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Artifact, Step
from millwork.spec.model import Component as Spec
from millwork.spec.model import Input, Output

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Component, Millwork, Result

PROBE = """\
import json, os, sys
root = os.environ["PAI_WORKING_DIR"][: -len("/usercode/")]
def read(name):
    with open(f"{root}/input/config/{name}") as file:
        return json.load(file)
tree = sorted(
    os.path.relpath(os.path.join(folder, name), root)
    for folder, folders, files in os.walk(root, followlinks=True)
    for name in [*folders, *files]
)
def denied(path):
    try:
        open(path, "a").close()
    except OSError as error:
        return error.strerror
    return ""
print(json.dumps({
    "cwd": os.getcwd(), "argv": sys.argv[1:], "env": dict(os.environ), "tree": tree,
    "hps": read("hyperparameters.json"), "job": read("training_job.json"),
    "denied": {name: denied(path) for name, path in (
        ("folder", os.environ.get("PAI_INPUT_FOLDER", "") + "/new"),
        ("inside", os.environ.get("PAI_INPUT_FOLDER", "") + "/part"),
        ("file", os.environ.get("PAI_INPUT_SINGLE_FILE", "")),
        ("config", os.environ["PAI_CONFIG_DIR"] + "hyperparameters.json"),
    )},
    "uid": os.getuid(), "slash": sorted(os.listdir("/")),
}))
with open(os.environ["PAI_OUTPUT_SCORE"], "w") as file:
    file.write("0.5")
"""
PARAMETERS = {
    "epochs": {"type": "Int", "default": 10},
    "batch-size": {"type": "Int", "default": 32},
    "train.learning_rate": {"type": "Float", "default": 0.001},
    "Big": {"type": "Float", "default": 300000000000000000000},
    "shuffle": {"type": "Bool", "default": True},
    "target": {"type": "Column", "input": "folder", "default": "arr_delay"},
    "features": {"type": "Columns", "input": "folder", "default": ["a", "b c"]},
    "unset": {"type": "String"},
    "empty": {"type": "String", "default": ""},
}


def seen(result: Result) -> dict[str, Any]:
    """What the probe printed."""
    assert result.code == 0, result
    line = next(line for line in (result.err or result.out).splitlines() if line[:1] == "{")
    return dict(json.loads(line))


def has_namespace(home: Path) -> bool:
    home.mkdir(exist_ok=True)
    return Sandbox(f"{home}/sandbox.json").works


@pytest.fixture
def probe(component: Component, write: Callable[[str, str], Path]) -> Callable[..., Path]:
    def write_probe(**fields: Any) -> Path:
        write("data/table/part", "1,2")
        write("data/one.csv", "a,b")
        write("probe/probe.py", PROBE)
        content: dict[str, Any] = {
            "inputs": {
                "folder": {"type": "table"},
                "single-file": {"type": "file"},
                "absent": {"required": False},
            },
            "outputs": {"model": {"type": "model"}, "score": {"type": "value"}},
            "parameters": PARAMETERS,
            "env": {"OMP_NUM_THREADS": "2"},
            **fields,
        }
        return component('python3 probe.py "$@"', "probe", **content)

    return write_probe


INPUTS = ("-i", "folder=data/table", "-i", "single-file=data/one.csv")


def test_everything_that_pai_promises_a_step(
    millwork: Millwork, probe: Callable[..., Path], home: Path, tmp_path: Path
) -> None:
    if not has_namespace(home):
        pytest.skip("this kernel or container refuses mount namespaces")
    result = millwork("run", probe(), *INPUTS, "-p", "epochs=11", "--json")
    found = seen(result)
    env = found["env"]
    assert {name: value for name, value in env.items() if name.startswith("PAI_")} == {
        "PAI_WORKING_DIR": "/ml/usercode/",
        "PAI_CONFIG_DIR": "/ml/input/config/",
        "PAI_INPUT_FOLDER": "/ml/input/data/folder",
        "PAI_INPUT_SINGLE_FILE": "/ml/input/data/single-file/one.csv",
        "PAI_OUTPUT_MODEL": "/ml/output/model/",
        "PAI_OUTPUT_SCORE": "/ml/output/score/value.json",
        "PAI_HPS_EPOCHS": "11",
        "PAI_HPS_BATCH_SIZE": "32",
        "PAI_HPS_TRAIN_LEARNING_RATE": "0.001",
        "PAI_HPS_BIG": "3e+20",
        "PAI_HPS_SHUFFLE": "True",
        "PAI_HPS_TARGET": "arr_delay",
        "PAI_HPS_FEATURES": "a,b c",
        "PAI_HPS_EMPTY": "",
        "PAI_HPS": env["PAI_HPS"],
        "PAI_USER_ARGS": "--epochs 11 --batch-size 32 --train.learning_rate 0.001 --Big 3e+20 "
        "--shuffle True --target arr_delay --features a,b c --empty ",
        "PAI_TRAINING_JOB_ID": result.json["run"],
    }
    typed = {
        "epochs": 11, "batch-size": 32, "train.learning_rate": 0.001, "Big": 3e20,
        "shuffle": True, "target": "arr_delay", "features": ["a", "b c"], "empty": "",
    }  # fmt: skip
    assert json.loads(env["PAI_HPS"]) == typed
    assert [type(value) for value in json.loads(env["PAI_HPS"]).values()] == [
        type(value) for value in typed.values()
    ]
    assert found["hps"] == {
        "epochs": "11", "batch-size": "32", "train.learning_rate": "0.001", "Big": "3e+20",
        "shuffle": "True", "target": "arr_delay", "features": "a,b c", "empty": "",
    }  # fmt: skip
    assert found["argv"] == [
        word for name, value in found["hps"].items() for word in (f"--{name}", value)
    ]
    assert (env["PYTHONUNBUFFERED"], env["NVIDIA_VISIBLE_DEVICES"]) == ("1", "")
    assert env["OMP_NUM_THREADS"] == "2"
    assert "MILLWORK_HOME" not in env
    assert found["cwd"] == "/ml/usercode"
    assert found["uid"] == os.getuid()
    assert found["tree"] == [
        "input", "input/config", "input/config/hyperparameters.json",
        "input/config/training_job.json", "input/data", "input/data/folder",
        "input/data/folder/part", "input/data/single-file", "input/data/single-file/one.csv",
        "output", "output/model", "output/score", "usercode", "usercode/component.yaml",
        "usercode/probe.py",
    ]  # fmt: skip
    assert set(found["denied"].values()) == {"Read-only file system"}
    hosts = {name for name in os.listdir("/") if os.path.isdir(f"/{name}")}
    assert set(found["slash"]) == hosts | {"ml"}
    assert sorted(os.listdir(tmp_path / "data/table")) == ["part"]
    assert result.json["outputs"].keys() == {"model", "score"}


def test_the_training_job_file(millwork: Millwork, probe: Callable[..., Path], home: Path) -> None:
    resources = {"cpu": 1, "memory": "256Mi"}
    fields = {"job_type": "PyTorchJob", "image": "python:3.11", "timeout": "2h"}
    result = millwork("run", probe(resources=resources, **fields), *INPUTS, "--json")
    assert "image python:3.11 is not used: steps run on this machine" in result.err
    found = seen(result)
    root = found["cwd"][: -len("/usercode")]
    job = found["job"]
    assert job.pop("HyperParameters")[0] == {"Name": "epochs", "Value": "10"}
    assert job == {
        "TrainingJobId": result.json["run"],
        "TrainingJobName": "probe",
        "AlgorithmName": "probe",
        "AlgorithmVersion": "1.0.0",
        "AlgorithmSpec": {
            "Command": ["sh", "-c", 'python3 probe.py "$@"'],
            "Image": "python:3.11",
            "JobType": "PyTorchJob",
        },
        "ComputeResource": {
            "InstanceCount": 1,
            "InstanceSpec": {"CPU": 1.0, "Memory": 268435456, "GPU": 0},
        },
        "InputChannels": [
            {"Name": "folder", "InputUri": f"{root}/input/data/folder"},
            {"Name": "single-file", "InputUri": f"{root}/input/data/single-file/one.csv"},
        ],
        "OutputChannels": [
            {"Name": "model", "OutputUri": "/ml/output/model"},
            {"Name": "score", "OutputUri": "/ml/output/score/value.json"},
        ],
        "Scheduler": {"MaxRunningTimeInSeconds": 7200.0},
    }
    refused = millwork("run", probe(**fields), *INPUTS, "--require-image")
    assert refused.code == 3
    assert "needs the image python:3.11" in refused.err


JOB_VARIABLES = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT", "WORKER_ADDRS", "WORKER_PORT",
                 "TF_CONFIG", "ELASTICBATCH_CONFIG")  # fmt: skip
ONE = {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "its own"}


@pytest.mark.parametrize(
    ("job_type", "expected"),
    [
        ("Job", {}),
        ("TFJob", {}),
        ("PyTorchJob", ONE),
        ("XGBoostJob", ONE),
        (
            "ElasticBatchJob",
            {"ELASTICBATCH_CONFIG": {"task": {"type": "worker", "index": 0},
                                     "environment": "cloud"}},
        ),
    ],
)  # fmt: skip
def test_variables_of_each_job_type_for_one_replica(
    millwork: Millwork, job_type: str, expected: dict[str, Any]
) -> None:
    result = millwork("run", "--job", job_type, "--", "env")
    found = dict(line.split("=", 1) for line in result.out.splitlines() if "=" in line)
    ours = {name: found[name] for name in JOB_VARIABLES if name in found}
    if "ELASTICBATCH_CONFIG" in ours:
        ours["ELASTICBATCH_CONFIG"] = json.loads(ours["ELASTICBATCH_CONFIG"])
    if 20_000 <= int(ours.get("MASTER_PORT", 0)) < 32_000:
        ours["MASTER_PORT"] = "its own"
    assert ours == expected


def check_rewritten(found: dict[str, Any], root: str) -> None:
    env = found["env"]
    assert found["cwd"] == f"{root}/usercode"
    assert env["PAI_WORKING_DIR"] == f"{root}/usercode/"
    assert env["PAI_CONFIG_DIR"] == f"{root}/input/config/"
    assert env["PAI_INPUT_FOLDER"] == f"{root}/input/data/folder"
    assert env["PAI_INPUT_SINGLE_FILE"] == f"{root}/input/data/single-file/one.csv"
    assert env["PAI_OUTPUT_MODEL"] == f"{root}/output/model/"
    assert "input/data/folder/part" in found["tree"]
    assert "ml" not in found["slash"]
    assert "/ml/" not in json.dumps(found["job"]).replace(root, "")


def test_mounts_none_needs_no_namespace(
    millwork: Millwork, probe: Callable[..., Path], home: Path
) -> None:
    result = millwork("run", probe(mounts="none"), *INPUTS, "--json")
    check_rewritten(seen(result), f"{home}/attempts/{result.json['run']}-1/ml")
    (step,) = millwork("runs", "show", "last", "--json").json["steps"]
    assert step["tries"][0]["usage"]["mounts"] == "folder"
    assert Path(result.json["outputs"]["score"]).read_text() == "0.5"


def test_without_bubblewrap_every_path_is_rewritten(
    probe: Callable[..., Path], home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In-process, with a machine that has no bubblewrap: the wheel brings one to every other."""
    monkeypatch.setattr("millwork.engines.local.sandbox.find_bwrap", lambda: "")
    probe()
    home.mkdir()
    engine = LocalEngine(str(home), lambda _digest, target: None)
    assert not engine.sandbox.works
    assert "not installed" in engine.sandbox.reason
    spec = Spec(
        name="probe", version="1.0.0",
        command=f"python3 {tmp_path}/probe/probe.py",
        inputs={"folder": Input("table"), "single-file": Input("file")},
        outputs={"model": Output("model"), "score": Output("value")},
    )  # fmt: skip
    data = {
        "folder": Artifact(f"{tmp_path}/data/table"),
        "single-file": Artifact(f"{tmp_path}/data/one.csv", is_file=True),
    }
    root = engine.root("run-1", "ml")
    assert root == f"{home}/attempts/run-1/ml"
    plan = make_plan(Step("probe", spec), data, {}, Job("run", "run-1"), root)
    engine.furnish("run-1", plan)
    engine.start("run-1", plan)
    deadline = time.monotonic() + 20
    ended = list(engine.observe(5))
    while not ended and time.monotonic() < deadline:
        ended = list(engine.observe(5))
    assert ended[0].outcome.code == 0
    assert ended[0].outcome.usage["mounts"] == "folder"
    check_rewritten(json.loads(engine.log("run-1", 0)[0].splitlines()[0]), root)


def test_the_code_is_a_private_writable_copy(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    for name in ("keep.py", "data/big.bin", "notes.log", "sub/deep.py", ".git/config",
                 "venv/pyvenv.cfg", "venv/bin/python", "sub/.git/HEAD"):  # fmt: skip
        write(f"step/{name}", "original")
    write("step/.gitignore", "keep.py\n")
    write("step/.millworkignore", "data/\n*.log\n")
    (tmp_path / "step/keep.py").chmod(0o444)
    script = "echo changed > keep.py && echo new > made && rm sub/deep.py && find . -type f | sort"
    kept = ["./.gitignore", "./.millworkignore", "./component.yaml", "./keep.py", "./made"]
    for _ in range(2):
        result = millwork("run", component(script, is_deterministic=False))
        assert (result.code, result.out.split()) == (0, kept)
    assert (tmp_path / "step/keep.py").read_text() == "original"
    assert (tmp_path / "step/sub/deep.py").read_text() == "original"
    (tmp_path / "step/.millworkignore").unlink()
    result = millwork("run", component("find . -type f | sort"))
    assert result.out.split() == [
        "./.gitignore", "./component.yaml", "./data/big.bin", "./notes.log", "./sub/deep.py",
    ]  # fmt: skip


def test_requirements_are_installed_once_and_recorded(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path)
    write("step/requirements.txt", f"{wheel}\n")
    file = component("python -c 'import millwork_probe'", is_deterministic=False)
    first = millwork("run", file, "--json")
    assert "probe is here" in first.err
    assert "installing 1 package from requirements.txt ..." in first.err
    second = millwork("run", file, "--json")
    assert "probe is here" in second.err
    assert "install" not in second.err
    for run in (first, second):
        (step,) = millwork("runs", "show", run.json["run"], "--json").json["steps"]
        usage = step["tries"][0]["usage"]
        assert usage["packages"] == ["millwork-probe==1.2.3"]
        assert len(usage["environment"]) == 64


def build_wheel(folder: Path) -> Path:
    """A wheel made by hand: a test of what is installed needs no build tool and no network."""
    path = folder / "millwork_probe-1.2.3-py3-none-any.whl"
    info = "millwork_probe-1.2.3.dist-info"
    files = {
        "millwork_probe.py": "print('probe is here')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: millwork-probe\nVersion: 1.2.3\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(name, text)
    return path


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_commit_of_the_code_is_recorded(
    millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    file = component("ls -a")
    git(tmp_path, "init", "-q", "step")
    git(tmp_path / "step", "add", ".")
    git(tmp_path / "step", "commit", "-qm", "first")
    commit = git(tmp_path / "step", "rev-parse", "HEAD")
    for dirty in (False, True):
        if dirty:
            (tmp_path / "step/new.py").write_text("x")
        result = millwork("run", file)
        assert ".git\n" not in result.out
        facts = millwork("runs", "show", "last", "--json").json["facts"]
        assert facts["git"] == {"step": {"commit": commit, "dirty": dirty, "url": ""}}


def test_code_from_a_git_repository(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    write("repo/lib/main.sh", "echo from main")
    git(tmp_path, "init", "-q", "-b", "trunk", "repo")
    git(tmp_path / "repo", "add", ".")
    git(tmp_path / "repo", "commit", "-qm", "first")
    git(tmp_path / "repo", "tag", "v1")
    commit = git(tmp_path / "repo", "rev-parse", "HEAD")
    write("repo/lib/main.sh", "echo from trunk")
    git(tmp_path / "repo", "commit", "-qam", "second")
    url = f"file://{tmp_path}/repo"
    result = millwork("run", component("sh main.sh; ls -a", code={"git": url, "ref": "v1",
                                                                   "path": "lib"}))  # fmt: skip
    assert result.out.split() == ["from", "main", ".", "..", "main.sh"]
    facts = millwork("runs", "show", "last", "--json").json["facts"]
    assert facts["git"] == {"step": {"commit": commit, "dirty": False, "url": url}}
    assert millwork("run", component("sh lib/main.sh", code={"git": url})).out == "from trunk\n"
    gone = millwork("run", component("true", code={"git": url, "ref": "v9"}))
    assert gone.code == 2
    assert "has no branch or tag v9" in gone.err
    gone = millwork("run", component("true", code={"git": f"{url}-gone"}))
    assert gone.code == 2
    assert "cannot fetch" in gone.err


def test_large_code_is_told(millwork: Millwork, component: Component, tmp_path: Path) -> None:
    file = component("ls -s --block-size=1M big")
    with (tmp_path / "step/big").open("wb") as big:
        big.truncate(101 << 20)
    result = millwork("run", file)
    assert result.code == 0
    assert "the code of 'step' has 101.0 MiB" in result.err
    assert ".millworkignore" in result.err


def test_a_daemon_that_a_step_leaves_behind_ends_with_it(
    millwork: Millwork, component: Component, home: Path
) -> None:
    from millwork.engines.host.processes import marked

    daemon = "setsid sh -c 'setsid sleep 300 & exec >/dev/null' & sleep 0.3"
    result = millwork("run", component(daemon), "--json")
    assert result.code == 0
    assert marked(f"{result.json['run']}-1") == []


def test_resources_are_recorded(millwork: Millwork, component: Component) -> None:
    busy = "python3 -c 'x = bytearray(40 << 20); sum(range(3_000_000))'"
    millwork("run", component(busy, resources={"cpu": 1, "memory": "200Mi", "processes": 50}))
    (step,) = millwork("runs", "show", "last", "--json").json["steps"]
    attempt = step["tries"][0]
    assert attempt["created"] <= attempt["launched"] <= attempt["ended"]
    usage = attempt["usage"]
    assert usage["limits"] in ("cgroup v1", "cgroup v2", "rlimit")
    assert 0.02 < usage["cpu_seconds"] < 20
    assert 40 << 20 < usage["peak_memory"] < 400 << 20
