"""Another's things: they are not there, and nothing tells them from what never was.

Airflow CVE-2026-32228 taught that a second door forgets the check; `tests/api/test_matrix.py` goes
through each of them by role. Here it is what the answers give away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks.door import good, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("attacks-tenants")

HERE, THERE = "/workspaces/default", "/workspaces/theirs"


@pytest.fixture(scope="module")
def person(door: Door) -> Door:
    """A developer here, who is nobody in the other workspace."""
    good(door.ask("POST", "/workspaces", {"name": "theirs"}))
    return door.hire("developer", "developer")


def things(door: Door, workspace: str) -> dict[str, str]:
    """A thing of each kind in a workspace, by what stands in an address for it."""
    end = workspace.rpartition("/")[2]
    made = {name: f"{name}-{end}" for name in ("known", "unknown")}
    name = made["known"]
    good(door.ask("POST", f"{workspace}/components", {"text": text("true", name)}))
    for noun, wish in (("datasets", {"uri": "s3://b/k"}), ("models", {"uri": "s3://b/k"}),
                       ("images", {"uri": "python:3"}),
                       ("codes", {"repository": "https://example.org/x.git"})):  # fmt: skip
        good(door.ask("POST", f"{workspace}/{noun}", {"name": name, **wish}))
    good(door.ask("PUT", f"{workspace}/drafts/{name}", {"text": ""}))
    fields = {"path": "/nowhere"}
    kept = door.ask("PUT", f"{workspace}/connections/{name}", {"type": "nas", "fields": fields})
    assert kept.status == 200
    return made


def routes(name: str) -> Iterator[tuple[str, str, object]]:
    """Every way to ask for a thing of that name: the method, the end of the address, the body."""
    for noun in ("components", "pipelines", "datasets", "models", "images", "codes"):
        yield "GET", f"/{noun}/{name}", None
        yield "GET", f"/{noun}/{name}/versions", None
        yield "GET", f"/{noun}/{name}/versions/1.0.0", None
        yield "GET", f"/{noun}/{name}/diff?before=1.0.0&after=1.0.0", None
        yield "PATCH", f"/{noun}/{name}", {"description": "mine"}
        yield "POST", f"/{noun}/{name}/versions/1.0.0/deprecate", {"reason": "mine"}
        yield "DELETE", f"/{noun}/{name}", None
    for noun in ("datasets", "models"):
        yield "GET", f"/{noun}/{name}/versions/1/lineage", None
    yield "GET", f"/drafts/{name}", None
    yield "POST", f"/drafts/{name}/publish", {"revision": 1}
    yield "DELETE", f"/drafts/{name}", None
    yield "GET", f"/connections/{name}", None
    yield "POST", f"/connections/{name}/check", {}
    yield "DELETE", f"/connections/{name}", None
    yield "POST", "/runs", {"component": name}
    yield "POST", "/runs", {"pipeline": f"{name}@1.0.0"}


def of_run(run: str) -> Iterator[tuple[str, str, object]]:
    """Every way to ask for a run."""
    for end in (
        "",
        "/result",
        "/events",
        "/events/follow",
        "/lineage",
        "/steps",
        "/steps/step",
        "/steps/step/why",
        "/steps/step/usage",
        "/steps/step/attempts",
        "/steps/step/logs",
        "/steps/step/logs/last",
        "/steps/step/logs/last/follow",
        "/artifacts",
        "/artifacts/step/o",
        "/artifacts/step/o/preview",
        "/artifacts/step/o/file",
    ):
        yield "GET", f"/runs/{run}{end}", None
    yield "PATCH", f"/runs/{run}", {"name": "mine"}
    yield "POST", f"/runs/{run}/cancel", {}
    yield "POST", f"/runs/{run}/resume", {}
    yield "DELETE", f"/runs/{run}", None
    source = {"run": run, "step": "step", "port": "o"}
    yield "POST", "/datasets", {"name": "stolen", "source": source}
    yield "POST", "/models", {"name": "stolen", "source": source}


def is_alike(door: Door, method: str, path: str, body: object, known: str, unknown: str) -> None:
    """Asks for a thing, and for one that never was: the answers are one but for the names."""
    there, absent = (
        door.ask(method, path.replace("{}", name), swapped(body, name)) for name in (known, unknown)
    )
    assert there.status == absent.status == 404, (method, path, there)
    said, other = there.without_request, absent.without_request
    assert {**said, "detail": said["detail"].replace(known, "NAME")} == {
        **other, "detail": other["detail"].replace(unknown, "NAME")}, (method, path)  # fmt: skip
    names = there.headers.keys() | absent.headers.keys()
    differing = {name for name in names if there.headers.get(name) != absent.headers.get(name)}
    assert differing <= {"x-request-id", "content-length"}


def swapped(body: object, name: str) -> object:
    if isinstance(body, dict):
        return {key: swapped(value, name) for key, value in body.items()}
    return body.replace("{}", name) if isinstance(body, str) else body


def test_things_of_another_workspace_and_things_that_never_were_are_one(
    door: Door, person: Door
) -> None:
    made = things(door, THERE)
    for method, end, body in routes("{}"):
        # By its name in one's own workspace, and by the address of the other.
        is_alike(person, method, f"{HERE}{end}", body, made["known"], made["unknown"])
        answer = person.ask(method, f"{THERE}{end.replace('{}', made['known'])}",
                            swapped(body, made["known"]))  # fmt: skip
        absent = person.ask(method, f"/workspaces/absent{end}", body)
        assert answer.status == absent.status == 404
        assert answer.json["detail"] == absent.json["detail"].replace("absent", "theirs")


def test_runs_of_another_workspace_and_runs_that_never_were_are_one(
    door: Door, person: Door
) -> None:
    files = {"component.yaml": text("echo x > $PAI_OUTPUT_O/x", outputs={"o": {}})}
    run = door.run(files, "theirs")
    private = door.run(files, visibility="private")
    door.finished(run, "theirs")
    door.finished(private)
    for known in (run, private, run[:8]):
        unknown = "0" * len(known)
        for method, end, body in of_run("{}"):
            is_alike(person, method, f"{HERE}{end}", body, known, unknown)
    assert person.ask("GET", f"{HERE}/runs/last").status == 404
    assert person.ask("GET", f"{HERE}/runs").json["items"] == []
    for path in ("/runs?name=step", "/runs?creator=owner", "/datasets", "/models", "/components"):
        shown = good(person.ask("GET", f"{HERE}{path}")).body.decode()
        assert run not in shown
        assert private not in shown


def test_private_things_of_others_are_not_there(door: Door, person: Door) -> None:
    for noun, wish in (("datasets", {"uri": "s3://b/k"}), ("images", {"uri": "python:3"}),
                       ("models", {"uri": "s3://b/k"})):  # fmt: skip
        said = {"name": "hidden", "visibility": "private", **wish}
        good(door.ask("POST", f"{HERE}/{noun}", said))
        is_alike(person, "GET", f"{HERE}/{noun}/{{}}", None, "hidden", "absent")
        is_alike(person, "PATCH", f"{HERE}/{noun}/{{}}", {"description": "x"}, "hidden", "absent")
        is_alike(person, "DELETE", f"{HERE}/{noun}/{{}}", None, "hidden", "absent")
        shown = good(person.ask("GET", f"{HERE}/{noun}", text="hidden")).json["items"]
        assert shown == []
        # What has the name cannot be seen, so it cannot be taken, and no more is said of it.
        answer = person.ask("POST", f"{HERE}/{noun}", {"name": "hidden", **wish})
        assert answer.status == 409
        assert "owner" not in answer.body.decode()


def test_an_idempotency_key_is_its_persons_own(door: Door, person: Door) -> None:
    other = door.hire("second", "developer")
    key = {"Idempotency-Key": "one-key"}
    wish = {"name": "by-key", "uri": "s3://b/k"}
    first = good(person.ask("POST", f"{HERE}/datasets", wish, key))
    again = good(person.ask("POST", f"{HERE}/datasets", wish, key))
    assert again.body == first.body
    assert person.ask("POST", f"{HERE}/datasets", {**wish, "uri": "s3://b/l"}, key).status == 409
    assert person.ask("POST", f"{HERE}/images", {"name": "x", "uri": "python:3"}, key).status == 409
    # For another the key is new: they are told of their own request, which is another's thing.
    answer = other.ask("POST", f"{HERE}/datasets", wish, key)
    assert answer.status == 403
    # Who may not any more is not answered from what was kept.
    good(door.ask("DELETE", f"{HERE}/members/developer"))
    assert person.ask("POST", f"{HERE}/datasets", wish, key).status == 404
    door.make_member("developer", "guest")
    assert person.ask("POST", f"{HERE}/datasets", wish, key).status == 403
    door.make_member("developer", "developer")


def test_an_idempotency_key_is_good_for_files_and_never_shows_a_secret_again(door: Door) -> None:
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    key = {"Idempotency-Key": "a-file"}
    for _ in range(2):
        good(door.ask("PUT", f"{HERE}/files/{digest}", b"x", key))
    key = {"Idempotency-Key": "a-token"}
    session = door.as_(door.token)
    secret = good(session.ask("POST", "/me/tokens", {"name": "once"}, key)).json["secret"]
    again = session.ask("POST", "/me/tokens", {"name": "once"}, key)
    assert again.status == 409
    assert secret not in again.body.decode()
    for long in ("x" * 201, "x" * 60_000, "\xff"):
        answer = door.ask("GET", "/me", None, {"Idempotency-Key": long})
        assert answer.status in (200, 400)


def test_what_was_denied_is_in_the_audit(door: Door, person: Door) -> None:
    assert person.ask("POST", "/people", {"person": "forged"}).status == 403
    assert person.ask("DELETE", HERE).status == 403
    assert person.ask("GET", f"{THERE}/runs").status == 404
    found = good(door.ask("GET", "/audit", person="developer", outcome="denied", limit=200)).json
    verbs = {entry["verb"] for entry in found["items"]}
    assert {"people.create", "workspaces.delete", "runs.list"} <= verbs
    assert good(door.ask("GET", "/audit")).json["intact"]
