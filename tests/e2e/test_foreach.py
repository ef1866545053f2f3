"""One step for each item of a list that is known only at run time."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Component, Millwork, Pipeline, Result


def statuses(result: Result) -> dict[str, str]:
    return {step["node"]: step["status"] for step in result.json["steps"]}


def fan(component: Component, pipeline: Pipeline, items: str, **node: Any) -> Path:
    component(
        f"echo '{items}' > \"$PAI_OUTPUT_ITEMS\"", "list", outputs={"items": {"type": "value"}}
    )
    component(
        'test "$PAI_HPS_ITEM" != bad && echo "<$PAI_HPS_ITEM>" > "${PAI_OUTPUT_O}f" '
        '&& echo "\\"$PAI_HPS_ITEM\\"" > "$PAI_OUTPUT_V"',
        "each",
        outputs={"o": {}, "v": {"type": "value"}},
        parameters={"item": {"type": "String", "required": True}},
    )
    component('cat "$PAI_INPUT_I"/*/f; cat "$PAI_INPUT_V"', "gather", inputs={"i": {}, "v": {}})
    return pipeline(
        {
            "list": {},
            "each": {"foreach": {"from": "list.items", "into": "item", **node}},
            "gather": {"inputs": {"i": {"from": "each.o"}, "v": {"from": "each.v"}}},
        },
        outputs={"all": {"from": "each.o"}},
    )


def test_each_item_is_a_step_and_what_they_leave_is_gathered(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    file = fan(component, pipeline, '["x", "a b", 3]')
    result = millwork("run", file, "-o", tmp_path / "out", "--json")
    assert result.code == 0, result
    assert statuses(result) == dict.fromkeys(
        ("list", "each", "each[0]", "each[1]", "each[2]", "gather"), "succeeded"
    )
    log = millwork("runs", "logs", f"{result.json['run']}/gather").out
    assert log.splitlines() == ["<x>", "<a b>", "<3>", '["x", "a b", "3"]']
    assert sorted(result.json["outputs"]) == ["all[0]", "all[1]", "all[2]"]
    assert (Path(result.json["outputs"]["all[1]"]) / "f").read_text() == "<a b>\n"
    again = millwork("run", file, "--json")
    assert all(step["attempts"] == 0 for step in again.json["steps"])


def test_an_empty_list_is_no_work(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("echo '[]' > \"$PAI_OUTPUT_ITEMS\"", "list", outputs={"items": {"type": "value"}})
    component("exit 1", "each", parameters={"item": {"type": "Int"}})
    each = {"foreach": {"from": "list.items", "into": "item"}}
    result = millwork("run", pipeline({"list": {}, "each": each}), "--json")
    assert statuses(result) == {"list": "succeeded", "each": "succeeded"}


def test_a_failed_item_fails_its_node_and_the_others_go_on(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = fan(component, pipeline, '["x", "bad", "y"]')
    result = millwork("run", file, "--json")
    assert result.code == 1
    assert statuses(result) == {
        "list": "succeeded", "each": "failed", "each[0]": "succeeded", "each[1]": "failed",
        "each[2]": "succeeded", "gather": "skipped",
    }  # fmt: skip
    assert result.json["reason"] == "in each"
    resumed = millwork("runs", "resume", result.json["run"], "--json")
    assert resumed.code == 1
    tries = {step["node"]: step["attempts"] for step in resumed.json["steps"]}
    assert tries["each[1]"] == 2
    assert tries["each[0]"] == 1


def test_what_is_no_list_or_no_item_is_told(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    result = millwork("run", fan(component, pipeline, '{"a": 1}'), "--json")
    assert result.step("each")["reason"] == "foreach: list.items holds dict, not a list"
    result = millwork("run", fan(component, pipeline, '[["x"]]'), "--json")
    assert "foreach: expected one String, found a list" in result.step("each")["reason"]
    result = millwork("run", fan(component, pipeline, json.dumps(list(range(1001)))), "--json")
    assert "at most 1000" in result.step("each")["reason"]


def test_at_most_max_parallel_items_run_at_once(
    millwork: Millwork, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    component("echo '[1,2,3,4]' > \"$PAI_OUTPUT_ITEMS\"", "list",
              outputs={"items": {"type": "value"}})  # fmt: skip
    trace = tmp_path / "trace"
    component(
        f"echo + >> {trace}; sleep 0.3; echo - >> {trace}", "each",
        parameters={"item": {"type": "Int"}},
    )  # fmt: skip
    each = {"foreach": {"from": "list.items", "into": "item", "max_parallel": 1}}
    file = pipeline({"list": {}, "each": each})
    assert millwork("run", file, "--parallel", "4").code == 0
    assert trace.read_text().split() == ["+", "-"] * 4


def test_a_killed_run_goes_on_in_the_middle_of_a_list(
    millwork: Millwork, background: Any, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    component("echo '[1,2,3,4,5,6]' > \"$PAI_OUTPUT_ITEMS\"", "list",
              outputs={"items": {"type": "value"}})  # fmt: skip
    trace = tmp_path / "trace"
    component(f"echo $PAI_HPS_ITEM >> {trace}; sleep 0.2", "each",
              parameters={"item": {"type": "Int"}}, outputs={"o": {}})  # fmt: skip
    component("ls $PAI_INPUT_I", "gather", inputs={"i": {}})
    each = {"foreach": {"from": "list.items", "into": "item", "max_parallel": 2}}
    gather = {"inputs": {"i": {"from": "each.o"}}}
    process = background("run", pipeline({"list": {}, "each": each, "gather": gather})).process
    deadline = time.monotonic() + 20
    while not trace.exists() or len(trace.read_text().split()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    resumed = millwork("runs", "resume", "last", "--json")
    assert resumed.code == 0, resumed
    assert set(statuses(resumed).values()) == {"succeeded"}
    assert sorted(trace.read_text().split()) == ["1", "2", "3", "4", "5", "6"]
    assert millwork("runs", "logs", "last/gather").out.split() == ["0", "1", "2", "3", "4", "5"]
