"""`millwork instances` and `millwork backfills`: their words, tables and exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from millwork.cli import awaiting, instances
from millwork.cli.main import main
from tests.api.cycles import DAILY, of, schedule_text
from tests.conftest import assert_no_defect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.api.cycles import Plant

    Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def plant(plant: Plant) -> Plant:
    plant.deploy("extract", "every: day\nat: '02:00'\ntimezone: Europe/Berlin")
    plant.deploy("load", "every: day\nat: '03:00'\ndepends_on: [extract]")
    plant.look()
    plant.look("2026-03-11T04:00")
    return plant


@pytest.fixture
def command(plant: Plant, capsys: pytest.CaptureFixture[str]) -> Command:
    """A command; `--json` is read."""
    del plant

    def run(*words: str) -> tuple[int, str, str]:
        try:
            code = main(words)
        except SystemExit as error:  # words that argparse refuses
            code = int(error.code or 0)
        said = capsys.readouterr()
        assert_no_defect(said.err)
        return code, said.out, said.err

    return run


def id_of(plant: Plant, schedule: str, day: str = "2026-03-11") -> str:
    return str(of(plant, schedule, day)["id"])


def test_lists_and_pages_are_tables(plant: Plant, command: Command) -> None:
    code, out, _ = command("instances", "list", "--schedule", "extract")
    lines = out.splitlines()
    assert (code, lines[0].split()) == (
        0,
        ["instance", "schedule", "date", "scheduled", "status", "run", "why"],
    )
    assert "2026-03-12 02:00 +0100  waiting" in lines[1]
    code, out, _ = command("instances", "list", "--json", "--limit", "1")
    page = json.loads(out)
    assert len(page["items"]) == 1
    assert page["next"]
    code, out, err = command("instances", "list", "--limit", "1")
    assert f"there are more: --after {page['next']}" in err
    assert command("instances", "list", "--schedule", "absent")[1] == "no such instances\n"
    code, out, _ = command("instances", "show", id_of(plant, "load"))
    assert "waits:         extract: the one of 2026-03-10 is running" in out
    assert "may be done:   stop, succeed, freeze, unneed, priority" in out
    code, out, _ = command("instances", "graph", id_of(plant, "load"))
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["-1", "this"]
    code, out, _ = command("instances", "events", id_of(plant, "extract"))
    assert [line.split()[3] for line in out.splitlines()[1:]] == ["arrived", "starting", "running"]


def test_the_grid_is_drawn_in_letters(plant: Plant, command: Command) -> None:
    plant.end("failed")
    plant.look()
    code, out, _ = command("instances", "grid", "--first", "2026-03-08", "--last", "2026-03-11")
    assert code == 0
    assert [line.rstrip() for line in out.splitlines()] == [
        "business date  Mar",
        "               08 09 10 11",
        "extract        ·  ·  F  W",
        "load           ·  ·  W  W",
        "S succeeded D dry run F failed R running W waiting Z frozen C cancelled · none",
    ]


@pytest.mark.parametrize(("width", "rows"), [(200, 1), (80, 2), (40, 4), (30, 7)])
def test_a_long_grid_fits_the_terminal(
    plant: Plant, command: Command, monkeypatch: pytest.MonkeyPatch, width: int, rows: int
) -> None:
    del plant
    monkeypatch.setattr("millwork.cli.tables._WIDTH", width)
    _, out, _ = command("instances", "grid", "--first", "2026-01-01", "--last", "2026-04-02")
    lines = out.splitlines()
    assert len([line for line in lines if line.startswith("extract")]) == rows
    most = max(width, instances._WIDEST_NAME)
    assert max(len(line.rstrip()) for line in lines if line.startswith(("extract", "  "))) <= most
    assert sum(line.count("·") for line in lines if line.startswith("extract")) == 90


def test_a_narrow_list_leaves_the_run_out(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("millwork.cli.tables._WIDTH", 80)
    _, out, _ = command("instances", "list", "--schedule", "extract")
    assert "03-12 02:00" in out
    assert max(map(len, out.splitlines())) <= 80


def test_a_narrow_list_tells_its_reasons_below(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    wish = ("--schedule", "load", "--ranges", "2026-02-01", "--name", "n" * 30)
    assert command("backfills", "create", *wish)[0] == 0
    assert command("instances", "stop", "--schedule", "load", "--kind", "backfill")[0] == 0
    monkeypatch.setattr("millwork.cli.tables._WIDTH", 80)
    _, out, _ = command("instances", "list", "--schedule", "load")
    head, *lines = out.splitlines()
    assert head.split() == ["instance", "schedule", "date", "scheduled", "status", "kind"]
    at = next(index for index, line in enumerate(lines) if "2026-02-01" in line)
    assert lines[at].split()[1:] == [
        "load",
        "2026-02-01",
        "02-02",
        "03:00",
        "cancelled",
        "backfill",
    ]
    assert lines[at + 1] == "  stopped by owner"
    assert max(map(len, [head, *lines])) <= 80
    for noun in ("backfills", "schedules"):
        head, *lines = command(noun, "list")[1].splitlines()
        assert max(map(len, [head, *lines])) <= 80


def test_a_narrow_list_shortens_the_name_alone(
    plant: Plant, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.deploy("e" * 60, "every: day\nat: '02:00'\ntimezone: Europe/Berlin")
    plant.look()
    monkeypatch.setattr("millwork.cli.tables._WIDTH", 80)
    _, line = command("instances", "list", "--schedule", "e" * 60)[1].splitlines()
    assert "e…  2026-03-11  03-12 02:00  waiting" in line
    assert len(line) <= 80


@pytest.mark.parametrize("width", [30, 60, 80, 110, 120, 200])
def test_a_long_reason_takes_no_room_from_what_it_is_about(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setattr("millwork.cli.tables._WIDTH", width)
    row = {
        "id": "a" * 20, "schedule": "load", "bizdate": "2026-02-01", "is_frozen": False,
        "cyctime": "2026-02-02T03:00:00+00:00", "status": "failed", "kind": "backfill",
        "run": "1" * 20, "reason": "no " + "rows " * 60,
    }  # fmt: skip
    instances.show("instances.list", {"items": [row], "next": None})
    _, line, *_ = capsys.readouterr().out.splitlines()
    assert len(line.rstrip()) <= width
    if width >= 80:
        assert line.split()[:3] == [row["id"], "load", "2026-02-01"]


def test_faults_of_a_file_name_it(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "daily.yaml"
    file.write_text("apiVersion: millwork/v1\nkind: Schedule\nname: daily\nevery: daily\n")
    code, out, err = command("schedules", "create", "--file", str(file))
    assert (code, out) == (2, "")
    assert f"millwork: {file}:4:1: error: every: 'daily' is not one of" in err
    code, out, _ = command("schedules", "preview", "--file", str(file))
    assert (code, out.splitlines()[-1][:11]) == (2, "4:1: error:")


def test_each_word_does_what_it_says(plant: Plant, command: Command) -> None:
    load, later = id_of(plant, "load"), id_of(plant, "load", "2026-03-12")
    assert command("instances", "freeze", load, later)[:2] == (0, "2 changed\n")
    code, out, err = command("instances", "freeze", load)
    assert (code, out) == (2, "0 changed\n")
    assert err == f"millwork: 1 not changed:\nmillwork: {load}: it is frozen already\n"
    assert command("instances", "thaw", "--schedule", "load")[:2] == (0, "2 changed\n")
    assert command("instances", "priority", load, "--to", "9")[0] == 0
    assert command("instances", "unneed", load, "--dependency", "extract")[0] == 0
    assert command("instances", "succeed", later)[0] == 0
    assert command("instances", "stop", load, "--json")[1] == (
        '{"changed": 1, "not_changed": 0, "refused": []}\n'
    )
    code, out, _ = command("instances", "rerun", load, "--version", "latest", "--downstream")
    assert (code, out) == (0, "1 changed\n")
    plant.end()
    plant.look()
    by = ("--filter", "schedule=extract", "--filter", "status=succeeded")
    code, out, _ = command("instances", "operate", "--action", "rerun", "--downstream", *by)
    assert (code, out) == (0, "1 changed\n")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("instances show absent", 2, "there is no instance 'absent'"),
        ("instances stop absent", 2, "there is no instance 'absent'"),
        ("instances stop", 2, "filter: say which instances"),
        ("instances stop --first x", 2, "first: 'x' is no date"),
        ("instances stop --status waitng", 2, "choose from 'waiting', 'starting', 'running'"),
        ("instances stop x --status waiting", 2, "instances: name them, or give a filter"),
        ("instances unneed x", 2, "--dependency"),
        ("instances priority x --to 11", 2, "priority: 1 to 9"),
        (
            "instances grid --first 2026-01-01 --last 2026-12-31",
            2,
            "last: at most 92 business dates",
        ),
        ("schedules test extract --wait", 3, "--wait: there is no server to begin it"),
        ("instances rerun absent --wait", 2, "unrecognized arguments: --wait"),
        ("instances fly", 2, "invalid choice: 'fly'"),
        ("backfills show absent", 2, "there is no backfill 'absent'"),
        ("backfills pause absent", 2, "there is no backfill 'absent'"),
        ("backfills create --schedule extract", 2, "--ranges"),
        ("backfills create --schedule extract --ranges 2026", 2, "ranges[0].first: '2026'"),
        ("backfills create --schedule extract --ranges {", 2, "--ranges: no JSON"),
        (
            "backfills create --schedule extract --ranges 2026-01-01 --parameters extract=x",
            2,
            '--parameters extract=x: expected extract={"NAME": VALUE}',
        ),
        ("backfills create --schedule absent --ranges 2026-01-01", 2, "there is no schedule"),
    ],
)
def test_wrong_words_are_refused(command: Command, words: str, code: int, said: str) -> None:
    found, out, err = command(*words.split())
    assert (found, out) == (code, "")
    assert said in err


class Server:
    """A door whose instances go a step further each time they are looked at."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self._rows = list(rows)

    def ask(self, verb: str, /, **_: Any) -> Any:
        if verb == "runs.show":
            return {"name": "r", "steps": [{"node": "a"}, {"node": "b"}]}
        assert verb == "instances.show"
        return {"reason": "", "why": [], "runs": [], **self._rows.pop(0)}

    def wait(self, away: Any) -> None:
        pass


def run_of(name: str, status: str = "running") -> dict[str, str]:
    return {"run": name, "status": status}


TIMES = {"status": "waiting", "why": ["its time has not come"]}
OVER = {"status": "succeeded", "runs": [run_of("r2", "succeeded"), run_of("r1", "failed")]}


@pytest.mark.parametrize(
    ("rows", "followed", "out", "code"),
    [
        ([TIMES, TIMES, {"status": "starting"}, OVER, OVER, OVER], ["r1", "r2"], "succeeded", 0),
        ([{"status": "failed", "reason": "no rows"}], [], "failed: no rows", 1),
        ([{"status": "cancelled", "runs": [run_of("r1", "")]}], [], "cancelled", 1),
    ],
)
def test_waiting_shows_each_run_until_the_end(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    rows: list[dict[str, Any]],
    followed: list[str],
    out: str,
    code: int,
) -> None:
    seen: list[str] = []
    monkeypatch.setattr(awaiting, "_PULSE", 0.0)
    monkeypatch.setattr(awaiting, "follow", lambda _, run, __: seen.append(run.run))
    door: Any = Server(*rows)
    assert awaiting.wait(door, "i1", as_json=False) == code
    said = capsys.readouterr()
    assert (seen, said.out) == (followed, f"instance i1 {out}\n")
    assert said.err.count("waits: its time has not come") == rows.count(TIMES) // 2


def test_waiting_with_json_prints_the_instance_alone(capsys: pytest.CaptureFixture[str]) -> None:
    door: Any = Server(OVER)
    assert awaiting.wait(door, "i1", as_json=True) == 0
    said = capsys.readouterr()
    assert (json.loads(said.out)["status"], said.err) == ("succeeded", "")


def test_a_backfill_from_preview_to_its_end(plant: Plant, command: Command) -> None:
    wish = ("--schedule", "extract", "--ranges", "2026-02-01..2026-02-03", "--ranges", "2026-02-07")
    code, out, _ = command(
        "backfills", "preview", *wish, "--exclude", "load", "--downstream", "all"
    )
    assert code == 0
    assert out.startswith("8 cycles: 8 missing\n8 to be done, 4 of them dry runs\n")
    assert "2026-02-08 02:00 +0100  missing   to be done" in out
    code, out, _ = command("backfills", "create", *wish, "--parallel", "2",
                           "--parameters", 'extract={"day": "${yyyymmdd}"}')  # fmt: skip
    assert code == 0
    lines = {line.partition(":")[0]: line.partition(":")[2].strip() for line in out.splitlines()}
    assert lines["dates"] == "2026-02-01..2026-02-03, 2026-02-07, oldest first"
    assert lines["instances"] == "4: 4 waiting"
    assert lines["parameters"] == "default/extract: day = ${yyyymmdd}"
    backfill = lines["backfill"].partition(",")[0]
    shown: Any = json.loads(command("backfills", "show", backfill, "--json")[1])
    assert shown["document"]["parameters"] == {"default/extract": {"day": "${yyyymmdd}"}}
    for word, status in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        code, out, _ = command("backfills", word, backfill)
        assert (code, f"status:     {status}, 2 at once" in out) == (0, True)
    code, out, err = command("backfills", "resume", backfill)
    assert (code, out) == (2, "")
    assert "is over: it was cancelled" in err
    head, row = command("backfills", "list")[1].splitlines()
    assert head.split()[:5] == ["backfill", "name", "status", "over", "of"]
    assert row.split()[0] == backfill
    assert row.split()[5:9] == ["cancelled", "4", "4", "2"]
    assert command("backfills", "list", "--status", "paused")[1] == "no such backfills\n"
    del plant


def test_a_deployment_is_told_in_a_line_with_what_differs(
    command: Callable[..., tuple[int, str, str]], plant: Plant
) -> None:
    text = schedule_text("nightly", DAILY)
    plant.ask("schedules.create", text=text)
    plant.ask("schedules.create", text=text.replace("1.0.0", "1.1.0").replace("02:00", "03:00"))
    _, out, _ = command("schedules", "deploy", "nightly", "--version", "1.0.0")
    assert out.splitlines() == ["deployed: default/nightly 1.0.0"]
    _, out, _ = command("schedules", "deploy", "nightly", "--preview")
    head, *rows = out.splitlines()
    assert head == "would be deployed: default/nightly 1.1.0, in place of 1.0.0"
    assert [row.split() for row in rows[1:]] == [
        ["version", "1.0.0", "1.1.0"], ["at", "02:00", "03:00"],
    ]  # fmt: skip
    _, out, _ = command("schedules", "deploy", "nightly", "--version", "1.0.0", "--to", "other")
    assert "with it: schedule nightly 1.0.0" in out.splitlines()
