"""Places of data against the real thing: what is written is verified, and appears whole."""

from __future__ import annotations

import http.server
import os
import random
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import BadRequest
from millwork.base.uris import parse_uri
from millwork.blobs.places.model import MANIFEST, Access, StorageError
from millwork.blobs.places.opening import open_place
from millwork.blobs.places.s3 import S3
from tests.blobs.s3 import KEY, READER, READER_SECRET, SECRET, S3Server, free_ports, s3_running

pytestmark = pytest.mark.xdist_group("s3")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MIB = 1 << 20


def access(server: S3Server, key: str = KEY, secret: str = SECRET, **fields: str) -> Access:
    return Access({"endpoint": server.endpoint, "access_key": key, **fields}, secret)


def place(server: S3Server, **fields: Any) -> S3:
    return S3(access(server, **{"patience": "2", **fields}))


def folder(path: Path, **files: bytes) -> str:
    for name, content in files.items():
        file = path / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return str(path)


class TestS3:
    def test_a_file_comes_back_as_it_was(self, s3_server: S3Server, tmp_path: Path) -> None:
        uri = parse_uri(f"s3://{s3_server.bucket()}/a/b.bin")
        (tmp_path / "b.bin").write_bytes(os.urandom(3 * _MIB))
        place(s3_server).put(str(tmp_path / "b.bin"), uri)
        found = place(s3_server).get(uri, str(tmp_path / "back"))
        assert found.is_file
        assert found.identity.startswith("etag:")
        assert (tmp_path / "back").read_bytes() == (tmp_path / "b.bin").read_bytes()

    def test_a_large_file_goes_in_parts(self, s3_server: S3Server, tmp_path: Path) -> None:
        bucket = s3_server.bucket()
        uri = parse_uri(f"s3://{bucket}/large")
        (tmp_path / "large").write_bytes(random.Random(0).randbytes(70 * _MIB))
        place(s3_server).put(str(tmp_path / "large"), uri)
        assert s3_server.client().head_object(Bucket=bucket, Key="large")["ETag"].endswith('-9"')
        place(s3_server).get(uri, str(tmp_path / "back"))
        assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()

    def test_a_folder_is_published_by_its_manifest(
        self, s3_server: S3Server, tmp_path: Path
    ) -> None:
        bucket = s3_server.bucket()
        uri = parse_uri(f"s3://{bucket}/model/")
        source = folder(tmp_path / "model", one=b"1", sub__two=b"22")
        put = place(s3_server).put(source, uri)
        # What lies beside what was published does not belong to it.
        s3_server.client().put_object(Bucket=bucket, Key="model/later", Body=b"3")
        found = place(s3_server).get(uri, str(tmp_path / "back"))
        assert [entry.path for entry in found.entries] == ["one", "sub/two"]
        assert found.identity == put.identity
        assert (tmp_path / "back/sub/two").read_bytes() == b"22"
        assert not (tmp_path / "back/later").exists()

    def test_the_same_folder_twice_is_the_same(self, s3_server: S3Server, tmp_path: Path) -> None:
        uri = parse_uri(f"s3://{s3_server.bucket()}/model")
        source = folder(tmp_path / "model", one=b"1")
        first = place(s3_server).put(source, uri)
        assert place(s3_server).put(source, uri).identity == first.identity

    def test_another_folder_is_refused_and_changes_nothing(
        self, s3_server: S3Server, tmp_path: Path
    ) -> None:
        uri = parse_uri(f"s3://{s3_server.bucket()}/model")
        place(s3_server).put(folder(tmp_path / "model", one=b"1"), uri)
        with pytest.raises(StorageError, match="not overwritten") as caught:
            place(s3_server).put(folder(tmp_path / "other", one=b"2"), uri)
        assert caught.value.kind == "taken"
        place(s3_server).get(uri, str(tmp_path / "back"))
        assert (tmp_path / "back/one").read_bytes() == b"1"

    def test_a_plain_prefix_is_read_too(self, s3_server: S3Server, tmp_path: Path) -> None:
        bucket = s3_server.bucket()
        for number in range(3):
            s3_server.client().put_object(Bucket=bucket, Key=f"d/{number}.txt", Body=b"x")
        found = place(s3_server).get(parse_uri(f"s3://{bucket}/d"), str(tmp_path / "d"))
        assert len(found.entries) == 3
        assert found.identity.startswith("listing:")

    def test_a_damaged_object_is_an_error_with_both_sums(
        self, s3_server: S3Server, tmp_path: Path
    ) -> None:
        bucket = s3_server.bucket()
        uri = parse_uri(f"s3://{bucket}/model")
        place(s3_server).put(folder(tmp_path / "model", one=b"1"), uri)
        s3_server.client().put_object(Bucket=bucket, Key="model/one", Body=b"2")
        with pytest.raises(StorageError, match="wrong checksum") as caught:
            place(s3_server).get(uri, str(tmp_path / "back"))
        assert caught.value.kind == "checksum"
        assert "6b86b273ff34fce1" in str(caught.value)
        assert "d4735e3a265e16ee" in str(caught.value)
        assert not (tmp_path / "back/one").exists()

    def test_a_wrong_sum_on_the_way_up_leaves_nothing(
        self, s3_server: S3Server, tmp_path: Path
    ) -> None:
        bucket = s3_server.bucket()
        (tmp_path / "large").write_bytes(bytes(70 * _MIB))
        with tampered(s3_server) as endpoint, pytest.raises(StorageError) as caught:
            S3(access(s3_server, endpoint=endpoint)).put(
                str(tmp_path / "large"), parse_uri(f"s3://{bucket}/large")
            )
        assert caught.value.kind == "checksum", caught.value
        assert "has 0000" in str(caught.value)
        client = s3_server.client()
        assert "Contents" not in client.list_objects_v2(Bucket=bucket)
        assert "Uploads" not in client.list_multipart_uploads(Bucket=bucket)

    def test_a_name_that_leads_out_is_refused(self, s3_server: S3Server, tmp_path: Path) -> None:
        bucket = s3_server.bucket()
        client = s3_server.client()
        client.put_object(Bucket=bucket, Key=f"d/{MANIFEST}", Body=b'[["../../x",1,"ab"]]')
        with pytest.raises(StorageError):
            place(s3_server).get(parse_uri(f"s3://{bucket}/d"), str(tmp_path / "d"))
        assert not (tmp_path.parent / "x").exists()


class TestRefusals:
    @pytest.mark.parametrize(
        ("key", "secret", "bucket", "kind", "word"),
        [
            (KEY, "wrong", "ready", "secret", "secrets set"),
            ("nobody", "x", "ready", "secret", "access key"),
            (KEY, SECRET, "not-there", "bucket", "bucket"),
            (KEY, SECRET, "ready", "empty", "no object"),
        ],
    )
    def test_each_says_what_to_do(
        self, s3_server: S3Server, tmp_path: Path, key: str, secret: str, bucket: str, kind: str,
        word: str,
    ) -> None:  # fmt: skip
        with pytest.raises(StorageError, match=word) as caught:
            S3(access(s3_server, key, secret)).get(
                parse_uri(f"s3://{bucket}/none/such"), str(tmp_path / "x")
            )
        assert caught.value.kind == kind
        assert secret not in str(caught.value) or secret == "x"

    def test_no_permission_to_write(self, s3_server: S3Server, tmp_path: Path) -> None:
        bucket = s3_server.bucket()
        (tmp_path / "f").write_bytes(b"x")
        with pytest.raises(StorageError, match=r"may not write.*403 AccessDenied.*owner") as caught:
            S3(access(s3_server, READER, READER_SECRET)).put(
                str(tmp_path / "f"), parse_uri(f"s3://{bucket}/f")
            )
        assert caught.value.kind == "denied"

    def test_nobody_answers(self, tmp_path: Path) -> None:
        fields = {"endpoint": f"http://127.0.0.1:{free_ports(1)[0]}", "patience": "0.5"}
        with pytest.raises(StorageError, match="cannot be reached") as caught:
            S3(Access({**fields, "access_key": "a"}, "b")).find(parse_uri("s3://b/k"))
        assert caught.value.kind == "unreachable"

    def test_check_tells_what_is_allowed(self, s3_server: S3Server) -> None:
        uri = parse_uri(f"s3://{s3_server.bucket()}/")
        s3_server.client().put_object(Bucket=uri.host, Key="x", Body=b"x")
        allowed = {check.what: check.allowed for check in place(s3_server).check(uri)}
        assert allowed == {"list": True, "read": True, "write": True}
        reader = S3(access(s3_server, READER, READER_SECRET)).check(uri)
        assert {check.what: check.allowed for check in reader} == {
            "list": True, "read": True, "write": False,
        }  # fmt: skip
        wrong = S3(access(s3_server, KEY, "wrong")).check(uri)
        assert [(check.what, check.kind) for check in wrong] == [("list", "secret")]


class TestFaults:
    def test_a_server_killed_during_an_upload(self, tmp_path: Path) -> None:
        """It is back in time, and the upload succeeds; or nothing of it can be read."""
        (tmp_path / "large").write_bytes(random.Random(1).randbytes(150 * _MIB))
        with s3_running() as server:
            bucket = server.bucket()
            uri = parse_uri(f"s3://{bucket}/large")
            lines: list[str] = []
            told = threading.Event()

            def tell(line: str) -> None:
                lines.append(line)
                told.set()

            def come_back() -> None:
                told.wait(60)
                server.start()

            def restart() -> None:
                server.kill()
                threading.Thread(target=come_back).start()

            patient = Access({**access(server).fields, "patience": "90"}, SECRET, tell)
            upload = _after_parts(S3(patient), 3, restart)
            upload.put(str(tmp_path / "large"), uri)
            assert any("trying again" in line for line in lines)
            place(server).get(uri, str(tmp_path / "back"))
            assert (tmp_path / "back").read_bytes() == (tmp_path / "large").read_bytes()

            bucket = server.bucket()
            upload = _after_parts(S3(access(server, patience="1")), 3, server.kill)
            with pytest.raises(StorageError) as caught:
                upload.put(str(tmp_path / "large"), parse_uri(f"s3://{bucket}/large"))
            assert caught.value.kind == "unreachable"
            server.start()
            assert "Contents" not in server.client().list_objects_v2(Bucket=bucket)

    def test_permission_lost_half_way(self, tmp_path: Path) -> None:
        """A folder that was begun is not published."""
        source = folder(tmp_path / "many", **{f"f{n:02}": b"x" * n for n in range(40)})
        with s3_running() as server:
            server.kill()
            server.allow("Write")
            server.start()
            bucket = server.bucket()

            def forbid() -> None:
                server.kill()
                server.allow()
                server.start()

            half = _after_parts(
                S3(access(server, READER, READER_SECRET, patience="30")), 10, forbid, "put_object"
            )
            with pytest.raises(StorageError) as caught:
                half.put(source, parse_uri(f"s3://{bucket}/many"))
            assert caught.value.kind == "denied"
            keys = [
                each["Key"]
                for each in server.client().list_objects_v2(Bucket=bucket).get("Contents", ())
            ]
            assert 0 < len(keys) < 40
            assert f"many/{MANIFEST}" not in keys


def _after_parts(s3: S3, count: int, action: Callable[[], None], name: str = "upload_part") -> S3:
    """The place, where `action` happens before the call of that number."""
    plain, lock, done = s3._call, threading.Lock(), []

    def call(method: str, **words: Any) -> Any:
        if method == name:
            with lock:
                done.append(method)
                if len(done) == count:
                    action()
        return plain(method, **words)

    s3._call = call  # type: ignore[method-assign,assignment]
    return s3


@contextmanager
def tampered(server: S3Server) -> Iterator[str]:
    """A proxy before the server that tells another ETag of every second part."""
    import http.client

    class Proxy(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size) if size else None
            there = http.client.HTTPConnection(server.endpoint.removeprefix("http://"))
            # The signature is of the host as the client knows it.
            headers = {name: value for name, value in self.headers.items() if name != "Expect"}
            there.request(self.command, self.path, body, headers)
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() == "etag" and "partNumber=2" in self.path:
                    value = '"' + "0" * 32 + '"'
                if name.lower() not in ("transfer-encoding", "content-length"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with serving(Proxy) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def serving(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


def test_uris_without_their_parts_are_refused() -> None:
    for text in ("s3://", "s3://a:b@c/d", "nas://m/../x", "odps://p/x", "table:c", "ftp://x/y",
                 "file://host/x", "http://u@h/x"):  # fmt: skip
        with pytest.raises(BadRequest):
            parse_uri(text)


def test_oss_names_its_endpoint_in_the_uri() -> None:
    uri = parse_uri("oss://bucket.oss-cn-hangzhou-internal.aliyuncs.com/a/b")
    assert (uri.host, uri.endpoint) == ("bucket", "oss-cn-hangzhou-internal.aliyuncs.com")
    made: Any = open_place(uri, Access())
    assert made._access.get("region") == "oss-cn-hangzhou"
    assert made._access.get("addressing") == "virtual"


def test_a_uri_leads_a_key_to_alibaba_cloud_at_most() -> None:
    for host in (
        "oss-x.evil.example",
        "oss-x.evil.aliyuncs.com",
        "oss-cn.aliyuncs.com.evil.example",
    ):
        uri = parse_uri(f"oss://conn@b.{host}/k")
        assert uri.endpoint == host
        with pytest.raises(BadRequest, match="none of Alibaba Cloud"):
            open_place(uri, Access())
        for own in ("https://oss-cn-hangzhou.aliyuncs.com", "http://127.0.0.1:9000"):
            made: Any = open_place(uri, Access({"endpoint": own}))
            assert made._access.get("endpoint") == own
    uri = parse_uri("oss://conn@b.oss-cn-shanghai.aliyuncs.com/k")
    made = open_place(uri, Access({"endpoint": "http://127.0.0.1:9000"}))
    assert made._access.get("endpoint") == "http://127.0.0.1:9000"
