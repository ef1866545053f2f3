"""A home with a failed instance, and servers that are told of it."""

from __future__ import annotations

import ssl
import subprocess
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.app.sinks import Bench, Web, accepting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path


@pytest.fixture
def serve() -> Iterator[Callable[..., Web]]:
    """Starts servers of the web."""
    started: list[Web] = []

    def start(
        answer: Callable[[BaseHTTPRequestHandler], None] = accepting,
        tls: ssl.SSLContext | None = None,
    ) -> Web:
        web = Web(answer)
        if tls:
            web.socket = tls.wrap_socket(web.socket, server_side=True)
            web.address = web.address.replace("http:", "https:")
        threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
        started.append(web)
        return web

    yield start
    for web in started:
        web.shutdown()
        web.server_close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    with closing(bench.database):
        yield bench


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that is trusted for the test."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
