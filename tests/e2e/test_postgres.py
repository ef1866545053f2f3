"""Homes whose record is in a PostgreSQL: all is as with a file; a server may go and come back."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import environment, gone, listing, run_command, until
from tests.e2e.batches import Batch, assert_nothing_left, tree
from tests.kill.runner import write_pipeline
from tests.store.server import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork
    from tests.store.server import Server

    Start = Callable[..., Background]

ONCE = {"speculates": False}
pytestmark = pytest.mark.xdist_group("postgres")


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new()


@pytest.fixture
def home(tmp_path: Path, url: str) -> Path:
    """A home whose settings name the database."""
    return made_home(tmp_path / "home", url)


def made_home(home: Path, url: str) -> Path:
    home.mkdir()
    (home / "settings.yaml").write_text(f"database: {url}\n")
    return home


@pytest.fixture
def effects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the steps of `noted` pipelines note that they begin and end."""
    path = tmp_path / "effects"
    monkeypatch.setenv("EFFECTS", str(path))
    return path


def begun(effects: Path, count: int) -> None:
    until(lambda: effects.exists() and effects.read_text().count("start") >= count, 30)


def each_once(effects: Path, steps: int) -> bool:
    """Whether each step has begun and ended once."""
    noted = Counter(effects.read_text().splitlines())
    return noted == {f"s{n} {what}": 1 for n in range(steps) for what in ("start", "end")}


# --- as with a file -----------------------------------------------------------------------------


def test_runs_are_kept_shown_and_reused(millwork: Millwork, tmp_path: Path, effects: Path) -> None:
    file = write_pipeline(tmp_path, 6, 2, 0)
    assert millwork("run", file).code == 0
    assert millwork("run", file).code == 0
    assert each_once(effects, 6)
    second, first = listing(millwork)
    assert (first["status"], second["status"]) == ("succeeded", "succeeded")
    shown = millwork("runs", "show", second["run"], "--json").json
    assert {step["status"] for step in shown["steps"]} == {"succeeded"}
    assert "its outputs are those of" in millwork("runs", "why", f"{second['run']}/s0").out
    assert millwork("doctor", "artifacts").code == 0
    assert not (tmp_path / "home" / "millwork.db").exists()


def test_a_run_is_cancelled(
    millwork: Millwork, background: Start, tmp_path: Path, effects: Path
) -> None:
    run = background("run", write_pipeline(tmp_path, 2, 1, 60))
    begun(effects, 1)
    assert millwork("runs", "cancel", "last").code == 0
    assert run.end()[0] == 1
    assert listing(millwork)[0]["status"] == "cancelled"


def test_a_killed_run_is_resumed_and_repeats_nothing(
    millwork: Millwork, background: Start, tmp_path: Path, effects: Path
) -> None:
    run = background("run", write_pipeline(tmp_path, 8, 2, 0.3))
    begun(effects, 3)
    run.process.kill()
    run.process.communicate()
    assert listing(millwork)[0]["status"] == "interrupted"
    assert millwork("runs", "resume", "last").code == 0
    assert each_once(effects, 8)


def test_a_database_that_the_environment_names_goes_first(
    home: Path, tmp_path: Path, postgres: Server
) -> None:
    env = {"MILLWORK_DATABASE": postgres.new()}
    assert run_command(["run", "--", "true"], home, env=env).code == 0
    assert len(run_command(["runs", "list", "--json"], home, env=env).json) == 1
    assert run_command(["runs", "list", "--json"], home).json == []


def test_a_step_is_not_told_where_the_database_is(tmp_path: Path, url: str) -> None:
    done = run_command(["run", "--", "env"], tmp_path / "other", env={"MILLWORK_DATABASE": url})
    assert done.code == 0
    assert "postgresql" not in done.out + done.err


# --- batches ------------------------------------------------------------------------------------


@pytest.fixture
def batch(component: Component, tmp_path: Path, home: Path, millwork: Millwork) -> Batch:
    return Batch(component, tmp_path, home)


def test_a_batch_is_served(batch: Batch, millwork: Millwork, home: Path) -> None:
    batch.files(12)
    assert batch.run(batch.noted("pass", batch=ONCE)).code == 0
    assert sorted(batch.tries().values()) == [1] * 12
    assert_nothing_left(home)


def test_a_batch_goes_on_when_its_database_has_crashed(
    batch: Batch, background: Start, millwork: Millwork, home: Path, postgres: Server
) -> None:
    batch.files(30)
    file = batch.noted("import time; time.sleep(0.1)", batch=ONCE)
    run = background("run", *batch.words(file, 2))
    until(lambda: batch.tries().total() >= 5, 30)
    postgres.stop(signal.SIGQUIT)
    time.sleep(0.5)  # so long it is away
    postgres.start()
    code, _, err = run.end(60)
    if code == 3:  # the crash met the master as it wrote
        assert "lost" in err
        assert millwork("runs", "resume", "last").code == 0
    shown = millwork("runs", "show", "last", "--json").json
    assert shown["status"] == "succeeded"
    assert tree(Path(shown["outputs"]["found"])) == {
        "rows.txt": "".join(f"{number:03}.txt\n" for number in range(30))
    }
    assert_nothing_left(home)


# --- two homes ----------------------------------------------------------------------------------


def test_a_run_is_resumed_in_its_own_home_only(
    background: Start, home: Path, tmp_path: Path, url: str, effects: Path
) -> None:
    other = made_home(tmp_path / "other", url)
    run = background("run", write_pipeline(tmp_path, 4, 1, 0.5))
    begun(effects, 1)
    run.process.kill()
    run.process.communicate()
    (listed,) = run_command(["runs", "list", "--json"], other).json
    for words in (["runs", "resume", listed["run"]], ["runs", "cancel", listed["run"]]):
        refused = run_command(words, other)
        assert refused.code == 2
        assert f"{listed['run']} is of another Millwork home, {home} on " in refused.err
    assert run_command(["runs", "resume", "--all"], other).code == 0
    assert run_command(["runs", "list", "--json"], other).json[0]["status"] == "interrupted"


def test_a_result_is_used_in_its_own_home_only(
    millwork: Millwork, tmp_path: Path, url: str, effects: Path
) -> None:
    other = made_home(tmp_path / "other", url)
    file = write_pipeline(tmp_path, 1, 1, 0)
    assert millwork("run", file).code == 0
    assert run_command(["run", str(file)], other).code == 0
    assert effects.read_text().count("start") == 2
    for each in (tmp_path / "home", other):
        assert run_command(["run", str(file)], each).code == 0
    assert effects.read_text().count("start") == 2


# --- servers that go ----------------------------------------------------------------------------


def test_a_run_goes_on_when_the_database_was_restarted(
    millwork: Millwork, background: Start, tmp_path: Path, postgres: Server, effects: Path
) -> None:
    run = background("run", write_pipeline(tmp_path, 12, 2, 0.4))
    begun(effects, 2)
    postgres.stop()
    time.sleep(0.3)  # so long it is away
    postgres.start()
    code, _, err = run.end(60)
    if code == 3:  # it met the master as it wrote
        assert "lost" in err
        assert millwork("runs", "resume", "last").code == 0
    assert listing(millwork)[0]["status"] == "succeeded"
    assert each_once(effects, 12)


def test_a_run_whose_database_stays_away_is_resumed_later(
    millwork: Millwork, background: Start, tmp_path: Path, postgres: Server, effects: Path
) -> None:
    run = background("run", write_pipeline(tmp_path, 4, 2, 0.3))
    begun(effects, 1)
    postgres.stop()
    try:
        code, _, err = run.end(60)
        assert code == 3
        assert err.count("\n") == 1
        assert "the connection to the database 127.0.0.1:" in err
        assert gone(run.process.pid)
        refused = millwork("runs", "list")
        assert refused.code == 3
        assert "cannot be reached: Connection refused" in refused.err
    finally:
        postgres.start()
    assert millwork("runs", "resume", "last").code == 0
    assert each_once(effects, 4)


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (("p%2Fss", "wrong"), 3, "password authentication failed"),
        (("p%2Fss", "p/ss"), 3, "the address of the database cannot be read"),
        (("/test", "/other"), 3, "does not exist"),
        (("postgresql://", "mysql://"), 2, "expected the URL of a PostgreSQL database"),
        (("127.0.0.1", "nowhere.invalid"), 3, "cannot be reached: "),
    ],
)
def test_an_address_that_leads_nowhere_is_said_in_one_line(
    tmp_path: Path, url: str, change: tuple[str, str], code: int, says: str
) -> None:
    env = {"MILLWORK_DATABASE": url.replace(*change)}
    for words in (["run", "--", "true"], ["runs", "list"]):
        result = run_command(words, tmp_path / "home of none", env=env)
        assert (result.code, result.out) == (code, "")
        assert says in result.err
        assert result.err.count("\n") == 1
        for secret in (PASSWORD, "ss:w", "w@rd", "w%40rd"):
            assert secret not in result.err


def test_settings_with_another_address_are_refused_at_their_line(tmp_path: Path) -> None:
    home = made_home(tmp_path / "home of none", "mysql://u:geheim@host/name")
    result = run_command(["runs", "list"], home)
    assert result.code == 2
    assert "settings.yaml:1:" in result.err
    assert "expected the URL of a PostgreSQL database" in result.err
    assert "geheim" not in result.err


def test_the_environment_of_commands_names_no_database() -> None:
    assert "MILLWORK_DATABASE" not in environment(Path("/home"))
