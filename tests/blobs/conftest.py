"""The S3 server, for all tests of this folder."""

from tests.blobs.s3 import s3_server

__all__ = ["s3_server"]
