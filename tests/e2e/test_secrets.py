"""A canary as a secret: in the step's environment, masked in its log, and nowhere else."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.host.processes import marked
from tests.conftest import COMMAND, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Millwork, Pipeline

CANARY = "canary/81f0-Zq?7"
KEY = {"KEY": {"secret": "api-key"}}
GIVEN = {"MILLWORK_SECRET_API_KEY": CANARY}
# Whether it is there, without saying it: `sum` of the value, counted here too.
PROOF = 'printf %s "$KEY" | sha256sum'


def proof() -> str:
    from hashlib import sha256

    return sha256(CANARY.encode()).hexdigest()


def holders(home: Path) -> list[str]:
    """The files of the home that hold the canary, plain or in base64."""
    forms = (CANARY.encode(), b64encode(CANARY.encode()), json.dumps(CANARY).encode())
    files = [path for path in home.rglob("*") if path.is_file()]
    found = [path for path in files if any(form in path.read_bytes() for form in forms)]
    return [str(path.relative_to(home)) for path in found]


def test_the_canary_is_in_the_store_and_in_the_steps_environment_alone(
    millwork: Millwork, component: Component, pipeline: Pipeline, home: Path
) -> None:
    component(
        f'{PROOF}; echo "plain $KEY"; printf %s "$KEY" | base64; echo "$KEY" | base64; '
        "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | "
        'awk \'index($0, ENVIRON["KEY"]) {n = 1} END {print "cmdline", n + 0}\'; '
        'python -c "raise SystemExit(__import__(\'os\').environ[\'KEY\'])"',
        "leaky", env=KEY,
    )  # fmt: skip
    component('echo "has ${KEY-nothing}"; env | grep -c MILLWORK_SECRET; true', "other")
    file = pipeline({"leaky": {"continue_on_failure": True}, "other": {"after": ["leaky"]}})
    assert millwork("secrets", "set", "api-key", input=CANARY + "\n").code == 0

    result = millwork("run", file, "--json", env={"MILLWORK_SECRET_UNRELATED": "x"})
    run = result.json["run"]
    shown = [
        result,
        *(millwork(*words) for words in [
            ("runs", "show", run, "--json"), ("runs", "logs", f"{run}/leaky", "--json"),
            ("plan", file), ("plan", file, "--json"), ("secrets", "list"),
            ("secrets", "list", "--json"),
        ]),
    ]  # fmt: skip
    for each in shown:
        assert CANARY not in each.out + each.err
    log = millwork("runs", "logs", f"{run}/leaky").out.splitlines()
    assert log == [f"{proof()}  -", "plain ***", "***", "***", "cmdline 0", "***"]
    assert millwork("runs", "logs", f"{run}/other").out == "has nothing\n0\n"
    assert holders(home) == ["secrets.json"]


def test_from_the_environment_it_is_in_no_file(
    millwork: Millwork, component: Component, home: Path
) -> None:
    file = component(f'{PROOF}; echo "$KEY"', env=KEY)
    result = millwork("run", file, env=GIVEN)
    assert result.out == f"{proof()}  -\n***\n"
    assert holders(home) == []


def test_a_node_may_name_another(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component('echo "${#KEY} $KEY"', "a", env={"KEY": "text"})
    file = pipeline({"a": {"env": {"KEY": {"secret": "second"}}}})
    result = millwork("run", file, env={"MILLWORK_SECRET_SECOND": "12345"})
    assert result.out == "5 ***\n"


def test_a_run_without_its_secrets_is_refused_with_the_commands_that_help(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("true", "a", env={"A": {"secret": "one"}, "B": {"secret": "two"}})
    component("true", "b", env={"A": {"secret": "two"}, "B": {"secret": "there"}})
    millwork("secrets", "set", "there", input="x")
    result = millwork("run", pipeline({"a": {}, "b": {}}))
    assert (result.code, result.out) == (3, "")
    assert result.err.splitlines() == [
        f"millwork: there is no secret '{name}', which step 'a' needs: millwork secrets set {name}"
        for name in ("one", "two")
    ]
    assert millwork("runs", "list", "--json").json == []


def test_a_failed_run_is_not_resumed_without_its_secret(
    millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    file = component(f'test -e {tmp_path}/go && echo "$KEY"', env=KEY)
    assert millwork("run", file, env=GIVEN).code == 1
    (tmp_path / "go").touch()
    refused = millwork("runs", "resume", "last")
    assert (refused.code, "millwork secrets set api-key" in refused.err) == (3, True)
    assert millwork("runs", "show", "last", "--json").json["status"] == "failed"
    assert millwork("runs", "resume", "last", env=GIVEN).out == "***\n"


def test_the_result_is_used_again_whatever_the_value_is(
    millwork: Millwork, component: Component
) -> None:
    file = component('echo "worked ${#KEY}"', env=KEY)
    assert f"worked {len(CANARY)}" in millwork("run", file, env=GIVEN).out
    again = millwork("run", file, env={"MILLWORK_SECRET_API_KEY": "new"})
    assert f"worked {len(CANARY)}" in again.out  # the earlier log


def test_a_flood_is_masked_and_kept(millwork: Millwork, component: Component) -> None:
    file = component('yes "line with $KEY in it" | head -n 600000; echo "end $KEY"', env=KEY)
    result = millwork("run", file, "--json", env=GIVEN)
    assert result.code == 0
    log = millwork("runs", "logs", "last").out
    assert log.splitlines().count("line with *** in it") == 600_000
    assert log.endswith("end ***\n")


def test_cancelling_leaves_nothing_and_the_step_may_tidy_up(
    home: Path, component: Component, tmp_path: Path
) -> None:
    file = component(
        "trap 'sleep 0.3; echo tidy \"$KEY\"; exit 1' TERM; setsid sleep 60 & echo ready; "
        "while :; do sleep 0.05; done", env=KEY,
    )  # fmt: skip
    process = subprocess.Popen(
        [COMMAND, "run", file], env=environment(home, GIVEN), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert "tidy ***\n" in out
    (attempt,) = os.listdir(home / "attempts")
    assert marked(attempt) == []


def test_cancelling_a_run_whose_master_is_gone_needs_no_secret(
    home: Path, component: Component, millwork: Millwork
) -> None:
    file = component('echo "$KEY" ready; sleep 60', env=KEY)
    process = subprocess.Popen(
        [COMMAND, "run", file], env=environment(home, GIVEN), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "*** ready\n"
    process.kill()
    process.communicate()
    began = time.monotonic()
    assert millwork("runs", "cancel", "last").code == 0
    assert time.monotonic() - began < 9
    (attempt,) = os.listdir(home / "attempts")
    assert marked(attempt) == []


def test_what_builds_an_environment_does_not_get_it(
    millwork: Millwork, component: Component, home: Path
) -> None:
    file = component(f"{PROOF}; python -c 'import tattle'", env=KEY)
    package = file.parent / "tattle"
    package.mkdir()
    (file.parent / "requirements.txt").write_text("./tattle\n")
    (package / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "tattle"\nversion = "1.0"\n'
    )
    (package / "backend.py").write_text(BACKEND)
    first = millwork("run", file, env=GIVEN)
    assert first.code == 0, first
    again = millwork("run", file, env={"MILLWORK_SECRET_API_KEY": CANARY, "X": "y"})
    assert again.code == 0
    assert proof() in first.out
    assert holders(home) == []


BACKEND = """
import os, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "tattle-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        wheel.writestr("tattle.py", f"stolen = {os.environ.get('KEY')!r}\\n")
        head = "Metadata-Version: 2.1\\nName: tattle\\nVersion: 1.0\\n"
        wheel.writestr("tattle-1.0.dist-info/METADATA", head)
        tag = "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr("tattle-1.0.dist-info/WHEEL", tag)
        wheel.writestr("tattle-1.0.dist-info/RECORD", "")
    return name
"""


# --- the verbs --------------------------------------------------------------------------------


def test_secrets_are_set_listed_and_removed(millwork: Millwork, home: Path) -> None:
    assert "no secrets yet" in millwork("secrets", "list").out
    set_ = millwork("secrets", "set", "api-key", input=f"{CANARY}\n")
    assert (set_.code, set_.out, set_.err) == (0, "", "")
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    listed: Any = millwork("secrets", "list", "--json", env={"MILLWORK_SECRET_B": "x"}).json
    assert listed == [{"name": "B", "from": "environment"}, {"name": "api-key", "from": "file"}]
    assert millwork("secrets", "list").out == "api-key  file\n"
    assert millwork("secrets", "remove", "api-key").code == 0
    assert millwork("secrets", "remove", "api-key").code == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("a/b", "x", "cannot name a secret"),
        ("a", "", "is empty"),
        ("a", "\n", "is empty"),
        ("a", "x\0y", "not text that a variable can hold"),
        ("a", "\udcff", "not UTF-8"),
        ("a", "x" * 33_000, "longer than 32.0 KiB"),
    ],
)
def test_what_cannot_be_a_secret_is_refused(
    millwork: Millwork, home: Path, name: str, value: str, says: str
) -> None:
    result = millwork("secrets", "set", name, input=value)
    assert result.code == 2
    assert says in result.err
    assert not (home / "secrets.json").exists()


def test_a_value_of_several_lines_is_kept_as_it_is(
    millwork: Millwork, component: Component
) -> None:
    millwork("secrets", "set", "api-key", input="first line\nab\nlast line\n")
    file = component('echo "$KEY" | wc -l; echo "$KEY"; echo "> first line"', env=KEY)
    assert millwork("run", file).out == "3\n***\n> ***\n"


def test_a_file_that_others_may_read_is_refused(
    millwork: Millwork, component: Component, home: Path
) -> None:
    millwork("secrets", "set", "api-key", input=CANARY)
    (home / "secrets.json").chmod(0o644)
    for words in (("run", component("true", env=KEY)), ("secrets", "list")):
        result = millwork(*words)
        assert result.code == 3
        assert "chmod 600" in result.err
    assert millwork("run", component("true")).code == 0


def test_a_value_is_typed_unseen(home: Path, millwork: Millwork) -> None:
    import pty

    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(COMMAND, [COMMAND, "secrets", "set", "typed"], environment(home))
    seen = b""
    while b"value of typed" not in seen:
        seen += os.read(terminal, 1024)
    os.write(terminal, f"{CANARY}\n".encode())
    try:
        while data := os.read(terminal, 1024):
            seen += data
    except OSError:
        pass
    assert os.waitpid(pid, 0)[1] == 0
    assert CANARY.encode() not in seen
    assert json.loads((home / "secrets.json").read_text()) == {"typed": CANARY}
