"""Results used again: when they are, when not, and what is said about it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Component, Millwork, Pipeline, Result

OUT: dict[str, Any] = {"o": {}}


def reused(result: Result) -> dict[str, bool]:
    return {step["node"]: step["attempts"] == 0 for step in result.json["steps"]}


def chain(component: Component, pipeline: Pipeline) -> Path:
    component('echo "$PAI_HPS_N" > "${PAI_OUTPUT_O}f"; echo m=1.5', "a", outputs=OUT,
              parameters={"n": {"type": "Int", "default": 1}},
              metrics=[{"name": "m", "regex": "m=([0-9.]+)"}])  # fmt: skip
    component('cat "$PAI_INPUT_I/f" > "${PAI_OUTPUT_O}g"', "b", inputs={"i": {}}, outputs=OUT)
    return pipeline(
        {
            "a": {"parameters": {"n": {"from": "parameters.n"}}},
            "b": {"inputs": {"i": {"from": "a.o"}}},
        },
        parameters={"n": {"type": "Int", "default": 1}},
        outputs={"last": {"from": "b.o"}},
    )


def test_the_same_work_is_done_once(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = chain(component, pipeline)
    first = millwork("run", file, "--json")
    assert reused(first) == {"a": False, "b": False}
    again = millwork("run", file, "--json")
    assert reused(again) == {"a": True, "b": True}
    assert again.json["outputs"] == first.json["outputs"]
    assert again.step("a")["metrics"] == {"m": 1.5}
    other = millwork("run", file, "-p", "n=2", "--json")
    assert reused(other) == {"a": False, "b": False}
    assert reused(millwork("run", file, "--force", "b", "--json")) == {"a": True, "b": False}
    assert reused(millwork("run", "--force", file, "--json")) == {"a": False, "b": False}


def test_why_names_the_field_and_the_file(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    file = component('cat "$PAI_INPUT_I"/*; sh run.sh', "reads", inputs={"i": {}})
    write("reads/run.sh", "echo one\n")
    write("data/x.txt", "1")
    write("data/y.txt", "1")
    given = ("-i", f"i={tmp_path}/data")
    millwork("run", file, *given, "--json")
    write("data/x.txt", "2")
    write("reads/run.sh", "echo two\n")
    run = millwork("run", file, *given, "--json").json["run"]
    answer: dict[str, Any] = millwork("runs", "why", f"{run}/reads", "--json").json
    assert answer["verdict"] == "no earlier result of the same work"
    found = {item["field"]: item["files"] for item in answer["differences"]}
    assert found == {
        "code": [{"path": "run.sh", "change": "changed"}],
        "inputs.i": [{"path": "x.txt", "change": "changed"}],
    }
    shown = millwork("runs", "why", f"{run}/reads").out
    assert "changed  x.txt" in shown


def test_a_damaged_result_is_not_used_and_the_doctor_finds_a_hidden_change(
    millwork: Millwork, component: Component
) -> None:
    file = component('echo good > "${PAI_OUTPUT_O}f"', outputs=OUT)
    path = millwork("run", file, "--json").json["outputs"]["o"] + "/f"
    with open(path, "w", encoding="utf-8") as output:
        output.write("bad!\n")
    result = millwork("run", file, "--json")
    assert reused(result) == {"step": False}
    assert "damaged: o: f has the sha256" in millwork("runs", "why", "last").out
    path = result.json["outputs"]["o"] + "/f"
    time.sleep(2.1)
    assert reused(millwork("run", file, "--json")) == {"step": True}
    assert millwork("doctor", "artifacts").code == 0
    times = os.stat(path)
    with open(path, "w", encoding="utf-8") as output:
        output.write("evil\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    examined = millwork("doctor", "artifacts", "--json")
    assert examined.code == 1
    assert any("not used again" in finding["says"] for finding in examined.json)
    assert reused(millwork("run", file, "--json")) == {"step": False}


def test_what_is_not_deterministic_is_done_again(millwork: Millwork, component: Component) -> None:
    file = component("date", is_deterministic=False)
    millwork("run", file)
    assert reused(millwork("run", file, "--json")) == {"step": False}
    assert "is_deterministic is false" in millwork("runs", "why", "last").out


def test_a_part_runs_with_what_the_last_run_left(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    file = chain(component, pipeline)
    refused = millwork("run", file, "--only", "b")
    assert refused.code == 2
    assert "'a' is needed, and no earlier run of 'pipe' has done it" in refused.err
    millwork("run", file, "-p", "n=7")
    part = millwork("run", file, "--only", "b", "--force", "--json")
    assert part.step("a")["reason"].startswith("taken from run ")
    with open(part.json["outputs"]["last"] + "/g", encoding="utf-8") as output:
        assert output.read() == "7\n"
    assert [
        step["node"] for step in millwork("run", file, "--to", "a", "--json").json["steps"]
    ] == ["a"]


def test_a_condition_skips_a_node_and_those_that_need_its_data(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component('echo 0.5 > "$PAI_OUTPUT_SCORE"', "check", outputs={"score": {"type": "value"}})
    component("true", "good", outputs=OUT)
    component("true", "reads", inputs={"i": {}})
    component("true", "later")
    file = pipeline(
        {
            "check": {},
            "good": {"when": "check.score > parameters.least"},
            "reads": {"inputs": {"i": {"from": "good.o"}}},
            "later": {"after": ["good"]},
        },
        parameters={"least": {"type": "Float", "default": 0.9}},
    )
    result = millwork("run", file, "--json")
    assert result.code == 0
    statuses = {step["node"]: step["status"] for step in result.json["steps"]}
    assert statuses == {
        "check": "succeeded", "good": "skipped", "reads": "skipped", "later": "succeeded",
    }  # fmt: skip
    assert result.step("good")["reason"] == "when: check.score > parameters.least"
    passed = millwork("run", file, "-p", "least=0.1", "--json").json["steps"]
    assert {step["status"] for step in passed} == {"succeeded"}


def test_an_input_that_changes_under_a_step_poisons_nothing(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path]
) -> None:
    data = write("data.txt", "old\n")
    changes = f'cat "$PAI_INPUT_I" > "${{PAI_OUTPUT_O}}f"; echo new > {data}'
    file = component(changes, inputs={"i": {}}, outputs=OUT)
    given = ("-i", f"i={data}", "--json")
    first = millwork("run", file, *given)
    assert first.code == 0, first
    again = millwork("run", file, *given)
    assert reused(again) == {"step": False}, "the result of the old content was taken for the new"
    with open(again.json["outputs"]["o"] + "/f", encoding="utf-8") as output:
        assert output.read() == "new\n"


def test_an_input_that_vanishes_under_a_step_does_not_stop_the_run(
    millwork: Millwork, component: Component, write: Callable[[str, str], Path]
) -> None:
    data = write("data.txt", "x\n")
    file = component(f"rm {data}", inputs={"i": {}}, outputs=OUT, mounts="none")
    result = millwork("run", file, "-i", f"i={data}", "--json")
    assert result.code == 0, result
    assert result.json["status"] == "succeeded"
