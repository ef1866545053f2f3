"""What the tests of the whole have besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import server

if TYPE_CHECKING:
    from tests.blobs.s3 import S3Server

__all__ = ["server"]


@pytest.fixture(scope="session")
def s3(s3_server: S3Server) -> S3Server:
    """The S3 server, by a shorter name."""
    return s3_server
