"""Sweeps of AzureML: trials are runs, the best one leaves its outputs, and kills lose nothing."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import gone, listing, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Millwork, Result

    Write = Callable[[str, str], Path]

TRAIN = """
import os, sys, time
from azureml.core import Run
given = dict(word.split("=", 1) for word in sys.argv[1:])
x = float(given["x"])
with open(given["began"], "a") as file:
    file.write(given["x"] + "\\n")
run = Run.get_context()
for epoch in range(int(given.get("epochs", 1))):
    run.log("loss", (x - 0.3) ** 2)
    time.sleep(float(given.get("sleep", 0)))
if x >= float(given.get("from", 1e9)):
    while not os.path.exists(given["gate"]):
        time.sleep(0.02)
if x >= float(given.get("fails", 1e9)):
    sys.exit(3)
if "out" in given:
    with open(os.path.join(given["out"], "model.txt"), "w") as file:
        file.write(given["x"])
with open("outputs/note.txt", "w") as file:
    file.write("kept")
"""
JOB = """
$schema: https://azuremlschemas.azureedge.net/latest/sweepJob.schema.json
type: sweep
display_name: search
trial:
  code: ./src
  environment: {image: python}
  command: >-
    python train.py x=${{search_space.x}} began=${{inputs.began}} out=${{outputs.out}} MORE
inputs: {began: BEGAN, gate: GATE}
outputs: {out: {type: uri_folder}}
objective: {goal: minimize, primary_metric: loss}
"""


class Job:
    """A sweep job in the test's folder, and what its trials have noted."""

    def __init__(self, write: Write, folder: Path) -> None:
        self._write = write
        self._noted, self.gate = folder / "began.txt", folder / "gate"
        write("src/train.py", TRAIN)

    def __call__(self, fields: str, more: str = "") -> Path:
        text = JOB.replace("MORE", more).replace("BEGAN", str(self._noted))
        return self._write("search.yml", text.replace("GATE", str(self.gate)) + fields)

    @property
    def began(self) -> list[str]:
        """The value of each trial's process that began, in their order."""
        return self._noted.read_text().split() if self._noted.exists() else []


@pytest.fixture
def job(write: Write, tmp_path: Path) -> Job:
    return Job(write, tmp_path)


def values(*numbers: float) -> str:
    return f"{{x: {{type: choice, values: {list(numbers)}}}}}"


def grid(*numbers: float, at_once: int = 1) -> str:
    limits = f"{{max_total_trials: 9, max_concurrent_trials: {at_once}}}"
    return f"sampling_algorithm: grid\nsearch_space: {values(*numbers)}\nlimits: {limits}\n"


def report(millwork: Millwork, run: str) -> dict[str, Any]:
    """What `trials.json` of a sweep's only step says."""
    (step,) = millwork("runs", "show", run, "--json").json["steps"]
    text = Path(step["outputs"]["artifacts"], "sweep/trials.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def trials(millwork: Millwork) -> list[dict[str, Any]]:
    """The runs that sweeps have begun, oldest first."""
    rows = millwork("runs", "list", "--trials", "--json").json
    return [row for row in reversed(rows) if " trial " in row["name"]]


def test_a_grid_leaves_what_its_best_trial_left(millwork: Millwork, job: Job) -> None:
    result = millwork("run", job(grid(0.9, 0.4, 0.7, at_once=2)), "--json")
    assert result.code == 0, result
    (step,) = result.json["steps"]
    assert step["metrics"]["loss"] == pytest.approx(0.01)
    assert Path(result.json["outputs"]["out"], "model.txt").read_text() == "0.4"
    artifacts = Path(step["outputs"]["artifacts"])
    assert (artifacts / "outputs/note.txt").read_text() == "kept"
    page = (artifacts / "sweep/report.html").read_text()
    assert page.count("<circle") == 4
    assert "<script" not in page
    told = report(millwork, result.json["run"])
    assert [trial["values"]["x"] for trial in told["trials"]] == ["0.9", "0.4", "0.7"]
    assert (told["best"], told["algorithm"]) == (2, "grid")
    assert "best: trial 2" in result.err
    sweep = millwork("runs", "show", "last", "--json").json["steps"][0]["sweep"]
    assert (sweep["metric"], sweep["goal"]) == ("loss", "minimize")
    assert [trial["values"]["x"] for trial in sweep["trials"]] == ["0.9", "0.4", "0.7"]
    assert sweep["trials"][1]["metrics"]["loss"] == pytest.approx(0.01)


def test_trials_are_runs_that_are_listed_when_asked_for_and_reused(
    millwork: Millwork, job: Job
) -> None:
    file = job(grid(0.9, 0.4))
    first = millwork("run", file, "--json").json["run"]
    assert [row["run"] for row in listing(millwork)] == [first]
    assert millwork("runs", "show", "last", "--json").json["run"] == first
    assert [row["name"] for row in trials(millwork)] == ["search trial 1", "search trial 2"]
    shown = millwork("runs", "show", trials(millwork)[0]["run"], "--json").json
    assert shown["facts"]["sweep"] == {
        "run": first, "step": "search", "trial": 1, "values": {"x": "0.9"},
    }  # fmt: skip
    again = millwork("run", file, "--json")
    assert again.code == 0
    assert len(trials(millwork)) == 4
    assert job.began == ["0.9", "0.4"]
    assert millwork("run", "--force", file, "--json").code == 0
    assert job.began == ["0.9", "0.4", "0.9", "0.4"]


def test_random_values_come_from_the_seed_that_is_recorded(millwork: Millwork, job: Job) -> None:
    space = "search_space: {x: {type: uniform, min_value: 0, max_value: 1}}\n"
    limits = "limits: {max_total_trials: 4, max_concurrent_trials: 2}\n"
    result = millwork("run", job(f"sampling_algorithm: random\n{space}{limits}"), "--json")
    told = report(millwork, result.json["run"])
    found = [trial["values"]["x"] for trial in told["trials"]]
    assert len(set(found)) == 4
    assert sorted(job.began) == sorted(found)
    best = min(found, key=lambda text: abs(float(text) - 0.3))
    assert Path(result.json["outputs"]["out"], "model.txt").read_text() == best
    seeded = f"sampling_algorithm: {{type: random, seed: {told['seed']}}}\n{space}{limits}"
    other = millwork("run", job(seeded), "--json").json["run"]
    assert [trial["values"]["x"] for trial in report(millwork, other)["trials"]] == found
    assert len(job.began) == 4


def test_a_bandit_stops_what_is_far_behind(millwork: Millwork, job: Job) -> None:
    policy = "early_termination: {type: bandit, slack_amount: 0.1, delay_evaluation: 2}\n"
    more = "from=0.9 gate=${{inputs.gate}} epochs=3"
    result = millwork("run", job(grid(0.3, 0.9) + policy, more), "--json")
    assert result.code == 0, result
    good, bad = report(millwork, result.json["run"])["trials"]
    assert (good["status"], good["logged"]) == ("succeeded", [0.0, 0.0, 0.0])
    assert bad["status"] == "stopped"
    assert bad["reason"].startswith("stopped early: bandit: 0.36 after")
    stopped = trials(millwork)[1]
    assert (stopped["status"], stopped["reason"]) == ("cancelled", bad["reason"])


def driver(home: Path) -> int | None:
    """The process id of the sweep's driver."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        is_ours = any(w.startswith(str(home)) and w.endswith("/sweep.json") for w in words)
        if is_ours and "python" in words[0]:  # not its recorder, which is a shell
            return int(folder.name)
    return None


def test_a_sweep_whose_driver_was_killed_repeats_no_trial_that_has_ended(
    millwork: Millwork, job: Job, background: Any, home: Path
) -> None:
    running = background("run", job(grid(0.1, 0.9, 0.4), "from=0.9 gate=${{inputs.gate}}"))
    until(lambda: job.began == ["0.1", "0.9"])
    pid = until(lambda: driver(home))
    os.kill(pid, signal.SIGKILL)
    code, _, err = running.end()
    assert code == 1
    assert "killed by SIGKILL" in err
    until(lambda: [row["status"] for row in trials(millwork)] == ["succeeded", "cancelled"])
    job.gate.write_text("")
    result = millwork("runs", "resume", "last", "--json")
    assert result.code == 0, result
    assert job.began == ["0.1", "0.9", "0.9", "0.4"]
    told = report(millwork, result.json["run"])
    assert [trial["status"] for trial in told["trials"]] == ["succeeded"] * 3
    assert told["trials"][0]["run"] == trials(millwork)[0]["run"]
    assert "(from an earlier attempt)" in result.err


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_trial_that_lost_its_master_goes_on_when_the_sweep_is_resumed(
    millwork: Millwork, job: Job, background: Any, home: Path
) -> None:
    """All of Millwork is killed at once, but for what watches over the trial."""
    running = background("run", job(grid(0.9, 0.4), "from=0.9 gate=${{inputs.gate}}"))
    until(lambda: job.began == ["0.9"])
    pid = until(lambda: driver(home))
    os.kill(pid, signal.SIGSTOP)
    recorder = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    for each in (running.process.pid, *children(pid), recorder, pid):
        os.kill(each, signal.SIGKILL)
    running.process.communicate()
    (trial,) = trials(millwork)
    assert trial["status"] == "interrupted"
    job.gate.write_text("")
    result = millwork("runs", "resume", "last", "--json")
    assert result.code == 0, result
    assert job.began == ["0.9", "0.4"]
    assert trials(millwork)[0]["run"] == trial["run"]


def test_a_trial_whose_process_is_killed_goes_on_under_another(
    millwork: Millwork, job: Job, background: Any, home: Path
) -> None:
    running = background("run", job(grid(0.9), "from=0.9 gate=${{inputs.gate}}"), "--json")
    until(lambda: job.began == ["0.9"])
    pid = until(lambda: driver(home))
    (first,) = children(pid)
    os.kill(first, signal.SIGKILL)
    until(lambda: children(pid) not in ([], [first]))
    job.gate.write_text("")
    assert running.end()[0] == 0
    assert job.began == ["0.9"]


def test_cancelling_a_sweep_ends_its_trials(
    millwork: Millwork, job: Job, background: Any, home: Path
) -> None:
    running = background("run", job(grid(0.9), "from=0.9 gate=${{inputs.gate}}"))
    until(lambda: job.began == ["0.9"])
    pid = until(lambda: driver(home))
    assert millwork("runs", "cancel", "last").code == 0
    assert running.end()[0] == 1
    until(lambda: gone(pid))
    (trial,) = until(lambda: [row for row in trials(millwork) if row["status"] == "cancelled"])
    assert trial["reason"] == "cancelled by the user"


def failure(result: Result) -> str:
    assert result.code == 1, result
    return str(result.json["steps"][0]["reason"])


def test_a_sweep_without_a_best_trial_fails_and_says_why(millwork: Millwork, job: Job) -> None:
    result = millwork("run", job(grid(0.8, 0.9), "fails=0.5"), "--json")
    last = trials(millwork)[-1]["run"]
    assert failure(result) == f"no trial succeeded; trial 2 ({last}) failed: exit code 3"
    file = job(grid(0.8))
    file.write_text(file.read_text().replace("primary_metric: loss", "primary_metric: auc"))
    result = millwork("run", file, "--json")
    assert failure(result) == "no trial logged the metric 'auc'; logged: loss"
    result = millwork("run", job(grid(0.2, 0.9), "fails=0.5"), "--json")
    assert result.code == 0
    trials_ = report(millwork, result.json["run"])["trials"]
    assert [trial["status"] for trial in trials_] == ["succeeded", "failed"]


def test_limits_of_time(millwork: Millwork, job: Job) -> None:
    more = "from=0.9 gate=${{inputs.gate}}"
    limited = grid(0.4, 0.9).replace("limits: {", "limits: {trial_timeout: 1, ")
    result = millwork("run", job(limited, more), "--json")
    assert result.code == 0
    slow = report(millwork, result.json["run"])["trials"][1]
    assert (slow["status"], slow["reason"]) == ("failed", "timed out after 1 s")
    limited = grid(0.4, 0.9, 0.5).replace("limits: {", "limits: {timeout: 1.5, ")
    result = millwork("run", job(limited, more), "--json")
    assert result.code == 0
    statuses = [trial["status"] for trial in report(millwork, result.json["run"])["trials"]]
    assert statuses == ["succeeded", "cancelled"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("sampling_algorithm: random\nsearch_space: {x: {type: qnormal, mu: 0, sigma: 0, q: 1}}\n",
         "search.yml:14: search_space.x: sigma is not above 0"),
        ("sampling_algorithm: {type: random, rule: halton}\n" + f"search_space: {values(1)}\n",
         "rule: 'halton' is not one of random, sobol"),
    ],
)  # fmt: skip
def test_what_cannot_be_tried_is_refused_before_anything_starts(
    millwork: Millwork, job: Job, fields: str, message: str
) -> None:
    result = millwork("run", job(fields))
    assert result.code == 2
    assert message in result.err


OLD = """
$schema: http://azureml/sdk-1-5/SweepComponent.json
name: search.sweep
version: 1.0.0
type: SweepComponent
trial: file:./trial/spec.yaml
algorithm: grid
search_space:
  x: {type: choice, values: [0.5, 0.2]}
objective: {primary_metric: {default: loss, enum: [loss, auc]}, goal: minimize}
limits: {max_total_trials: 4, max_concurrent_trials: 1, timeout_minutes: 5}
"""
OLD_TRIAL = """
$schema: http://azureml/sdk-1-5/CommandComponent.json
name: search.trial
version: 1.0.0
type: CommandComponent
is_deterministic: false
inputs:
  began: {type: String}
  x: {type: Float}
  sleep: {type: Float, default: 0.0}
outputs:
  out: {type: path}
command: python train.py x={inputs.x} began={inputs.began} sleep={inputs.sleep} out={outputs.out}
"""


def test_the_old_flavour_takes_its_trial_from_a_file(
    millwork: Millwork, write: Write, job: Job, tmp_path: Path
) -> None:
    write("trial/spec.yaml", OLD_TRIAL)
    write("trial/train.py", TRAIN)
    file = write("sweep.yaml", OLD)
    given = ("-p", f"began={tmp_path}/began.txt")
    result = millwork("run", file, *given, "--json")
    assert result.code == 0, result
    assert Path(result.json["outputs"]["out"], "model.txt").read_text() == "0.2"
    assert millwork("run", file, *given, "--json").code == 0
    assert job.began == ["0.5", "0.2"] * 2  # the trial says that it is not deterministic


PIPELINE = """
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
jobs:
  search:
    type: sweep
    trial: ./trial.yml
    inputs: {began: BEGAN, data: {type: uri_file, path: ./data.txt}}
    outputs: {out: }
    sampling_algorithm: random
    search_space: {x: {type: choice, values: [0.9, 0.4]}}
    objective: {goal: minimize, primary_metric: loss}
    limits: {max_total_trials: 5, max_concurrent_trials: 2, timeout: 100}
  show:
    type: command
    command: cat ${{inputs.model}}/model.txt
    environment: {image: python}
    inputs: {model: '${{parent.jobs.search.outputs.out}}'}
"""
TRIAL = """
type: command
name: trial
version: 1
inputs:
  began: {type: string}
  data: {type: uri_file}
  x: {type: number, default: 1}
outputs: {out: {type: uri_folder}}
code: ./src
environment: {image: python}
command: >-
  test -s ${{inputs.data}} &&
  python train.py x=${{inputs.x}} began=${{inputs.began}} out=${{outputs.out}}
"""


def test_a_sweep_within_a_pipeline_hands_its_best_output_on(
    millwork: Millwork, write: Write, job: Job, tmp_path: Path
) -> None:
    write("trial.yml", TRIAL)
    write("data.txt", "data")
    file = write("pipe.yml", PIPELINE.replace("BEGAN", f"{tmp_path}/began.txt"))
    result = millwork("run", file, "--json")
    assert result.code == 0, result
    assert sorted(job.began) == ["0.4", "0.9"]
    run = result.json["run"]
    assert "all 2 combinations are tried" in millwork("runs", "logs", f"{run}/search").out
    assert millwork("runs", "logs", f"{run}/show").out == "0.4"


@pytest.mark.slow
def test_bayesian_sampling_installs_its_library_for_the_driver_alone(
    millwork: Millwork, job: Job
) -> None:
    space = "search_space: {x: {type: uniform, min_value: 0, max_value: 1}}\n"
    limits = "limits: {max_total_trials: 14, max_concurrent_trials: 2}\n"
    fields = f"sampling_algorithm: bayesian\n{space}{limits}"
    result = millwork("run", job(fields), "--json", timeout=300)
    assert result.code == 0, result
    assert "installing" in result.err
    (step,) = millwork("runs", "show", result.json["run"], "--json").json["steps"]
    assert any(line.startswith("optuna==") for line in step["tries"][0]["usage"]["packages"])
    assert step["metrics"]["loss"] < 0.05
