"""Data by URI of steps in containers: brought on this machine, within the attempt."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest

from millwork.blobs.places.mounting import trouble
from millwork.worker.mounts import below
from tests.blobs.s3 import KEY, READER, READER_SECRET, SECRET, S3Server
from tests.conftest import until
from tests.e2e.test_storage import PORTS, connect, connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork
    from tests.engines.images import Storage

pytest_plugins = ("tests.engines.images",)
pytestmark = pytest.mark.xdist_group("containers")

RUN = ("run", "--engine", "container")
COPY = "ls $PAI_INPUT_DATA; cat $PAI_INPUT_DATA/* >${PAI_OUTPUT_OUT}all.txt; env"


@pytest.fixture(autouse=True)
def settings(home: Path, storage: Storage, sh_image: str) -> Iterator[None]:
    """Lets the home's containers be those of the tests' storage, and keeps what was found out."""
    home.mkdir(exist_ok=True)
    kept = storage.folder / "containers.json"
    if kept.exists():
        shutil.copy(kept, home)
    content = {"container": {"command": list(storage.command), "image": sh_image}}
    (home / "settings.yaml").write_text(json.dumps(content))
    yield
    if (home / kept.name).exists():
        shutil.copy(home / kept.name, kept)


@pytest.fixture
def bucket(s3: S3Server, millwork: Millwork, home: Path) -> str:
    """A bucket of the connection `lake` with `hello` in one file of its folder `in`."""
    connected(home, millwork, s3)
    name = s3.bucket()
    s3.client().put_object(Bucket=name, Key="in/a.txt", Body=b"hello\n")
    return name


def body_of(s3: S3Server, bucket: str, key: str) -> bytes:
    """What an object holds."""
    body: bytes = s3.client().get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def left(storage: Storage) -> list[str]:
    """Containers that are still there."""
    return storage.call("ps", "--all", "--quiet").stdout.decode().split()


def test_a_step_reads_and_writes(
    s3: S3Server, bucket: str, millwork: Millwork, component: Component, home: Path
) -> None:
    file = component(COPY, "copy", **PORTS)
    result = millwork(*RUN, file, "-i", f"data=s3://{bucket}/in", "-O",
                      f"out=s3://{bucket}/out/{{run}}", "--json")  # fmt: skip
    assert result.code == 0, result
    run = result.json["run"]
    assert body_of(s3, bucket, f"out/{run}/all.txt") == b"hello\n"
    log = millwork("runs", "logs", f"{run}/copy").out
    assert [word in log for word in ("downloading", "a.txt", "uploading")] == [True] * 3
    assert SECRET not in log
    assert "MILLWORK_TRANSFER" not in log
    holders = [path.name for path in home.rglob("*") if path.is_file() and SECRET in _text(path)]
    assert holders == ["secrets.json"]
    again = millwork(*RUN, file, "-i", f"data=s3://{bucket}/in", "--json")
    assert again.json["steps"][0]["attempts"] == 0, "an ETag that stays is the same data"


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize(("key", "secret", "says", "to"), [
    (KEY, "wrong", "SignatureDoesNotMatch", "in"),
    (READER, READER_SECRET, "403 AccessDenied", "out"),
])  # fmt: skip
def test_what_is_not_allowed_fails_the_attempt_and_says_why(
    s3: S3Server, millwork: Millwork, component: Component, storage: Storage, key: str, secret: str,
    says: str, to: str,
) -> None:  # fmt: skip
    bucket = s3.bucket()
    s3.client().put_object(Bucket=bucket, Key="in/a", Body=b"x")
    env = {**s3.environ, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    file = component("echo began; " + COPY, "copy", **PORTS)
    result = millwork(*RUN, file, "-i", f"data=s3://{bucket}/in", "-O", f"out=s3://{bucket}/out",
                      "--json", env=env)  # fmt: skip
    assert result.code == 1, result
    (step,) = result.json["steps"]
    assert step["reason"].startswith(f"storage: s3://{bucket}/{to}"), step["reason"]
    assert says in step["reason"]
    log = millwork("runs", "logs", f"{result.json['run']}/copy").out
    assert ("began" in log) == (to == "out")
    assert left(storage) == []


@pytest.mark.skipif(bool(trouble()), reason=trouble())
def test_what_is_mounted_is_seen_inside(
    s3: S3Server, bucket: str, millwork: Millwork, component: Component, home: Path
) -> None:
    inputs = {"data": {"type": "folder", "mode": "mount"}}
    file = component(COPY, "copy", inputs=inputs, outputs=PORTS["outputs"])
    result = millwork(*RUN, file, "-i", f"data=s3://{bucket}/in", "-O", f"out=s3://{bucket}/out",
                      "--json")  # fmt: skip
    assert result.code == 0, result
    assert body_of(s3, bucket, "out/all.txt") == b"hello\n"
    assert "mounting" in logs(home)
    assert below(str(home)) == []


def test_a_job_brings_its_data_once(
    s3: S3Server, bucket: str, millwork: Millwork, component: Component, home: Path
) -> None:
    file = component("cat $PAI_INPUT_DATA/a.txt >${PAI_OUTPUT_OUT}of-$RANK", "job",
                     job_type="PyTorchJob", **PORTS)  # fmt: skip
    result = millwork(*RUN, file, "-i", f"data=s3://{bucket}/in", "-O", f"out=s3://{bucket}/out",
                      "--replicas", "2", "--json")  # fmt: skip
    assert result.code == 0, result
    for rank in "01":
        assert body_of(s3, bucket, f"out/of-{rank}") == b"hello\n"
    said = "".join(_text(path) for path in home.glob("attempts/*/*/log"))
    assert (said.count("downloading"), said.count("uploading")) == (1, 1)


class _Stalling(http.server.BaseHTTPRequestHandler):
    """Says how long the file is, and never sends it whole."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "10")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(b"some")
        self.wfile.flush()
        self.server.stall.wait(60)  # type: ignore[attr-defined]


@pytest.fixture
def stalling() -> Iterator[str]:
    """The address of a file that never comes."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Stalling) as server:
        server.stall = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/a.txt"
        server.stall.set()  # type: ignore[attr-defined]
        server.shutdown()


@pytest.mark.parametrize("at", ["download", "command", "upload"])
def test_a_run_is_cancelled_wherever_it_is(
    bucket: str, millwork: Millwork, background: Callable[..., Background], component: Component,
    home: Path, storage: Storage, stalling: str, at: str,
) -> None:  # fmt: skip
    connect(home, "web", "http", url=stalling, allow_private="true")
    connect(home, "gone", "s3", "lake-secret", endpoint="http://127.0.0.1:9", access_key=KEY,
            patience="300")  # fmt: skip
    file = component("echo runs; sleep 300 & wait" if at == "command" else "echo runs", "slow",
                     inputs={"data": {"type": "any"}}, outputs=PORTS["outputs"])  # fmt: skip
    source = stalling if at == "download" else f"s3://lake@{bucket}/in"
    target = f"s3://{'gone' if at == 'upload' else 'lake'}@{bucket}/out"
    run = background(*RUN, file, "-i", f"data={source}", "-O", f"out={target}")
    said = {"download": "downloading", "command": "runs", "upload": "trying again"}[at]
    until(lambda: said in logs(home), 60)
    assert ("runs" in logs(home)) == (at != "download")
    began = time.monotonic()
    assert millwork("runs", "cancel", "last").code == 0
    run.end(30)
    assert time.monotonic() - began < 8
    assert millwork("runs", "show", "last", "--json").json["status"] == "cancelled"
    assert left(storage) == []


def logs(home: Path) -> str:
    """What all attempts have printed so far."""
    return "".join(_text(path) for path in home.glob("attempts/*/log"))
