"""Garbage collection: what is named stays whole, what is not goes, whenever it is cut."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.actions.doctor import examine_artifacts
from millwork.actions.gc import Collection, collect
from millwork.actions.published import code_folder
from millwork.actions.tally import Wish
from millwork.base.errors import NotFound
from millwork.blobs import code
from millwork.ports.retention import Retention
from tests.actions.attic import Attic
from tests.conftest import environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.views.retention import Collected
    from tests.conftest import Component, Millwork

ALL = Wish(Retention(runs_days=0.0), young=0.0)
CODES = [letter * 64 for letter in "abc"]


@pytest.fixture
def attic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Attic]:
    attic = Attic(tmp_path / "home", monkeypatch)
    yield attic
    attic.close()


def names(found: Collected, kind: str) -> set[str]:
    return {item["name"] for item in found["items"] if item["kind"] == kind}


def test_what_no_row_names_goes_and_what_is_young_stays(attic: Attic) -> None:
    run = attic.run(code=CODES[0])
    attic.stray("x-1")
    for digest in CODES[:2]:
        attic.snapshot(digest)
    assert collect(attic.context, Wish())["items"] == []
    dry = collect(attic.context, Wish(is_dry=True, young=0.0))
    assert (names(dry, "attempt"), names(dry, "code")) == ({"x-1"}, {CODES[1]})
    assert "x-1" in attic.attempts()
    found = collect(attic.context, Wish(young=0.0))
    assert found["items"] == dry["items"]
    assert found["bytes"] == dry["bytes"] > 0
    assert attic.attempts() == {f"{run}-1", f"{run}-2"}
    assert os.listdir(attic.home / "code") == [CODES[0]]
    assert attic.is_whole(f"{run}-1")


def test_the_rules_keep_the_newest_and_the_tagged(attic: Attic) -> None:
    tagged, old, new = attic.run(tags={"keep": "1"}), attic.run(), attic.run()
    rules = Retention(runs_days=0.0, keep_last=1, tags_kept=("keep=1",))
    dry = collect(attic.context, Wish(rules, is_dry=True, young=0.0))
    assert names(dry, "run") == {old}
    assert attic.context.store.run(old) is not None
    found = collect(attic.context, Wish(rules, young=0.0))
    assert found["bytes"] == dry["bytes"] > 0
    assert names(found, "run") == {old}
    assert [run.id for run in attic.context.store.runs(9)] == [new, tagged]


def test_a_dry_run_counts_what_only_other_doomed_runs_name(attic: Attic) -> None:
    run = attic.run()
    attic.run(takes=f"{run}-1")
    dry = collect(attic.context, Wish(ALL.rules, is_dry=True, young=0.0))
    found = collect(attic.context, ALL)
    assert dry["bytes"] == found["bytes"]
    assert attic.attempts() == set()


def test_results_whose_files_are_gone_are_forgotten_and_old_ones_when_asked(attic: Attic) -> None:
    gone, old = attic.run(key="k"), attic.run(key="l")
    subprocess.run(["rm", "-r", attic.output(f"{gone}-1")], check=True)
    assert names(collect(attic.context, Wish(young=0.0)), "result") == {f"{gone}-1"}
    assert [found.attempt for found in attic.context.store.all_results()] == [f"{old}-1"]
    collect(attic.context, Wish(Retention(runs_days=0.0), young=0.0))
    assert attic.is_whole(f"{old}-1")  # for whoever has the same work to do
    rules = Retention(runs_days=0.0, results_days=0.0)
    collect(attic.context, Wish(rules))
    assert attic.context.store.all_results() == []
    assert attic.is_whole(f"{old}-1")  # somebody may just have found it
    collect(attic.context, Wish(rules, young=0.0))
    assert attic.attempts() == set()
    assert attic.context.retention().left() == []


def test_code_that_is_just_being_used_again_stays(attic: Attic, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "main.py").write_text("pass")
    tree = code.snapshot(str(source), attic.context.code_store)
    kept = Path(attic.context.code_store) / tree.digest
    long_ago = time.time() - 7200
    os.utime(kept, (long_ago, long_ago))
    assert names(collect(attic.context, Wish(is_dry=True)), "code") == {tree.digest}
    assert code.snapshot(str(source), attic.context.code_store) == tree
    assert collect(attic.context, Wish())["items"] == []
    attic.run(code=tree.digest)
    os.utime(kept, (long_ago, long_ago))
    kept.rename(kept.with_name(f".gone-{tree.digest}"))  # cut in the middle of a collection
    collect(attic.context, Wish())
    assert (kept / "main.py").read_text() == "pass"


def test_code_that_is_being_registered_stays(attic: Attic) -> None:
    long_ago = time.time() - 7200
    kept = [attic.snapshot(digest) for digest in CODES]
    for each in kept:
        os.utime(each, (long_ago, long_ago))
    code_folder(attic.context, CODES[0])
    found = collect(attic.context, Wish())
    assert names(found, "code") == {CODES[1], CODES[2]}
    assert [each.exists() for each in kept] == [True, False, False]
    with pytest.raises(NotFound, match="upload its files"):
        code_folder(attic.context, CODES[1])


def test_code_that_is_found_at_the_last_moment_stays(attic: Attic) -> None:
    kept = attic.snapshot(CODES[0])
    os.utime(kept, (0, 0))

    class Late(Collection):
        """Somebody finds the code when it has been judged to be old, and is not yet hidden."""

        looks = 0

        def _is_old(self, folder: str, name: str, age: float = 0.0) -> bool:
            is_old = super()._is_old(folder, name, age)
            self.looks += 1
            if self.looks == 2:
                code_folder(self.context, name)
            return is_old

    late = Late(attic.context, Wish())
    assert late.run()["items"] == []
    assert late.looks == 3
    assert (kept / "main.py").exists()


def test_old_uploads_checkouts_backups_and_drafts_go(attic: Attic) -> None:
    home, long_ago = attic.home, time.time() - 90_000
    paths = [
        home / "uploads/default/ab" / ("ab" * 32), home / "uploads/tmpx1/f",
        home / "git" / ("d" * 40) / "f", home / "code/.abc.12.ffff/f",
        *(home / f"backups/millwork-0003-2026010{n}T000000Z.db" for n in range(1, 8)),
    ]  # fmt: skip
    for n, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for each in (path, path.parent):
            os.utime(each, (long_ago + n, long_ago + n))
    fresh = home / "uploads/default/cd" / ("cd" * 32)
    fresh.parent.mkdir()
    fresh.write_text("x")
    found = collect(attic.context, Wish())
    assert found["left"] == []
    assert [path for path in paths if path.exists()] == paths[-5:]
    assert fresh.exists()
    assert not (home / "code/.abc.12.ffff").exists()


STEP = st.tuples(
    st.sampled_from(["run", "result", "take", "read", "going", "model", "stray", "forget", "code"]),
    st.integers(0, 20),
)


@settings(
    max_examples=40, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(graph=st.lists(STEP, min_size=1, max_size=14), keep=st.integers(0, 3), rules=st.booleans())
def test_whatever_names_what(
    monkeypatch: pytest.MonkeyPatch, graph: list[tuple[str, int]], keep: int, rules: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        attic = Attic(Path(folder), monkeypatch)
        try:
            _check(attic, graph, Retention(0.0, keep) if rules else Retention())
        finally:
            attic.close()


def _check(attic: Attic, graph: list[tuple[str, int]], rules: Retention) -> None:
    runs: list[str] = []
    going, takers, results, models = set[str](), set[str](), set[str](), set[str]()
    uses: dict[str, str] = {}  # run -> the attempt that it has taken or reads
    codes: dict[str, str] = {}
    for what, number in graph:
        earlier = runs[number % len(runs)] if runs else ""
        attempt = f"{earlier}-1"
        digest = CODES[number % 3]
        if what == "stray":
            attic.stray(f"stray{number}-1")
        elif what == "code":
            attic.snapshot(digest)
        elif what == "model" and earlier:
            attic.model(earlier)
            models.add(attempt)
        elif what == "forget" and earlier:
            attic.context.store.forget_result(attempt)
            results.discard(attempt)
        elif what in ("take", "read") and earlier:
            run = attic.run(takes=attempt) if what == "take" else attic.run(reads=attempt)
            uses[run] = attempt
            takers |= {run} if what == "take" else set()
            runs.append(run)
        else:
            attic.snapshot(digest)
            is_over = what != "going"
            key = f"k{number}" if what == "result" else ""
            run = attic.run(key=key, code=digest, is_over=is_over)
            going |= set() if is_over else {run}
            results |= {f"{run}-1"} if key else set()
            codes[run] = digest
            runs.append(run)
    newest = set(sorted(runs, reverse=True)[: rules.keep_last])
    sources = {attempt.removesuffix("-1") for attempt in models}
    stay = set(runs) if rules.runs_days is None else going | newest | sources
    named = results | models | {uses[run] for run in uses if run in stay}
    whole = {f"{run}-1" for run in stay} | {f"{run}-2" for run in stay - takers}
    wish = Wish(rules, young=0.0)
    dry = collect(attic.context, Wish(rules, is_dry=True, young=0.0))
    found = collect(attic.context, wish)
    assert found["left"] == []
    assert names(dry, "run") == names(found, "run") == set(runs) - stay
    assert attic.attempts() == named | whole
    assert all(map(attic.is_whole, named | {f"{run}-1" for run in stay}))
    assert all(attic.is_trimmed(each) for each in named - whole)
    assert {each["state"] for each in examine_artifacts(attic.context)} <= {"ok"}
    kept = set(os.listdir(attic.home / "code")) if (attic.home / "code").exists() else set()
    assert kept == {codes[run] for run in stay if run in codes}
    assert set(attic.context.retention().left()) == named - whole
    assert collect(attic.context, wish)["items"] == []


PROGRAM = """
from millwork.app.compose import open_context
from millwork.actions.gc import collect
from millwork.actions.tally import Wish
from millwork.ports.retention import Retention
context = open_context()
print("ready", flush=True)
collect(context, Wish(Retention(runs_days=0.0), young=0.0))
"""


@pytest.mark.parametrize("seed", range(6))
def test_killed_anywhere_the_next_collection_finishes(attic: Attic, seed: int) -> None:
    chance = random.Random(seed)
    named, whole = set[str](), set[str]()
    for number in range(30):
        run = attic.run(key="k" if number % 3 == 0 else "", code=CODES[number % 3])
        named |= {f"{run}-1"} if number % 3 == 0 else set()
        if number % 5 == 0:
            attic.model(run)
            whole |= {f"{run}-1", f"{run}-2"}
    going = attic.run(is_over=False, code=CODES[0])
    whole |= {f"{going}-1", f"{going}-2"}
    firsts = {*named, *(each for each in whole if each.endswith("-1"))}
    for digest in CODES:
        attic.snapshot(digest)
    attic.snapshot("f" * 64)
    for number in range(20):
        attic.stray(f"stray-{number}")
    for _ in range(4):
        started = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], env=environment(attic.home), stdout=subprocess.PIPE
        )
        assert started.stdout
        started.stdout.readline()
        time.sleep(chance.random() * 0.15)
        started.send_signal(signal.SIGKILL)
        started.communicate()
        assert all(map(attic.is_whole, firsts))
    found = collect(attic.context, ALL)
    assert found["left"] == []
    assert attic.attempts() == named | whole
    assert all(map(attic.is_whole, firsts))
    assert all(map(attic.is_trimmed, named - whole))
    assert set(os.listdir(attic.home / "code")) == set(CODES)
    assert collect(attic.context, ALL)["items"] == []


def test_the_command(millwork: Millwork, component: Component, home: Path) -> None:
    file = component('echo x > "${PAI_OUTPUT_O}f"', outputs={"o": {}}, is_deterministic=False)
    run = millwork("run", file, "--json").json["run"]
    dry: dict[str, Any] = millwork("gc", "--older-than", "0", "--dry-run", "--json").json
    assert [item["name"] for item in dry["items"] if item["kind"] == "run"] == [run]
    assert dry["is_dry"]
    assert dry["bytes"] > 0
    assert millwork("runs", "show", run).code == 0
    done = millwork("gc", "--older-than", "0")
    assert done.code == 0
    assert "freed in" in done.out
    assert millwork("runs", "show", run).code == 2
    assert list((home / "attempts").iterdir()) == []
    assert millwork("gc", "--older-than=-1").code == 2
    assert millwork("gc", "--local").code == 2
    (home / "settings.yaml").write_text("retention: {runs_days: 0, tags_kept: [good]}\n")
    good = millwork("run", file, "--tag", "good=1", "--json").json["run"]
    other = millwork("run", file, "--json").json["run"]
    assert millwork("gc").code == 0
    assert millwork("runs", "show", good).code == 0
    assert millwork("runs", "show", other).code == 2
    (home / "settings.yaml").write_text("retention: {runs_days: soon}\n")
    assert "runs_days" in millwork("gc").err
