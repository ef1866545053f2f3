"""Buckets that are mounted for a step, by rclone and FUSE."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.blobs.places.mounting import trouble
from millwork.worker.mounts import below
from tests.blobs.s3 import SECRET, S3Server
from tests.conftest import until
from tests.e2e.test_storage import connect, connected

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork

pytestmark = pytest.mark.xdist_group("s3")
mounts = pytest.mark.skipif(bool(trouble()), reason=trouble())

READ = """
cat $PAI_INPUT_DATA/a.txt; dd if=$PAI_INPUT_DATA/deep/big bs=1 skip=9000000 count=5 2>/dev/null
touch $PAI_INPUT_DATA/new 2>&1 || echo read-only
env | grep -c SECRET
"""


def ports(mode: str = "mount", kind: str = "folder") -> dict[str, Any]:
    return {"inputs": {"data": {"type": kind, "mode": mode}}}


@pytest.fixture
def lake(s3: S3Server, millwork: Millwork, home: Path) -> str:
    """The URI of a folder with a small file and a large one."""
    connected(home, millwork, s3)
    bucket, client = s3.bucket(), s3.client()
    client.put_object(Bucket=bucket, Key="in/a.txt", Body=b"hello\n")
    client.put_object(Bucket=bucket, Key="in/deep/big", Body=b"x" * 9_000_000 + b"there")
    client.put_object(Bucket=bucket, Key="in/[odd] {name}*.txt", Body=b"odd\n")
    return f"s3://{bucket}/in"


def assert_nothing_left(home: Path) -> None:
    """No mount, no cache of one, and no rclone."""
    until(lambda: not below(str(home)))
    until(lambda: not rclones(home))
    until(lambda: not list(home.glob("attempts/*/mounted-*")))


def rclones(home: Path) -> list[int]:
    """The processes that serve mounts of a home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"rclone", b"mount"] and words[3].startswith(str(home).encode()):
            found.append(int(folder.name))
    return found


@mounts
@pytest.mark.parametrize("where", ["ml", "none"])
def test_a_step_reads_what_is_mounted(
    lake: str, millwork: Millwork, component: Component, home: Path, where: str
) -> None:
    file = component(READ, "read", mounts=where, **ports())
    result = millwork("run", file, "-i", f"data={lake}", "--json")
    log = millwork("runs", "logs", f"{result.json['run']}/read").out
    assert result.code == 1, "grep has found no secret"
    assert f"mounting {lake}" in log
    assert "hello\nthere" in log
    assert "read-only\n0\n" in log
    assert_nothing_left(home)


@mounts
def test_one_file_and_the_cache(
    lake: str, millwork: Millwork, component: Component, home: Path
) -> None:
    file = component("ls -A ${PAI_INPUT_DATA%/*}; cat \"$PAI_INPUT_DATA\"", "one",
                     **ports(kind="file"))  # fmt: skip
    uri = f"{lake}/[odd] {{name}}*.txt"
    result = millwork("run", file, "-i", f"data={uri}", "--json")
    assert result.code == 0, result
    log = millwork("runs", "logs", f"{result.json['run']}/one").out
    assert log.endswith("[odd] {name}*.txt\nodd\n"), log
    assert millwork("run", file, "-i", f"data={uri}", "--json").json["steps"][0]["attempts"] == 0
    assert_nothing_left(home)


@mounts
def test_what_may_not_be_read_fails_the_attempt(
    lake: str, millwork: Millwork, component: Component, home: Path
) -> None:
    millwork("secrets", "set", "lake-secret", input="wrong")
    result = millwork("run", component("true", "read", **ports()), "-i", f"data={lake}", "--json")
    assert result.code == 1, result
    reason = result.json["steps"][0]["reason"]
    assert reason.startswith(f"storage: {lake}: the secret does not belong"), reason
    assert_nothing_left(home)


@mounts
@pytest.mark.parametrize("killed", ["driver", "all", "rclone", "cancel"])
def test_a_mount_ends_with_its_attempt(
    lake: str, millwork: Millwork, component: Component, home: Path, tmp_path: Path, killed: str,
    background: Callable[..., Background],
) -> None:  # fmt: skip
    def said() -> str:
        return "".join(path.read_text() for path in home.glob("attempts/*/log"))

    gate = tmp_path / "gate"
    file = component(f"cd $PAI_INPUT_DATA; echo began; until [ -e {gate} ]; do sleep 0.1; done; "
                     "cat a.txt", "read", **ports())  # fmt: skip
    run = background("run", file, "-i", f"data={lake}", "--json")
    until(lambda: "began" in said())
    (rclone,) = rclones(home)
    assert SECRET not in Path(f"/proc/{rclone}/cmdline").read_text()
    assert below(str(home))
    if killed == "cancel":
        assert millwork("runs", "cancel", "last").code == 0
        run.end()
    elif killed == "rclone":
        os.kill(rclone, signal.SIGKILL)
        gate.write_text("")
        assert run.end()[0] == 1
    else:
        run.process.kill()
        run.process.wait()
        if killed == "all":  # but the recorder, which says that it was killed
            (attempt,) = home.glob("attempts/*")
            _kill_all_but_the_recorder(attempt.name)
        else:
            gate.write_text("")
    until(lambda: not rclones(home))
    if killed == "driver":
        until(lambda: "hello" in said())
        assert_nothing_left(home)
    if killed in ("all", "driver"):
        assert millwork("runs", "resume", "last").code == (0 if killed == "driver" else 1)
    until(lambda: not below(str(home)))


def _kill_all_but_the_recorder(attempt: str) -> None:
    from millwork.engines.host import processes, recorder

    for pid in processes.marked(attempt):
        if not processes.runs_script(pid, recorder.SCRIPT):
            os.kill(pid, signal.SIGKILL)


class TestWhereNothingCanBeMounted:
    @pytest.fixture
    def env(self, tmp_path: Path) -> dict[str, str]:
        """A search path on which there is no rclone."""
        programs = tmp_path / "programs"
        programs.mkdir()
        for folder in os.environ["PATH"].split(":"):
            for path in Path(folder).glob("*"):
                if path.name != "rclone" and not (programs / path.name).exists():
                    (programs / path.name).symlink_to(path)
        return {"PATH": str(programs)}

    def test_it_is_refused_or_downloaded(
        self, lake: str, millwork: Millwork, component: Component, env: dict[str, str]
    ) -> None:
        file = component("cat $PAI_INPUT_DATA/a.txt", "read", **ports())
        for verb in ("run", "plan"):
            result = millwork(verb, file, "-i", f"data={lake}", env=env)
            assert result.code == 3, result
            assert "has `mode: mount`, and nothing can be mounted: " in result.err
        assert millwork("runs", "list", "--json").json == []
        file = component("cat $PAI_INPUT_DATA/a.txt", "read", **ports("mount_or_download"))
        result = millwork("run", file, "-i", f"data={lake}", "--json", env=env)
        assert result.code == 0, result
        assert "input 'data' is downloaded, not mounted: " in result.err
        assert "downloading" in millwork("runs", "logs", f"{result.json['run']}/read").out

    def test_what_is_never_mounted_is_refused(
        self, millwork: Millwork, component: Component, home: Path
    ) -> None:
        home.mkdir()
        connect(home, "lake", "s3")
        plain = component("true", "read", **ports())
        job = component("true", "job", job_type="PyTorchJob", **ports())
        for words, says in (
            ((plain, "-i", "data=http://h/x"), "cannot be mounted"),
            ((job, "-i", "data=s3://b/x", "--replicas", "2"), "of a job of several replicas"),
        ):
            result = millwork("run", *words)
            assert (result.code, says in result.err) == (2, True), result
