"""Runs that read from and write to storage of each kind, as a person would ask for them."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from millwork.blobs.places.mounting import trouble
from tests.blobs.s3 import KEY, READER, READER_SECRET, SECRET, S3Server
from tests.conftest import environment
from tests.store.server import PASSWORD, Server

pytestmark = pytest.mark.xdist_group("s3")

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Component, Millwork, Result

_SET = """
import json, sys
from millwork.actions.call import Call
from millwork.actions.nouns import connections
from millwork.app.compose import open_context
print(json.dumps(connections.set_(Call(open_context()), **json.load(sys.stdin))))
"""
_ALL = "find $PAI_INPUT_DATA -type f | sort; cat $(find $PAI_INPUT_DATA -type f | sort)"
COPY = f"{_ALL} > ${{PAI_OUTPUT_OUT}}all.txt; cat ${{PAI_OUTPUT_OUT}}all.txt"
PORTS: dict[str, Any] = {
    "inputs": {"data": {"type": "folder"}},
    "outputs": {"out": {"type": "folder"}},
}


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A web server of the files in a folder."""
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def connect(home: Path, name: str, kind: str, secret: str = "", **fields: str) -> Any:
    """Makes a connection, as the API's verb does."""
    asked = {"name": name, "type": kind, "fields": fields, "secret": secret}
    done = subprocess.run(
        [sys.executable, "-c", _SET], input=json.dumps(asked), text=True, capture_output=True,
        env=environment(home), check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def connected(home: Path, millwork: Millwork, s3: S3Server) -> None:
    """The server as the connection `lake`, its secret as `lake-secret`."""
    millwork("secrets", "set", "lake-secret", input=SECRET)
    shown = connect(home, "lake", "s3", "lake-secret", endpoint=s3.endpoint, access_key=KEY,
                    patience="5")  # fmt: skip
    assert shown["secret_is_set"]
    assert SECRET not in json.dumps(shown)


def is_reused(result: Result) -> bool:
    return bool(result.json["steps"][0]["attempts"] == 0)


class TestS3:
    def test_a_run_reads_and_writes(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path
    ) -> None:
        connected(home, millwork, s3)
        bucket, client = s3.bucket(), s3.client()
        client.put_object(Bucket=bucket, Key="in/a/b.txt", Body=b"hello\n")
        file = component(COPY + "; env", "copy", **PORTS)
        uri = f"s3://{bucket}/in"
        result = millwork("run", file, "-i", f"data={uri}", "-O", f"out=s3://{bucket}/out/{{run}}",
                          "--json")  # fmt: skip
        assert result.code == 0, result
        run = result.json["run"]
        body = client.get_object(Bucket=bucket, Key=f"out/{run}/all.txt")["Body"].read()
        assert body == b"hello\n"
        log = millwork("runs", "logs", f"{run}/copy").out
        assert f"downloading {uri}" in log
        assert f"uploading to s3://{bucket}/out/{run}" in log
        assert SECRET not in log

        again = millwork("run", file, "-i", f"data={uri}", "--json")
        assert is_reused(again), "an ETag that stays is the same data"
        client.put_object(Bucket=bucket, Key="in/a/b.txt", Body=b"changed\n")
        changed = millwork("run", file, "-i", f"data={uri}", "--json")
        assert not is_reused(changed)
        published = millwork("run", file, "-i", f"data=s3://{bucket}/out/{run}", "--json")
        assert published.code == 0

    def test_a_single_file(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path
    ) -> None:
        connected(home, millwork, s3)
        bucket = s3.bucket()
        s3.client().put_object(Bucket=bucket, Key="x/data.csv", Body=b"1,2\n")
        file = component("echo $PAI_INPUT_DATA; cat $PAI_INPUT_DATA", "cat",
                         inputs={"data": {"type": "file"}})  # fmt: skip
        result = millwork("run", file, "-i", f"data=s3://lake@{bucket}/x/data.csv", "--json")
        assert result.code == 0, result
        log = millwork("runs", "logs", f"{result.json['run']}/cat").out
        assert "input/data/data/data.csv\n1,2\n" in log

    @pytest.mark.parametrize(("key", "secret", "word"), [
        (KEY, "wrong", "SignatureDoesNotMatch"), (READER, READER_SECRET, "403 AccessDenied"),
    ])  # fmt: skip
    def test_what_is_not_allowed_fails_the_attempt_and_says_why(
        self, s3: S3Server, millwork: Millwork, component: Component, key: str, secret: str,
        word: str,
    ) -> None:  # fmt: skip
        bucket = s3.bucket()
        s3.client().put_object(Bucket=bucket, Key="in/a", Body=b"x")
        env = {**s3.environ, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
        file = component(COPY, "copy", **PORTS)
        out = f"s3://{bucket}/out"
        result = millwork("run", file, "-i", f"data=s3://{bucket}/in", "-O", f"out={out}", "--json",
                          env=env)  # fmt: skip
        assert result.code == 1
        reason = result.json["steps"][0]["reason"]
        assert reason.startswith(f"storage: s3://{bucket}/"), reason
        assert word in reason
        assert ";" in reason, "what to do"
        keys = s3.client().list_objects_v2(Bucket=bucket, Prefix="out").get("KeyCount", 0)
        assert keys == 0
        doctor = millwork("doctor", "storage", f"s3://{bucket}/in", env=env)
        assert doctor.code == 1
        assert word in doctor.out
        assert secret not in doctor.out

    def test_code_from_a_bucket(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path
    ) -> None:
        connected(home, millwork, s3)
        bucket = s3.bucket()
        s3.client().put_object(Bucket=bucket, Key="code/main.sh", Body=b"echo from the bucket\n")
        file = component("sh main.sh", "coded", code={"uri": f"s3://{bucket}/code/"})
        result = millwork("run", file, "--json")
        assert result.code == 0, result
        assert "from the bucket" in millwork("runs", "logs", f"{result.json['run']}/coded").out

    def test_data_is_listed_fetched_and_brought(
        self, s3: S3Server, millwork: Millwork, home: Path, tmp_path: Path
    ) -> None:
        connected(home, millwork, s3)
        uri = f"s3://{s3.bucket()}/folder"
        (tmp_path / "folder").mkdir()
        (tmp_path / "folder/x").write_text("x")
        assert millwork("data", "put", "folder", uri).code == 0
        assert millwork("data", "put", "folder", uri).code == 0
        (tmp_path / "folder/x").write_text("y")
        refused = millwork("data", "put", "folder", uri)
        assert (refused.code, "not overwritten" in refused.err) == (3, True)
        assert millwork("data", "ls", uri, "--json").json["published"]
        assert millwork("data", "get", uri, "back").code == 0
        assert (tmp_path / "back/x").read_text() == "x"
        assert millwork("data", "get", uri, "back").code == 2
        assert millwork("data", "ls", "back").code == 2
        doctor = millwork("doctor", "storage", uri)
        assert doctor.code == 0, doctor
        assert [line.split()[:2] for line in doctor.out.splitlines()] == [
            ["ok", "list"], ["ok", "read"], ["ok", "write"],
            ["note" if trouble() else "ok", "mount"],
        ]  # fmt: skip

    def test_what_no_transfer_is_made_for_is_refused_before_the_run(
        self, s3: S3Server, millwork: Millwork, component: Component, home: Path
    ) -> None:
        connected(home, millwork, s3)
        file = component(COPY, "copy", **PORTS)
        for words, says in (
            (("-i", "data=table:nowhere/t"), "no connection 'nowhere'"),
            (("-i", "data=s3://u:p@b/x"), "no user or password"),
            (("-i", "data=ftp://b/x"), "no URI of data"),
            (("-i", "data=dataset:none@1"), "no dataset"),
            (("-i", "data=s3://b/x", "-O", "out=http://h/x"), "only read"),
            (("-i", "data=s3://b/x", "-O", "other=s3://b/x"), "no output 'other'"),
        ):
            result = millwork("run", file, *words)
            assert (result.code, says in result.err) == (2, True), result
        millwork("secrets", "remove", "lake-secret")
        result = millwork("run", file, "-i", "data=s3://b/x")
        assert (result.code, "millwork secrets set lake-secret" in result.err) == (3, True), result
        assert millwork("runs", "list", "--json").json == []


def test_files_and_mounts(
    millwork: Millwork, component: Component, home: Path, tmp_path: Path
) -> None:
    share = tmp_path / "share"
    (share / "in").mkdir(parents=True)
    (share / "in/a").write_text("from the share\n")
    (share / "out-of-it").symlink_to("/etc")
    home.mkdir()
    (home / "settings.yaml").write_text(f"mounts: {{share: {share}}}\n")
    file = component(COPY, "copy", **PORTS)
    result = millwork("run", file, "-i", "data=nas://share/in", "-O", "out=cpfs://share/out/{run}",
                      "--json")  # fmt: skip
    assert result.code == 0, result
    run = result.json["run"]
    assert (share / f"out/{run}/all.txt").read_text().endswith("from the share\n")
    plain = millwork("run", file, "-i", f"data=file://{share}/in", "--json")
    assert is_reused(plain), "the same content, by whatever name"
    led_out = millwork("run", file, "-i", "data=nas://share/out-of-it")
    assert (led_out.code, "leads out" in led_out.err) == (3, True), led_out


def test_web_servers(millwork: Millwork, component: Component, home: Path, tmp_path: Path) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web/a.txt").write_text("from the web\n")
    file = component("cat $PAI_INPUT_DATA", "cat", inputs={"data": {"type": "file"}})
    with serving(tmp_path / "web") as address:
        refused = millwork("run", file, "-i", f"data={address}/a.txt", "--json")
        assert refused.code == 1
        assert "an address of this network" in refused.json["steps"][0]["reason"]
        connect(home, "web", "http", url=address, allow_private="true")
        result = millwork("run", file, "-i", f"data={address}/a.txt", "--json")
        assert result.code == 0, result
        assert "from the web" in millwork("runs", "logs", f"{result.json['run']}/cat").out
        again = millwork("run", file, "-i", f"data={address}/a.txt", "--json")
        assert is_reused(again), "Last-Modified is its identity"
        missing = millwork("run", file, "-i", f"data={address}/b.txt", "--json")
        assert "404" in missing.json["steps"][0]["reason"]


class TestTables:
    def test_of_duckdb(
        self, millwork: Millwork, component: Component, home: Path, tmp_path: Path
    ) -> None:
        duckdb = pytest.importorskip("duckdb")
        place = tmp_path / "house.duckdb"
        with duckdb.connect(str(place)) as database:
            database.execute("CREATE TABLE t AS SELECT range AS n, 'x' || range AS s FROM range(3)")
        connect(home, "house", "duckdb", path=str(place))
        file = component("cp -r $PAI_INPUT_DATA/* $PAI_OUTPUT_OUT", "copy", **PORTS)
        result = millwork("run", file, "-i", "data=table:house/t", "-O", "out=table:house/copy",
                          "--json")  # fmt: skip
        assert result.code == 0, result
        with duckdb.connect(str(place)) as database:
            assert database.execute("SELECT * FROM copy ORDER BY n").fetchall() == [
                (0, "x0"), (1, "x1"), (2, "x2"),
            ]  # fmt: skip

    def test_of_postgres_as_pai_knows_them(
        self, millwork: Millwork, component: Component, home: Path, postgres: Server
    ) -> None:
        import psycopg

        url = postgres.new()
        with psycopg.connect(url) as database:
            database.execute(
                "CREATE TABLE t (n int, s text, at timestamptz, v numeric, j jsonb);"
                "INSERT INTO t VALUES (1, 'ä', '2024-02-29 12:00+00', 1.50, '{\"a\": 1}'),"
                " (2, NULL, NULL, NULL, NULL)"
            )
        plain = url.replace(f":{_quoted(PASSWORD)}@", "@")
        assert plain != url
        millwork("secrets", "set", "db", input=PASSWORD)
        connect(home, "project", "postgres", "db", url=plain)
        file = component(
            "cat $PAI_INPUT_DATA/meta.json; stat -c %a $PAI_ODPS_CREDENTIAL; "
            "grep -c AccessKeySecret $PAI_ODPS_CREDENTIAL; rm $PAI_INPUT_DATA/meta.json || true; "
            "cp $PAI_INPUT_DATA/t.parquet $PAI_OUTPUT_OUT",
            "copy", **PORTS,
        )  # fmt: skip
        result = millwork("run", file, "-i", "data=odps://project/tables/t",
                          "-O", "out=table:project/copy", "--json")  # fmt: skip
        assert result.code == 0, result
        run = result.json["run"]
        log = millwork("runs", "logs", f"{run}/copy").out
        assert '"path": "odps://project/tables/t"' in log
        assert "600\n1\n" in log
        assert PASSWORD not in log
        assert not list(home.glob("attempts/*/ml/input/credential/odps.json"))
        with psycopg.connect(url) as database:
            rows = database.execute("SELECT n, s, v, j FROM copy ORDER BY n").fetchall()
        assert rows == [(1, "ä", "1.50", '{"a": 1}'), (2, None, None, None)]

        millwork("secrets", "set", "db", input="wrong")
        failed = millwork("run", file, "-i", "data=odps://project/tables/t", "--json")
        assert failed.code == 1
        assert "storage: odps://project/tables/t" in failed.json["steps"][0]["reason"]


def _quoted(password: str) -> str:
    from urllib.parse import quote

    return quote(password, safe="")


def test_credentials_are_in_no_file_of_the_home_but_the_secrets(
    s3: S3Server, millwork: Millwork, component: Component, home: Path
) -> None:
    connected(home, millwork, s3)
    bucket = s3.bucket()
    s3.client().put_object(Bucket=bucket, Key="in/a", Body=b"x")
    file = component("env; " + COPY, "copy", **PORTS)
    assert millwork("run", file, "-i", f"data=s3://{bucket}/in").code == 0
    holders = [path.name for path in home.rglob("*") if path.is_file() and SECRET in _text(path)]
    assert holders == ["secrets.json"]


def _text(path: Path) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def test_replicas_of_a_job_share_one_download(
    s3: S3Server, millwork: Millwork, component: Component, home: Path
) -> None:
    connected(home, millwork, s3)
    bucket = s3.bucket()
    s3.client().put_object(Bucket=bucket, Key="in/a", Body=b"shared\n")
    file = component("cat $PAI_INPUT_DATA/a", "job", job_type="PyTorchJob",
                     inputs={"data": {"type": "folder"}})  # fmt: skip
    result = millwork("run", file, "-i", f"data=s3://{bucket}/in", "--replicas", "2", "--json")
    assert result.code == 0, result
    logs = [path.read_text() for path in home.glob("attempts/*/*/log")]
    assert sum("downloading" in log for log in logs) == 1
    assert sum("shared" in log for log in logs) == 2
    assert os.path.isdir(home)
