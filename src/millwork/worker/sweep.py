"""The driver of a sweep: tries values in runs of their own, and leaves what the best one left.

    python sweep.py CONFIG

CONFIG is what `plan/sweep.py` writes. For each trial the driver starts `millwork runs trial` and
reads what that tells, a JSON object a line. It holds the standard input of each: a trial is
cancelled when that is closed, so that none outlives the driver. Its log has a line for each trial.

A driver that starts again in the same run takes its trials as it finds them: those that have
ended are not repeated.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

if TYPE_CHECKING or __package__:
    from millwork.worker import chart, sampling, stopping
else:  # run by its path, with these beside it
    import chart
    import sampling
    import stopping

if TYPE_CHECKING:
    from typing import Any, Dict, List, Mapping, NoReturn, Optional

STOPPED = "stopped early: "
_DONE = ("succeeded", "stopped")
_MOST = 1000
_MOST_LOSSES = 3
_GRACE = 2.0
_REPORT = "output/artifacts/sweep"


class SweepFailed(Exception):
    """There is no best trial; the message says why."""


class _Ended(BaseException):
    """Somebody wants this process to end."""


class Trial:
    """One trial as the driver knows it, and its process while there is one."""

    def __init__(self, number: int, values: Mapping[str, str]) -> None:
        self.number = number
        self.values = dict(values)
        self.run = ""
        self.status = "running"
        self.reason = ""
        self.metrics: Dict[str, float] = {}
        self.logged: List[float] = []
        self.outputs: Dict[str, str] = {}
        self.process: Optional[subprocess.Popen[bytes]] = None
        self._losses = 0
        self._rest = b""

    def start(self, command: List[str], environ: Mapping[str, str]) -> int:
        """Starts its process, in a session of its own; the descriptor that it tells through."""
        self.status, self.logged, self._rest = "running", [], b""
        self.process = process = subprocess.Popen(
            command,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert process.stdout
        return process.stdout.fileno()

    def read(self, data: bytes) -> None:
        """Takes in what its process has told: its run, values that were logged, its end."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                told = json.loads(line)
                self.run = told.get("run", self.run)
            except (ValueError, AttributeError):
                self.reason = line.decode("utf-8", "replace").replace("millwork: ", "", 1)
                continue
            self.logged += told.get("logged", [])
            if "end" in told:
                self.take(told["end"])

    def take(self, end: Mapping[str, Any]) -> None:
        """How it ended."""
        self.run, self.status, self.reason = end["run"], end["status"], end["reason"]
        self.metrics, self.logged, self.outputs = end["metrics"], end["logged"], end["outputs"]

    def close(self) -> None:
        """Its process has ended."""
        assert self.process
        self.let_go()
        code = self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()
        self.process = None
        if self.status == "running" and code < 0 and self._losses < _MOST_LOSSES:
            self._losses += 1  # it was killed, and its step may go on: another finds it
            self.status = "lost"
        elif self.status == "running":
            self.status = "failed"
            self.reason = self.reason or f"millwork runs trial ended with exit code {code}"

    def let_go(self, reason: str = "") -> None:
        """Has its run cancelled, if it still goes on."""
        assert self.process
        assert self.process.stdin
        if not self.process.stdin.closed:
            with suppress(OSError):
                self.process.stdin.write(reason.encode("utf-8", "replace"))
            with suppress(OSError):
                self.process.stdin.close()


class Sweep:
    """A search, from what is known of earlier trials to the best of all."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.trials: List[Trial] = []
        self._lost: List[Trial] = []
        self._config = config
        self._metric = config["objective"]["primary_metric"]
        self._goal = config["objective"]["goal"]
        settings = config.get("sampling", {})
        given = settings.get("seed")
        self.seed = int(given) if given not in (None, "") else crc32(config["sweep"].encode())
        self._sampler = sampling.make_sampler(
            config["algorithm"], settings, config["search_space"], self.seed, self._goal
        )
        self._policy = stopping.Policy(config.get("early_termination", {}), self._goal)
        limits = config["limits"]
        default = sys.maxsize if config["algorithm"] == "grid" else _MOST
        self._most = _count(limits, "max_total_trials", default)
        self._at_once = _count(limits, "max_concurrent_trials", _MOST)
        self._deadline = time.monotonic() + float(limits.get("timeout") or math.inf)
        self._known: Mapping[str, Any] = {}
        self._environ = _environ_of_host(has_own="bayesian" in config["algorithm"])
        self._command = [
            *(os.environ["MILLWORK_PYTHON"], "-m", "millwork.cli.main", "runs", "trial"),
            *(config["sweep"], f"--metric={self._metric}"),
        ]

    def drive(self) -> None:
        """Runs trials until there are no others, or no time is left."""
        self._ask_what_is_known()
        algorithm = self._config["algorithm"]
        seed = "" if algorithm == "grid" else f", seed {self.seed}"
        say(f"{algorithm}{seed}, at most {self._at_once} at once; {self._goal} {self._metric}")
        selector = selectors.DefaultSelector()
        running: Dict[int, Trial] = {}
        try:
            while True:
                while len(running) < self._at_once and (trial := self._next()):
                    descriptor = self._start(trial)
                    running[descriptor] = trial
                    selector.register(descriptor, selectors.EVENT_READ)
                if not running:
                    return
                for key, _ in selector.select(self._left()):
                    if self._hear(running[key.fd], key.fd):
                        selector.unregister(key.fd)  # before its descriptor is closed
                        trial = running.pop(key.fd)
                        trial.close()
                        if trial.status == "lost":
                            self._lost.append(trial)
                        else:
                            self._concluded(trial)
                if time.monotonic() >= self._deadline:
                    for trial in running.values():
                        trial.let_go("the time of the sweep is over")
        finally:
            end(list(running.values()))

    def best(self) -> Trial:
        """The trial with the best value of those that succeeded; SweepFailed if there is none."""
        succeeded = [trial for trial in self.trials if trial.status == "succeeded"]
        if not succeeded:
            if not self.trials:
                raise SweepFailed("no trial was begun: there is nothing to try, or no time for it")
            last = self.trials[-1]
            found = f"trial {last.number} ({last.run or 'no run'}) {last.status}: {last.reason}"
            raise SweepFailed(f"no trial succeeded; {found}")
        measured = [trial for trial in succeeded if self._metric in trial.metrics]
        if not measured:
            names = sorted({name for trial in succeeded for name in trial.metrics})
            raise SweepFailed(
                f"no trial logged the metric '{self._metric}'; logged: {', '.join(names) or 'none'}"
            )
        choose = max if self._goal == "maximize" else min
        return choose(measured, key=lambda trial: trial.metrics[self._metric])

    def publish(self) -> None:
        """Leaves the outputs and metrics of the best trial as the sweep's own."""
        best, root = self.best(), self._config["root"]
        say(f"best: {self._told(best)}")
        for name in self._config["outputs"]:
            if name in best.outputs:
                copy_tree(best.outputs[name], f"{root}/output/{name}")
        with open(f"{root}/mlflow/metrics.jsonl", "w", encoding="utf-8") as file:
            for name, value in best.metrics.items():
                file.write(json.dumps({"name": name, "value": value}) + "\n")
        self.report()

    def report(self) -> None:
        """Writes `trials.json` and `report.html`, of all trials so far."""
        folder = f"{self._config['root']}/{_REPORT}"
        os.makedirs(folder, exist_ok=True)
        best = 0
        with suppress(SweepFailed):
            best = self.best().number
        trials = sorted(self.trials, key=lambda trial: trial.number)
        content = {
            "sweep": self._config["sweep"],
            "algorithm": self._config["algorithm"],
            "seed": self.seed,
            "objective": self._config["objective"],
            "best": best or None,
            "trials": [
                {
                    **{name: getattr(trial, name) for name in ("number", "run", "status")},
                    "reason": trial.reason,
                    "values": trial.values,
                    "metric": self._value(trial),
                    "metrics": trial.metrics,
                    "logged": trial.logged,
                }
                for trial in trials
            ],
        }
        _write(f"{folder}/trials.json", json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        rows = [
            chart.Row(
                trial.number,
                trial.run,
                trial.status,
                trial.reason,
                trial.values,
                self._value(trial),
            )
            for trial in trials
        ]
        html = chart.page(self._config["name"], self._metric, self._goal, rows, best)
        _write(f"{folder}/report.html", html)

    def _ask_what_is_known(self) -> None:
        done = subprocess.run(
            self._command, env=self._environ, stdin=subprocess.DEVNULL, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip()
            raise SweepFailed(f"the sweep's trials are not known: {reason}")
        known = json.loads(done.stdout)
        self._known = known["trials"]
        self._at_once = min(self._at_once, known["parallel"])

    def _next(self) -> Optional[Trial]:
        """The next trial that has to run; those that are done already are passed."""
        if self._lost:
            return self._lost.pop()
        while len(self.trials) < self._most and time.monotonic() < self._deadline:
            number = len(self.trials) + 1
            known = self._known.get(str(number))
            values = known["values"] if known else self._sampler.ask(number)
            if values is None:
                say(f"all {number - 1} combinations are tried")
                self._most = number - 1
                return None
            trial = Trial(number, values)
            self.trials.append(trial)
            if known is None or known["status"] not in _DONE:
                return trial
            trial.take(known)
            self._concluded(trial, " (from an earlier attempt)")
        return None

    def _start(self, trial: Trial) -> int:
        options = ["--number", str(trial.number)]
        given = (("-i", "inputs"), ("-p", "parameters"))
        for option, part in given:
            for name, value in self._config[part].items():
                options += (option, f"{name}={value}")
        for name, value in trial.values.items():
            options += ("--set", f"{name}={value}")
        return trial.start([*self._command, *options], self._environ)

    def _hear(self, trial: Trial, descriptor: int) -> bool:
        """Takes in what a trial tells, and stops it if it is too bad; whether it has ended."""
        data = os.read(descriptor, 65536)
        before = len(trial.logged)
        trial.read(data)
        if trial.status == "running":
            others = [other.logged for other in self.trials if other is not trial]
            for count in range(before + 1, len(trial.logged) + 1):
                if verdict := self._policy.verdict(trial.logged[:count], others):
                    trial.let_go(STOPPED + verdict)
                    break
        return not data

    def _concluded(self, trial: Trial, remark: str = "") -> None:
        self._sampler.tell(trial.number, trial.values, self._value(trial))
        say(self._told(trial) + remark)
        self.report()

    def _value(self, trial: Trial) -> Optional[float]:
        """What a trial has come to: its last value, also if it was stopped early."""
        if trial.status not in _DONE:
            return None
        if self._metric in trial.metrics:
            return trial.metrics[self._metric]
        return trial.logged[-1] if trial.logged else None

    def _told(self, trial: Trial) -> str:
        values = ", ".join(f"{name}={value}" for name, value in trial.values.items())
        value = self._value(trial)
        found = f"no {self._metric}" if value is None else f"{self._metric}={value:g}"
        ended = [] if trial.status == "succeeded" else [trial.reason or trial.status]
        return ": ".join([f"trial {trial.number} ({trial.run or 'no run'})", values, found, *ended])

    def _left(self) -> Optional[float]:
        left = self._deadline - time.monotonic()
        return None if left == math.inf else max(left, 0.05)


def _count(limits: Mapping[str, str], name: str, default: int) -> int:
    text = limits.get(name)
    return max(1, int(float(text))) if text else default


def _environ_of_host(*, has_own: bool) -> Dict[str, str]:
    """The variables that a trial is started with: the host's, and where the home is.

    The packages of the driver's own environment are no trial's.
    """
    environ = {name: text for name, text in os.environ.items() if not name.startswith("MILLWORK_")}
    environ["MILLWORK_HOME"] = os.environ["MILLWORK_HOME"]
    if has_own:
        own = os.path.join(environ.pop("VIRTUAL_ENV", ""), "bin") + os.pathsep
        if environ["PATH"].startswith(own):  # noqa: FURB188 - Python 3.8 has no removeprefix
            environ["PATH"] = environ["PATH"][len(own) :]
    return environ


def end(trials: List[Trial]) -> None:
    """Cancels what still runs; after a while, the trials' steps are killed."""
    for trial in trials:
        trial.let_go()
    deadline = time.monotonic() + _GRACE
    for trial in trials:
        assert trial.process
        with suppress(subprocess.TimeoutExpired):
            trial.process.wait(max(0.0, deadline - time.monotonic()))
            continue
        trial.process.terminate()  # the second signal: it kills


def copy_tree(source: str, target: str) -> None:
    """Puts the files of a folder into another one, as hard links where the disk allows it."""
    for folder, folders, files in os.walk(source):
        place = os.path.join(target, os.path.relpath(folder, source))
        os.makedirs(place, exist_ok=True)
        for name in (*files, *folders):
            old, new = os.path.join(folder, name), os.path.join(place, name)
            if os.path.islink(old):
                os.symlink(os.readlink(old), new)
            elif name in files:
                try:
                    os.link(old, new)
                except OSError:
                    shutil.copy2(old, new)


def _write(path: str, text: str) -> None:
    spare = f"{path}.{os.getpid()}"
    with open(spare, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    os.replace(spare, path)


def say(text: str) -> None:
    """A line of the log."""
    print(text, flush=True)


def _told_to_end(_number: int, _frame: object) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise _Ended


def main(path: str) -> int:
    """Carries out the sweep that `path` describes; returns the exit code."""
    signal.signal(signal.SIGTERM, _told_to_end)
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    try:
        sweep = Sweep(config)
        sweep.drive()
        sweep.publish()
    except (SweepFailed, ValueError) as error:
        say(str(error))
        if place := os.environ.get("MILLWORK_REASON"):
            _write(place, f"{error}\n")
        return 1
    except _Ended:
        return 128 + signal.SIGTERM
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
