"""The whole API as its OpenAPI tells it, asked at random by schemathesis, logged in and not.

Left out, and why: `sessions.logout`, `sessions.password`, `people.delete` and `people.change` end
the session or the account that asks, `tokens.revoke` and `sessions.end` the token; the three
streams (`events.follow`, `runs.follow`, `logs.follow`) do not end by themselves: `tests/attacks`
and `test_feed` ask for them.

In CI each operation is asked a few times, however long that takes; the long runs are `slow`, and
go on for as many seconds as they are given.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.attacks.door import DEFAULT, good, opened, text
from tests.attacks.process import api_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("schemathesis")

LEFT_OUT = ("sessions.logout", "sessions.password", "people.delete", "people.change",
            "tokens.revoke", "sessions.end")  # fmt: skip
STREAMS = ("events.follow", "runs.follow", "logs.follow")
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_schema_conformance", "response_headers_conformance")  # fmt: skip
COMMAND = str(Path(sys.executable).with_name("schemathesis"))
OPEN = re.compile(r"/api/v1/(health|ready|login)")
LINE = re.compile(r"millwork\.api: (\w+) (\S*).* (\d{3}) \d+ ms")
LONG = 300  # seconds
NAMES = {"workspace": "default", "run": "last", "step": "step", "process": "last", "port": "o"}
"""What stands in addresses, so that most requests come as far as what they are about."""


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A server with a few runs, and a version of each thing."""
    with opened(tmp_path_factory.mktemp("schemathesis") / "home") as found:
        files = {"component.yaml": text("echo x > $PAI_OUTPUT_O/x.csv", outputs={"o": {}})}
        for _ in range(3):
            found.finished(found.run(files))
        good(found.ask("POST", f"{DEFAULT}/components", {"text": files["component.yaml"]}))
        good(found.ask("POST", f"{DEFAULT}/datasets", {"name": "step", "uri": "s3://b/k"}))
        good(found.ask("POST", f"{DEFAULT}/models", {"name": "step", "uri": "s3://b/k"}))
        yield found


def examine(door: Door, folder: Path, *more: str, names: bool = True, is_long: bool = False) -> str:
    """What schemathesis finds: it fails if there is anything; the lines of the server's log."""
    contract = folder / "openapi.json"
    contract.write_bytes(good(door.as_(door.server.token).ask("GET", "/openapi.json")).body)
    said = [f'"path.{name}" = "{value}"' for name, value in NAMES.items()] if names else []
    settings = folder / "schemathesis.toml"
    # Wrong data is left to fuzzing, unless there is time: there are 2000 cases of it.
    modes = [] if is_long else ["[phases.coverage]", 'generation.mode = "positive"',
                                "unexpected-methods = []"]  # fmt: skip
    settings.write_text("\n".join(["[parameters]", *said, *modes, ""]))
    before = len(door.server.log.read_text())
    process = api_of(door.server)
    words = [
        COMMAND, "--config-file", str(settings), "run", str(contract), "--url", door.server.url,
        "--checks", ",".join(CHECKS), "--request-timeout", "20",
        "--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off",
        "--no-color", "--continue-on-failure", *more,
    ]  # fmt: skip
    if is_long:
        words += ["--max-time", str(LONG)]
    if door.token:
        words += ["-H", f"Authorization: Bearer {door.token}"]
    for name in (*STREAMS, *(LEFT_OUT if door.token else ())):
        words += ["--exclude-operation-id", name]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=folder, timeout=LONG + 240
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    assert api_of(door.server) == process
    log = door.server.log.read_text()[before:]
    assert "Traceback" not in log
    assert not_asked(json.loads(contract.read_bytes()), log) <= {*STREAMS, *LEFT_OUT}
    return log


def not_asked(contract: Any, log: str) -> set[str]:
    """The operations for which there is no line in the log."""
    told = {(method, path) for method, path, _ in LINE.findall(log)}
    found = set()
    for path, methods in contract["paths"].items():
        pattern = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)))
        for method, said in methods.items():
            places = (place for asked, place in told if asked == method.upper())
            if not any(map(pattern.fullmatch, places)):
                found.add(said["operationId"])
    return found


def test_the_owner_meets_no_fault(door: Door, tmp_path: Path) -> None:
    log = examine(door, tmp_path, "--phases", "coverage,fuzzing", "-n", "3")
    statuses = [int(status) for _, _, status in LINE.findall(log)]
    assert len(statuses) > 500
    assert 200 in statuses
    assert max(statuses) < 500


@pytest.mark.parametrize("is_long", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_nobody_is_let_in_anywhere(door: Door, tmp_path: Path, is_long: bool) -> None:
    phases = "coverage,fuzzing" if is_long else "fuzzing"
    more = () if is_long else ("-n", "1")
    nobody = door.as_("")
    log = examine(nobody, tmp_path, "--phases", phases, *more, names=False, is_long=is_long)
    told = {(method, path, int(status)) for method, path, status in LINE.findall(log)}
    assert len(told) > 100
    wrong = [each for each in told if each[2] != 401 and not OPEN.match(each[1])]
    # The owner asks for the contract; what is no request at all is not even looked at.
    assert [each for each in wrong if "openapi.json" not in each[1]] == []


@pytest.mark.slow
@pytest.mark.parametrize("names", [True, False])
def test_the_owner_meets_no_fault_for_ten_minutes(door: Door, tmp_path: Path, names: bool) -> None:
    phases = ("--phases", "examples,coverage,fuzzing,stateful")
    examine(door, tmp_path, *phases, names=names, is_long=True)


def test_the_contract_is_an_openapi_of_all_verbs(door: Door) -> None:
    contract = json.loads(good(door.ask("GET", "/openapi.json")).body)
    assert contract["openapi"].startswith("3.1")
    ids = {said["operationId"] for methods in contract["paths"].values()
           for said in methods.values()}  # fmt: skip
    assert {*LEFT_OUT, *STREAMS} <= ids
