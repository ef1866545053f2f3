from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import Unavailable
from millwork.base.ids import new_token
from millwork.engines.local import limits
from millwork.engines.local.limits import Box, Limiter, Limits, Usage, detect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 2**20
# What the recorder does: a forked shell enters, sets what the shell sets, and becomes the step.
ENTER = """
for f in $PROCS; do echo 0 > "$f" || exit 99; done
[ -z "$V" ] || ulimit -v "$V" || exit 98
[ -z "$U" ] || ulimit -u "$U" 2>/dev/null || ulimit -p "$U" || exit 97
exec "$@"
"""


def start(box: Box, *command: str) -> subprocess.Popen[str]:
    letters = {letter.upper(): str(number) for letter, number in box.ulimits}
    return subprocess.Popen(
        ["sh", "-c", ENTER, "sh", *command],
        env={**os.environ, "PROCS": " ".join(box.procs), "V": "", "U": "", **letters},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def limiter() -> Limiter:
    found = detect()
    if found.name == "rlimit":
        pytest.skip("no control groups can be made on this machine")
    return found


@pytest.fixture
def attempt(limiter: Limiter) -> Iterator[str]:
    name = f"test-{new_token()}"
    yield name
    box = limiter.reopen(name)
    box.kill()
    box.close()


def need(limiter: Limiter, control: str) -> None:
    if control not in limiter.controls:
        pytest.skip(f"{limiter.name} does not limit {control} here")


def test_a_memory_hog_is_killed_and_told_apart(limiter: Limiter, attempt: str) -> None:
    box = limiter.open(attempt, Limits(memory=64 * MIB))
    hog = start(box, sys.executable, "-c", "x = bytearray(300_000_000); print(len(x))")
    assert hog.communicate(timeout=60)[0] == ""
    assert hog.returncode == -signal.SIGKILL
    usage = box.usage()
    assert usage.oom_kills == 1
    assert usage.peak_memory is not None
    assert 32 * MIB < usage.peak_memory <= 64 * MIB
    box.close()
    assert not any(os.path.exists(group) for group in box.groups)
    assert box.usage().oom_kills is None


def test_another_kill_is_no_oom(limiter: Limiter, attempt: str) -> None:
    box = limiter.open(attempt, Limits(memory=256 * MIB))
    process = start(box, "sleep", "60")
    wait_for(lambda: process.pid in box.pids())
    process.kill()
    process.wait()
    assert box.usage().oom_kills == 0


def test_the_cpu_quota_throttles(limiter: Limiter, attempt: str) -> None:
    need(limiter, "cpu")
    box = limiter.open(attempt, Limits(cpu=0.2))
    spin = "import time; end = time.monotonic() + 1\nwhile time.monotonic() < end: pass"
    began = time.monotonic()
    assert start(box, sys.executable, "-c", spin).wait() == 0
    took = time.monotonic() - began
    usage = box.usage()
    assert usage.cpu_seconds is not None
    assert 0.05 < usage.cpu_seconds < 0.2 * took + 0.1
    assert usage.throttled_seconds


def test_forks_beyond_the_limit_are_refused(limiter: Limiter, attempt: str) -> None:
    need(limiter, "processes")
    box = limiter.open(attempt, Limits(processes=5))
    code = """
import os, time
made = 0
try:
    for _ in range(20):
        if os.fork() == 0:
            time.sleep(0.5)
            os._exit(0)
        made += 1
except OSError:
    pass
print(made)
"""
    assert start(box, sys.executable, "-c", code).communicate(timeout=60)[0] == "4\n"


def test_kill_ends_a_fork_bomb_and_what_has_left_its_session(
    limiter: Limiter, attempt: str
) -> None:
    box = limiter.open(attempt, Limits(processes=200))
    script = "setsid sleep 300 & while :; do sleep 300 & done 2>/dev/null"
    process = start(box, "sh", "-c", script)
    wait_for(lambda: len(box.pids()) > 20)
    assert limiter.reopen(attempt, box.groups).kill()
    assert box.pids() == []
    process.communicate(timeout=10)
    box.close()
    assert not any(os.path.exists(group) for group in box.groups)


def test_groups_that_the_step_made_go_too(limiter: Limiter, attempt: str) -> None:
    box = limiter.open(attempt, Limits())
    inner = f"{box.groups[0]}/inner/most"
    os.makedirs(inner)
    process = start(box, "sh", "-c", 'echo 0 > "$0/cgroup.procs"; exec sleep 60', inner)
    wait_for(lambda: process.pid in box.pids() and b"sleep" in cmdline(process.pid))
    assert box.kill()
    process.wait()
    box.close()
    assert not os.path.exists(box.groups[0])


def cmdline(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


def test_close_gives_up_in_silence(limiter: Limiter, attempt: str) -> None:
    box = limiter.open(attempt, Limits())
    process = start(box, "sleep", "60")
    wait_for(lambda: process.pid in box.pids())
    box.close()
    assert process.poll() is None
    process.kill()
    process.wait()
    box.close()
    box.close()
    assert box.kill()


def test_a_refused_limit_is_unavailable_and_leaves_nothing(limiter: Limiter, attempt: str) -> None:
    with pytest.raises(Unavailable, match="cannot limit the step"):
        limiter.open(attempt, Limits(processes=-7))
    assert not any(os.path.exists(group) for group in limiter.reopen(attempt).groups)


def test_detection_is_cheap_and_leaves_no_probe(limiter: Limiter, attempt: str) -> None:
    times = []
    for _ in range(20):
        began = time.perf_counter()
        detect()
        times.append(time.perf_counter() - began)
    assert sorted(times)[5] < 0.005
    base = os.path.dirname(limiter.open(attempt, Limits()).groups[0])
    assert not [name for name in os.listdir(base) if name == f"probe-{os.getpid()}"]


def wait_for(true: object, seconds: float = 20) -> None:
    assert callable(true)
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class FakeGroups:
    """A cgroup v2 tree in a folder: groups appear with their files, as the kernel makes them."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = str(root)
        self._mkdir, self._rmdir, self._write = os.mkdir, os.rmdir, limits._write
        monkeypatch.setattr(os, "mkdir", self.mkdir)
        monkeypatch.setattr(os, "rmdir", self.rmdir)
        monkeypatch.setattr(limits, "_write", self.write)
        self.fill(self.root, "cpuset cpu io memory pids")

    def fill(self, group: str, controllers: str) -> None:
        files = {
            "cgroup.controllers": controllers, "cgroup.subtree_control": "", "cgroup.procs": "",
            "cgroup.kill": "", "cpu.stat": "usage_usec 1500000\nthrottled_usec 250000\n",
        }  # fmt: skip
        if group != self.root:
            if "memory" in controllers:
                files |= {"memory.max": "max", "memory.peak": "4096\n", "memory.swap.max": "max",
                          "memory.events": "low 0\noom 1\noom_kill 2\n"}  # fmt: skip
            if "cpu" in controllers.split():
                files["cpu.max"] = "max 100000"
            if "pids" in controllers:
                files["pids.max"] = "max"
        for name, text in files.items():
            with open(f"{group}/{name}", "w") as file:
                file.write(text)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        self._mkdir(path, mode)
        if path.startswith(self.root):
            self.fill(path, self.read(f"{os.path.dirname(path)}/cgroup.subtree_control"))

    def rmdir(self, path: str) -> None:
        if path.startswith(self.root):
            for entry in list(os.scandir(path)):
                if entry.is_file():
                    os.unlink(entry.path)
        self._rmdir(path)

    def write(self, path: str, text: str) -> None:
        group, name = os.path.split(path)
        if name == "cgroup.subtree_control":
            if group != self.root and self.read(f"{group}/cgroup.procs"):
                raise OSError(16, "Device or resource busy", path)
            text = f"{self.read(path)} {text[1:]}".strip()
            for entry in os.scandir(group):
                if entry.is_dir():
                    self._write(f"{entry.path}/cgroup.controllers", text)
        if name == "cgroup.kill":
            self._write(f"{group}/cgroup.procs", "")
        self._write(path, text)

    def read(self, path: str) -> str:
        with open(path) as file:
            return file.read()


@pytest.fixture
def v2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGroups:
    (tmp_path / "cgroup").mkdir()
    (tmp_path / "self").write_text("0::/app.slice/term.scope\n")
    fake = FakeGroups(tmp_path / "cgroup", monkeypatch)
    fake.write(f"{fake.root}/cgroup.subtree_control", "+memory")
    fake.write(f"{fake.root}/cgroup.subtree_control", "+pids")
    fake.write(f"{fake.root}/cgroup.subtree_control", "+cpu")
    os.mkdir(f"{fake.root}/app.slice")
    os.mkdir(f"{fake.root}/app.slice/term.scope")
    return fake


def detect_in(tree: FakeGroups) -> Limiter:
    return detect(tree.root, f"{os.path.dirname(tree.root)}/self")


@pytest.mark.quick
def test_v2_uses_the_nearest_group_that_hands_out_memory(v2: FakeGroups) -> None:
    with open(f"{v2.root}/app.slice/term.scope/cgroup.procs", "w") as file:
        file.write("1234\n")
    found = detect_in(v2)
    assert (found.name, found.controls) == ("cgroup v2", ("memory", "cpu", "processes"))
    box = found.open("a1", Limits(cpu=1.5, memory=64 * MIB, processes=9))
    group = f"{v2.root}/app.slice/millwork/a1"
    assert (box.groups, box.procs, box.ulimits) == ((group,), (f"{group}/cgroup.procs",), ())
    assert v2.read(f"{group}/memory.max") == str(64 * MIB)
    assert v2.read(f"{group}/memory.swap.max") == "0"
    assert v2.read(f"{group}/cpu.max") == "150000 100000"
    assert v2.read(f"{group}/pids.max") == "9"
    assert box.usage() == Usage(1.5, 4096, 2, 0.25)
    assert not os.path.exists(f"{v2.root}/app.slice/term.scope/millwork")
    box.close()
    assert os.listdir(f"{v2.root}/app.slice/millwork")
    assert not os.path.exists(group)


@pytest.mark.quick
def test_v2_limits_what_is_handed_down_and_says_what_is_not(v2: FakeGroups) -> None:
    for group in ("", "/app.slice", "/app.slice/term.scope"):
        v2._write(f"{v2.root}{group}/cgroup.controllers", "memory pids")
        v2._write(f"{v2.root}{group}/cgroup.subtree_control", "memory pids")
    found = detect_in(v2)
    assert found.controls == ("memory", "processes")
    box = found.open("a1", Limits(cpu=1, memory=MIB))
    assert not os.path.exists(f"{box.groups[0]}/cpu.max")
    assert box.usage().cpu_seconds == 1.5


@pytest.mark.quick
def test_v2_kill_uses_the_kernel_and_reopen_the_groups_it_is_given(v2: FakeGroups) -> None:
    found = detect_in(v2)
    box = found.open("a1", Limits(processes=9))
    with open(box.procs[0], "w") as file:
        file.write("4194999\n0\n")
    twin = found.reopen("other-name", box.groups)
    assert twin.pids() == [4194999]
    assert twin.kill()
    assert v2.read(f"{box.groups[0]}/cgroup.kill") == "1"
    assert v2.read(f"{box.groups[0]}/pids.max") == "0"
    assert box.pids() == []
    assert found.reopen("a1").groups == box.groups


@pytest.mark.quick
def test_v2_without_memory_control_falls_back_to_rlimits(v2: FakeGroups) -> None:
    for group in ("", "/app.slice", "/app.slice/term.scope"):
        v2._write(f"{v2.root}{group}/cgroup.controllers", "hugetlb")
        v2._write(f"{v2.root}{group}/cgroup.subtree_control", "")
    assert detect_in(v2).name == "rlimit"
    assert not os.path.exists(f"{v2.root}/millwork")
    assert not os.path.exists(f"{v2.root}/app.slice/millwork")


@pytest.mark.quick
@pytest.mark.parametrize("own", ["0::/\n", "0::/../..\n", "1:name=systemd:/\n"])
def test_v2_in_a_namespace_uses_its_root(v2: FakeGroups, own: str) -> None:
    with open(f"{os.path.dirname(v2.root)}/self", "w") as file:
        file.write(own)
    assert detect_in(v2).open("a1", Limits()).groups == (f"{v2.root}/millwork/a1",)


@pytest.mark.quick
def test_no_control_groups_at_all_means_rlimits(tmp_path: Path) -> None:
    found = detect(str(tmp_path / "none"), str(tmp_path / "none"))
    assert found.name == "rlimit"
    box = found.open("a1", Limits(memory=64 * MIB))
    assert (box.procs, box.groups, box.ulimits) == ((), (), (("v", 65536),))
    assert (box.usage(), box.pids(), box.kill()) == (Usage(), [], True)
    box.close()


def test_rlimits_hold_the_address_space_in_this_machines_shell(tmp_path: Path) -> None:
    box = detect(str(tmp_path), str(tmp_path)).open("a1", Limits(memory=200 * MIB))
    hog = start(box, sys.executable, "-c", "x = bytearray(300_000_000)")
    assert "MemoryError" in hog.communicate(timeout=60)[0]
    fits = start(box, sys.executable, "-c", "x = bytearray(50_000_000); print('ok')")
    assert fits.communicate(timeout=60)[0] == "ok\n"


def test_rlimits_count_the_processes_that_the_user_has_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = detect(str(tmp_path), str(tmp_path))
    assert found.controls == ("memory", "processes")
    ulimits = dict(found.open("a1", Limits(processes=10)).ulimits)
    assert ulimits["u"] > 10
    assert start(found.open("a1", Limits(processes=10)), "true").wait() == 0
