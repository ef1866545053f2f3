"""What is measured, Millwork and peers alike: how a run of so many steps is started."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from bench import measure
from bench.peers.process import Start
from millwork import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.peers.table import Peer

PARALLEL = {"chain": 1, "fan": 2}
PROGRAMS = Path(__file__).with_name("programs")
STEP = (*measure.STEP, "import sys; open(sys.argv[1], 'w').write('x')")
SLOW_STEP = (*measure.STEP[:-1], str(PROGRAMS / "slow_step.py"))


class Engine(Protocol):
    """A way to run steps, each of which writes a file of its own.

    `again` says in words what `restart` does.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def again(self) -> str: ...
    @property
    def sizes(self) -> Mapping[str, int]: ...
    @property
    def home(self) -> Path: ...

    def start(self, shape: str, count: int, out: Path, *, slow: bool = False) -> Start:
        """A run of `count` steps, ordinary ones or slow ones with their files in `out`."""
        ...

    def restart(self, out: Path) -> Start:
        """What drives a killed chain of three slow steps to its end."""
        ...


@dataclass(frozen=True)
class Other:
    """A peer that is installed, with a home below `folder`."""

    peer: Peer
    python: Path
    folder: Path

    def __post_init__(self) -> None:
        for path in self._homes().values():
            Path(path).mkdir(parents=True, exist_ok=True)

    @property
    def name(self) -> str:
        return self.peer.name

    @property
    def version(self) -> str:
        return self.peer.version

    @property
    def state(self) -> str:
        return self.peer.state

    @property
    def again(self) -> str:
        return self.peer.again

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"chain": self.peer.chain, "fan": self.peer.fan}

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, shape: str, count: int, out: Path, *, slow: bool = False) -> Start:
        program = str(PROGRAMS / f"{self.peer.package}_steps.py")
        step = SLOW_STEP if slow else STEP
        return Start(
            [str(self.python), program, shape, str(count)],
            {
                **self._homes(),
                "USER": "peers",
                "LANG": "C.UTF-8",
                "PATH": os.pathsep.join([str(self.python.parent), "/usr/bin", "/bin"]),
                "PEERS_PARALLEL": str(PARALLEL[shape]),
                "PEERS_STEP": "\n".join(step),
                "PEERS_OUT": str(out),
                **({"PEERS_CACHE": "1"} if slow else {}),
                **self.peer.variables,
            },
            self.home,
        )

    def restart(self, out: Path) -> Start:
        first = self.start("chain", 3, out, slow=True)
        return Start([*first.words, "again"], first.env, first.cwd)

    def _homes(self) -> dict[str, str]:
        """Variables that keep a peer from finding or leaving anything outside its home."""
        inner = ("DAGSTER_HOME", "PREFECT_HOME", "XDG_CACHE_HOME", "TMPDIR")
        return {"HOME": str(self.home), **{name: str(self.home / name.lower()) for name in inner}}


@dataclass(frozen=True)
class Millwork:
    """Millwork itself, with the pipelines that `bench.figures steps` runs."""

    mounts: str
    folder: Path
    version: str = __version__
    state: str = "every attempt in SQLite"
    again: str = "`runs resume`"

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)

    @property
    def name(self) -> str:
        return f"**Millwork**, mounts: {self.mounts}"

    @property
    def sizes(self) -> Mapping[str, int]:
        return {"chain": 100, "fan": 300}

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def start(self, shape: str, count: int, out: Path, *, slow: bool = False) -> Start:
        command = f"{' '.join(SLOW_STEP)} {out}/$PAI_HPS_N" if slow else ""
        at, chain = self.folder / f"{shape}{count}{'slow' * slow}", shape == "chain"
        file = measure.write_pipeline(at, count, chain=chain, mounts=self.mounts, command=command)
        parallel = str(PARALLEL[shape])
        return self._millwork("run", str(file), "--parallel", parallel, "--force")

    def restart(self, out: Path) -> Start:  # noqa: ARG002
        return self._millwork("runs", "resume", "last")

    def _millwork(self, *words: str) -> Start:
        return Start([measure.MILLWORK, *words], measure.environment(self.home), self.folder)
