"""CPU and wall time of whole commands, children included, and the pipelines they run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from millwork.engines.local.sandbox import Sandbox

MILLWORK = str(Path(sys.executable).with_name("millwork"))
STEP = (sys.executable, "-S", "-E", "-c")
BARE = "import os; open(os.environ['OUT'], 'w').write('x')"
OURS = 'import os; open(os.environ[\\"PAI_OUTPUT_OUT\\"] + \\"x\\", \\"w\\").write(\\"x\\")'


@dataclass(frozen=True)
class Cost:
    """Milliseconds."""

    cpu: float
    wall: float

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.cpu - other.cpu, self.wall - other.wall)

    def each(self, count: int) -> Cost:
        """The cost of one of `count`."""
        return Cost(self.cpu / count, self.wall / count)


def environment(home: Path) -> dict[str, str]:
    """Variables of a process that works in its own home and keeps its byte code."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**env, "MILLWORK_HOME": str(home), "OUT": str(home.parent / "out")}


def cost_of(*words: str, home: Path) -> Cost:
    """What a command and all its children cost; it must succeed."""
    before, began = _cpu(), time.perf_counter()
    done = subprocess.run(
        words, env=environment(home), cwd=home.parent, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} failed: {done.stderr.decode()[-500:]}")
    return Cost((_cpu() - before) * 1000, (time.perf_counter() - began) * 1000)


def median_cost(*words: str, home: Path, times: int) -> Cost:
    """The median of several runs of a command, after one that does not count."""
    cost_of(*words, home=home)
    costs = [cost_of(*words, home=home) for _ in range(times)]
    return Cost(
        statistics.median(cost.cpu for cost in costs),
        statistics.median(cost.wall for cost in costs),
    )


def bare_loop(count: int, parallel: int, home: Path) -> Cost:
    """The cost of one step where nothing stands around it: loops of subprocesses side by side."""
    env = environment(home)

    def loop() -> None:
        for _ in range(count // parallel):
            subprocess.run([*STEP, BARE], env=env, check=True)

    before, began = _cpu(), time.perf_counter()
    threads = [threading.Thread(target=loop) for _ in range(parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Cost((_cpu() - before) * 1000, (time.perf_counter() - began) * 1000).each(count)


def sandbox_start(times: int, folder: Path) -> Cost | None:
    """What bubblewrap alone adds to a program that it starts as a step's; None if it is not here.

    The cost of `true` inside, with that of `true` taken off.
    """
    for name in ("input/config", "usercode"):
        (folder / "ml" / name).mkdir(parents=True)
    sandbox = Sandbox(str(folder / "sandbox.json"))
    if not sandbox.works:
        return None
    words = sandbox.wrap(str(folder / "ml"), ())
    home = folder / "home"
    inside, alone = (
        median_cost(*before, "/bin/true", home=home, times=times) for before in (words, ())
    )
    return inside - alone


def write_pipeline(
    folder: Path, steps: int, *, chain: bool, mounts: str, command: str = ""
) -> Path:
    """A chain or a fan of equal steps, each writing one file."""
    (folder / "c").mkdir(parents=True, exist_ok=True)
    words = command or f"{' '.join(STEP)} '{OURS}'".replace('\\"', '\\"')
    (folder / "c" / "component.yaml").write_text(
        "apiVersion: millwork/v1\nkind: Component\nname: step\nversion: 1.0.0\n"
        f'command: "{words}"\nmounts: {mounts}\noutputs: {{out: {{type: any}}}}\n'
        "parameters: {n: {type: Int, default: 0}}\n"
    )
    lines = ["apiVersion: millwork/v1", "kind: Pipeline", "name: p", "version: 1.0.0", "nodes:"]
    for number in range(steps):
        after = f", after: [n{number - 1}]" if chain and number else ""
        lines.append(f"  n{number}: {{component: ./c, parameters: {{n: {number}}}{after}}}")
    path = folder / "pipeline.yaml"
    path.write_text("\n".join(lines) + "\n")
    return path


def _cpu() -> float:
    both = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)
