"""The rules of what may be registered: all faults at once, and nothing hostile."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.registry.kinds import (
    code_faults,
    dataset_faults,
    image_faults,
    model_faults,
    repository_faults,
    thing_faults,
    uri_faults,
)

pytestmark = pytest.mark.quick

HOSTILE = ["../x", "a/b", ".", "..", "", "a\0b", "x" * 300, "\u202egnp.exe", "a b", "-rf", "a\n"]


def dataset(**fields: Any) -> dict[str, Any]:
    return {"uri": "s3://b/x", "mount_path": "", "options": {}, "source": {}, **fields}


def model(**fields: Any) -> dict[str, Any]:
    more = {"format": "", "framework": "", "metrics": {}, "specs": {}}
    return {**dataset(), **more, **fields}


def code(**fields: Any) -> dict[str, Any]:
    empty = {"branch": "", "commit": "", "mount_path": "", "connection": ""}
    return {"repository": "https://example.org/a/b.git", **empty, **fields}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(name: str) -> None:
    assert thing_faults("dataset", name, "", {}, "")


def test_all_faults_are_told_at_once() -> None:
    faults = thing_faults("dataset", "../x", "7", {"a b": "1", "ok": "a\nb"}, "a\0")
    assert [fault.partition(":")[0] for fault in faults] == [
        "name", "version", "labels", "labels.ok", "description",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "uri",
    [
        "s3://bucket/a/b", "oss://bucket/a?endpoint=x", "file:///data/flights", "nas://shared/x",
        "https://example.org/a.csv", "table:lake/flights",
        "odps://project/tables/t",
    ],
)  # fmt: skip
def test_addresses_of_data(uri: str) -> None:
    assert list(uri_faults("uri", uri)) == []


@pytest.mark.parametrize(
    "uri",
    [
        "/etc/passwd", "./x", "gopher://x/y", "s3://user:secret@bucket/x", "file://etc/x",
        "file:../x", "s3://bucket/../other", "s3://bucket/a\nb", "s3://b/" + "x" * 3000,
        "javascript:alert(1)", "s3://b/\u202ex", "s3:\\\\b\\x", "dataset:other@v1", "",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(uri: str) -> None:
    assert list(uri_faults("uri", uri))


@pytest.mark.parametrize(
    "repository",
    ["https://example.org/a/b.git", "ssh://git@example.org:2222/a/b", "git@example.org:a/b.git"],
)
def test_repositories(repository: str) -> None:
    assert list(repository_faults(repository)) == []


@pytest.mark.parametrize(
    "repository",
    [
        "file:///srv/git/x", "/srv/git/x", "../x", "https://user:token@example.org/a",
        "https://token@example.org/a", "ext::sh -c id", "git@-oProxyCommand=id:x",
        "ssh://-oProxyCommand=id/x", "--upload-pack=id", "https://example.org/a/../b",
        "https://example.org/a b", "http://example.org/a", "C:\\x", "host:path",
    ],
)  # fmt: skip
def test_other_repositories_are_refused(repository: str) -> None:
    assert list(repository_faults(repository))


@pytest.mark.parametrize(
    "fields",
    [
        {"branch": "--upload-pack=id"}, {"branch": "a..b"}, {"branch": "a b"},
        {"commit": "abc"}, {"commit": "HEAD"}, {"mount_path": "../x"}, {"mount_path": "/"},
        {"mount_path": "/a/../b"}, {"connection": "../x"},
    ],
)  # fmt: skip
def test_faults_of_code_sources(fields: dict[str, str]) -> None:
    assert code_faults(code(**fields))
    assert not code_faults(code(branch="release/1.0", commit="a" * 40, mount_path="/mnt/code"))


@pytest.mark.parametrize(
    "uri", ["python:3.11", "example.org:5000/team/x@sha256:" + "a" * 64, "a/b/c:v1.0-gpu"]
)
def test_images(uri: str) -> None:
    assert image_faults({"uri": uri}) == []


@pytest.mark.parametrize("uri", ["", "-v/:/host", "a b", "../x", "x;id", "x\n", "file:///x"])
def test_other_images_are_refused(uri: str) -> None:
    assert image_faults({"uri": uri})


def test_a_dataset_has_an_address_or_comes_from_a_run() -> None:
    source = {"run": "a", "step": "b", "port": "c"}
    assert not dataset_faults(dataset())
    assert not dataset_faults(dataset(uri="", source=source))
    assert dataset_faults(dataset(uri=""))
    assert dataset_faults(dataset(source=source))


def test_sizes_of_what_a_model_says() -> None:
    assert not model_faults(model(metrics={"auc": 0.9}, specs={"inference": {"port": 8080}}))
    faults = model_faults(
        model(
            metrics={"x": "y" * 9000},
            specs={"training": {"x": "y" * 70_000}, "cooking": {}, "evaluation": []},
        )
    )
    assert [fault.partition(":")[0] for fault in faults] == [
        "metrics", "specs.training", "specs", "specs.evaluation",
    ]  # fmt: skip


def test_nan_is_no_metric() -> None:
    assert model_faults(model(metrics={"loss": float("nan")}))
