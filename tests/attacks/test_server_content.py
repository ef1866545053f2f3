"""What users and steps leave behind: it is shown, and never run, loaded, or believed.

MLflow CVE-2024-27132 (HTML), ClearML CVE-2024-24590 (pickle), Langflow CVE-2025-3248 (checking
ran it), Airflow CVE-2026-30898 (values in a shell), and what secrets there are.
"""

from __future__ import annotations

import ast
import base64
import json
import os
import pickle
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import millwork
from tests.attacks.door import DEFAULT, good, spell, text
from tests.attacks.process import api_of
from tests.attacks.test_values import NAMES, OUTPUT, PARAMETERS, QUOTED, VALUES, dump

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("attacks-content")

SOURCES = Path(millwork.__file__).parent
CANARY = "hunter2-canary-8c1f"
RUNS = frozenset(["eval", "exec", "compile", "__import__"])
LOADS = frozenset(["pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"])
UNSAFE = frozenset(
    [
        "load",
        "load_all",
        "unsafe_load",
        "unsafe_load_all",
        "full_load",
        "full_load_all",
        "Loader",
        "UnsafeLoader",
        "FullLoader",
        "CLoader",
    ]
)
SHELLS = frozenset(["system", "popen", "getoutput", "getstatusoutput"])


@pytest.fixture(scope="module")
def unharmed(door: Door) -> Iterator[None]:
    """Nothing is called CANARY afterwards, wherever it might have been made."""
    yield
    home = door.server.home
    assert list(home.parent.rglob("CANARY")) == []
    assert not [place for place in ("/CANARY", "/tmp/CANARY", "CANARY") if Path(place).exists()]
    assert not Path(f"/proc/{api_of(door.server)}/cwd/CANARY").exists()


# --- what a browser is told ---------------------------------------------------------------

PAGES = {
    "a.html": "<script>alert(1)</script>", "a.svg": "<svg onload='alert(1)'/>",
    "a.xml": "<?xml-stylesheet href='x'?><x/>", "a.js": "alert(1)", "a.css": "*{}",
    "a.json": '{"a": "</script><script>alert(1)</script>"}', "a.pdf": "%PDF-1.4", "a": "<html>",
    "a.csv": "name,cell\n=cmd|' /C calc'!A0,<img src=x onerror=alert(1)>\n@SUM(1),+1\n",
    "a.md": "[x](javascript:alert(1)) <img src=x onerror=alert(1)>", "a.htm;.png": "<script>",
    "<img src=x>.txt": "name", "'\"; filename=evil.html.txt": "name",
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(door: Door) -> str:
    """The artifacts of a step that leaves pages."""
    words = " ".join(base64.b64encode(json.dumps(PAGES).encode()).decode().split())
    code = (
        "import base64,json,os;f=os.environ['PAI_OUTPUT_O'];"
        f"[open(os.path.join(f,n),'w').write(c) for n,c in "
        f"json.loads(base64.b64decode('{words}')).items()]"
    )
    run = door.run({"component.yaml": text(f'python3 -c "{code}"', outputs={"o": {}})})
    assert door.finished(run)["status"] == "succeeded"
    return f"{DEFAULT}/runs/{run}/artifacts/step/o"


@pytest.mark.parametrize("name", PAGES)
def test_mlflow_cve_2024_27132_an_artifact_is_saved_and_never_shown(
    door: Door, pages: str, name: str
) -> None:
    answer = good(door.ask("GET", f"{pages}/file", path=name))
    assert answer.body.decode() == PAGES[name]
    headers = answer.headers
    assert headers["content-type"] == "application/octet-stream"
    assert headers["content-disposition"].startswith("attachment; filename")
    assert "<" not in headers["content-disposition"].replace("%3C", "")
    assert headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("name", PAGES)
def test_mlflow_cve_2024_27132_a_preview_is_json(door: Door, pages: str, name: str) -> None:
    answer = good(door.ask("GET", f"{pages}/preview", path=name))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    shown = answer.json
    if name == "a.csv":
        assert shown["rows"] == [["=cmd|' /C calc'!A0", "<img src=x onerror=alert(1)>"],
                                 ["@SUM(1)", "+1"]]  # fmt: skip
    else:
        assert shown["text"] == PAGES[name]


def test_html_in_what_people_say_comes_back_as_text_in_json(door: Door) -> None:
    evil = "<script>alert(1)</script><img src=//evil.example/x>{{7*7}}${7*7}{0.__class__}%s"
    said = good(door.ask("POST", "/workspaces", {"name": "html", "description": evil}))
    assert said.json["description"] == evil
    for answer in (
        said,
        door.ask("GET", f"/workspaces/{spell(evil)}/runs"),
        door.page("GET", "/x"),
    ):
        assert answer.headers["content-type"] in ("application/json", "application/problem+json")
    page = door.page("GET", f"/?{spell(evil)}")
    assert page.body == door.page("GET", "/").body
    assert "evil" not in page.body.decode()
    assert page.headers["content-type"].startswith("text/html")


# --- what is code ------------------------------------------------------------------------


class Evil:
    """A pickle of it, once loaded, makes a file."""

    def __reduce__(self) -> Any:
        return os.system, ("touch CANARY",)


def test_clearml_cve_2024_24590_a_pickle_is_bytes(door: Door, unharmed: None) -> None:
    data = pickle.dumps(Evil())
    words = base64.b64encode(data).decode()
    command = f"echo {words} | base64 -d > $PAI_OUTPUT_M/model.pkl"
    run = door.run({"component.yaml": text(command, outputs={"m": {"type": "model"}})})
    assert door.finished(run)["status"] == "succeeded"
    here = f"{DEFAULT}/runs/{run}/artifacts/step/m"
    assert good(door.ask("GET", f"{here}/preview")).json["kind"] == "binary"
    assert good(door.ask("GET", f"{here}/file")).body == data
    source = {"run": run, "step": "step", "port": "m"}
    wish = {"name": "pickled", "source": source, "format": "pickle"}
    answer = door.ask("POST", f"{DEFAULT}/models", wish)
    assert answer.status in (200, 400), answer
    for path in ("/login", "/workspaces", f"{DEFAULT}/runs", f"{DEFAULT}/components"):
        assert door.ask("POST", path, data).status in (400, 413, 415)


EVIL = [
    "!!python/object/apply:os.system ['touch CANARY']", "!!python/name:os.system",
    "command: !!python/object/new:os.system ['touch CANARY']", "{{ cycler.__init__.__globals__ }}",
    "&a [*a]", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "<<: {a: 1}", "[" * 5000, "{" * 5000,
    "a: " + "[" * 200 + "]" * 200, "? " * 3000, "- " * 3000, "%YAML 9.9\n---\n", "a: 1\na: 2",
    "a: " + "9" * 5000, "\ufeffa: 1", "a: \"\\ud800\"", "x: 2024-13-45", "a: 0o8", "!<tag:x> a",
    text("true", "{0.__class__.__init__.__globals__}"), text("${{ 7 * 7 }}", "x${{7*7}}"),
    text("true", env={"A": "!!python/name:os.system"}), text("true", name_="x"),
    text("echo ${{inputs.__class__}}", "y"), "\0", "", "null", "---\n---\n", "a\n" * 100_000,
]  # fmt: skip


@pytest.mark.parametrize("said", EVIL, ids=range(len(EVIL)))
def test_langflow_cve_2025_3248_to_check_is_not_to_run(
    door: Door, unharmed: None, said: str
) -> None:
    for noun in ("components", "pipelines"):
        answer = door.ask("POST", f"{DEFAULT}/{noun}", {"text": said})
        assert answer.status in (200, 400, 409, 422), answer
    draft = door.ask("PUT", f"{DEFAULT}/drafts/evil{len(said)}", {"text": said})
    assert draft.status in (200, 400, 409)


def test_nothing_of_ours_unpickles_evaluates_or_asks_a_shell() -> None:
    """But for what runs beside users' own code, in a step."""
    found = []
    for path in SOURCES.rglob("*.py"):
        place = str(path.relative_to(SOURCES))
        if place.startswith(("worker/", "runtime/")):
            continue
        found += [f"{place}:{fault}" for fault in faults_in(ast.parse(path.read_text()))]
    assert found == []


def faults_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (f"{node.lineno} {name.name}" for name in node.names if name.name in LOADS)
        elif isinstance(node, ast.ImportFrom) and node.module in LOADS:
            yield f"{node.lineno} {node.module}"
        elif isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name) and called.id in RUNS:
                yield f"{node.lineno} {called.id}"
            elif isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                module, name = called.value.id, called.attr
                if (module, name in UNSAFE) == ("yaml", True) or (
                    module == "os" and name in SHELLS
                ):
                    yield f"{node.lineno} {module}.{name}"
            for word in node.keywords:
                is_true = isinstance(word.value, ast.Constant) and word.value.value is True
                if word.arg == "shell" and is_true:
                    yield f"{node.lineno} shell=True"


# --- values ------------------------------------------------------------------------------


def test_airflow_cve_2026_30898_values_arrive_as_they_are(door: Door, unharmed: None) -> None:
    given = dict(zip(NAMES, VALUES, strict=True))
    hostile = "|".join(VALUES)
    # A name is one line of what can be printed, and not long; the rest is told in the notes.
    name = "|".join(value for value in VALUES if value.isprintable())[:200]
    said: dict[str, Any] = {"parameters": given, "name": name, "note": hostile, "tags": given}
    component = text(dump(QUOTED), parameters=PARAMETERS, outputs=OUTPUT)
    run = door.run({"component.yaml": component}, **said)
    page = door.finished(run)
    assert page["status"] == "succeeded", page
    assert (page["name"], page["notes"], page["tags"]) == (name, hostile, given)
    here = f"{DEFAULT}/runs/{run}"
    seen = good(door.ask("GET", f"{here}/artifacts/step/seen/file")).json
    assert seen == VALUES
    listed = good(door.ask("GET", f"{DEFAULT}/runs", name=name)).json["items"]
    assert [each["run"] for each in listed] == [run]
    for tag, value in given.items():
        found = good(door.ask("GET", f"{DEFAULT}/runs", tag=f"{tag}={value}")).json["items"]
        assert run in [each["run"] for each in found]


def test_airflow_cve_2022_40127_values_are_no_ids(door: Door, unharmed: None) -> None:
    for value in filter(None, VALUES):
        for path in (
            f"{DEFAULT}/runs/{spell(value)}",
            f"{DEFAULT}/components/{spell(value)}",
            f"{DEFAULT}/connections/{spell(value)}",
            f"/workspaces/{spell(value)}/runs",
        ):
            assert door.ask("GET", path).status in (400, 404)
        for noun in ("runs", "components", "datasets", "models", "images", "codes", "drafts"):
            answer = door.ask("GET", f"{DEFAULT}/{noun}", **{
                "name" if noun == "runs" else "text": value})  # fmt: skip
            assert answer.status in (200, 400)
        search = door.ask("GET", f"{DEFAULT}/runs/{spell('%')}")
        assert search.status in (400, 404)


def test_values_as_names_of_files_come_back(door: Door, unharmed: None) -> None:
    legal = [value.strip() for value in VALUES if value.strip() and "\n" not in value]
    paths = [f"files/{value}" for value in dict.fromkeys(legal) if value != "~"]
    files = {path: path for path in paths}
    command = "cp -r files/. $PAI_OUTPUT_O"
    run = door.run({"component.yaml": text(command, outputs={"o": {}}, code="."), **files})
    page = door.finished(run)
    assert page["status"] == "succeeded", page
    here = f"{DEFAULT}/runs/{run}/artifacts/step/o"
    listed = [item["path"] for item in good(door.ask("GET", here)).json["items"]]
    assert sorted(listed) == sorted(path.removeprefix("files/") for path in paths)
    for path in paths:
        answer = good(door.ask("GET", f"{here}/file", path=path.removeprefix("files/")))
        assert answer.body.decode() == path


# --- addresses (SSRF) ---------------------------------------------------------------------


@pytest.fixture
def inner() -> Iterator[ThreadingHTTPServer]:
    """A service of this machine that nobody outside may reach; `asked` holds who did."""

    class Inner(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.server.asked.append(self.path)  # type: ignore[attr-defined]
            self.send_response(200)
            self.end_headers()

        do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

        def log_message(self, *words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inner)
    server.asked = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_ssrf_no_address_leads_to_this_machine_or_its_network(
    door: Door, inner: ThreadingHTTPServer
) -> None:
    port = inner.server_port
    hosts = [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127.0.0.1.",
        "017700000001",
        "[::]",
    ]
    for host in hosts:
        for address in (f"http://{host}:{port}/latest/meta-data", f"https://{host}:{port}/"):
            answer = door.ask("GET", f"{DEFAULT}/data", uri=address)
            assert answer.status in (400, 409, 503), (address, answer)
    for address in (f"http://x:y@127.0.0.1:{port}/", f"http://evil@127.0.0.1:{port}",
                    f"http://example.org@127.0.0.1:{port}/", f"http:127.0.0.1:{port}/",
                    f"http://127.0.0.1:{port}#@example.org/", f"gopher://127.0.0.1:{port}/",
                    f"ftp://127.0.0.1:{port}/", f"dict://127.0.0.1:{port}/",
                    f"http://127.0.0.1:{port}\\@example.org/"):  # fmt: skip
        answer = door.ask("GET", f"{DEFAULT}/data", uri=address)
        assert answer.status in (400, 409, 503), (address, answer)
    for number in (
        "169.254.169.254",
        "[fd00:ec2::254]",
        "10.0.0.1",
        "192.168.1.1",
        "100.100.100.200",
    ):
        answer = door.ask("GET", f"{DEFAULT}/data", uri=f"http://{number}/latest")
        assert answer.status in (400, 409, 503), (number, answer)
        assert any(why in answer.json["detail"] for why in ("of this network", "not known"))
    assert inner.asked == []  # type: ignore[attr-defined]


def test_ssrf_a_connection_is_tried_at_its_own_places_alone(
    door: Door, inner: ThreadingHTTPServer
) -> None:
    fields = {"url": "https://example.org/data"}
    good(door.ask("PUT", f"{DEFAULT}/connections/own", {"type": "http", "fields": fields}))
    for uri in (f"http://127.0.0.1:{inner.server_port}/", "http://169.254.169.254/", "file:///etc",
                "https://example.org/other", "https://example.org.evil.example/data", "nas://own/",
                "https://example.org/data/../x", "dataset:x@1", "table:own/x"):  # fmt: skip
        answer = door.ask("POST", f"{DEFAULT}/connections/own/check", {"uri": uri})
        assert answer.status in (400, 404), (uri, answer)
    assert inner.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "repository",
    [
        "file:///etc",
        "/etc",
        "ext::sh -c touch% CANARY",
        "--upload-pack=touch CANARY",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=touch%20CANARY/x",
        "git@-oProxyCommand=x:y",
        "https://u:p@example.org/x",
        "fd::17/foo",
        "http://example.org/x\nfoo",
        "javascript:alert(1)",
        "../x",
    ],
)
def test_ssrf_a_code_source_is_a_repository(door: Door, unharmed: None, repository: str) -> None:
    wish = {"name": "evil", "repository": repository}
    assert door.ask("POST", f"{DEFAULT}/codes", wish).status == 400


# --- secrets ------------------------------------------------------------------------------


def test_secrets_stay_where_they_are_kept(door: Door) -> None:
    good(door.ask("PUT", f"{DEFAULT}/secrets/CANARY_KEY", {"value": CANARY}))
    fields = {"endpoint": "https://example.org", "access_key": "public"}
    wish = {"type": "s3", "fields": fields, "secret": "CANARY_KEY"}
    good(door.ask("PUT", f"{DEFAULT}/connections/secretive", wish))
    for fields in (
        {"secret_key": CANARY},
        {"password": CANARY},
        {"endpoint": f"https://u:{CANARY}@x"},
    ):
        wish = {"type": "s3", "fields": fields}
        answer = door.ask("PUT", f"{DEFAULT}/connections/careless", wish)
        assert answer.status == 400
        assert CANARY not in answer.body.decode()
    encoded = base64.b64encode(CANARY.encode()).decode()
    command = "echo $CANARY_KEY; echo $CANARY_KEY >&2; echo $CANARY_KEY | base64; exit 3"
    component = text(command, env={"CANARY_KEY": {"secret": "CANARY_KEY"}})
    run = door.run({"component.yaml": component})
    page = door.finished(run)
    assert page["status"] == "failed"
    here = f"{DEFAULT}/runs/{run}"
    shown = []
    for path in (
        "/secrets",
        "/connections",
        "/connections/secretive",
        "/runs",
        "/audit",
        "/components",
        f"/runs/{run}",
        f"/runs/{run}/events",
        f"/runs/{run}/result",
        f"/runs/{run}/lineage",
        f"/runs/{run}/steps/step",
        f"/runs/{run}/steps/step/why",
        f"/runs/{run}/steps/step/logs/last",
    ):
        answer = good(door.ask("GET", f"{DEFAULT}{path}"))
        shown.append(answer.body.decode())
    shown.append(good(door.ask("GET", "/audit")).body.decode())
    shown.append(good(door.ask("GET", "/metrics")).body.decode())
    shown.append(door.server.log.read_text() + "".join(door.server.said))
    assert "***" in good(door.ask("GET", f"{here}/steps/step/logs/last")).json["text"]
    assert not [part for part in shown if CANARY in part or encoded in part]
    assert not [part for part in shown if door.token in part]
    holding = [
        path.relative_to(door.server.home).parts[0]
        for path in door.server.home.rglob("*")
        if path.is_file() and CANARY.encode() in path.read_bytes()
    ]
    assert set(holding) == {"secrets.json"}, holding
    for kept in door.server.home.rglob("secrets.json"):
        assert kept.stat().st_mode & 0o077 == 0


def test_secrets_are_not_said_when_something_is_wrong_with_them(door: Door) -> None:
    for name, value in (("bad name", CANARY), ("A", f"{CANARY}\0"), ("A", [CANARY]), ("a", CANARY)):
        answer = door.ask("PUT", f"{DEFAULT}/secrets/{spell(name)}", {"value": value})
        assert CANARY not in answer.body.decode()
    for wish in ({"person": "x", "password": [CANARY]}, {"person": "x", "passwort": CANARY},
                 {"person": "owner", "password": CANARY}):  # fmt: skip
        answer = door.as_("").ask("POST", "/login", wish)
        assert answer.status in (400, 401)
        assert CANARY not in answer.body.decode()
    assert CANARY not in door.server.log.read_text()
    assert CANARY not in good(door.ask("GET", "/audit", limit=200)).body.decode()
