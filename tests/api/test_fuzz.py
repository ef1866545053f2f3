"""Files and JSON mutated at random, through the server: each is answered, soon, and with a reason.

The seeds are the examples' files and those of the tests. The figures: no 5xx, no traceback, at most
200 ms of the API's processor an answer, and memory that does not grow.
"""

from __future__ import annotations

import hashlib
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from millwork.api.binding import binding_of
from tests.attacks.door import DEFAULT, good, opened
from tests.attacks.door import text as component
from tests.attacks.process import api_of, cpu_seconds, resident

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Answer, Door

pytestmark = pytest.mark.xdist_group("fuzz")

ROOT = Path(__file__).parent.parent.parent
FOLDERS = (ROOT / "examples", ROOT / "tests" / "formats")
SEEDS = sorted(
    path.read_text()
    for folder in FOLDERS
    for path in folder.rglob("*.y*ml")
    if path.stat().st_size < 20_000
)
MOST = 0.2  # seconds of the API's processor for one answer
TRIES = 3  # of what took longer: the first may have imported what others need
GROWTH = 60 << 20
WORDS = st.sampled_from([
    "null", "~", "true", "yes", "1e999", "-1", "0", "9" * 400, "1.10", "''", '"', "'", "{}", "[]",
    "[[[[", "{{{{", "&a", "*a", "<<: *a", "!!python/object/apply:os.system [id]", "!x", "|", ">",
    "---", "...", "#", ": ", "- ", "? ", "\t", "\u2028", "\ufeff", "\x85", "\u202e", "é", "😀", "%",
    "${{ inputs.x }}", "${{parent.jobs.a.outputs.b}}", "$PAI_USER_ARGS", "$(", "`", "\\", "../..",
    "/etc/passwd", "file:///etc/passwd", "git+file:///x", "component:", "nodes:", "inputs:", "env:",
    "type:", "command:", "parameters:", "$schema:", "apiVersion: millwork/v1", "jobs:", "code: ..",
    "__class__", "{0.__class__}", "a" * 3000, "- " * 60, "[" * 60, "? " * 60, "a: {" * 60,
])  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A file with a few of its lines and characters taken away, doubled, swapped, or replaced."""
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        text = mutate(draw, text)
    return text.replace("\0", "")


def mutate(draw: st.DrawFn, text: str) -> str:
    lines = text.split("\n")
    place = draw(st.integers(0, max(0, len(lines) - 1)))
    kind = draw(
        st.sampled_from(["cut", "double", "indent", "word", "value", "other", "end", "char"])
    )
    if kind == "cut":
        del lines[place : place + draw(st.integers(1, 4))]
    elif kind == "double":
        lines[place:place] = lines[place : place + draw(st.integers(1, 4))]
    elif kind == "indent":
        lines[place] = " " * draw(st.integers(0, 8)) + lines[place].lstrip()
    elif kind == "word":
        lines.insert(place, draw(WORDS))
    elif kind == "value" and ":" in lines[place]:
        lines[place] = f"{lines[place].partition(':')[0]}: {draw(WORDS)}"
    elif kind == "other":
        other = draw(st.sampled_from(SEEDS)).split("\n")
        begin = draw(st.integers(0, max(0, len(other) - 1)))
        lines[place:place] = other[begin : begin + draw(st.integers(1, 8))]
    elif kind == "end":
        del lines[place:]
    else:
        at = draw(st.integers(0, len(text)))
        return text[:at] + draw(st.text(st.characters(codec="utf-8"), max_size=4)) + text[at:]
    return "\n".join(lines)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20) | WORDS,
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
WISH: dict[str, Any] = {
    "component": "x", "pipeline": "", "bundle": "", "file": "", "inputs": {"a": "s3://b/k"},
    "outputs": {}, "parameters": {"p": 1}, "replicas": {}, "name": "n", "note": "",
    "tags": {"a": "b"},
    "priority": 5, "visibility": "public", "parallel": 2, "engine": "", "image": "", "first": "",
    "require_image": False, "last": "", "only": "", "force": [], "incremental": False,
    "commits": {"x": {"commit": "a" * 40, "dirty": False, "url": ""}},
}  # fmt: skip
COMPONENT = component(
    "true", "x", inputs={"a": {"required": False}}, parameters={"p": {"type": "Int"}}
)
SENT = hashlib.sha256(b"print(1)").hexdigest()
ASSET: dict[str, Any] = {
    "name": "fuzzed", "uri": "s3://b/k", "labels": {"a": "b"}, "options": {"a": "b"},
    "source": {"dataset": "origin", "version": "v1"}, "metrics": {"a": 1.0}, "specs": {},
    "version": None, "visibility": "public", "description": "", "mount_path": "/ml/x",
}  # fmt: skip


def asset(verb: str) -> dict[str, Any]:
    """The fields that this verb has; one that it has not would be refused before all others."""
    return {name: ASSET[name] for name in binding_of(verb).arguments.__struct_fields__
            if name in ASSET}  # fmt: skip


def like(value: Any) -> st.SearchStrategy[Any]:
    """Something of the same type: what is of another gets no further than that."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, str | None):
        return st.text(max_size=20) | WORDS
    if isinstance(value, int):
        return st.integers(-1, 10) | st.integers()
    if isinstance(value, float):
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(value, list):
        return st.lists(like(value[0]) if value else JSON, max_size=4)
    names, inner = st.text(max_size=8) | st.sampled_from(sorted(value) or ["a"]), JSON
    for each in value.values():
        inner |= like(each)
    return st.dictionaries(names, inner, max_size=4)


@st.composite
def wishes(draw: st.DrawFn) -> tuple[str, str, Any]:
    """A request with a JSON body of which some fields are missing, and some are anything."""
    method, path, fields = draw(st.sampled_from([
        ("POST", "/runs", WISH), ("POST", "/datasets", asset("datasets.create")),
        ("POST", "/models", asset("models.create")),
        ("POST", "/images", asset("images.create") | {"uri": "python:3.12"}),
        ("PUT", "/connections/fuzzed", {"type": "s3", "fields": {
            "endpoint": "https://example.org"}, "secret": "A", "description": ""}),
        ("POST", "/codes", {"name": "fuzzed", "repository": "https://example.org/x.git",
                            "branch": "", "commit": "", "mount_path": "", "connection": ""}),
        ("PUT", "/drafts/fuzzed", {"text": "a: 1", "revision": 0, "bundle": ""}),
        ("POST", "/bundles", {"files": [{"path": "a", "sha256": SENT, "executable": True}]}),
        ("POST", "/files/missing", {"sha256": ["0" * 64]}), ("PATCH", "", {"quota": {"cpu": 1}}),
        ("PUT", "/secrets/FUZZED", {"value": "x"}), ("PATCH", "/runs/last", {"note": "x"}),
    ]))  # fmt: skip
    some = st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True)
    without = draw(some)
    body = {name: fields[name] for name in fields if name not in without}
    for name in draw(some):
        body[name] = draw(like(fields[name]) if draw(st.integers(0, 2)) else JSON)
    if draw(st.integers(0, 9)) == 0:
        return method, f"{DEFAULT}{path}", draw(JSON)
    return method, f"{DEFAULT}{path}", body


WAYS = ("components", "pipelines", "drafts", "runs")


class Watch:
    """Asks, and looks at what it costs."""

    def __init__(self, door: Door) -> None:
        self.door, self.process = door, api_of(door.server)
        self.costs: list[float] = []
        self.statuses: dict[int, int] = {}

    def number(self) -> str:
        """A name that nothing has yet."""
        return f"d{len(self.costs)}"

    def ask(self, method: str, path: str, body: Any) -> Answer:
        for _ in range(TRIES):
            before = cpu_seconds(self.process)
            answer = self.door.ask(method, path, body)
            cost = cpu_seconds(self.process) - before
            if cost <= MOST:
                break
        self.costs.append(cost)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        assert answer.status < 500, (method, path, body, answer.body)
        assert cost <= MOST, (method, path, body, cost)
        if answer.status != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json["detail"], answer
        return answer


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    with opened(tmp_path_factory.mktemp("fuzz") / "home") as door:
        good(door.ask("PATCH", DEFAULT, {"quota": {"runs": 0}}))  # nothing that is asked for begins
        good(door.ask("POST", f"{DEFAULT}/components", {"text": COMPONENT}))
        good(door.ask("POST", f"{DEFAULT}/datasets", {"name": "origin", "uri": "s3://b/k"}))
        good(door.ask("POST", f"{DEFAULT}/runs", {"component": "x", "parameters": {"p": 1}}))
        door.bundle({"a": "print(1)"})
        found = Watch(door)
        for text in SEEDS:  # what is imported once is imported
            for way in WAYS:
                send(found, way, text)
        before = resident(found.process)
        yield found
        assert api_of(door.server) == found.process
        assert resident(found.process) - before < GROWTH
        middle, most = statistics.median(found.costs), max(found.costs)
        told = f"median {middle * 1000:.1f} ms, most {most * 1000:.0f} ms"
        print(f"\n{len(found.costs)} answers, {told}, statuses {found.statuses}")


def send(watch: Watch, way: str, text: str) -> None:
    """A file by one of the ways in: as a component, a pipeline, a draft, or in a bundle."""
    if way == "drafts":
        watch.ask("PUT", f"{DEFAULT}/drafts/{watch.number()}", {"text": text})
        return
    if way != "runs":
        watch.ask("POST", f"{DEFAULT}/{way}", {"text": text})
        return
    bundle = watch.door.bundle({"component.yaml": text, "train.py": "print(1)"})
    watch.ask("POST", f"{DEFAULT}/runs", {"bundle": bundle, "file": "component.yaml"})


def budget(examples: int) -> Any:
    """Settings of hypothesis: so many examples, each however long it takes, another each time."""
    return settings(
        max_examples=examples, deadline=None, database=None,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@pytest.mark.parametrize("examples", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_mutated_files_are_answered(watch: Watch, examples: int) -> None:
    @budget(examples)
    @given(st.sampled_from(WAYS), mutated())
    def answered(way: str, text: str) -> None:
        send(watch, way, text)

    answered()


@pytest.mark.parametrize("examples", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_mutated_json_is_answered(watch: Watch, examples: int) -> None:
    @budget(examples)
    @given(wishes())
    def answered(wish: tuple[str, str, Any]) -> None:
        watch.ask(*wish)
        if wish[1] == DEFAULT:
            good(watch.door.ask("PATCH", DEFAULT, {"quota": {"runs": 0}}))

    answered()


def test_a_large_pipeline_is_answered(watch: Watch) -> None:
    nodes = {
        f"n{index}": {"component": "x", "after": [f"n{index - 1}"], "parameters": {"p": index}}
        for index in range(1, 500)
    }
    nodes["n0"] = {"component": "x", "parameters": {"p": 0}}
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "large", "version": "1.0.0"}
    said = yaml.dump({**head, "nodes": nodes})
    for way in ("drafts", "pipelines"):
        send(watch, way, said)
    good(watch.ask("GET", f"{DEFAULT}/pipelines/large", None))


def test_a_run_whose_secret_is_not_there_is_refused(watch: Watch) -> None:
    fields = {"endpoint": "https://example.org"}
    there = f"{DEFAULT}/connections/fuzzed"
    good(watch.ask("PUT", there, {"type": "s3", "fields": fields, "secret": "NOWHERE"}))
    wish = {"component": "x", "parameters": {"p": 1}, "inputs": {"a": "s3://b/k"}}
    answer = watch.ask("POST", f"{DEFAULT}/runs", wish)
    assert answer.status == 409
    assert "millwork secrets set NOWHERE" in answer.json["detail"]


def test_a_draft_of_empty_lines_is_answered(watch: Watch) -> None:
    send(watch, "drafts", "a: b" + "\n" * 200_000)


def test_there_is_something_to_mutate() -> None:
    assert len(SEEDS) > 30
