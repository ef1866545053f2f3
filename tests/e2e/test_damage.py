"""Results that lost bytes, files or their places, and a step killed with all that is around it."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.host import recorder
from millwork.engines.host.processes import marked
from tests.conftest import listing, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork, Pipeline


def cut(one: Path, _other: Path) -> None:
    os.truncate(one, 1)


def delete(one: Path, _other: Path) -> None:
    one.unlink()


def swap(one: Path, other: Path) -> None:
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize(("damage", "redone"), [(cut, "a"), (delete, "a"), (swap, "ab")])
def test_what_is_damaged_is_named_and_done_again(
    millwork: Millwork, component: Component, pipeline: Pipeline,
    damage: Callable[[Path, Path], None], redone: str,
) -> None:  # fmt: skip
    for name in "abc":
        component(f'echo {name} > "${{PAI_OUTPUT_O}}f"', name, outputs={"o": {}})
    outputs = {name: {"from": f"{name}.o"} for name in "abc"}
    file = pipeline({name: {} for name in "abc"}, outputs=outputs)
    first = millwork("run", file, "--json").json["outputs"]
    damage(Path(first["a"], "f"), Path(first["b"], "f"))
    second = millwork("run", file, "--json").json
    done = {step["node"] for step in second["steps"] if step["attempts"]}
    assert done == set(redone)
    for name in "abc":
        assert Path(second["outputs"][name], "f").read_text() == f"{name}\n"
    for name in redone:
        assert "damaged: o: f" in millwork("runs", "why", f"{second['run']}/{name}").out


def test_a_step_killed_with_its_recorder_is_lost_and_done_once_more(
    millwork: Millwork, component: Component, background: Callable[..., Background],
    home: Path, tmp_path: Path,
) -> None:  # fmt: skip
    again = tmp_path / "again"
    file = component(f"[ -e {again} ] || {{ touch {again}; setsid sleep 60 & sleep 60; }}")
    run = background("run", file, "--json")
    until(again.exists)
    attempt = f"{listing(millwork)[0]['run']}-1"
    leader: Any = until(lambda: recorder.pid_of(f"{home}/attempts/{attempt}"))
    os.killpg(leader, signal.SIGKILL)
    assert run.end()[0] == 0
    (step,) = millwork("runs", "show", "last", "--json").json["steps"]
    assert [each["status"] for each in step["tries"]] == ["lost", "succeeded"]
    assert marked(attempt) == []


READ = 'cp "$PAI_INPUT_I/f" "$PAI_OUTPUT_O/f"'


def test_a_spoiled_output_is_not_read(
    millwork: Millwork, component: Component, pipeline: Pipeline, home: Path
) -> None:
    component('echo right > "${PAI_OUTPUT_O}f"', "make", outputs={"o": {}})
    component(READ, "read", inputs={"i": {}}, outputs={"o": {}})
    nodes = {"make": {}, "read": {"inputs": {"i": {"from": "make.o"}}}}
    file = pipeline(nodes, outputs={"o": {"from": "read.o"}})
    first = millwork("run", file, "--json").json
    made = home / "attempts" / f"{first['run']}-1" / "ml/output/o/f"
    made.write_text("wrong\n")
    result = millwork("run", file, "--only", "read", "--force", "--json")
    assert result.code == 1
    assert "the output of 'make' is damaged: o: f has the sha256" in result.out
    second = millwork("run", file, "--json").json
    assert Path(second["outputs"]["o"], "f").read_text() == "right\n"
    assert first["run"] != second["run"]


def test_what_a_step_made_of_data_that_it_changed_is_not_used_again(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component('echo right > "${PAI_OUTPUT_O}f"', "make", outputs={"o": {}})
    spoil = 'echo more >> "$PAI_INPUT_I/f"; ' + READ
    component(spoil, "spoil", inputs={"i": {}}, outputs={"o": {}}, mounts="none")
    nodes = {"make": {}, "spoil": {"inputs": {"i": {"from": "make.o"}}}}
    file = pipeline(nodes)
    assert millwork("run", file).code == 0
    second = millwork("run", file, "--json").json
    assert all(step["attempts"] for step in second["steps"])
