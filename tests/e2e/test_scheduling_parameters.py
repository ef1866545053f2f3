"""Scheduling parameters in real runs: alone, with a server, again, resumed, and refused."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from tests.attacks.test_scheduling import SEED
from tests.e2e.api import api_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Component, Millwork, Pipeline
    from tests.e2e.server import Server

AT = ("--bizdate", "2024-02-29", "--cyctime", "2024-03-01T06:00", "--tz", "Europe/Berlin")
LISTED = {"Variable": "${yyyymmdd}", "hour": "$[hh24]"}
TEXT = {"s": {"type": "String", "required": True}}


def daily(component: Component, pipeline: Pipeline) -> Path:
    """A pipeline whose first node is of the date, and whose second is not."""
    component(
        f"cat > run.sh <<'END'\neval \"${{1#--command=}}\"\nEND\nsh run.sh \\\n{SEED}\n --more\n"
        'echo "$PAI_HPS_S $Variable ${HOME:+home}"',
        "dated", parameters=TEXT,
    )  # fmt: skip
    component('echo "$PAI_HPS_S"', "plain", parameters=TEXT)
    return pipeline(
        {
            "dated": {"parameters": {"s": "${Variable}/$${Variable}"}},
            "plain": {"parameters": {"s": "always"}},
        },
        scheduling_parameters=LISTED,
    )


def log(millwork: Millwork, run: str, step: str) -> str:
    return millwork("runs", "logs", f"{run}/{step}").out


def test_the_seeds_line_prints_the_value(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    done = millwork("run", daily(component, pipeline), *AT, "--json")
    assert done.json["status"] == "succeeded"
    run = done.json["run"]
    assert log(millwork, run, "dated") == "20240229\n20240229/${Variable}  home\n"
    shown = millwork("runs", "show", run, "--json").json["facts"]["scheduling"]
    assert shown == {
        "bizdate": "2024-02-29",
        "cyctime": "2024-03-01T06:00:00+01:00",
        "timezone": "Europe/Berlin",
        "values": {"Variable": "20240229", "hour": "06"},
    }
    text = millwork("runs", "show", run).out
    assert "business date 2024-02-29, scheduled time 2024-03-01T06:00:00+01:00" in text
    assert "  Variable = 20240229\n" in text


def test_what_is_of_no_date_is_taken_from_another_date(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = daily(component, pipeline)

    def reused(*words: str) -> dict[str, bool]:
        steps = millwork("run", file, *words, "--json").json["steps"]
        return {step["node"]: step["attempts"] == 0 for step in steps}

    assert reused(*AT) == {"dated": False, "plain": False}
    assert reused("--bizdate", "2024-02-29") == {"dated": True, "plain": True}  # `hour` is unused
    assert reused("--bizdate", "2024-03-01") == {"dated": False, "plain": True}


def test_a_command_alone_makes_a_step_of_the_date(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("echo ${day}", "a")
    file = pipeline({"a": {}}, scheduling_parameters={"day": "${yyyymmdd}"})
    runs = [millwork("run", file, "--bizdate", day, "--json").json for day in
            ("2024-01-01", "2024-01-02", "2024-01-01")]  # fmt: skip
    assert [run["steps"][0]["attempts"] for run in runs] == [1, 1, 0]
    why = millwork("runs", "why", f"{runs[1]['run']}/a", "--json").json
    assert [each["field"] for each in why["differences"]] == ["scheduling.day"]


def test_where_nothing_is_said_it_is_now(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("true", "a")
    file = pipeline({"a": {}}, scheduling_parameters={"d": "$bizdate", "t": "$cyctime"})
    before = int(time.time())
    run = millwork("run", file, "--json", env={"TZ": "Asia/Tokyo"}).json["run"]
    found = millwork("runs", "show", run, "--json").json["facts"]["scheduling"]
    now = datetime.fromisoformat(found["cyctime"])
    assert before <= now.timestamp() <= time.time()
    assert (found["timezone"], now.utcoffset()) == ("Asia/Tokyo", timedelta(hours=9))
    assert found["bizdate"] == str(now.date() - timedelta(days=1))
    civil = now.astimezone(ZoneInfo("Asia/Tokyo"))
    assert found["values"]["t"] == f"{civil:%Y%m%d%H%M%S}"


def test_of_a_business_date_alone_it_is_the_midnight_after(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("true", "a")
    file = pipeline({"a": {}}, scheduling_parameters={"t": "$cyctime"})
    run = millwork("run", file, "--bizdate", "2024-02-29", "--tz", "UTC", "--json").json["run"]
    found = millwork("runs", "show", run, "--json").json["facts"]["scheduling"]
    assert found["values"] == {"t": "20240301000000"}


def test_a_pipeline_within_has_its_own_list(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("echo ${day} ${hour:-shell} $PAI_HPS_S", "a", parameters=TEXT)
    pipeline(
        {"a": {"parameters": {"s": {"from": "parameters.s"}}}}, name="inner", parameters=TEXT,
        scheduling_parameters={"day": "${yyyy}"},
    )  # fmt: skip
    file = pipeline(
        {"in": {"component": "./inner.yaml", "parameters": {"s": "${day}T${hour}"}}},
        scheduling_parameters={"day": "${yyyymmdd}", "hour": "$[hh24]"},
    )
    run = millwork("run", file, *AT, "--json").json["run"]
    assert log(millwork, run, "in.a") == "2024 shell 20240229T06\n"
    found = millwork("runs", "show", run, "--json").json["facts"]["scheduling"]
    assert found["values"] == {"day": "20240229", "hour": "06", "in.day": "2024"}


def test_data_of_the_date_is_read(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    (tmp_path / "in-20240229.txt").write_text("leap\n")
    component("cat $PAI_INPUT_I", "a", inputs={"i": {"type": "file"}})
    file = pipeline(
        {"a": {"inputs": {"i": {"path": "./in-${day}.txt"}}}},
        scheduling_parameters={"day": "${yyyymmdd}"},
    )
    run = millwork("run", file, *AT, "--json").json["run"]
    assert log(millwork, run, "a") == "leap\n"
    missing = millwork("run", file, "--bizdate", "2024-03-01")
    assert (missing.code, "in-20240301.txt" in missing.err) == (2, True)


def test_a_run_that_is_resumed_keeps_its_values(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    component(f"echo ${{now}} $PAI_HPS_S; test -e {tmp_path}/go", "a", parameters=TEXT)
    file = pipeline({"a": {"parameters": {"s": "${now}"}}}, scheduling_parameters={
        "now": "$cyctime"})  # fmt: skip
    run = millwork("run", file, "--json").json["run"]
    first = log(millwork, run, "a")
    (tmp_path / "go").touch()
    while f"{datetime.now():%Y%m%d%H%M%S}" == first.split()[0]:  # noqa: DTZ005  as a clock shows
        time.sleep(0.05)  # the clock is to show another second
    assert millwork("runs", "resume", run, "--json").json["status"] == "succeeded"
    assert log(millwork, run, "a") == first


def test_a_plan_and_a_check_know_them(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = daily(component, pipeline)
    assert millwork("validate", file).code == 0
    (dated, _) = millwork("plan", file, *AT, "--json").json["steps"]
    assert dated["replicas"][0]["env"]["MILLWORK_scheduling_Variable"] == "20240229"
    component("eval ${day}", "a")
    wrong = millwork("validate", pipeline({"a": {}}, scheduling_parameters={"day": "x"}))
    assert wrong.code == 2
    assert "command, column 6: 'eval' would take the value for code" in wrong.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bizdate", "2024-02-30"), "--bizdate: '2024-02-30' is no date such as 2024-02-29"),
        (("--cyctime", "soon"), "--cyctime: 'soon' is no time such as 2024-02-29T06:00"),
        (("--cyctime", "2024-01-01T00:00+02:00"), "--cyctime: a time of the zone, without an off"),
        (("--tz", "../etc/passwd"), "--tz: there is no zone '../etc/passwd'"),
        (("--bizdate", "9999-12-31"), "--bizdate: '9999-12-31' leaves the years 1 to 9999"),
        (("--cyctime", "0001-01-01"), "--cyctime: '0001-01-01' leaves the years 1 to 9999"),
    ],
)
def test_what_is_no_date_is_refused(
    millwork: Millwork, component: Component, words: tuple[str, ...], said: str
) -> None:
    done = millwork("run", component("true"), *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"millwork: {said}")


def test_a_value_that_nobody_knows_is_refused(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("true", "a")
    done = millwork("run", pipeline({"a": {}}, scheduling_parameters={"x": "${workspace.none}"}))
    assert (done.code, done.out) == (2, "")
    expected = "scheduling parameter 'x': ${workspace.none} has no value here"
    assert done.err == f"millwork: {expected}\n"


def test_a_server_runs_what_is_registered(
    server: Server, component: Component, pipeline: Pipeline
) -> None:
    api = api_of(server)
    text = component("echo 'on ${day}' ${HOME:+home}", "said").read_text()
    api.post("/components", {"text": text})
    text = pipeline({"a": {"component": "said@1.0.0"}}, name="kept",
                    scheduling_parameters={"day": "${yyyymmdd}"}).read_text()  # fmt: skip
    api.post("/pipelines", {"text": text})
    wish: dict[str, Any] = {"pipeline": "kept@1.0.0", "bizdate": "2024-02-29", "timezone": "UTC"}
    run = api.post("/runs", wish)["run"]
    assert api.wait(run) == "succeeded"
    assert api.get(f"/runs/{run}/steps/a/logs/last")["text"] == "on 20240229 home\n"
    found = api.get(f"/runs/{run}")["facts"]["scheduling"]
    assert (found["timezone"], found["values"]) == ("UTC", {"day": "20240229"})


@pytest.mark.parametrize("name", ["bizdate", "cyctime", "timezone"])
def test_a_server_names_the_argument_that_is_wrong(
    server: Server, component: Component, name: str
) -> None:
    api = api_of(server)
    bundle = api.bundle(component("true").parent)
    wish = {"bundle": bundle, "file": "component.yaml", name: "2024-02-30"}
    status, answer = api.ask("POST", "/workspaces/default/runs", wish)
    assert status == 400
    assert f"{name}: " in str(answer)


def test_with_a_server_the_command_says_the_time(
    server: Server, millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = daily(component, pipeline)
    run = millwork("run", file, *AT, "--json").json["run"]
    text = api_of(server).get(f"/runs/{run}/steps/dated/logs/last")["text"]
    assert text == "20240229\n20240229/${Variable}  home\n"
