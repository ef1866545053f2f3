"""Real containers, of images that are made here."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest, Unavailable
from millwork.engines.container import inside
from millwork.engines.container.detection import detect
from millwork.engines.container.images import Images
from millwork.engines.container.memo import Memo
from millwork.engines.container.tool import (
    HOME,
    OURS,
    Bind,
    Caller,
    Caps,
    Container,
    Settings,
    Tool,
    caller,
    run_words,
)
from tests.engines.test_container_tool import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engines.images import Storage


pytest_plugins = ("tests.engines.images",)
pytestmark = pytest.mark.xdist_group("containers")


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    return Memo(str(tmp_path / "containers.json"))


@pytest.mark.quick
def test_a_report_of_each_version_of_control_groups() -> None:
    first = (
        "begun\ncode 137\nmemory.max_usage_in_bytes 33554432\ncpuacct.usage 1500000000\n"
        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\nthrottled_time 250000000\nend\n"
    )
    assert inside.read(first, True) == inside.Report(True, 137, 1.5, 33554432, 0.25, 1)
    second = (
        "begun\ncode 0\nmemory.peak 4096\nlow 0\noom 2\noom_kill 0\n"
        "usage_usec 1500000\nthrottled_usec 250000\nend\n"
    )
    assert inside.read(second, True) == inside.Report(True, 0, 1.5, 4096, 0.25, 0)
    assert inside.read("begun\ncode 0\n", True).code is None
    assert inside.read("begun\n", True).begun
    assert inside.read("", True) == inside.Report()


@pytest.mark.quick
def test_a_report_without_a_group_tells_nothing_of_the_machines() -> None:
    told = "begun\ncode 3\n0m0.5s 0m0s\n1m2.25s 0m0.250s\nmemory.peak 999\noom_kill 4\nend\n"
    assert inside.read(told, False) == inside.Report(True, 3, 63.0)


def run(storage: Storage, container: Container, **options: Any) -> subprocess.CompletedProcess[str]:
    words = run_words(storage.tool, storage.settings, container, caller())
    return subprocess.run(
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options
    )


def shell(image: str, script: str, *arguments: str, **fields: Any) -> Container:
    return Container(
        image, ("sh", "-c", script, "sh", *arguments), remove=True, **{"workdir": "/", **fields}
    )


def test_podman_is_found_and_works(storage: Storage, memo: Memo) -> None:
    found = detect(storage.settings, memo)
    assert found.kind == "podman"
    assert found.rootless == (os.geteuid() != 0)


def test_the_entry_point_and_the_environment_are_the_steps_own(
    storage: Storage, sh_image: str
) -> None:
    env = {"PATH": "/nowhere:/bin", "LD_DEBUG_OUTPUT": "x", "A": "1\n'2' $3", "STAR": "*", "E": ""}
    script = 'echo "$PATH|$A|$STAR|$E|${E-unset}|$TOKEN|$*|$(id -u)"'
    container = shell(sh_image, script, "a b", "", "*", env=env, secrets=("TOKEN",))
    done = run(storage, container, env={**os.environ, "TOKEN": "p w"})
    user = 0 if storage.tool.rootless else os.geteuid()
    assert done.stdout == f"/nowhere:/bin|1\n'2' $3|*|||p w|a b  *|{user}\n", done.stderr
    words = run_words(storage.tool, storage.settings, container, caller())
    assert not any("p w" in word for word in words)


def test_paths_of_any_name_are_mounted(storage: Storage, sh_image: str, tmp_path: Path) -> None:
    ml = tmp_path / "ml"
    (ml / "usercode").mkdir(parents=True)
    mounts = []
    for name in HOSTILE:
        path = tmp_path / "in" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        mounts.append(Bind(str(path), f"/ml/input/{name}", read_only=True))
    (ml / "input").mkdir()
    script = """pwd
        cd /ml/input
        for f in "$@"; do cat "$f"; echo; touch "$f" 2>/dev/null && exit 9; done"""
    done = run(storage, shell(
        sh_image, script, *HOSTILE, mounts=(*mounts, Bind(str(ml), "/ml")), workdir="/ml/usercode",
    ))  # fmt: skip
    assert done.stdout == "\n".join(["/ml/usercode", *HOSTILE, ""]), done.stderr


def test_a_user_the_image_does_not_know_has_a_home(
    storage: Storage, sh_image: str, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can start containers of other users")
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1001, 1002)
    container = shell(sh_image, 'touch "$HOME/x" && echo "$(id -u):$(id -g) $HOME"', home=str(home))
    who = Caller(1001, 1002, (1024, 1024), (1000, 1000))
    words = run_words(storage.tool, storage.settings, container, who)
    done = subprocess.run(words, capture_output=True, text=True, check=False, input="")
    assert done.stdout == f"1001:1002 {HOME}\n", done.stderr
    assert (home / "x").stat().st_uid == 1001


def reported(
    storage: Storage, image: str, tmp_path: Path, *argv: str, **fields: Any
) -> tuple[int, inside.Report]:
    folder = tmp_path / "ours"
    folder.mkdir(exist_ok=True)
    done = run(storage, Container(
        image, inside.wrap(argv), mounts=(Bind(str(folder), OURS),), workdir="/", remove=True,
        **fields,
    ), cwd=tmp_path)  # fmt: skip
    path = folder / inside.REPORT
    return done.returncode, inside.read(path.read_text() if path.exists() else "", True)


def test_the_report_of_a_step(storage: Storage, sh_image: str, tmp_path: Path) -> None:
    code, report = reported(storage, sh_image, tmp_path, "sh", "-c", "exit 7")
    assert (code, report.begun, report.code, report.oom_kills) == (7, True, 7, 0)
    assert report.cpu_seconds is not None
    assert report.cpu_seconds > 0
    # Neither of these codes is podman's own here, and the report says so.
    for wanted, argv in ((125, ("sh", "-c", "exit 125")), (127, ("/no/such/program",))):
        assert reported(storage, sh_image, tmp_path, *argv)[1].code == wanted


def test_a_container_that_never_began_says_so(
    storage: Storage, bare_image: str, tmp_path: Path
) -> None:
    code, report = reported(storage, bare_image, tmp_path, "true")
    assert (code, report) == (127, inside.Report())


def test_out_of_memory_is_told(storage: Storage, sh_image: str, tmp_path: Path) -> None:
    if "memory" not in detect(storage.settings, Memo(str(tmp_path / "memo"))).limits:
        pytest.skip("memory is not limited here")
    hog = "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; while true; do x=$x$x; done"
    code, report = reported(
        storage, sh_image, tmp_path, "sh", "-c", hog, caps=Caps(memory=32 * 2**20)
    )
    assert (code, report.code) == (137, 137)
    assert report.oom_kills >= 1
    assert report.peak_memory == 32 * 2**20


def test_what_is_in_an_image(
    storage: Storage,
    memo: Memo,
    sh_image: str,
    python_image: str,
    python_only_image: str,
    bare_image: str,
) -> None:
    known = Images(storage.tool, storage.settings, memo, caller())
    python = known.resolve(python_image)
    assert python.digest == ""
    assert len(python.id) == len("sha256:") + 64
    wish = "the code has a requirements.txt"
    found = known.require(python, python=True, pip=wish)
    assert (found.sh, found.python, found.pip) == (True, "python3", True)
    assert found.python_version.count(".") == 2
    for image, complaint in (
        (bare_image, "has no sh"),
        (sh_image, "has no Python, and the code has a requirements.txt"),
        (python_only_image, "has no pip, and the code has a requirements.txt"),
    ):
        with pytest.raises(BadRequest, match=complaint):
            known.require(known.resolve(image), pip=wish)
    nowhere = Tool("podman", ("/no/such/client",))
    again = Images(nowhere, storage.settings, memo, caller())
    assert again.contents(python) == found


def test_an_image_that_is_not_here(storage: Storage, memo: Memo) -> None:
    known = Images(storage.tool, Settings(pull="never"), memo, caller())
    with pytest.raises(Unavailable, match="pull is never"):
        known.resolve("localhost/no-such-image:1")
    with pytest.raises(BadRequest, match="not a reference"):
        known.resolve("Bad:Name:x")
