"""The server's door: who is let in, by which name, from which page, and for how long.

Each test is named after the incident that it replays (reliability.md section 4). These rows are
of what does not exist yet, and come with it:

| incident | comes with |
|---|---|
| MLflow CVE-2026-2393, Next.js GHSA-c4j6-fc7j-m34r: SSRF by a webhook | webhooks |
| Flowise CVE-2025-59528, Langflow CVE-2025-3248: code in a canvas's JSON | import of a canvas |
| JupyterHub websecurity.md, jupyter-server-proxy CVE-2024-28179: proxied ports | notebooks |
| BentoML CVE-2024-2912, CVE-2025-27520: a pickle as a request of a model | served models |
| Airflow CVE-2026-30898, CVE-2026-25917: a schedule's values in a shell, templates | schedules |
| Airflow CVE-2026-32228: runs begun by an event, a backfill, a deployed model | schedules |
| MLflow CVE-2024-27132, Markdown: HTML in descriptions, drawn | the console |

The other rows are in this folder: `test_server_paths` (MLflow's traversals, tar), `_bodies`
(BentoML CVE-2024-9056), `_content` (XSS, pickles, values, secrets), `_tenants`.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from millwork.access.verbs import VERBS
from tests.attacks.door import DEFAULT, PASSWORD, Door, good, text
from tests.conftest import COMMAND, environment
from tests.e2e.server import serving

pytestmark = pytest.mark.xdist_group("attacks-door")

FOREIGN = [
    {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Origin": "http://localhost.evil.example"}, {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "whatever"},
]  # fmt: skip


def test_shadowray_defaults_listen_on_the_loopback_alone(door: Door) -> None:
    assert door.place[0] == "127.0.0.1"
    port = f":{door.place[1]:04X} "
    lines = [
        line
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    listening = [line for line in lines if port in line and " 0A " in line]
    assert [line.split()[1].rpartition(":")[0] for line in listening] == ["0100007F"]


def test_shadowray_any_other_bind_has_an_administrator_with_a_password(tmp_path: Path) -> None:
    with serving(tmp_path / "home", "--host", "0.0.0.0") as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        server.url = url
        nobody = Door(server)
        assert "first administrator: admin, password: " in "".join(server.said)
        assert "login?link=" not in "".join(server.said)
        assert nobody.ask("GET", "/me").status == 401
        password = "".join(server.said).partition("password: ")[2].split()[0]
        assert len(password) >= 16
        assert nobody.log_in("admin", password).ask("GET", "/me").json["is_admin"]
    with serving(tmp_path / "home", "--host", "0.0.0.0") as server:
        assert "password" not in "".join(server.said).replace("passwords and tokens", "")


def test_shadowray_a_second_account_needs_people_who_trust_each_other(tmp_path: Path) -> None:
    with serving(tmp_path / "home") as server:
        owner = Door(server, server.token)
        good(owner.ask("POST", "/people", {"person": "one", "password": PASSWORD}))
        answer = owner.ask("POST", "/people", {"person": "two", "password": PASSWORD})
        assert answer.status == 409
        assert "--shared-trust" in answer.json["detail"]


@pytest.mark.parametrize("verb", [name for name, verb in VERBS.items() if verb.needs != "anyone"])
def test_shadowray_and_kubeflow_nobody_begins_a_job_or_makes_a_workspace(
    door: Door, verb: str
) -> None:
    """Every verb, anonymous, with a wrong token, and with a wrong cookie."""
    found = VERBS[verb]
    path = found.path.replace("{workspace}", "default").replace("{", "").replace("}", "")
    body = None if found.method in ("GET", "DELETE") else {"name": "x", "component": "x"}
    nobody = door.as_("")
    wrong: list[dict[str, str]] = [
        {}, {"Authorization": "Bearer mw_" + "0" * 64}, {"Authorization": f"Basic {door.token}"},
        {"Cookie": "millwork_session=mw_" + "0" * 64}, {"X-Forwarded-User": "owner"},
        {"Cookie": f"millwork_session={door.token}"}, {"Upgrade": "websocket"},
    ]  # fmt: skip
    for headers in wrong:
        answer = nobody.ask(found.method, path, body, headers)
        assert answer.status == 401, (headers, answer)
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "POST", "PROPFIND", "get"])
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/workspaces/default/runs",
        "/api/v1/openapi.json",
        "/x",
        "/docs",
        "/metrics",
        "/api/v1/",
        "/api/v1/workspaces/default/",
    ],
)
def test_shadowray_no_other_method_or_page_is_open(door: Door, method: str, path: str) -> None:
    answer = door.as_("").page(method, path)
    assert answer.status in (400, 401)  # 400: it is no method of HTTP at all
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8899",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "",
        "10.0.0.1",
        "127.0.0.1:1:evil.example",
        "[::1].evil.example",
        "0.0.0.0",
    ],
)
def test_dns_rebinding_another_name_is_not_answered(door: Door, host: str) -> None:
    for path in ("/", "/api/v1/health", "/api/v1/me", "/login?link=x", "/nothing"):
        answer = door.page("GET", path, None, {"Host": host})
        assert answer.status in (400, 421), (path, answer)
        assert door.token not in answer.body.decode()


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "LOCALHOST:80", "[::1]:8899", "127.9.9.9"]
)
def test_dns_rebinding_the_loopbacks_own_names_are_answered(door: Door, host: str) -> None:
    assert door.page("GET", "/api/v1/me", None, {"Host": host}).status == 200


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda given: "=".join(*given.items()))
def test_csrf_pages_of_others_write_nothing_on_the_loopback_either(
    door: Door, headers: dict[str, str]
) -> None:
    link = make_link(door)
    session = door.log_in_by_link(link)
    wish = {"name": "forged"}
    for way in (door, session):
        assert way.ask("POST", "/workspaces", wish, headers).status == 403
        assert way.ask("DELETE", DEFAULT, None, headers).status == 403
    assert door.as_("").ask("POST", "/login", {"link": make_link(door)}, headers).status == 403
    names = [each["name"] for each in door.ask("GET", "/workspaces").json["items"]]
    assert "forged" not in names


@pytest.mark.parametrize("headers", FOREIGN, ids=lambda given: "=".join(*given.items()))
def test_code_server_cve_2023_26114_streams_are_not_for_pages_of_others(
    door: Door, headers: dict[str, str]
) -> None:
    for more in ({}, {"Upgrade": "websocket", "Connection": "Upgrade"}):
        answer = door.ask("GET", f"{DEFAULT}/events", None, {**headers, **more})
        assert answer.status == 403
        assert door.as_("").ask("GET", f"{DEFAULT}/events", None, more).status == 401


def test_csrf_a_form_cannot_be_json(door: Door) -> None:
    body = json.dumps({"name": "formed"}).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        answer = door.ask("POST", "/workspaces", body, {"Content-Type": kind})
        assert answer.status == 415


def test_csrf_no_answer_is_for_pages_of_others(door: Door) -> None:
    for method in ("OPTIONS", "GET"):
        answer = door.page(
            method, "/api/v1/me", None,
            {"Origin": "https://evil.example", "Access-Control-Request-Method": "PUT"},
        )  # fmt: skip
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/api/v1/health", "/nothing", "/login?link=x"])
def test_clickjacking_every_answer_tells_the_browser_what_not_to_do(door: Door, path: str) -> None:
    for way in (door, door.as_("")):
        headers = way.page("GET", path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy.partition("style-src")[0]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_session_cookie_is_not_for_scripts_or_other_sites(door: Door) -> None:
    answer = door.as_("").page("GET", f"/login?link={make_link(door)}")
    assert answer.status == 303
    _, *attributes = answer.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/"} <= set(attributes)
    assert not [each for each in attributes if each.startswith("domain")]


def test_a_link_lets_in_once(door: Door) -> None:
    link = make_link(door)
    assert door.as_("").page("GET", f"/login?link={link}").status == 303
    assert door.as_("").page("GET", f"/login?link={link}").status == 401
    assert door.as_("").ask("POST", "/login", {"link": link}).status == 401
    assert door.as_("").ask("GET", "/me", None, {"Authorization": f"Bearer {link}"}).status == 401


def test_zenml_sessions_end_at_logout(door: Door) -> None:
    session = door.log_in_by_link(make_link(door))
    assert session.ask("GET", "/me").status == 200
    good(session.ask("POST", "/logout"))
    assert session.ask("GET", "/me").status == 401


def test_zenml_sessions_end_when_the_password_changes(door: Door) -> None:
    door.hire("changes")
    one, other = door.log_in("changes"), door.log_in("changes")
    good(one.ask("PUT", "/me/password", {"current": PASSWORD, "new": f"{PASSWORD} 2"}))
    assert other.ask("GET", "/me").status == 401
    answer = door.as_("").ask("POST", "/login", {"person": "changes", "password": PASSWORD})
    assert answer.status == 401


def test_zenml_what_a_person_had_ends_when_they_are_removed_or_kept_out(door: Door) -> None:
    for name, method, body in (
        ("removed", "DELETE", None), ("kept-out", "PATCH", {"active": False}),
        ("reset", "PATCH", {"reset": True}),
    ):  # fmt: skip
        token, session = door.hire(name, "developer"), door.log_in(name)
        good(door.ask(method, f"/people/{name}", body))
        assert session.ask("GET", "/me").status == 401
        if name != "reset":
            assert token.ask("GET", "/me").status == 401
    # Whoever gets the name later gets nothing of what the first had.
    again = door.hire("removed")
    assert again.ask("GET", f"{DEFAULT}/runs").status == 404


def test_zenml_cve_2024_25723_no_route_lets_somebody_in_as_another(door: Door) -> None:
    person = door.hire("plain", "admin")
    for wish in ({"active": True}, {"is_admin": True}, {"reset": True}):
        for name in ("plain", "owner"):
            assert person.ask("PATCH", f"/people/{name}", wish).status == 403
    assert person.ask("POST", "/people", {"person": "x", "is_admin": True}).status == 403
    assert not person.ask("GET", "/me").json["is_admin"]
    assert door.ask("PATCH", "/people/owner", {"reset": True}).status == 409


@pytest.mark.parametrize(("scope", "may_run", "may_write"), [
    ("read", False, False), ("run", True, False), ("write", True, True),
])  # fmt: skip
def test_tokens_reach_no_farther_than_they_say(
    door: Door, scope: str, may_run: bool, may_write: bool
) -> None:
    session = door.log_in_by_link(make_link(door))
    token = door.as_(session.mint(scope=scope))
    assert token.ask("GET", "/me").json["scope"] == scope
    run = token.ask("POST", f"{DEFAULT}/runs", {"component": "none-such"})
    assert run.status == (404 if may_run else 403)
    said = text("true", f"by-{scope}")
    answer = token.ask("POST", f"{DEFAULT}/components", {"text": said})
    assert answer.status == (200 if may_write else 403)
    for method, path, body in (
        ("POST", "/people", {"person": "forged"}), ("POST", "/workspaces", {"name": "forged"}),
        ("PUT", f"{DEFAULT}/members/forged", {"role": "owner"}), ("DELETE", DEFAULT, None),
        ("PUT", f"{DEFAULT}/secrets/FORGED", {"value": "x"}), ("GET", "/people", None),
        ("PUT", "/me/password", {"current": "x", "new": PASSWORD}), ("GET", "/metrics", None),
        ("POST", "/me/tokens", {"name": "more", "scope": "admin"}), ("GET", "/audit", None),
        ("DELETE", "/me/tokens/other", None), ("POST", "/logout", None),
    ):  # fmt: skip
        assert token.ask(method, path, body).status == 403, (method, path)


def test_a_token_of_one_workspace_knows_no_other(door: Door) -> None:
    good(door.ask("POST", "/workspaces", {"name": "elsewhere"}))
    session = door.log_in_by_link(make_link(door))
    token = door.as_(session.mint(workspace="elsewhere"))
    assert token.ask("GET", "/workspaces/elsewhere/runs").status == 200
    unknown = token.ask("GET", "/workspaces/none-such/runs").json["detail"]
    answer = token.ask("GET", f"{DEFAULT}/runs")
    assert answer.status == 404
    assert answer.json["detail"] == unknown.replace("none-such", "default")
    assert [each["name"] for each in token.ask("GET", "/workspaces").json["items"]] == ["elsewhere"]


@pytest.mark.parametrize("name", ["token", "access_token", "authorization", "api_key", "link"])
def test_a_token_in_the_address_is_no_way_in(door: Door, name: str) -> None:
    nobody = door.as_("")
    assert nobody.page("GET", f"/api/v1/me?{name}={door.token}").status == 401
    assert nobody.page("GET", f"/api/v1{DEFAULT}/events?{name}={door.token}").status == 401
    assert nobody.page("GET", f"/login?{name}={door.token}").status == 401
    userinfo = f"GET http://x:{door.token}@{door.host}/api/v1/me HTTP/1.1\r\nHost: {door.host}\r\n"
    said = door.raw(f"{userinfo}Connection: close\r\n\r\n".encode())
    assert said.split()[1] in (b"400", b"401", b"404")


def test_guessing_a_password_ends_in_a_lock_that_tells_nothing(door: Door) -> None:
    door.hire("guessed")
    nobody = door.as_("")
    wrong = [
        nobody.ask("POST", "/login", {"person": "guessed", "password": f"guess {number}"})
        for number in range(12)
    ]
    right = nobody.ask("POST", "/login", {"person": "guessed", "password": PASSWORD})
    absent = nobody.ask("POST", "/login", {"person": "nobody-such", "password": PASSWORD})
    answers = [answer.without_request for answer in (*wrong, right, absent)]
    assert {answer.status for answer in (*wrong, right, absent)} == {401}
    assert all(answer == answers[0] for answer in answers)


def test_weave_cve_2024_7340_no_file_holds_a_way_in_but_the_owners_own(door: Door) -> None:
    person = door.hire("looks", "owner")
    session = door.log_in("looks")
    secrets = [person.token, session.cookie.partition("=")[2], PASSWORD]
    home = door.server.home
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not [secret for secret in secrets if secret.encode() in data], path
    assert (home / "token").stat().st_mode & 0o077 == 0
    for path in (home / "millwork.db", home / "server.json"):
        assert path.stat().st_mode & 0o077 == 0 or home.stat().st_mode & 0o077 == 0


def make_link(door: Door) -> str:
    """A one-time link, as `millwork login` prints it."""
    done = subprocess.run(
        [COMMAND, "login"], env=environment(door.server.home), text=True, check=False,
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().rpartition("link=")[2]


def test_proc_no_command_line_of_ours_holds_a_secret(door: Door) -> None:
    secrets = [door.token, PASSWORD, "mw_"]
    lines = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                is_ours = str(door.server.home).encode() in file.read()
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if is_ours:
            lines.append(line)
    assert len(lines) >= 2
    assert not [line for line in lines for secret in secrets if secret in line]
