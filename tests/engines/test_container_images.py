"""Which client and which image, with stand-ins for the clients."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import BadRequest, Unavailable
from millwork.engines.container.detection import detect, first_useful, trouble
from millwork.engines.container.images import Image, Images
from millwork.engines.container.memo import Memo
from millwork.engines.container.tool import (
    Settings,
    Tool,
    caller,
)

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.quick
@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("Trying to pull x...\nError: initializing source: no such host\n",
         "initializing source: no such host"),
        ("Error response from daemon: pull access denied for x\n", "pull access denied for x"),
        ('time="2026" level=warning msg="cni"\nError: no space left', "no space left"),
        ('time="2026" level=error msg="say \\"x\\""\n', 'say "x"'),
        ("docker: Error response from daemon: No such image: x\nSee 'docker run --help'.\n",
         "No such image: x"),
        ("something odd\n", "something odd"),
        ("", "it gave no reason"),
    ],
)  # fmt: skip
def test_the_line_that_says_what_is_wrong(printed: str, said: str) -> None:
    assert first_useful(printed) == said


@pytest.fixture
def memo(tmp_path: Path) -> Memo:
    return Memo(str(tmp_path / "containers.json"))


@pytest.fixture
def client(tmp_path: Path) -> Callable[..., str]:
    """Writes a stand-in for a client: a script with a `case` over its words."""

    def write(cases: str, name: str = "client") -> str:
        path = tmp_path / name
        path.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\ncase "$*" in\n{cases}\nesac\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    return write


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


DOCKER_WORKS = """--version) echo 'Docker version 28.2.2, build e6534b4';;
info*) echo '{"SecurityOptions": ["name=seccomp", "name=rootless"], "MemoryLimit": true}';;"""


def test_a_client_is_asked_once_until_the_next_boot(
    client: Callable[..., str], memo: Memo, tmp_path: Path
) -> None:
    command = (client(DOCKER_WORKS),)
    expected = Tool("docker", command, "28.2.2", rootless=True, limits=("memory",))
    assert detect(Settings(command=command), memo) == expected
    assert detect(Settings(command=command), memo) == expected
    assert len(calls(tmp_path)) == 2


def test_what_is_wrong_with_a_client(client: Callable[..., str], memo: Memo) -> None:
    def reason(cases: str) -> str:
        return trouble(Settings(command=(client(cases),)), memo)

    version = "--version) echo 'Docker version 28.2.2';;\n"
    daemon = (
        f"{version}info*) echo '{{}}'; echo 'Cannot connect to the Docker daemon' >&2; exit 1;;"
    )
    assert reason(daemon).endswith("does not work here: Cannot connect to the Docker daemon")
    assert reason("*) echo 'thing 1.0';;").endswith("is neither podman nor docker")
    remote = (
        '--version) echo podman version 5;;\ninfo*) echo \'{"host": {"serviceIsRemote": true}}\';;'
    )
    assert "another machine's podman" in reason(remote)
    assert reason(DOCKER_WORKS) == ""
    absent = trouble(Settings(command=("no-such-client",)), memo)
    assert absent == "containers: no-such-client is not installed"


def test_podman_is_taken_before_docker_and_docker_if_podman_fails(
    client: Callable[..., str], memo: Memo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}")
    with pytest.raises(Unavailable, match="neither podman nor docker is installed"):
        detect(Settings(), memo)
    client(DOCKER_WORKS, "docker")
    client("*) echo 'Error: broken' >&2; exit 125;;", "podman")
    assert detect(Settings(), memo).kind == "docker"
    host = '{"host": {"cgroupVersion": "v1", "cgroupControllers": ["memory", "cpu", "pids"],'
    for rootless, limits in (("false", ("memory", "cpu", "processes")), ("true", ())):
        told = f'{host} "security": {{"rootless": {rootless}}}}}}}'
        client(f"--version) echo podman version 4.3.1;;\ninfo*) echo '{told}';;", "podman")
        os.utime(tmp_path / "podman", (len(limits), len(limits)))
        found = detect(Settings(), memo)
        assert (found.kind, found.rootless, found.limits) == ("podman", rootless == "true", limits)


@pytest.mark.quick
def test_settings_that_mean_nothing(memo: Memo) -> None:
    with pytest.raises(BadRequest, match="pull: 'often' is not one of missing, always, never"):
        detect(Settings(pull="often"), memo)
    with pytest.raises(BadRequest, match="authfile: there is no file"):
        detect(Settings(authfile="/no/such/file"), memo)


INSPECTED = """image\\ inspect*) test -e $0.here && exec cat $0.here
 echo 'Error: x: image not known' >&2; exit 125;;"""


def images(command: str, memo: Memo, pull: str = "missing") -> Images:
    settings = Settings(pull=pull)
    return Images(Tool("podman", (command,)), settings, memo, caller())


def describe(identity: str, *digests: str) -> str:
    return json.dumps([{"Id": identity, "RepoDigests": digests}])


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("missing", ["image inspect r/x:1"]),
     ("never", ["image inspect r/x:1"]),
     ("always", ["pull --quiet r/x:1", "image inspect r/x:1"])],
)  # fmt: skip
def test_when_an_image_is_pulled(
    policy: str, expected: list[str], client: Callable[..., str], memo: Memo, tmp_path: Path
) -> None:
    command = client(INSPECTED + "\npull*) ;;")
    Path(f"{command}.here").write_text(describe("ab12", "r/y@sha256:0", "r/x@sha256:9"))
    found = images(command, memo, policy).resolve("r/x:1")
    assert found == Image("r/x:1", "sha256:ab12", "r/x@sha256:9")
    assert calls(tmp_path) == expected


def test_a_tag_that_moved(client: Callable[..., str], memo: Memo) -> None:
    command = client(INSPECTED)
    here = Path(f"{command}.here")
    here.write_text(describe("sha256:one", "localhost/x@sha256:9"))
    known = images(command, memo)
    assert known.resolve("x:1") == Image("x:1", "sha256:one")
    assert known.resolve("x:1").news == ""
    here.write_text(describe("sha256:two"))
    moved = images(command, memo).resolve("x:1")
    assert moved.news == "image x:1: the tag has moved from sha256:one to sha256:two"
    assert known.resolve("x:1").news == ""


def test_images_that_cannot_be_had(client: Callable[..., str], memo: Memo) -> None:
    refused = "pull*) echo 'Trying...' >&2; echo 'Error: unauthorized: log in' >&2; exit 125;;"
    command = client(f"{INSPECTED}\n{refused}")
    with pytest.raises(Unavailable, match="image x:1 is not on this machine, and pull is never"):
        images(command, memo, "never").resolve("x:1")
    with pytest.raises(Unavailable, match="image x:1 cannot be pulled: unauthorized: log in"):
        images(command, memo).resolve("x:1")
    with pytest.raises(BadRequest, match="not a reference"):
        images(command, memo).resolve("--help")
    broken = client("*) echo 'Error: database is locked' >&2; exit 125;;", "broken")
    with pytest.raises(Unavailable, match="cannot look at image x:1: database is locked"):
        images(broken, memo).resolve("x:1")
    with pytest.raises(Unavailable, match="cannot be started"):
        images("/no/such/client", memo).resolve("x:1")
