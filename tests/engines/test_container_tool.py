from __future__ import annotations

import json
import os
import shutil
import socketserver
import subprocess
import threading
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest
from millwork.engines.container.detection import first_useful
from millwork.engines.container.tool import (
    HOME,
    Bind,
    Caller,
    Caps,
    Container,
    Settings,
    Tool,
    mount_words,
    pull_words,
    remove_words,
    run_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PODMAN = Tool("podman", ("podman",))
DOCKER = Tool("docker", ("docker",))
ROOTLESS = Tool("podman", ("podman",), rootless=True)
ROOT = Caller(0, 0, (1024, 4096), (100, 200))
ANN = Caller(1001, 1002, (1024, 4096), (100, 200))
PLAIN = Container("img", ("sh", "-c", 'echo "$@"', "sh", "--a", "b c"))

HOSTILE = (
    "plain", "a,b", "a:b", 'a"b', '"ab"', "a'b", "a b", " a ", "a\\b", "a=b", "a,b:c\"d='e'",
    "n\nl", "$(touch x)", "ro,readonly", "ünï", "%s",
)  # fmt: skip


def words_of(
    container: Container, tool: Tool = PODMAN, settings: Settings | None = None, who: Caller = ROOT
) -> list[str]:
    return list(run_words(tool, settings or Settings(), container, who))


def values_of(words: list[str], option: str) -> list[str]:
    return [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]


# --- the command lines --------------------------------------------------------------------


@pytest.mark.quick
def test_a_whole_command_line_of_podman() -> None:
    container = Container(
        "sha256:1234", ("sh", "-c", 'echo "$@"', "sh", "--a", "b c"),
        name="millwork-1",
        env={"PATH": "/nowhere", "A": "1\n2", "EMPTY": "", "TOKEN": "never here"},
        secrets=("TOKEN",),
        mounts=(Bind("/d/in,1", "/ml/input/data/x", read_only=True), Bind("/h/ml", "/ml")),
        caps=Caps(memory=64 * 2**20, cpu=1.5, processes=20),
        shared_memory=2**20,
        gpus=("0", "3"),
        labels={"millwork.attempt": "1"},
        home="/h/home",
    )  # fmt: skip
    settings = Settings(run_options=("--cap-drop", "all"))
    assert words_of(container, PODMAN, settings, ANN) == [
        "podman", "run", "--pull", "never", "--log-driver", "passthrough",
        "--name", "millwork-1", "--network", "host", "--security-opt", "label=disable",
        "--user", "1001:1002",
        "--ulimit", "nofile=1024:4096", "--ulimit", "nproc=100:200",
        "--memory", "67108864", "--memory-swap", "67108864", "--cpus", "1.5",
        "--pids-limit", "20", "--shm-size", "1048576",
        "--device", "nvidia.com/gpu=0", "--device", "nvidia.com/gpu=3",
        "--label", "millwork.attempt=1",
        "--mount", "type=bind,src=/h/ml,dst=/ml",
        "--mount", f"type=bind,src=/h/home,dst={HOME}",
        "--mount", 'type=bind,"src=/d/in,1",dst=/ml/input/data/x,readonly',
        "--workdir", "/ml/usercode",
        "--env", "PATH=/nowhere", "--env", "A=1\n2", "--env", "EMPTY=", "--env", f"HOME={HOME}",
        "--env", "TOKEN",
        "--cap-drop", "all", "--entrypoint", "sh", "sha256:1234",
        "-c", 'echo "$@"', "sh", "--a", "b c",
    ]  # fmt: skip


@pytest.mark.quick
def test_a_whole_command_line_of_docker() -> None:
    container = Container("img", ("true",), gpus=("0", "3"), network="none", remove=True)
    tool = Tool("docker", ("sudo", "docker"))
    assert words_of(container, tool) == [
        "sudo", "docker", "run", "--pull", "never", "--log-driver", "none", "--rm",
        "--network", "none", "--security-opt", "label=disable", "--user", "0:0",
        "--ulimit", "nofile=1024:4096", "--ulimit", "nproc=100:200",
        "--gpus", '"device=0,3"', "--workdir", "/ml/usercode", "--entrypoint", "true", "img",
    ]  # fmt: skip


@pytest.mark.quick
def test_nothing_is_asked_of_a_terminal_and_nothing_goes_by_default() -> None:
    words = words_of(PLAIN)
    options = words[: words.index("img")]
    for option in ("--rm", "-t", "-i", "--tty", "--interactive", "--memory", "--cpus", "--device"):
        assert option not in options


@pytest.mark.quick
def test_the_caller_is_root_within_a_rootless_container() -> None:
    container = Container("img", ("true",), home="/h/home")
    assert values_of(words_of(container, ROOTLESS, who=ANN), "--user") == ["0:0"]
    assert values_of(words_of(container, PODMAN, who=ANN), "--user") == ["1001:1002"]
    assert values_of(words_of(container, PODMAN, who=ANN), "--env") == [f"HOME={HOME}"]
    for words in (words_of(container, ROOTLESS, who=ANN), words_of(container, PODMAN)):
        assert values_of(words, "--env") == []
        assert values_of(words, "--mount") == []


@pytest.mark.quick
def test_a_home_that_the_component_names_is_kept() -> None:
    container = Container("img", ("true",), home="/h/home", env={"HOME": "/ml/usercode"})
    assert values_of(words_of(container, who=ANN), "--env") == ["HOME=/ml/usercode"]


@pytest.mark.quick
@pytest.mark.parametrize("name", ["PATH", "HOME", "LD_PRELOAD", "CONTAINERS_CONF", "DOCKER_HOST"])
def test_a_secret_may_not_be_a_variable_of_the_client(name: str) -> None:
    with pytest.raises(BadRequest, match=f"a secret cannot be the variable {name}"):
        words_of(Container("img", ("true",), secrets=(name,)))


@pytest.mark.quick
@pytest.mark.parametrize("name", ["", "A=B", "PAI_*"])
def test_a_name_that_means_something_else_to_the_client_is_refused(name: str) -> None:
    for container in (
        Container("img", ("true",), env={name: "x"}),
        Container("img", ("true",), secrets=(name,)),
    ):
        with pytest.raises(BadRequest):
            words_of(container)


@pytest.mark.quick
def test_a_mount_is_one_record_of_csv() -> None:
    import csv

    for name in HOSTILE:
        word = mount_words(Bind(f"/h/{name}", f"/ml/{name}", read_only=True))
        fields = ["type=bind", f"src=/h/{name}", f"dst=/ml/{name}", "readonly"]
        assert next(csv.reader([word], strict=True)) == fields or "\n" in name


@pytest.mark.quick
def test_logins_for_a_pull() -> None:
    settings = Settings(authfile="/etc/x/config.json")
    assert pull_words(PODMAN, settings, "a/b:1") == (
        "podman", "pull", "--quiet", "--authfile", "/etc/x/config.json", "a/b:1",
    )  # fmt: skip
    assert pull_words(DOCKER, settings, "a/b:1") == (
        "docker", "--config", "/etc/x", "pull", "--quiet", "a/b:1",
    )  # fmt: skip
    assert pull_words(DOCKER, Settings(), "a/b:1") == ("docker", "pull", "--quiet", "a/b:1")
    with pytest.raises(BadRequest, match="a file named config"):
        pull_words(DOCKER, Settings(authfile="/etc/auth"), "a/b:1")


@pytest.mark.quick
@pytest.mark.parametrize("reference", ["", "-v", "--privileged", "a b", "a\nb"])
def test_what_is_no_reference(reference: str) -> None:
    with pytest.raises(BadRequest, match="not a reference"):
        pull_words(PODMAN, Settings(), reference)


@pytest.mark.quick
def test_removing() -> None:
    assert remove_words(PODMAN, ["a", "b"])[1:] == (
        "rm",
        "--force",
        "--ignore",
        "--volumes",
        "a",
        "b",
    )
    assert "--ignore" not in remove_words(DOCKER, ["a"])


# --- the real client of docker, before a daemon that only listens --------------------------


class Daemon(socketserver.ThreadingUnixStreamServer):
    """Keeps what a client wishes to create, and refuses it."""

    wishes: list[dict[str, Any]]


class Answers(BaseHTTPRequestHandler):
    server: Daemon

    def log_message(self, *_: Any) -> None:
        pass

    def address_string(self) -> str:
        return ""

    def do_HEAD(self) -> None:
        self._answer(200, b"")

    def do_GET(self) -> None:
        self._answer(200, b"{}")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if body:
            self.server.wishes.append(json.loads(body))
        self._answer(500, b'{"message": "not today"}')

    def _answer(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Api-Version", "1.45")
        self.send_header("Ostype", "linux")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    if shutil.which("docker") is None:
        pytest.skip("there is no client of docker")
    server = Daemon(str(tmp_path / "d.sock"), Answers)
    server.wishes = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_docker_takes_the_command_line_as_it_is_meant(daemon: Daemon) -> None:
    tool = Tool("docker", ("docker", "--host", f"unix://{daemon.server_address!s}"))
    container = Container(
        "img:1", ("sh", "-c", 'echo "$@"', "sh", "-x"), name="millwork-1",
        env={"A": "1\n2", "E": ""}, secrets=("TOKEN",), gpus=("0", "3"),
        mounts=tuple(Bind(f"/h/{name}", f"/ml/{name}", read_only=True) for name in HOSTILE),
        caps=Caps(memory=2**26, cpu=1.5, processes=20), labels={"l": "a=b"},
    )  # fmt: skip
    words = run_words(tool, Settings(), container, ANN)
    env = {**os.environ, "TOKEN": "p w"}
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False, input="")
    assert first_useful(done.stderr) == "not today"
    wish = daemon.wishes[0]
    host = wish["HostConfig"]
    assert (wish["Image"], wish["User"], wish["Tty"], wish["OpenStdin"]) == (
        "img:1", "1001:1002", False, False,
    )  # fmt: skip
    assert (wish["Entrypoint"], wish["Cmd"]) == (["sh"], ["-c", 'echo "$@"', "sh", "-x"])
    assert sorted(wish["Env"]) == ["A=1\n2", "E=", "TOKEN=p w"]
    assert [(each["Source"], each["Target"], each["ReadOnly"]) for each in host["Mounts"]] == [
        (f"/h/{name}", f"/ml/{name}", True) for name in HOSTILE
    ]
    assert host["DeviceRequests"][0]["DeviceIDs"] == ["0", "3"]
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"], host["PidsLimit"]) == (
        2**26, 2**26, 1_500_000_000, 20,
    )  # fmt: skip
    assert {each["Name"]: (each["Soft"], each["Hard"]) for each in host["Ulimits"]} == {
        "nofile": (1024, 4096), "nproc": (100, 200),
    }  # fmt: skip
    assert (host["NetworkMode"], host["AutoRemove"]) == ("host", False)
    assert host["LogConfig"]["Type"] == "none"
    assert wish["Labels"] == {"l": "a=b"}
