"""A batch over small files of the test's own, whose workers note what they begin."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.conftest import COMMAND, Result, assert_no_defect, environment, until

if TYPE_CHECKING:
    from tests.conftest import Component

NOTED = """\
import os, sys, time
from millwork_worker import run
def work(shard):
    name = os.path.basename(shard.files[0])
    with open(os.environ["EFFECTS"], "a") as effects:
        effects.write(f"{shard.id} {os.environ['MILLWORK_WORKER_NAME']} {os.getpid()}\\n")
    act(shard, name)
    with shard.output("rows.txt") as out:
        print(name, file=out)
"""


class Batch:
    """A component with a batch over files of the test's own, and what its runs leave."""

    def __init__(self, component: Component, folder: Path, home: Path) -> None:
        self._component, self.folder, self._home = component, folder, home
        self.effects = folder / "effects"
        self.given = folder / "given"

    def files(self, count: int) -> Path:
        """So many small files."""
        self.given.mkdir(exist_ok=True)
        for number in range(count):
            (self.given / f"{number:03}.txt").write_text(f"text {number}")
        return self.given

    def write(self, program: str, **fields: Any) -> Path:
        """The component, whose `main.py` is the program."""
        batch = {"input": "given", "split": {"files": 2}, "append": "rows.txt"}
        batch.update(fields.pop("batch", {}))
        defaults = {
            "job_type": "ElasticBatchJob", "inputs": {"given": {"type": "any"}},
            "outputs": {"found": {"type": "any"}}, "env": {"EFFECTS": str(self.effects)},
        }  # fmt: skip
        command = fields.pop("command", "python3 main.py")
        file = self._component(command, "score", batch=batch, **{**defaults, **fields})
        (file.parent / "main.py").write_text(program)
        return file

    def noted(self, act: str, **fields: Any) -> Path:
        """The component, one file a shard, which notes each try and then does `act`."""
        body = "\n".join(f"    {line}" for line in act.splitlines())
        batch = {"split": {"files": 1}, **fields.pop("batch", {})}
        program = f"{NOTED}def act(shard, name):\n{body}\nrun(work)\n"
        return self.write(program, batch=batch, is_deterministic=False, **fields)

    def run(self, file: Path, replicas: int = 2, *words: str | Path) -> Result:
        """Runs it over the files."""
        return self.command("run", *self.words(file, replicas), "--json", *words)

    def words(self, file: Path, replicas: int) -> list[str | Path]:
        """What follows `millwork run`."""
        return [file, "-i", f"given={self.given}", "--replicas", str(replicas)]

    def command(self, *words: str | Path) -> Result:
        """Runs `millwork`, which may show the tracebacks of workers, but none of its own."""
        done = subprocess.run(
            [COMMAND, *map(str, words)], env=environment(self._home), cwd=self.folder,
            capture_output=True, check=False, text=True, timeout=60,
        )  # fmt: skip
        own = re.sub(r"(?m)^worker-\d+ \| .*$", "", done.stdout + done.stderr)
        assert_no_defect(own)
        return Result(done.returncode, done.stdout, done.stderr)

    def tries(self) -> Counter[int]:
        """How often each shard was begun."""
        lines = self.effects.read_text().splitlines() if self.effects.exists() else []
        return Counter(int(line.split()[0]) for line in lines)


def assert_nothing_left(home: Path) -> None:
    """No process of the home's runs, and no socket."""
    assert until(lambda: not of_home(home))
    assert list((home / "leases").glob("*")) == []


def of_home(home: Path, word: str = "") -> list[int]:
    """The processes that know of a home; of those with this word in their command line."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = str(home).encode() in (folder / "environ").read_bytes()
            if mine and word.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def good(result: Result) -> Path:
    """The folder of the output of a run that has succeeded."""
    assert result.code == 0, result.err
    return Path(result.json["outputs"]["found"])


def reason(result: Result) -> str:
    """Why a run has failed."""
    assert result.code == 1, result.out + result.err
    return str(result.json["steps"][0]["reason"])


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its name."""
    names = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text() for path in names}


def launched(home: Path) -> list[str]:
    """The processes that were started in place of replicas, of all attempts."""
    folders = sorted((home / "attempts").glob("*/worker-*"))
    return [folder.name for folder in folders if folder.is_dir()]
