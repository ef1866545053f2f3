"""Artifacts in a real S3: published before they are recorded, fetched when they are not here."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.gc import collect
from millwork.actions.gc_kept import collect_kept
from millwork.actions.tally import Tally, Wish
from millwork.app import compose
from millwork.app.compose import open_context
from millwork.ports.retention import Retention
from millwork.store.assets import New
from millwork.store.runs import RunStore
from tests.blobs.s3 import S3Server, s3_running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from millwork.actions.context import Context
    from millwork.views.retention import Collected
    from tests.conftest import Component, Millwork, Pipeline, Result

pytestmark = pytest.mark.xdist_group("s3")
LARGE = 'head -c 200000 /dev/zero | tr "\\0" x > "${PAI_OUTPUT_O}large"'


class Bench:
    """A home whose artifacts are kept in a bucket of its own."""

    def __init__(
        self, server: S3Server, home: Path, millwork: Millwork, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.server, self.home, self._millwork = server, home, millwork
        self._monkeypatch = monkeypatch
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("MILLWORK_HOME", str(home))
        self.bucket = server.bucket()
        self.keep()

    def keep(self, prefix: str = "kept", patience: float = 2) -> None:
        """The settings, and the connection that they name."""
        self.home.mkdir(exist_ok=True)
        (self.home / "settings.yaml").unlink(missing_ok=True)
        context = open_context()
        document = {"type": "s3", "endpoint": self.server.endpoint, "patience": str(patience)}
        context.assets().put(New("default", "connection", "store", document, "ann", 1.0))
        assert isinstance(context.store, RunStore)
        context.store.close()
        text = f"artifacts: s3://store@{self.bucket}/{prefix}\n"
        (self.home / "settings.yaml").write_text(text)

    def run(self, file: Path, *words: str) -> Result:
        return self._millwork("run", file, "--json", *words)

    def objects(self, below: str = "kept/") -> list[str]:
        pages = self.server.client().get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket, Prefix=below)
        return [each["Key"] for page in found for each in page.get("Contents", ())]

    def lose(self) -> None:
        """All local files of all attempts."""
        shutil.rmtree(self.home / "attempts")

    def forget(self, run: str) -> None:
        """The rows of a run; its objects have no name then."""
        context = open_context()
        assert context.retention().drop(run) is not None
        assert isinstance(context.store, RunStore)
        context.store.close()

    def collect(self, *, local: bool = False, days: float | None = None) -> Collected:
        with self._context() as context:
            return collect(context, Wish(Retention(runs_days=days), is_local=local, young=0.0))

    def collect_kept(self) -> None:
        """A collection of the bucket alone."""
        with self._context() as context:
            collect_kept(Tally(context, Wish(young=0.0)))

    @contextmanager
    def _context(self) -> Iterator[Context]:
        compose.home_settings.cache_clear()
        compose._execution.cache_clear()
        context = open_context()
        try:
            yield context
        finally:
            assert isinstance(context.store, RunStore)
            context.store.close()


@pytest.fixture
def bench(
    s3_server: S3Server,
    home: Path, millwork: Millwork, monkeypatch: pytest.MonkeyPatch,
) -> Bench:  # fmt: skip
    return Bench(s3_server, home, millwork, monkeypatch)


@pytest.fixture
def own_server() -> Iterator[S3Server]:
    with s3_running() as server:
        yield server


def chain(component: Component, pipeline: Pipeline) -> Path:
    command = (
        'mkdir -p "${PAI_OUTPUT_O}sub/empty"; echo of a > "${PAI_OUTPUT_O}sub/f"; '
        'echo of a > "${PAI_OUTPUT_O}same"; ln -s sub/f "${PAI_OUTPUT_O}link"; '
        'printf "#!/bin/sh\\necho ran" > "${PAI_OUTPUT_O}prog"; chmod +x "${PAI_OUTPUT_O}prog"; '
        'printf 7 > "$PAI_OUTPUT_V"'
    )
    component(command, "a", outputs={"o": {}, "v": {"type": "value"}})
    component(
        'cat "$PAI_INPUT_I/link" > "${PAI_OUTPUT_O}g"; "$PAI_INPUT_I/prog" >> "${PAI_OUTPUT_O}g"',
        "b", inputs={"i": {}}, outputs={"o": {}},
    )  # fmt: skip
    nodes: dict[str, Any] = {"a": {}, "b": {"inputs": {"i": {"from": "a.o"}}}}
    return pipeline(nodes, outputs={"last": {"from": "b.o"}, "first": {"from": "a.o"}})


def test_what_was_lost_here_is_fetched_and_used_again(
    bench: Bench, component: Component, pipeline: Pipeline, millwork: Millwork, tmp_path: Path
) -> None:
    file = chain(component, pipeline)
    first = bench.run(file)
    assert first.code == 0, first.err
    run = first.json["run"]
    keys = bench.objects()
    assert {f"kept/artifacts/{run}-1/{port}.json" for port in "ov"} <= set(keys)
    files = [key for key in keys if key.startswith("kept/files/")]
    assert len(files) == 4  # `of a` is there once; prog; 7; what b left
    bench.lose()
    again = bench.run(file)
    assert again.code == 0, again.err
    assert [step["attempts"] for step in again.json["steps"]] == [0, 0]
    assert sorted(bench.objects()) == sorted(keys)
    last = tmp_path / "home" / "attempts" / f"{run}-2" / "ml/output/o/g"
    assert last.read_text() == "of a\nran\n"
    bench.lose()
    assert bench.run(file, "--force", "b").code == 0  # fetches what b reads
    bench.lose()
    assert bench.run(file, "-o", str(tmp_path / "out")).code == 0
    assert (tmp_path / "out/last/g").read_text() == "of a\nran\n"
    assert (tmp_path / "out/first/sub/empty").is_dir()
    assert (tmp_path / "out/first/link").readlink().name == "f"
    found = millwork("doctor", "artifacts", "--json").json
    assert {each["state"] for each in found} == {"ok"}


def test_a_damaged_copy_is_mended_and_a_damaged_object_is_not_taken(
    bench: Bench, component: Component
) -> None:
    file = component('echo good > "${PAI_OUTPUT_O}f"', outputs={"o": {}})
    path = bench.run(file).json["outputs"]["o"] + "/f"
    with open(path, "a") as opened:
        opened.write("more")
    assert bench.run(file).step("step")["attempts"] == 0
    with open(path) as opened:
        assert opened.read() == "good\n"
    (key,) = bench.objects("kept/files/")
    bench.server.client().put_object(Bucket=bench.bucket, Key=key, Body=b"evil\n")
    bench.lose()
    again = bench.run(file)
    assert again.code == 0
    assert again.step("step")["attempts"] == 1


def test_a_server_that_is_away_fails_the_attempt_and_a_resume_publishes(
    own_server: S3Server, home: Path, millwork: Millwork, component: Component,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    bench = Bench(own_server, home, millwork, monkeypatch)
    file = component('echo x > "${PAI_OUTPUT_O}f"', outputs={"o": {}})
    own_server.kill()
    begun = time.monotonic()
    failed = bench.run(file)
    assert time.monotonic() - begun > 1.5  # it was tried again
    assert failed.code == 1
    reason = failed.step("step")["reason"]
    assert "cannot be reached" in reason
    assert f"s3://store@{bench.bucket}/kept" in reason
    run = failed.json["run"]
    assert failed.json["outputs"] == {}
    own_server.start()
    assert bench.objects() == []
    done = millwork("runs", "resume", run, "--json")
    assert done.code == 0, done.err
    assert len(bench.objects("kept/artifacts/")) == 1
    own_server.kill()
    bench.lose()
    anew = bench.run(file)  # the result cannot be fetched: it is kept, and the work is done again
    assert anew.code == 1
    own_server.start()
    assert bench.run(file).step("step")["attempts"] == 0


def test_a_home_does_not_take_another_s_prefix(bench: Bench, component: Component) -> None:
    file = component('echo x > "${PAI_OUTPUT_O}f"', outputs={"o": {}})
    other = {"home": "another"}
    bench.server.client().put_object(
        Bucket=bench.bucket, Key="kept/home.json", Body=json.dumps(other).encode()
    )
    failed = bench.run(file)
    assert failed.code == 1
    assert "artifacts of another Millwork home" in failed.step("step")["reason"]
    assert bench.objects() == ["kept/home.json"]
    (left,) = bench.collect()["left"]
    assert "another Millwork home" in left["why"]
    assert bench.objects() == ["kept/home.json"]
    bench.keep("mine")
    assert bench.run(file).code == 0


def test_a_fault_in_the_settings_is_told(bench: Bench, component: Component, home: Path) -> None:
    file = component("true")
    for text in ("s3://bucket", "file:///x", "/x", "s3://user:password@b/x"):
        (home / "settings.yaml").write_text(f"artifacts: {text}\n")
        refused = bench.run(file)
        assert refused.code == 2
        assert "s3://BUCKET/PREFIX" in refused.err
    (home / "settings.yaml").write_text(f"artifacts: s3://nothing@{bench.bucket}/x\n")
    file = component('echo x > "${PAI_OUTPUT_O}f"', outputs={"o": {}})
    failed = bench.run(file)
    assert "there is no connection 'nothing'" in failed.step("step")["reason"]


def test_collection_keeps_what_is_named_and_frees_local_copies(
    bench: Bench, component: Component, millwork: Millwork
) -> None:
    once = component(LARGE, "once", outputs={"o": {}}, is_deterministic=False)
    kept = component(LARGE.replace("x >", "y >"), "kept", outputs={"o": {}})
    first, second = bench.run(once).json["run"], bench.run(kept).json
    assert len(bench.objects("kept/files/")) == 1 + 1
    bench.server.client().put_object(
        Bucket=bench.bucket, Key=f"kept/files/ff/{'f' * 64}", Body=b"1"
    )
    found = bench.collect(local=True)
    assert {item["kind"] for item in found["items"]} == {"S3 file", "local copy"}
    assert found["bytes"] == 400_001
    assert not list((bench.home / "attempts").glob("*/ml/output/o/large"))
    assert len(bench.objects("kept/files/")) == 2
    assert bench.collect(local=True)["items"] == []
    out = str(bench.home.parent / "out")
    assert bench.run(kept, "-o", out).step("kept")["attempts"] == 0
    found = bench.collect(days=0)
    assert millwork("runs", "show", first).code == 2
    assert bench.objects("kept/artifacts/") == [f"kept/artifacts/{second['run']}-1/o.json"]
    assert len(bench.objects("kept/files/")) == 1
    bench.lose()
    assert bench.run(kept).step("kept")["attempts"] == 0


def test_publications_and_collections_at_the_same_time(
    bench: Bench, component: Component, background: Callable[..., Any]
) -> None:
    """Each run leaves bytes that nothing names any more, which a collection is after.

    Only what is in the bucket is collected while a run goes on: that is kept by what is announced,
    at any age. A copy of code that a run is about to name is kept by its age, and here it has none.
    """
    file = component(LARGE, outputs={"o": {}}, is_deterministic=False)
    for _ in range(4):
        started = background("run", file, "--json")
        while started.process.poll() is None:
            bench.collect_kept()
        code, out, err = started.end()
        assert code == 0, err
        bench.collect()
        run = json.loads(out.splitlines()[-1])["run"]
        assert f"kept/artifacts/{run}-1/o.json" in bench.objects()
        assert len(bench.objects("kept/files/")) == 1
        bench.forget(run)
    bench.collect()
    assert bench.objects() == ["kept/home.json"]
