"""The command and the client with a server: all is as it is in-process, but driven there."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import (
    BadRequest,
    Conflict,
    InvalidFile,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from millwork.client.door import HttpDoor
from millwork.sdk.client import Client
from tests.conftest import EXAMPLES, Result, run_command, until
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork, Pipeline
    from tests.e2e.server import Server


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.url, server.token)


@pytest.fixture
def alone(tmp_path: Path) -> Millwork:
    """The command over a home of its own, without a server."""

    def run(*words: str | Path, cwd: str | Path | None = None, **options: Any) -> Result:
        here = tmp_path / "alone"
        return run_command([str(word) for word in words], here, cwd=cwd or tmp_path, **options)

    return run


def plain(text: str) -> str:
    """What was printed, without ids, places and times."""
    text = re.sub(r"\b1[0-9a-z]{9}\b", "ID", text)
    text = re.sub(r"/\S*?/attempts/", "HOME/attempts/", text)
    return re.sub(r"-{10,}|\b\d+\.\d+ s\b|\s+", " ", text)


def told(result: Result) -> Any:
    """The last line as JSON, without ids, places and times."""
    content = json.loads(re.sub(r"1[0-9a-z]{9}\b", "ID", result.out.splitlines()[-1]))
    text = json.dumps(content)
    text = re.sub(r'"[^"]*?/attempts/', '"HOME/attempts/', text)
    return json.loads(re.sub(r'"(seconds|created)": [\d.]+', r'"\1": 0', text))


def test_a_run_is_as_one_in_process(server: Server, millwork: Millwork, alone: Millwork) -> None:
    words = ("run", EXAMPLES / "hello", "-p", "name=Ada", "--tag", "a=b", "--json")
    there, here = millwork(*words), alone(*words)
    assert (there.code, here.code) == (0, 0)
    assert told(there) == told(here)
    run = there.json["run"]
    assert there.err.startswith(f"millwork: run {run}\n")
    assert plain(there.err.partition("\n")[2]) == plain(here.err)
    assert Client(server.url, server.token).runs.show(run)["creator"] == "owner"


def test_a_reused_run_is_as_one_in_process(
    server: Server, millwork: Millwork, alone: Millwork
) -> None:
    for run in (millwork, alone):
        assert run("run", EXAMPLES / "hello").code == 0
    there, here = (run("run", EXAMPLES / "hello") for run in (millwork, alone))
    assert (there.code, here.code) == (0, 0), there.err
    assert (there.out, plain(there.err.partition("\n")[2])) == (here.out, plain(here.err))
    assert "succeeded: reused" in there.err
    there, here = (run("run", EXAMPLES / "hello", "--json") for run in (millwork, alone))
    assert (there.code, told(there)) == (0, told(here))
    assert server.url


def test_a_run_is_followed_over_a_restart_of_the_server(
    home: Path, background: Callable[..., Background], component: Component
) -> None:
    words = ("run", component("for i in 1 2 3 4 5; do echo $i; sleep 0.8; done"))
    with serving(home) as first:
        port = first.url.rpartition(":")[2]
        running = background(*words)
        assert running.process.stdout is not None
        assert running.process.stdout.readline() == "1\n"
        log, shown = (
            background("runs", "logs", "-f", "last"),
            background("runs", "show", "-f", "last"),
        )
        assert log.process.stdout is not None
        assert log.process.stdout.readline() == "1\n"
        assert shown.process.stdout is not None
        assert "running" in shown.process.stdout.readline()
        first.stop()
        for each in (running, shown):
            assert each.process.stderr is not None
            lines = iter(each.process.stderr.readline, "")
            assert any("the server is away; waiting" in line for line in lines)
        with serving(home, "--port", port):
            for each in (running, log):
                assert each.process.stdout is not None
                assert each.process.stdout.read() == "2\n3\n4\n5\n"
                assert each.process.wait() == 0
            assert "succeeded" in shown.process.stdout.read()
            assert shown.process.wait() == 0


def test_a_log_that_is_followed_is_asked_for_once_a_second(
    server: Server, millwork: Millwork, component: Component
) -> None:
    assert millwork("run", component("for i in 1 2 3 4; do sleep 0.5; done; echo x")).out == "x\n"
    asked = [line for line in server.log.read_text().splitlines() if "/logs/" in line]
    assert 1 <= len(asked) <= 8


def test_what_is_registered_is_run_by_its_name(
    server: Server, millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = component("echo $PAI_HPS_WORD", "part", parameters={"word": {"type": "String"}})
    made = millwork("components", "create", "--file", file, "--json")
    assert made.code == 0, made.err
    name = made.json["name"]
    for word in (name, f"{name}@{made.json['version']}", f"component:{name}"):
        assert millwork("run", word, "-p", "word=hello").out == "hello\n"
    for word in (f"{name}@9.9.9", f"pipeline:{name}", "none"):
        done = millwork("run", word)
        assert (done.code, "registered" in done.err) == (2, True)
    bad = millwork("run", name, "-p", "wrod=hello")
    assert (bad.code, "wrod" in bad.err) == (2, True)
    assert server.url


def test_what_is_registered_is_not_run_without_a_server(millwork: Millwork) -> None:
    done = millwork("run", "slow@1.0.0")
    assert done.code == 2
    assert done.err == (
        "millwork: cannot read slow@1.0.0: No such file or directory; "
        "what is registered is run with a server: millwork up\n"
    )
    assert "registered" not in millwork("run", "slow.yaml").err


@pytest.mark.parametrize("with_server", [True, False])
def test_runs_are_listed_by_what_they_have(
    request: pytest.FixtureRequest, millwork: Millwork, with_server: bool
) -> None:
    if with_server:
        request.getfixturevalue("server")
    millwork("run", EXAMPLES / "hello", "--name", "one", "--tag", "a=b")
    millwork("run", "--name", "two", "--", "false")

    def names(*words: str) -> list[str]:
        return [row["name"] for row in millwork("runs", "list", "--json", *words).json]

    assert names() == ["two", "one"]
    assert names("--status", "failed") == names("--name", "two") == ["two"]
    assert names("--tag", "a=b") == names("--tag", "a=b", "--status", "succeeded") == ["one"]
    assert names("--creator", "nobody") == []
    assert names("--creator", "owner") == (["two", "one"] if with_server else [])
    assert millwork("runs", "list", "--tag", "a").code == 2
    assert millwork("runs", "list", "--name", "none").out == "no such runs\n"


def test_a_word_that_is_unknown_is_answered_with_its_commands_usage(millwork: Millwork) -> None:
    for words in (("runs", "list"), ("models", "list"), ("run", "x")):
        done = millwork(*words, "--bogus")
        assert done.code == 2
        assert done.err.startswith(f"usage: millwork {words[0]} ")
        assert done.err.endswith("unrecognized arguments: --bogus\n")


def test_what_is_wrong_with_a_request_is_said_in_words(server: Server) -> None:
    door = HttpDoor(server.url, server.token)
    for asked, said in (
        ({"nam": "m"}, "^there is no field 'nam'; there are: name, uri, "),
        ({"name": 1, "uri": "x"}, "^name: expected text, got a whole number$"),
        ({"uri": "s3://b/k"}, "^the field 'name' is missing$"),
        ({"name": "m", "uri": "s3://b/k", "labels": 3}, "^labels: expected an object or null, got"),
    ):
        with pytest.raises(BadRequest, match=said):
            door.ask("models.create", **asked)
    with pytest.raises(BadRequest, match=r"^limit: expected a whole number, got text$"):
        door.ask("runs.list", limit="x")
    with pytest.raises(Unauthenticated, match=r"^this token is not known: it was mistyped"):
        HttpDoor(server.url, "mw_wrong").ask("sessions.me")


def test_looking_at_runs_is_as_in_process(
    server: Server, millwork: Millwork, alone: Millwork, pipeline: Pipeline, component: Component
) -> None:
    component("echo one; echo two >&2", "first")
    component("exit 3", "second")
    file = pipeline({"first": {}, "second": {"after": ["first"]}})
    there, here = millwork("run", file), alone("run", file)
    assert (there.code, here.code) == (1, 1)
    assert plain(there.out) == plain(here.out)
    for words in (
        ("outputs", "last"), ("logs", "last/first"), ("logs", "last"), ("logs", "last/none"),
        ("why", "last/second"), ("why", "last/first", "--json"), ("resume", "nothing"),
        ("logs", "last/first/worker-7"), ("cancel", "last"),
    ):  # fmt: skip
        there, here = millwork("runs", *words), alone("runs", *words)
        assert there.code == here.code, words
        assert plain(there.out) == plain(here.out), words
        if words[1] != "nothing":
            assert plain(there.err) == plain(here.err), words
    for words in (("show", "last", "--json"), ("logs", "last/first", "--json")):
        assert set(millwork("runs", *words).json) == set(alone("runs", *words).json)
    assert millwork("runs", "list", "--limit", "1", "--json").json[0]["status"] == "failed"
    assert server.url


def test_a_command_and_its_code_are_sent(
    server: Server, millwork: Millwork, write: Callable[[str, str], Path]
) -> None:
    folder = write("code/main.py", "print('from the code')\n").parent
    write("code/data/large.bin", "not sent")
    write("code/.millworkignore", "data/\n")
    (folder / "link.py").symlink_to("main.py")
    done = millwork("run", "--", "python3", "link.py", cwd=folder)
    assert done.out == "from the code\n"
    done = millwork("run", "--", "ls", cwd=folder)
    assert done.out.split() == ["link.py", "main.py"]
    assert server.url


def test_definitions_in_several_folders_are_sent_with_what_they_name(
    server: Server, millwork: Millwork, write: Callable[[str, str], Path]
) -> None:
    write("parts/src/main.py", "import sys; print(sys.argv[1])\n")
    write("parts/conda.yaml", "dependencies: [python=3.11]\n")
    write("parts/part.yaml", """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
type: command
name: part
version: 1
code: ./src
environment: {image: some/image, conda_file: ./conda.yaml}
command: python main.py ${{inputs.word}}
inputs: {word: {type: string}}
""")  # fmt: skip
    file = write("pipes/pipe.yaml", """\
type: pipeline
jobs:
  only: {type: command, component: ../parts/part.yaml, inputs: {word: hello}}
""")  # fmt: skip
    done = millwork("run", file)
    assert (done.code, done.out) == (0, "hello\n"), done.err
    assert server.url


def test_outputs_are_brought_and_checked(
    server: Server, millwork: Millwork, alone: Millwork, component: Component, tmp_path: Path
) -> None:
    file = component(
        "echo 5 >$PAI_OUTPUT_NUMBER; cd $PAI_OUTPUT_KEPT; "
        "mkdir -p a; seq 100000 >a/many; ln -s a/many link",
        outputs={"kept": {"type": "folder"}, "number": {"type": "value"}},
    )
    for run, name in ((millwork, "there"), (alone, "here")):
        done = run("run", file, "-o", tmp_path / name, "--json")
        assert done.code == 0, done.err
        assert done.json["outputs"]["kept"] == str(tmp_path / name / "kept")
    trees = [
        {str(path.relative_to(tmp_path / name)): path.is_symlink() or path.is_dir() or
         path.read_bytes() for path in (tmp_path / name).rglob("*")}
        for name in ("there", "here")
    ]  # fmt: skip
    assert trees[0] == trees[1]
    assert server.url


def test_a_detached_run_goes_on_and_is_followed(
    server: Server, client: Client, millwork: Millwork, component: Component
) -> None:
    file = component("for i in 1 2 3; do echo $i; sleep 0.3; done")
    run = millwork("run", file, "--detach", "--priority", "7", "--private").out.strip()
    assert client.runs.show(run)["visibility"] == "private"
    until(lambda: client.runs.show(run)["status"] == "running")
    assert millwork("runs", "logs", "-f", run).out == "1\n2\n3\n"
    assert millwork("runs", "show", "-f", run).out.splitlines()[0].endswith("succeeded")
    kinds = []
    for message in client.runs.follow(run):
        kinds.append(message.data["kind"])
        if message.data["data"].get("status") == "succeeded" and kinds[-1] == "RunChanged":
            break
    numbers = [event["seq"] for event in client.runs.events(run)["items"]]
    assert numbers == list(range(1, len(kinds) + 1))


def test_a_log_is_followed_from_before_its_step_begins(
    server: Server, millwork: Millwork, background: Callable[..., Background],
    component: Component, pipeline: Pipeline, tmp_path: Path,
) -> None:  # fmt: skip
    component(f"until [ -e {tmp_path}/go ]; do sleep 0.1; done", "first")
    component("echo said", "second")
    file = pipeline({"first": {}, "second": {"after": ["first"]}})
    run = millwork("run", file, "--detach").out.strip()
    refused = millwork("runs", "logs", f"{run}/second")
    assert (refused.code, "has not been started" in refused.err) == (2, True)
    following = background("runs", "logs", "-f", f"{run}/second")
    assert "which step?" in millwork("runs", "logs", "-f", run).err
    (tmp_path / "go").touch()
    assert following.end() == (0, "said\n", "")
    assert server.url


@pytest.mark.parametrize("word", ["--detach", "--private"])
def test_what_only_a_server_can_do_is_refused_without_one(millwork: Millwork, word: str) -> None:
    done = millwork("run", EXAMPLES / "hello", word)
    assert done.code == 2
    assert "millwork up" in done.err


def test_ctrl_c_cancels_the_run(
    server: Server, client: Client, background: Callable[..., Background], component: Component
) -> None:
    running = background("run", component("echo begun; sleep 60"))
    assert running.process.stdout is not None
    assert running.process.stdout.readline() == "begun\n"
    running.process.send_signal(signal.SIGINT)
    code, _, err = running.end()
    assert code == 1
    assert "cancelled" in err
    assert client.runs.show("last")["status"] == "cancelled"
    assert server.url


def test_a_resumed_run_is_followed_from_where_it_was(
    server: Server, millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    file = component(f'test -e "{tmp_path}/there" && echo found || {{ echo gone; exit 1; }}')
    assert millwork("run", file).out == "gone\n"
    (tmp_path / "there").touch()
    done = millwork("runs", "resume", "last")
    assert (done.code, done.out) == (0, "found\n")
    again = millwork("runs", "resume", "last")
    assert again.code == 2
    assert "nothing to resume" in again.err
    assert server.url


def test_secrets_are_kept_through_the_server(server: Server, millwork: Millwork) -> None:
    assert millwork("secrets", "set", "KEY", input="value\n").code == 0
    assert {"name": "KEY", "from": "file"} in millwork("secrets", "list", "--json").json
    assert millwork("secrets", "remove", "KEY").code == 0
    assert millwork("secrets", "remove", "KEY").code == 2
    assert server.url


@pytest.mark.parametrize("with_server", [True, False])
def test_the_registry_has_the_same_words_with_and_without_a_server(
    request: pytest.FixtureRequest, millwork: Millwork, with_server: bool
) -> None:
    if with_server:
        request.getfixturevalue("server")
    hello = EXAMPLES / "hello"
    made = millwork(
        "components", "create", "--file", hello / "component.yaml", "--code", hello, "--json"
    )
    assert (made.code, made.json["version"]) == (0, "1.0.0"), made.err
    assert len(made.json["document"]["bundle"]) == 64
    millwork("models", "create", "--name", "m", "--uri", "s3://b/k", "--metrics", "acc=0.5")
    assert millwork("models", "approve", "m", "0.1.0").code == 0
    shown = millwork("models", "show", "m", "--json").json
    assert (shown["stage"], shown["document"]["metrics"]) == ("Approved", {"acc": 0.5})
    assert "Approved" in millwork("models", "list").out
    gone = millwork("models", "show", "none")
    assert (gone.code, gone.err) == (2, "millwork: there is no model 'none'\n")
    wrong = millwork("datasets", "create", "--name", "a b", "--uri", "s3://b/k")
    assert wrong.code == 2
    assert millwork("sessions", "me", "--json").json["person"] == "owner"
    elsewhere = millwork("runs", "lineage", "last", "--workspace", "none")
    assert (elsewhere.code, elsewhere.err) == (2, "millwork: there is no workspace 'none'\n")


def test_artifacts_are_fetched_by_word(server: Server, millwork: Millwork, tmp_path: Path) -> None:
    millwork("run", EXAMPLES / "hello")
    words = ("artifacts", "download", "last", "hello", "greeting", "-o", tmp_path / "got")
    assert millwork(*words).code == 0
    assert (tmp_path / "got").read_text() == "Hello, world!\n"
    assert server.url


def test_the_client_raises_what_the_verb_raises(client: Client) -> None:
    with pytest.raises(NotFound, match="'none'"):
        client.models.show("none")
    with pytest.raises(InvalidFile):
        client.components.create(text="kind: [")
    client.workspaces.create(name="team")
    with pytest.raises(Conflict):
        client.workspaces.create(name="team")
    assert [row["name"] for row in client.workspaces.list()["items"]] == ["default", "team"]
    with pytest.raises(Unauthenticated):
        Client(client.url, "mw_wrong").sessions.me()


def test_a_client_goes_on_when_the_server_is_started_again(
    server: Server, client: Client, millwork: Millwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.runs.list()["items"] == []
    os.kill(_api_of(server), signal.SIGKILL)
    assert client.models.create(name="m", uri="s3://b/k")["name"] == "m"
    server.stop()
    with pytest.raises(Unavailable, match="cannot reach"):
        client.runs.list()
    monkeypatch.setenv("MILLWORK_HOME", str(server.home))
    with pytest.raises(Unavailable, match="millwork up"):
        Client()
    assert millwork("runs", "list", env={"MILLWORK_URL": server.url}).code == 2
    env = {"MILLWORK_URL": server.url, "MILLWORK_TOKEN": "x"}
    assert millwork("runs", "list", env=env).code == 3


def _api_of(server: Server) -> int:
    """The process of the API."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            parent = (path.parent / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if b"millwork.api.main" in words and int(parent) == server.process.pid:
            return int(path.parent.name)
    raise AssertionError("there is no process of the API")


def test_paths_of_this_machine_are_not_those_of_another(
    server: Server, millwork: Millwork, component: Component, write: Callable[[str, str], Path],
    tmp_path: Path,
) -> None:  # fmt: skip
    given = write("given.txt", "data\n")
    file = component("cat $PAI_INPUT_GIVEN", inputs={"given": {"type": "file"}})
    assert millwork("run", file, "-i", f"given={given}").out == "data\n"
    env = {"MILLWORK_URL": server.url, "MILLWORK_TOKEN": server.token,
           "MILLWORK_HOME": str(tmp_path / "other")}  # fmt: skip
    done = millwork("run", file, "-i", "given=given.txt", env=env)
    assert done.code == 2
    assert "does not see the files here" in done.err
    assert not (tmp_path / "other").exists()
