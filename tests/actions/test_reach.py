"""How far a person reaches: storage, names of before, and what only its creator decides."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from millwork.actions.call import Call
from millwork.actions.connections import leads_inside
from millwork.actions.sources import fetched
from millwork.actions.storage import Storage
from millwork.app.settings import read_settings
from millwork.base.errors import BadRequest, Conflict, Forbidden
from millwork.blobs import code
from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import RunChanged, StepChanged
from millwork.store.assets import New
from tests.actions.office import BOSS, Office, open_office
from tests.actions.shelf import component, pipeline

pytestmark = [pytest.mark.quick, pytest.mark.long]

RUN = RunRow("r1", "night", "pipe", "1", "queued", 1.0, creator="ann", demand={"cpu": 2.0})
RUNNING = replace(RUN, status="running", master=Master(1, "1", "boot"), epoch=1)


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path / "home", monkeypatch)


def connection(office: Office, who: Any, name: str, kind: str, /, **fields: str) -> Any:
    words: dict[str, Any] = {"name": name, "type": kind, "fields": fields}
    return office.do(who, "connections.set", "default", **words)


def kept_inward(office: Office, name: str, kind: str, **fields: str) -> None:
    """A connection whose name led elsewhere when it was made."""
    now = office.clock.wall()
    new = New("default", "connection", name, {"type": kind, **fields}, "dev", now)
    office.context.assets().put(new)


# --- connections ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("s3", "http://[64:ff9b::7f00:1]:9000"), ("s3", "http://2130706433"),
        ("oss", "http://127.0.0.1:9000"), ("http", "http://[2002:7f00:1::]/"),
        ("postgres", "postgresql://8.8.8.8,127.0.0.1/db"),
        ("postgres", "postgresql://8.8.8.8/db?hostaddr=127.0.0.1"),
        ("postgres", "postgresql://8.8.8.8/db?%68ost=127.0.0.1"),
        ("postgres", "postgresql://%2Fvar%2Frun%2Fpostgresql/db"),
    ],
)  # fmt: skip
def test_ways_inside(kind: str, address: str) -> None:
    assert leads_inside(kind, {"endpoint" if kind in ("s3", "oss") else "url": address})


def test_ways_outside() -> None:
    assert not leads_inside("s3", {})
    assert not leads_inside("s3", {"endpoint": "https://8.8.8.8"})
    assert not leads_inside("postgres", {"url": "postgresql://me@8.8.8.8/db?sslmode=require"})


@pytest.mark.parametrize(
    ("kind", "field", "address", "uri"),
    [
        ("s3", "endpoint", "http://127.0.0.1:9", "s3://it@bucket/"),
        ("oss", "endpoint", "http://127.0.0.1:9", "oss://it@bucket/"),
        ("postgres", "url", "postgresql://127.0.0.1:9/db", "table:it/table"),
    ],
)
def test_where_a_name_leads_is_looked_at_when_it_is_used(
    office: Office, kind: str, field: str, address: str, uri: str
) -> None:
    dev = office.hire("dev", "developer")
    kept_inward(office, "it", kind, **{field: address})
    with pytest.raises(Forbidden, match="the server's network"):
        office.do(dev, "data.list", "default", uri=uri)
    with pytest.raises(Forbidden, match="the server's network"):
        office.do(dev, "connections.check", "default", name="it", uri=uri)
    shown = connection(office, BOSS, "it", kind, **{field: address, "patience": "0.1"}
                       if kind != "postgres" else {field: address})  # fmt: skip
    assert "inward" not in shown["fields"]
    place, _ = Storage(office.context, "default", "dev").open(uri)
    assert place is not None


def test_a_connection_stays_as_visible_as_it_was(office: Office) -> None:
    dev = office.hire("dev", "developer")
    words: dict[str, Any] = {"name": "own", "type": "s3", "fields": {"endpoint": "http://8.8.8.8"}}
    made = office.do(dev, "connections.set", "default", visibility="private", **words)
    assert made["visibility"] == "private"
    assert office.do(dev, "connections.set", "default", **words)["visibility"] == "private"
    again = office.do(dev, "connections.set", "default", visibility="public", **words)
    assert again["visibility"] == "public"


def test_nobody_who_only_reads_has_the_server_write(office: Office, tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    connection(office, BOSS, "share", "nas", path=str(share))
    before = os.stat(share).st_mtime_ns
    readers = [office.hire(role, role) for role in ("operator", "labeler", "guest")]
    readers.append(office.token(office.hire("dev", "developer"), scope="read"))
    for who in readers:
        with pytest.raises(Forbidden):
            office.do(who, "connections.check", "default", name="share")
    assert os.stat(share).st_mtime_ns == before
    checks = office.do(BOSS, "connections.check", "default", name="share")["checks"]
    assert all(each["allowed"] for each in checks)


def test_a_dataset_does_not_open_the_servers_files(office: Office, tmp_path: Path) -> None:
    (tmp_path / "prize").write_text("x")
    dev = office.hire("dev", "developer")
    office.context.assets().register(
        New("default", "dataset", "bait", {"uri": f"file://{tmp_path}", "labels": {}}, "dev", 1.0)
    )
    for uri in ("dataset:bait", "dataset:bait@latest", "DATASET:bait"):
        with pytest.raises(Forbidden, match="administrators"):
            office.do(dev, "data.list", "default", uri=uri)
    found = office.do(BOSS, "data.list", "default", uri="dataset:bait")
    assert "prize" in [each["path"] for each in found["items"]]


def test_code_comes_with_a_connection_to_a_repository_alone(office: Office) -> None:
    kept_inward(office, "lake", "s3", secret="lake-secret")
    document = {"repository": "https://evil.example/x.git", "commit": "", "branch": "main",
                "connection": "lake"}  # fmt: skip
    office.context.assets().register(New("default", "code", "src", document, "dev", 1.0))
    with pytest.raises(BadRequest, match="of type s3, and git is needed"):
        fetched(Call(office.context), "src")


# --- the server's own home --------------------------------------------------------------------

READS = component("reads", inputs={"file": {"type": "file"}})


def sent(office: Office, folder: Path, path: str, **files: str) -> str:
    """The digest of a bundle whose pipeline names a path as its data."""
    folder.mkdir()
    (folder / "reads.yaml").write_text(READS)
    flow = pipeline({"one": {"component": "reads.yaml", "inputs": {"file": {"path": path}}}})
    (folder / "pipe.yaml").write_text(flow)
    for name, text in files.items():
        (folder / name).write_text(text)
    return code.snapshot(str(folder), office.context.code_store).digest


@pytest.mark.parametrize(
    "path", ["{home}/token", "file://{home}/token", "../../token", "{elsewhere}/link", "{home}"]
)
def test_a_pipelines_own_data_do_not_lie_in_the_servers_home(
    office: Office, tmp_path: Path, path: str
) -> None:
    home = office.context.home
    Path(home, "token").write_text("x")
    (tmp_path / "link").symlink_to(Path(home, "token"))
    named = path.format(home=home, elsewhere=tmp_path)
    ask = {"bundle": sent(office, tmp_path / "sent", named), "file": "pipe.yaml"}
    dev = office.hire("dev", "developer")
    with pytest.raises(Forbidden, match="in the server's own home"):
        office.do(dev, "runs.create", "default", **ask)
    if path != "../../token":
        assert office.do(BOSS, "runs.create", "default", **ask)["run"]


def test_what_was_sent_may_be_read_and_not_what_another_sent(
    office: Office, tmp_path: Path
) -> None:
    dev = office.hire("dev", "developer")
    own = sent(office, tmp_path / "own", "data", data="x")
    assert office.do(dev, "runs.create", "default", bundle=own, file="pipe.yaml")["run"]
    other = sent(office, tmp_path / "other", f"../{own}/data")
    with pytest.raises(Forbidden, match="in the server's own home"):
        office.do(dev, "runs.create", "default", bundle=other, file="pipe.yaml")


@pytest.mark.parametrize("is_named", [True, False])
def test_data_that_the_settings_name_may_lie_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_named: bool
) -> None:
    home = tmp_path / "home"
    (home / "shared").mkdir(parents=True)
    (home / "shared" / "a.csv").write_text("x")
    if is_named:
        settings = "references: {data: {'azureml:a:1': shared/a.csv}}\n"
        (home / "settings.yaml").write_text(settings)
    office = open_office(home, monkeypatch)
    office.context.maps = lambda: read_settings(str(home))
    ask = {"bundle": sent(office, tmp_path / "sent", f"{home}/shared/a.csv"), "file": "pipe.yaml"}
    dev = office.hire("dev", "developer")
    if is_named:
        assert office.do(dev, "runs.create", "default", **ask)["run"]
        return
    with pytest.raises(Forbidden, match="in the server's own home"):
        office.do(dev, "runs.create", "default", **ask)


@pytest.mark.parametrize("name", ["token", "absent"])
def test_a_dataset_does_not_lead_a_run_into_the_servers_home(
    office: Office, tmp_path: Path, name: str
) -> None:
    Path(office.context.home, "token").write_text("x")
    dev = office.hire("dev", "developer")
    uri = f"file://{office.context.home}/{name}"
    office.context.assets().register(
        New("default", "dataset", "bait", {"uri": uri, "labels": {}}, "dev", 1.0)
    )
    (tmp_path / "sent").mkdir()
    (tmp_path / "sent" / "reads.yaml").write_text(READS)
    digest = code.snapshot(str(tmp_path / "sent"), office.context.code_store).digest
    ask = {"bundle": digest, "file": "reads.yaml"}
    for given in ("dataset:bait@latest", "dataset:bait", uri, uri.removeprefix("file://")):
        with pytest.raises(Forbidden, match="in the server's own home"):
            office.do(dev, "runs.create", "default", inputs={"file": given}, **ask)


# --- workspaces and people --------------------------------------------------------------------


def test_nothing_of_a_workspace_outlives_it(office: Office) -> None:
    for name in ("lab", "lab2"):
        office.do(BOSS, "workspaces.create", name=name)
        office.do(BOSS, "secrets.set", name, name="key", value=f"of {name}")
    office.do(BOSS, "secrets.set", "default", name="key", value="of default")
    digest = "ab" * 32
    uploads = f"{office.context.home}/uploads"
    for name in ("lab", "lab2"):
        os.makedirs(f"{uploads}/{name}/ab")
        with open(f"{uploads}/{name}/ab/{digest}", "w", encoding="utf-8") as file:
            file.write("x")
    office.do(BOSS, "workspaces.delete", "lab")
    assert os.listdir(uploads) == ["lab2"]
    secrets = office.context.secrets
    assert secrets.of("lab").value("key") is None
    assert secrets.of("lab2").value("key") == "of lab2"
    assert secrets.value("key") == "of default"


@pytest.mark.parametrize("thing", ["run", "asset"])
def test_nobody_inherits_by_a_name(office: Office, thing: str) -> None:
    office.hire("ann", "developer")
    if thing == "run":
        office.context.store.create_run(replace(RUN, visibility="private"), [], {})
    else:
        office.context.assets().put(New("default", "draft", "mine", {}, "ann", 1.0))
    office.do(BOSS, "people.delete", person="ann")
    with pytest.raises(Conflict, match="still owns runs or assets"):
        office.hire("ann")


# --- runs -------------------------------------------------------------------------------------


def test_who_sees_a_run_is_for_its_creator_to_say(office: Office) -> None:
    ann, olga = office.hire("ann", "developer"), office.hire("olga", "operator")
    office.context.store.create_run(RUN, [], {})
    with pytest.raises(Forbidden):
        office.do(olga, "runs.change", "default", run="r1", visibility="private")
    said = {"run": "r1", "note": "looked at", "visibility": "public"}
    assert office.do(olga, "runs.change", "default", **said)["visibility"] == "public"
    for who, visibility in ((ann, "private"), (BOSS, "public")):
        done = office.do(who, "runs.change", "default", run="r1", visibility=visibility)
        assert done["visibility"] == visibility


@pytest.mark.parametrize(
    "said", [{"name": "x" * 201}, {"name": "a\x1b[2Jb"}, {"name": "a\nb"}, {"note": "x" * 10_001}]
)
def test_what_is_said_of_a_run_has_an_end(office: Office, said: dict[str, str]) -> None:
    office.context.store.create_run(RUN, [], {})
    with pytest.raises(BadRequest, match=next(iter(said))):
        office.do(BOSS, "runs.change", "default", run="r1", **said)
    with pytest.raises(BadRequest, match=next(iter(said))):
        office.do(BOSS, "runs.create", "default", component="absent", **said)
    kept = {"name": "x" * 200, "note": "two\nlines"}
    assert office.do(BOSS, "runs.change", "default", run="r1", **kept)["name"] == "x" * 200


def test_tags_take_the_place_of_those_that_there_were(office: Office) -> None:
    office.context.store.create_run(replace(RUN, tags={"team": "a", "kept": "no"}), [], {})
    changed = office.do(BOSS, "runs.change", "default", run="r1", tags={"team": "b", "über": ""})
    assert changed["tags"] == {"team": "b", "über": ""}
    assert office.do(BOSS, "runs.change", "default", run="r1", note="x")["tags"] == changed["tags"]
    [row] = office.do(BOSS, "runs.list", "default", tag="team=b")["items"]
    assert row["run"] == "r1"
    assert office.do(BOSS, "runs.change", "default", run="r1", tags={})["tags"] == {}


@pytest.mark.parametrize(
    "tags",
    [{"": "x"}, {"a=b": "x"}, {"a\nb": "x"}, {"x" * 201: "x"}, {"a": "x" * 10_001},
     {"a": "\ud800"}, {f"t{number}": "" for number in range(201)}],
)  # fmt: skip
def test_tags_have_an_end(office: Office, tags: dict[str, str]) -> None:
    office.context.store.create_run(RUN, [], {})
    for verb, said in (("runs.change", {"run": "r1"}), ("runs.create", {"component": "absent"})):
        with pytest.raises(BadRequest, match=r"^tags"):
            office.do(BOSS, verb, "default", tags=tags, **said)


def test_only_of_a_run_that_goes_on_are_the_steps_counted(office: Office) -> None:
    steps = [StepRow(name, place, "pending", spec={}) for place, name in enumerate("abc")]
    store = office.context.store
    for name in ("r1", "r2"):
        store.create_run(replace(RUNNING, id=name), steps, {})
        store.commit(name, RUNNING.epoch, 1.0, [StepChanged("a", "running")])
    store.commit("r2", RUNNING.epoch, 2.0, [RunChanged("failed")])
    rows = office.do(BOSS, "runs.list", "default")["items"]
    counted = {row["run"]: row["progress"] for row in rows}
    assert counted == {"r1": {"pending": 2, "running": 1}, "r2": {}}


def test_an_output_is_not_written_into_the_servers_home(office: Office, tmp_path: Path) -> None:
    dev = office.hire("dev", "developer")
    (tmp_path / "makes").mkdir()
    made = component("makes", outputs={"out": {"type": "folder"}})
    (tmp_path / "makes" / "makes.yaml").write_text(made)
    store = office.context.code_store
    ask = {"bundle": code.snapshot(str(tmp_path / "makes"), store).digest, "file": "makes.yaml"}
    for target in (f"{office.context.home}/x", f"{store}/{ask['bundle']}/x"):
        with pytest.raises(Forbidden, match="in the server's own home"):
            office.do(dev, "runs.create", "default", **ask, outputs={"out": f"file://{target}"})
    there = {"out": f"file://{tmp_path}/there"}
    assert office.do(dev, "runs.create", "default", **ask, outputs=there)["run"]
