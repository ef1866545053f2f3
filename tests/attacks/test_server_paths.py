"""Paths that lead elsewhere: in addresses, in manifests of files, and in definitions that are sent.

MLflow CVE-2023-1177, -2356, -2780 and CVE-2024-1560 were one mistake, mended four times; Python's
own `tarfile` was another. Nothing here is joined to a path: it is looked up, or refused.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from tests.attacks.door import DEFAULT, good, opened, spell, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.attacks.door import Answer, Door

pytestmark = pytest.mark.xdist_group("attacks-paths")

PRIZE = "the prize of whoever leaves their folder"
OUT = "../../../../../../../../../.."
SPELLINGS = [
    "..", ".", "../", "../..", "../../token", "/etc/passwd", "//etc/passwd", "..\\..\\token",
    "..%2f..%2ftoken", "%2e%2e/%2e%2e/token", "%252e%252e%252ftoken", "....//....//token",
    "..;/token", "file:///etc/passwd", "file://localhost/etc/passwd", "a/../../token", "~/token",
    "token\0.txt", "\0", "token#", "token?x", "C:\\boot.ini", "\\\\server\\share", "..\u2215token",
    "\uff0e\uff0e/token", ".%00./token", "%", "%zz", "a" * 5000, "*", "a.txt/../../token",
    "$(cat /etc/passwd)", "{a.txt}", "a.txt/", "./a.txt", "x//a.txt",
]  # fmt: skip
"""What is spelt in each place as it is, percent-encoded whole, and twice."""

SEES = "mkdir -p $PAI_OUTPUT_O/x; cd $PAI_OUTPUT_O; echo hello > x/a.txt; ln -s a.txt x/inside"


@pytest.fixture(scope="module")
def prize(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that no way leads to."""
    path = tmp_path_factory.mktemp("prize") / "prize.yaml"
    path.write_text(f"# {PRIZE}\n{text('true', 'prize')}")
    (path.parent / "folder").mkdir()
    (path.parent / "requirements.txt").write_text("numpy\n")
    return path


@pytest.fixture(scope="module")
def ran(door: Door) -> str:
    """A run that is over, with an output of a few files."""
    run = door.run({"component.yaml": text(SEES, outputs={"o": {}})})
    assert door.finished(run)["status"] == "succeeded"
    return run


def places(run: str) -> Iterator[tuple[str, str]]:
    """Everywhere in an address where a name stands: the method, and the address with `{}`."""
    here = f"{DEFAULT}/runs/{run}"
    for path in (
        f"{here}/artifacts/step/o/file?path={{}}", f"{here}/artifacts/step/o/preview?path={{}}",
        f"{here}/artifacts/step/{{}}/file?path=a.txt", f"{here}/artifacts/{{}}/o/file?path=a.txt",
        f"{here}/artifacts/step/{{}}", f"{here}/steps/step/logs/{{}}", f"{here}/steps/{{}}/logs",
        f"{here}/steps/step/logs/{{}}/follow", f"{here}/steps/{{}}/attempts",
        f"{DEFAULT}/runs/{{}}", f"{DEFAULT}/runs/{{}}/events/follow", "/workspaces/{}/runs",
    ):  # fmt: skip
        yield "GET", path
    for noun in ("components", "pipelines", "datasets", "models", "images", "codes", "drafts",
                 "connections"):  # fmt: skip
        yield "GET", f"{DEFAULT}/{noun}/{{}}"
        yield "DELETE", f"{DEFAULT}/{noun}/{{}}"
        if noun not in ("drafts", "connections"):
            yield "GET", f"{DEFAULT}/{noun}/{{}}/versions/1"
            yield "GET", f"{DEFAULT}/{noun}/name/versions/{{}}"
    yield "DELETE", f"{DEFAULT}/runs/{{}}"
    yield "DELETE", f"{DEFAULT}/secrets/{{}}"
    yield "DELETE", f"{DEFAULT}/members/{{}}"
    yield "DELETE", "/workspaces/{}"
    yield "DELETE", "/people/{}"
    yield "DELETE", "/me/sessions/{}"
    yield "DELETE", "/me/tokens/{}"
    yield "PUT", f"{DEFAULT}/files/{{}}"


def names_in(folder: Path) -> set[str]:
    """All that there is in a home, but for what comes and goes."""
    return {str(path) for path in folder.rglob("*") if "uploads" not in path.parts}


def is_told_nothing(answer: Answer) -> bool:
    shown = answer.body.decode("utf-8", "replace")
    return not any(word in shown for word in (PRIZE, "root:x:0", "mw_"))


def test_mlflow_no_spelling_of_a_path_leads_out_by_an_address(door: Door, ran: str) -> None:
    before = names_in(door.server.home)
    token = (door.server.home / "token").read_text()
    for method, place in places(ran):
        for spelling in SPELLINGS:
            once = spell(spelling)
            for said in {once, spell(once), once.replace("%2F", "/").replace("%5C", "\\")}:
                if set(said) <= {"."}:
                    continue  # clients take them out; by hand they are sent below
                answer = door.ask(method, place.format(said))
                assert answer.status in (400, 401, 403, 404, 405, 409), (
                    method,
                    place,
                    said,
                    answer,
                )
                assert is_told_nothing(answer)
    assert names_in(door.server.home) >= before
    assert (door.server.home / "token").read_text() == token


def test_mlflow_dots_that_no_client_would_send(door: Door, ran: str) -> None:
    host = f"Host: {door.host}\r\nAuthorization: Bearer {door.token}\r\nConnection: close\r\n\r\n"
    here = f"/api/v1{DEFAULT}"
    for path in (
        f"{here}/runs/{ran}/artifacts/step/../../../../../../../etc/passwd", f"{here}/../../x",
        "/../../../../etc/passwd", "//etc/passwd", "/static/../../../token", f"{here}/runs/..",
        f"{here}/components/.", f"{here}/components/..", "/api/v1/../../token", "\\..\\..\\token",
        "http://evil.example/api/v1/me", f"{here}/runs/%00", f"{here}/components/%ff%fe",
        f"{here}/components/a\x00b", f"{here}/components/%c0%ae%c0%ae", "*", "",
    ):  # fmt: skip
        said = door.raw(f"GET {path} HTTP/1.1\r\n{host}".encode("latin-1"))
        status = said.split()[1] if said else b"closed"
        # A foreign name in the address counts for nothing: it is the Host that is looked at.
        wanted = (b"200",) if "evil" in path else (b"400", b"404", b"405", b"closed")
        assert status in wanted, (path, said)
        assert b"root:x:0" not in said


def test_mlflow_files_of_an_artifact_are_those_of_its_manifest(door: Door, ran: str) -> None:
    here = f"{DEFAULT}/runs/{ran}/artifacts/step/o"
    listed = {item["path"]: item for item in good(door.ask("GET", here)).json["items"]}
    assert listed.keys() == {"x/a.txt", "x/inside"}
    assert good(door.ask("GET", f"{here}/file", path="x/a.txt")).body == b"hello\n"
    for path in ("x/inside", "x", "x/", "x/../x/a.txt", "x/a.txt/", "", "a.txt"):
        answer = door.ask("GET", f"{here}/file", path=path)
        assert answer.status == (200 if path == "" else 404), path


def test_mlflow_a_file_replaced_by_a_link_after_the_run_is_not_followed(
    door: Door, prize: Path
) -> None:
    run = door.run({"component.yaml": text("echo a > $PAI_OUTPUT_O/a", outputs={"o": {}})})
    assert door.finished(run)["status"] == "succeeded"
    here = f"{DEFAULT}/runs/{run}/artifacts/step/o"
    file = f"{good(door.ask('GET', here)).json['path']}/a"
    os.unlink(file)
    os.symlink(prize, file)
    for verb in ("file", "preview"):
        answer = door.ask("GET", f"{here}/{verb}", path="a")
        assert answer.status == 409
        assert is_told_nothing(answer)


def test_mlflow_a_folder_replaced_by_a_link_after_the_run_is_not_followed(
    door: Door, prize: Path
) -> None:
    command = "mkdir $PAI_OUTPUT_O/d; echo a > $PAI_OUTPUT_O/d/prize.yaml"
    run = door.run({"component.yaml": text(command, outputs={"o": {}})})
    assert door.finished(run)["status"] == "succeeded"
    here = f"{DEFAULT}/runs/{run}/artifacts/step/o"
    folder = f"{good(door.ask('GET', here)).json['path']}/d"
    os.rename(folder, f"{folder}.away")
    os.symlink(prize.parent, folder)
    for verb in ("file", "preview"):
        answer = door.ask("GET", f"{here}/{verb}", path="d/prize.yaml")
        assert answer.status == 409, answer
        assert is_told_nothing(answer)


@pytest.mark.parametrize("command", [
    "ln -s /etc/passwd $PAI_OUTPUT_O/passwd", "ln -s ../../../.. $PAI_OUTPUT_O/up",
    "mkfifo $PAI_OUTPUT_O/pipe", "cd $PAI_OUTPUT_O; ln -s . a; ln -s a/../../.. b",
])  # fmt: skip
def test_tar_what_leads_out_of_an_output_is_no_artifact(door: Door, command: str) -> None:
    run = door.run({"component.yaml": text(command, outputs={"o": {}})})
    assert door.finished(run)["status"] == "failed"
    answer = door.ask("GET", f"{DEFAULT}/runs/{run}/artifacts/step/o/file", path="passwd")
    assert answer.status == 404


@pytest.mark.parametrize("path", [
    "../x", "/x", "a/../../x", "a/./b", "./x", "a//b", "a/", "", "..", "a\0b", "a\nb", "a\r\nb",
    "\u202ex", "x" * 300, "/".join(["d"] * 600), ".git/config", "a/.git/hooks/post-checkout",
    "a\ud800",
])  # fmt: skip
def test_tar_paths_in_a_bundle_are_plain_or_refused(door: Door, path: str) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    good(door.ask("PUT", f"{DEFAULT}/files/{digest}", b"x"))
    before = names_in(door.server.home)
    listed = {"files": [{"path": path, "sha256": digest}]}
    assert door.ask("POST", f"{DEFAULT}/bundles", listed).status == 400
    assert names_in(door.server.home) == before


@pytest.mark.parametrize(
    "sha256", ["../../token", "", "0" * 63, "A" * 64, "0" * 64 + "/..", "é" * 64]
)
def test_tar_digests_in_a_bundle_are_digests_or_refused(door: Door, sha256: str) -> None:
    listed = {"files": [{"path": "x", "sha256": sha256}]}
    assert door.ask("POST", f"{DEFAULT}/bundles", listed).status == 400
    assert door.ask("POST", f"{DEFAULT}/files/missing", {"sha256": [sha256]}).status == 400


def test_tar_a_bundle_cannot_write_through_one_of_its_own_files(door: Door) -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    good(door.ask("PUT", f"{DEFAULT}/files/{digest}", b"x"))
    for paths in (("a", "a/b"), ("a/b", "a"), ("a", "a"), ("a/b", "a/b/c")):
        listed = {"files": [{"path": path, "sha256": digest} for path in paths]}
        assert door.ask("POST", f"{DEFAULT}/bundles", listed).status == 400, paths


def test_tar_a_file_is_what_its_digest_says(door: Door) -> None:
    digest = hashlib.sha256(b"right").hexdigest()
    assert door.ask("PUT", f"{DEFAULT}/files/{digest}", b"wrong").status == 400
    missing = door.ask("POST", f"{DEFAULT}/files/missing", {"sha256": [digest]}).json["missing"]
    assert missing == [digest]


def test_a_file_that_another_workspace_has_sent_is_not_there(door: Door) -> None:
    digest = hashlib.sha256(b"of one workspace").hexdigest()
    good(door.ask("PUT", f"{DEFAULT}/files/{digest}", b"of one workspace"))
    good(door.ask("POST", "/workspaces", {"name": "other-files"}))
    there = "/workspaces/other-files"
    listed = {"files": [{"path": "x", "sha256": digest}]}
    assert door.ask("POST", f"{there}/bundles", listed).status == 409


def pipeline(**nodes: Any) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "p", "version": "1"}
    return json.dumps({**head, "nodes": nodes})


AZURE = "$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json\n"
AZURE += "name: c\nversion: 1\ntype: command\ncommand: cat requirements.txt\n"
OLD = "$schema: https://componentsdk.azureedge.net/jsonschema/CommandComponent.json\n"
OLD += "name: c\nversion: 1\ntype: CommandComponent\ncommand: cat requirements.txt\n"
AZURE_PIPE = "$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json\n"
AZURE_PIPE += "type: pipeline\njobs:\n"


def bundles(outside: str) -> Iterator[dict[str, str]]:
    """Bundles whose definitions name files outside; `outside` is a folder that there is."""
    up = f"{OUT}{outside}"
    for place in (outside, up, f"file://{outside}", f"./x/../{up}", "..", "../.."):
        yield {"component.yaml": text("true", code={"path": place})}
        yield {"component.yaml": text("true", code=place)}
        yield {"component.yaml": text("true", code={"includes": [f"{place}/prize.yaml"]})}
        yield {"component.yaml": text("true", requirements=f"{place}/requirements.txt")}
        yield {"component.yaml": pipeline(a={"component": f"{place}/prize.yaml"})}
        yield {"component.yaml": pipeline(a={"component": f"{place}/folder"})}
        environment = f"environment:\n  image: python\n  conda_file: {place}/prize.yaml\n"
        yield {"component.yaml": f"{AZURE}code: {place}\nenvironment: {{image: python}}\n"}
        yield {"component.yaml": f"{AZURE}{environment}"}
        if "://" not in place:  # what is built from is not looked at, and no image is built
            yield {"component.yaml": f"{AZURE}environment:\n  build: {{path: {place}}}\n"}
        yield {"component.yaml": f"{AZURE_PIPE}  a:\n    component: {place}/prize.yaml\n"}
        yield {
            "component.yaml": f"{AZURE_PIPE}  a:\n    type: command\n    component: file:{place}\n"
        }
        yield {
            "component.yaml": f"{OLD}code: .\n",
            "component.additional_includes": f"{place}\n",
        }
    for git in (f"git+file://{outside}", "git+https://evil.example/x.git", "ssh://evil.example/x",
                "ext::sh -c 'touch CANARY'", "--upload-pack=touch CANARY"):  # fmt: skip
        yield {"component.yaml": text("true", code={"git": git})}
        yield {"component.yaml": f"{AZURE}code: {git}\nenvironment: {{image: python}}\n"}


def test_mlflow_definitions_in_a_bundle_read_nothing_outside_of_it(door: Door, prize: Path) -> None:
    for files in bundles(str(prize.parent)):
        bundle = door.bundle(files)
        wish = {"bundle": bundle, "file": "component.yaml"}
        answer = door.ask("POST", f"{DEFAULT}/runs", wish)
        assert answer.status in (400, 404, 422), (files, answer.body)
        assert is_told_nothing(answer), (files, answer)
        said = answer.json["detail"]
        answer = door.ask("POST", f"{DEFAULT}/components", {"text": files["component.yaml"]})
        assert is_told_nothing(answer)
        # What is said does not tell whether there is such a thing outside.
        absent = {
            name: content.replace(str(prize.parent), f"{prize.parent}-absent")
            for name, content in files.items()
        }
        if absent != files:
            wish = {"bundle": door.bundle(absent), "file": "component.yaml"}
            other = door.ask("POST", f"{DEFAULT}/runs", wish).json["detail"]
            assert other.replace("-absent", "") == said, files


@pytest.mark.parametrize(
    "file",
    [
        "..",
        "../../token",
        "/etc/passwd",
        "x/../../y",
        ".",
        "a\0b",
        "",
        "file:///etc/passwd",
        "x" * 5000,
        "component.yaml/..",
    ],
)
def test_mlflow_the_file_of_a_run_is_in_its_bundle(door: Door, file: str) -> None:
    bundle = door.bundle({"component.yaml": text("true")})
    answer = door.ask("POST", f"{DEFAULT}/runs", {"bundle": bundle, "file": file})
    assert answer.status in (400, 404, 422)
    assert str(door.server.home) not in answer.body.decode()


@pytest.mark.parametrize(
    "bundle", ["..", "../uploads", "/etc", "0" * 64, "A" * 64, "0" * 64 + "/.."]
)
def test_mlflow_a_bundle_is_a_digest(door: Door, bundle: str) -> None:
    for path, wish in (
        ("/runs", {"bundle": bundle, "file": "passwd"}),
        ("/components", {"text": text("true"), "bundle": bundle}),
    ):
        assert door.ask("POST", f"{DEFAULT}{path}", wish).status in (400, 404)
    saved = door.ask("PUT", f"{DEFAULT}/drafts/d", {"text": "", "bundle": bundle})
    assert saved.status in (400, 404)


def test_mlflow_names_of_things_are_no_paths(door: Door) -> None:
    before = names_in(door.server.home)
    for name in ("../x", "a/b", ".", "..", "a\0", "a" * 300, "\u202ea", "CON/", "a b", "-x", "é"):
        for noun, wish in (
            ("components", {"text": text("true", name)}), ("datasets", {"uri": "s3://b/k"}),
            ("models", {"uri": "s3://b/k"}), ("images", {"uri": "python:3"}),
            ("codes", {"repository": "https://example.org/x.git"}),
        ):  # fmt: skip
            answer = door.ask("POST", f"{DEFAULT}/{noun}", {"name": name, **wish}
                              if noun != "components" else wish)  # fmt: skip
            assert answer.status in (400, 422), (noun, name, answer)
        for path in (f"/drafts/{spell(name)}", f"/connections/{spell(name)}",
                     f"/secrets/{spell(name)}"):  # fmt: skip
            body: Any = {
                "drafts": {"text": ""}, "connections": {"type": "nas", "fields": {"path": "/"}},
                "secrets": {"value": "x"},
            }[path.split("/")[1]]  # fmt: skip
            assert door.ask("PUT", f"{DEFAULT}{path}", body).status in (400, 404, 405, 422)
        assert door.ask("POST", "/workspaces", {"name": name}).status == 400
        assert door.ask("POST", "/people", {"person": name}).status == 400
    assert names_in(door.server.home) == before


def test_mlflow_uris_of_the_servers_own_files_are_for_administrators(
    tmp_path: Path, prize: Path
) -> None:
    with opened(tmp_path / "home") as door:
        good(door.ask("PUT", f"{DEFAULT}/connections/web", {"type": "http", "fields": {
            "url": "https://example.org/"}}))  # fmt: skip
        for role in ("developer", "operator", "labeler", "guest"):
            person = door.hire(f"a-{role}", role)
            for uri in (f"file://{prize.parent}", f"file://{prize}", f"FILE://{prize}"):
                assert person.ask("GET", f"{DEFAULT}/data", uri=uri).status in (400, 403)
                tried = person.ask("POST", f"{DEFAULT}/connections/web/check", {"uri": uri})
                assert tried.status in (400, 403, 404), tried
                assert is_told_nothing(tried)
            for uri in (f"nas://{prize.parent}", "nas://..", "nas://../etc", f"cpfs://x{OUT}/etc"):
                answer = person.ask("GET", f"{DEFAULT}/data", uri=uri)
                assert answer.status in (400, 403, 404), (uri, answer)
    assert sorted(path.name for path in prize.parent.iterdir()) == [
        "folder", "prize.yaml", "requirements.txt",
    ]  # fmt: skip
