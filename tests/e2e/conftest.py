"""What the tests of the whole have besides."""

from tests.e2e.server import server

__all__ = ["server"]
