from __future__ import annotations

from typing import Any

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.parallel import words
from millwork.spec.model import Batch, Component, Input, Output, Split

pytestmark = pytest.mark.quick

ROWS = Batch("rows")
VALUES = {"inputs.rows": "/ml/input/data/rows", "outputs.o": "/ml/output/o/o.csv"}


def parallel(batch: Batch | None = ROWS, native: str = "mltable", **body: Any) -> Component:
    return Component(
        "p", "1", "", syntax="dollar", work="parallel", body={"entry": "score.py", **body},
        batch=batch, inputs={"rows": Input(native=native)}, outputs={"o": Output("file")},
    )  # fmt: skip


def options(component: Component) -> tuple[str, ...]:
    argv = words(component, VALUES).argv
    assert argv[:3] == ("python", "-m", "millwork_worker.azureml")
    return argv[3 : argv.index("--")]


FILES = Batch("rows", Split("files", 5))


def test_azure_mls_defaults() -> None:
    assert options(parallel(FILES)) == ("--timeout", "60", "--processes", "1")


def test_the_fields_of_either_flavour() -> None:
    new: dict[str, Any] = {"retry_settings": {"timeout": "90"}, "max_concurrency_per_instance": "3"}
    old: dict[str, Any] = {"run_invocation_timeout": "90", "process_count_per_node": "3"}
    expected = ("--timeout", "90", "--processes", "3")
    assert options(parallel(FILES, **new)) == options(parallel(FILES, **old)) == expected


def test_an_argument_of_azure_mls_goes_before_its_field() -> None:
    args = "--process_count_per_node ${{inputs.n}} --run_invocation_timeout=5"
    component = parallel(FILES, max_concurrency_per_instance="3", args=args)
    rendered = words(component, {**VALUES, "inputs.n": "2"})
    assert rendered.argv[3:7] == ("--timeout", "5", "--processes", "2")
    assert rendered.argv[7:] == (
        "--", "score.py", "--process_count_per_node", "2", "--run_invocation_timeout=5",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("split", "native", "is_tabular"),
    [
        (Split("auto", 1024), "mltable", True),
        (Split("rows", 10), "uri_folder", True),
        (Split("keys", keys=("k",)), "mltable", True),
        (Split("keys", keys=("k",)), "uri_folder", False),
        (Split("files", 5), "mltable", False),
        (Split("bytes", 5), "uri_folder", False),
    ],
)
def test_what_a_mini_batch_is(split: Split, native: str, is_tabular: bool) -> None:
    assert ("--tabular" in options(parallel(Batch("rows", split), native))) is is_tabular


def test_what_is_appended_is_staged_in_the_outputs_folder() -> None:
    component = parallel(Batch("rows", Split("files"), "o", "o.csv"))
    assert options(component)[4:] == ("--append-row", "o.csv", "--output", "o")
    assert words(component, VALUES).env == {"PAI_OUTPUT_O": "/ml/output/o/"}


def test_values_stay_words() -> None:
    component = parallel(FILES, args='--in "${{inputs.rows}}" $[[--n ${{inputs.n}}]] -- x')
    assert words(component, {"inputs.rows": "it's $(here)"}).argv[-5:] == (
        "score.py", "--in", "it's $(here)", "--", "x",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        (parallel(None), "no entry script"),
        (parallel(entry=""), "no entry script"),
        (parallel(Batch("more")), "'more' is split, and is not given"),
        (parallel(args="x | tee y"), "need a shell"),
        (parallel(args="--run_invocation_timeout 0"), "is a whole number from 1 on, not '0'"),
        (parallel(args="--process_count_per_node"), "is a whole number from 1 on, not ''"),
    ],
)
def test_what_no_runner_could_do(component: Component, reason: str) -> None:
    with pytest.raises(BadRequest, match=reason):
        words(component, VALUES)
