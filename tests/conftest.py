"""Real processes and real files: the installed command, and a Millwork home for each test."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from millwork.engines.host.processes import kill_marked
from tests.blobs.s3 import s3_server
from tests.store.server import postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Started by nohup, or in the background of a script, the tests would hand down what they ignore.
for _number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

__all__ = ["postgres", "s3_server"]  # each started once, by the first test that asks for it
COMMAND = str(Path(sys.executable).with_name("millwork"))
EXAMPLES = Path(__file__).parent.parent / "examples"


@dataclass(frozen=True)
class Result:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The last line of the output, which is one JSON document."""
        return json.loads(self.out.splitlines()[-1])

    def step(self, node: str) -> dict[str, Any]:
        """One step of the `run --json` that this was."""
        found: dict[str, Any] = next(step for step in self.json["steps"] if step["node"] == node)
        return found


class Millwork(Protocol):
    """Runs `millwork` with these words, through pipes."""

    def __call__(
        self,
        *words: str | Path,
        env: Mapping[str, str] | None = None,
        input: str | None = None,  # noqa: A002
        cwd: str | Path | None = None,
        timeout: float = 60,
    ) -> Result: ...


class Component(Protocol):
    """Writes a component into a folder of the test's own, and returns its file."""

    def __call__(self, command: str, name: str = "step", **fields: Any) -> Path: ...


class Pipeline(Protocol):
    """Writes a pipeline of the nodes, and returns its file."""

    def __call__(self, nodes: Mapping[str, Any], name: str = "pipe", **fields: Any) -> Path: ...


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables that a command of the test is started with."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("MILLWORK_")}
    ours.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**ours, "MILLWORK_HOME": str(home), **(more or {})}


def run_command(words: list[str], home: Path, **options: Any) -> Result:
    """The command, run to its end; whatever it does, it shows no traceback and no defect."""
    env = environment(home, options.pop("env", None))
    done = subprocess.run(
        [COMMAND, *words], env=env, capture_output=True, check=False, text=True,
        errors="surrogateescape", **{"timeout": 60, **options},
    )  # fmt: skip
    result = Result(done.returncode, done.stdout, done.stderr)
    assert_no_defect(done.stdout + done.stderr)
    return result


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest test starts first, so that no worker waits for it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)


def assert_no_defect(printed: str) -> None:
    """Whatever happens, nobody is shown the inside of Millwork."""
    for trouble in ("Traceback", "a defect in Millwork"):
        assert trouble not in printed, printed


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The Millwork home of the test; it is made by the first command."""
    return tmp_path / "home"


@pytest.fixture
def millwork(home: Path, tmp_path: Path) -> Iterator[Millwork]:
    """Runs the installed command; afterwards the host has no /ml and the home no leftovers."""

    def run(*words: str | Path, cwd: str | Path | None = None, **options: Any) -> Result:
        return run_command([str(word) for word in words], home, cwd=cwd or tmp_path, **options)

    yield run
    assert not os.path.lexists("/ml"), "a /ml was left on the host"
    if home.is_dir():
        assert leftovers(home) == []


def leftovers(home: Path) -> list[str]:
    """Temporary files and folders of a Millwork home that nobody will look at again."""
    names = [name for name in ("code", "git", "envs") if (home / name).is_dir()]
    found = [path for name in names for path in (home / name).iterdir()]
    return [str(path) for path in found if path.is_dir() and path.name.startswith(".")]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a text file below the test's folder, with its parents, and returns its path."""

    def write_text(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_text


@pytest.fixture
def component(write: Callable[[str, str], Path]) -> Component:
    """Writes components, each into a folder of its own name."""

    def write_component(command: str, name: str = "step", **fields: Any) -> Path:
        head = {"apiVersion": "millwork/v1", "kind": "Component", "name": name}
        content = {**head, "version": "1.0.0", "command": command, **fields}
        folder = name if name.isidentifier() and len(name) < 64 else "component"
        return write(f"{folder}/component.yaml", json.dumps(content, indent=1))

    return write_component


@pytest.fixture
def pipeline(write: Callable[[str, str], Path]) -> Pipeline:
    """Writes pipelines; a node that names no component uses the one of its own name."""

    def write_pipeline(nodes: Mapping[str, Any], name: str = "pipe", **fields: Any) -> Path:
        head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name}
        full = {
            node: {"component": f"./{node}/component.yaml", **content}
            for node, content in nodes.items()
        }
        content = {**head, "version": "1.0.0", "nodes": full, **fields}
        return write(f"{name}.yaml", json.dumps(content, indent=1))

    return write_pipeline


class Background:
    """A `millwork` that runs beside the test."""

    def __init__(self, home: Path, words: list[str], cwd: Path) -> None:
        self.process = subprocess.Popen(
            [COMMAND, *words], env=environment(home), cwd=cwd, text=True, process_group=0,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def end(self, timeout: float = 20) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=timeout)
        assert_no_defect(out + err)
        return self.process.returncode, out, err


@pytest.fixture
def background(home: Path, tmp_path: Path) -> Iterator[Callable[..., Background]]:
    started: list[Background] = []

    def start(*words: str | Path) -> Background:
        started.append(Background(home, [str(word) for word in words], tmp_path))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.communicate()
            end_steps(home)


def end_steps(home: Path) -> None:
    """Ends what a run of this home has started, for whose master there is no later one."""
    for lock in (home / "attempts").glob("**/lock"):
        kill_marked(str(lock.parent.relative_to(home / "attempts")))


def until(condition: Callable[[], Any], seconds: float = 15) -> Any:
    """What the condition gives, once it gives something."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
    return found


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def listing(millwork: Millwork) -> list[dict[str, Any]]:
    """The runs, newest first."""
    return list(millwork("runs", "list", "--json").json)
