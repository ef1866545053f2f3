from __future__ import annotations

import ast
import os
import sys
from pathlib import Path
from statistics import mean
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from millwork.worker import chart, sampling, stopping, sweep

FILES = [module.__file__ for module in (chart, sampling, stopping, sweep)]
quick = pytest.mark.quick

pytestmark = quick


@pytest.mark.parametrize("path", FILES)
def test_it_needs_nothing_but_the_standard_library_of_python_3_8(path: str) -> None:
    text = Path(path).read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    names = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + [alias.name for alias in node.names if isinstance(node, ast.Import)]
    }
    beside = {"chart", "sampling", "stopping", "millwork"}
    assert names - beside <= sys.stdlib_module_names


# --- distributions ----------------------------------------------------------------------------


def draws(count: int = 400, **entry: Any) -> list[str]:
    given = {name: value if name == "values" else str(value) for name, value in entry.items()}
    distribution = sampling.Distribution(given)
    return [distribution.at((index + 0.5) / count) for index in range(count)]


def numbers(**entry: Any) -> list[float]:
    return [float(text) for text in draws(**entry)]


def test_choices_and_whole_numbers_are_drawn_alike() -> None:
    assert draws(6, type="choice", values=("a", "b", "1.10")) == ["a", "a", "b", "b", *["1.10"] * 2]
    assert draws(4, type="randint", upper=4) == ["0", "1", "2", "3"]


def test_uniform_and_normal_numbers_are_spread_as_they_say() -> None:
    found = numbers(type="uniform", min_value=2, max_value=4)
    assert 2 < min(found) < max(found) < 4
    assert mean(found) == pytest.approx(3)
    found = numbers(type="normal", mu=5, sigma=2)
    assert mean(found) == pytest.approx(5)
    assert sum(3 < number < 7 for number in found) / len(found) == pytest.approx(0.68, abs=0.01)


def test_logarithms_of_log_distributions_have_the_bounds_as_in_azureml() -> None:
    found = numbers(type="loguniform", min_value=-3, max_value=0)
    assert [min(found), max(found)] == pytest.approx([0.05, 1], abs=0.01)
    assert found[200] == pytest.approx(2.718281828 ** (-1.5), rel=0.01)
    found = numbers(type="lognormal", mu=0, sigma=1)
    assert found[200] == pytest.approx(1, abs=0.01)


def test_quantized_numbers_are_whole_steps_and_written_as_the_step_is() -> None:
    assert set(draws(type="quniform", min_value=1, max_value=3, q=1)) == {"1", "2", "3"}
    assert set(draws(type="quniform", min_value=0, max_value=0.3, q=0.1)) == {
        "0.0", "0.1", "0.2", "0.3",
    }  # fmt: skip
    assert set(draws(type="qloguniform", min_value=0, max_value=1, q=0.5)) <= {
        "1.0", "1.5", "2.0", "2.5",
    }  # fmt: skip
    assert {float(text) % 2 for text in draws(type="qnormal", mu=0, sigma=9, q=2)} == {0}
    assert all(float(text) >= 0 for text in draws(type="qlognormal", mu=0, sigma=1, q=1))


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "choice", "values": ("a", "b", "c")},
        {"type": "randint", "upper": "7"},
        {"type": "uniform", "min_value": "-1", "max_value": "3"},
        {"type": "loguniform", "min_value": "-4", "max_value": "2"},
        {"type": "normal", "mu": "1", "sigma": "3"},
        {"type": "lognormal", "mu": "1", "sigma": "0.5"},
        {"type": "quniform", "min_value": "0", "max_value": "10", "q": "1"},
    ],
)
def test_a_value_is_drawn_again_at_its_share(entry: dict[str, Any]) -> None:
    distribution = sampling.Distribution(entry)
    for share in (0.05, 0.3, 0.5, 0.77, 0.95):
        text = distribution.at(share)
        again = distribution.at(distribution.share_of(text))
        assert again == text or float(again) == pytest.approx(float(text), rel=1e-6)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "cauchy"}, "there is no distribution 'cauchy'"),
        ({"type": "choice", "values": ()}, "there is nothing to choose from"),
        ({"type": "choice", "values": "a"}, "there is nothing to choose from"),
        ({"type": "choice", "values": (("a",),)}, "a list or a mapping is not tried here"),
        ({"type": "randint", "upper": "0"}, "upper is at least 1"),
        ({"type": "uniform", "min_value": "2", "max_value": "1"}, "min_value is above max_value"),
        ({"type": "uniform", "min_value": "a", "max_value": "1"}, "min_value is not a number"),
        ({"type": "uniform", "min_value": "0", "max_value": "inf"}, "max_value is not a number"),
        ({"type": "normal", "mu": "0", "sigma": "0"}, "sigma is not above 0"),
        ({"type": "qnormal", "mu": "0", "sigma": "1", "q": "-1"}, "q is not above 0"),
    ],
)
def test_what_is_no_distribution_is_refused(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        sampling.open_space({"x": entry})


# --- sampling ---------------------------------------------------------------------------------

LINE = {"x": {"type": "uniform", "min_value": "0", "max_value": "1"}}
CHOICES = {
    "a": {"type": "choice", "values": ("1", "2")},
    "b": {"type": "choice", "values": ("x", "y", "z")},
}


def sampler(kind: str, space: Any, seed: int = 1, **settings: str) -> sampling.Sampler:
    return sampling.make_sampler(kind, settings, space, seed, "minimize")


def test_a_grid_gives_each_combination_once() -> None:
    grid = sampler("grid", CHOICES)
    found = [grid.ask(number) for number in range(1, 8)]
    pairs = [(one["a"], one["b"]) for one in found if one]
    assert pairs == [(a, b) for a in "12" for b in "xyz"]
    assert found[6] is None
    with pytest.raises(ValueError, match="a grid has choices only"):
        sampler("grid", LINE)


@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_draws_depend_on_the_seed_alone(rule: str) -> None:
    first, again, other = (sampler("random", LINE, seed, rule=rule) for seed in (1, 1, 2))
    asked = [first.ask(number) for number in range(1, 9)]
    assert [again.ask(number) for number in range(1, 9)] == asked
    assert [other.ask(number) for number in range(1, 9)] != asked


def test_a_sampler_that_begins_later_draws_what_it_would_have_drawn() -> None:
    whole, rest = sampler("random", LINE), sampler("random", LINE)
    asked = [whole.ask(number) for number in range(1, 6)]
    for number in (1, 2, 3):
        rest.tell(number, asked[number - 1] or {}, None)
    assert [rest.ask(4), rest.ask(5)] == asked[3:]


@pytest.mark.parametrize("rule", ["random", "sobol"])
def test_nothing_is_drawn_twice_and_the_countable_ends(rule: str) -> None:
    drawn = sampler("random", CHOICES, rule=rule)
    found = [drawn.ask(number) for number in range(1, 8)]
    assert len({tuple(one.values()) for one in found if one}) == 6
    assert found[6] is None


def test_sobol_points_fill_the_square_evenly() -> None:
    points = sampling.Sobol(3, 5)
    found = [points(number, 0) for number in range(1, 65)]
    for dimension in range(3):
        cells = sorted(int(point[dimension] * 64) for point in found)
        assert cells == list(range(64))
    squares = {(int(point[0] * 8), int(point[1] * 8)) for point in found}
    assert len(squares) == 64
    with pytest.raises(ValueError, match="sobol takes 13 values at most"):
        sampling.check_settings("random", {"rule": "sobol"}, 14)


def test_unknown_algorithms_and_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="'genetic' is not one of random, grid, bayesian"):
        sampler("genetic", LINE)
    with pytest.raises(ValueError, match="'halton' is not one of random, sobol"):
        sampler("random", LINE, rule="halton")
    with pytest.raises(ValueError, match="there is nothing to try"):
        sampler("random", {})
    with pytest.raises(ValueError, match="seed is not a whole number"):
        sampling.check_settings("random", {"seed": "x"}, 1)


# --- early termination ------------------------------------------------------------------------


def verdict(policy: dict[str, str], goal: str, values: list[float], *others: list[float]) -> str:
    return stopping.Policy(policy, goal).verdict(values, others)


def test_a_bandit_with_a_factor_is_as_in_azureml() -> None:
    factor = {"type": "bandit", "slack_factor": "0.2"}
    assert verdict(factor, "maximize", [0.66], [0.8]).startswith("bandit: 0.66 after 1 intervals")
    assert not verdict(factor, "maximize", [0.67], [0.8])
    assert verdict(factor, "minimize", [1.21], [1.0])
    assert not verdict(factor, "minimize", [1.19], [1.0])
    # Below zero the bound is still on the worse side of the best.
    assert not verdict(factor, "maximize", [-1.0], [-1.0])
    assert verdict(factor, "maximize", [-1.3], [-1.0])
    assert not verdict(factor, "minimize", [-0.9], [-1.0])
    assert verdict(factor, "minimize", [-0.8], [-1.0])


def test_a_bandit_compares_the_best_so_far_at_the_same_interval() -> None:
    amount = {"type": "bandit", "slack_amount": "0.1"}
    assert not verdict(amount, "maximize", [0.5, 0.1], [0.55, 0.56, 0.9])
    assert verdict(amount, "maximize", [0.5, 0.1, 0.2], [0.55, 0.56, 0.9])
    assert not verdict(amount, "maximize", [0.5])


def test_policies_wait_and_look_only_now_and_then() -> None:
    policy = {"type": "bandit", "slack_amount": "0.1", "evaluation_interval": "2"}
    at = [n for n in range(1, 9) if verdict(policy, "maximize", [0.0] * n, [1.0])]
    assert at == [2, 4, 6, 8]
    policy["delay_evaluation"] = "5"
    at = [n for n in range(1, 9) if verdict(policy, "maximize", [0.0] * n, [1.0])]
    assert at == [6, 8]


def test_median_stopping_compares_with_the_running_means_of_the_others() -> None:
    policy = {"type": "median_stopping"}
    others = [1.0, 3.0, 9.0], [2.0, 2.0], [5.0]
    assert not verdict(policy, "maximize", [1.5, 2.0], *others)
    assert verdict(policy, "maximize", [1.5, 1.9], *others).startswith("median stopping: 1.9")
    assert verdict(policy, "minimize", [2.1, 2.2], *others)
    assert not verdict(policy, "minimize", [2.1])


def test_no_policy_stops_nothing_and_a_wrong_one_is_refused() -> None:
    assert not verdict({}, "maximize", [0.0], [1.0])
    with pytest.raises(ValueError, match="there is no policy 'hope'"):
        stopping.Policy({"type": "hope"}, "maximize")
    with pytest.raises(ValueError, match="needs slack_factor or slack_amount"):
        stopping.Policy({"type": "bandit"}, "maximize")
    with pytest.raises(ValueError, match="slack_factor is not a number"):
        stopping.Policy({"type": "bandit", "slack_factor": "much"}, "maximize")


# --- the report, and what the best trial left -------------------------------------------------


def rows() -> list[chart.Row]:
    return [
        chart.Row(1, "r1", "succeeded", "", {"x": "<1>"}, 0.5),
        chart.Row(2, "r2", "stopped", "stopped early: bandit", {"x": "2"}, 0.9),
        chart.Row(3, "r3", "failed", "exit code 3", {"x": "3"}, None),
        chart.Row(4, "r4", "succeeded", "", {"x": "4"}, 0.2),
    ]


def test_the_chart_shows_each_trial_and_the_best_so_far() -> None:
    svg = ET.fromstring(chart.chart("loss", "minimize", rows(), 4))
    shown = [(mark.tag, mark.get("class")) for mark in svg if mark.get("class") != "label"]
    marks = [found for found in shown if found[1] != "grid"]
    assert marks == [
        ("path", "line"), ("circle", "succeeded"), ("circle", "stopped"), ("path", "other"),
        ("circle", "chosen"), ("circle", "succeeded"),
    ]  # fmt: skip
    (line,) = [str(mark.get("d")) for mark in svg if mark.get("class") == "line"]
    assert line.count("V") == 1


def test_the_page_needs_nothing_else_and_shows_no_markup_of_the_users() -> None:
    page = chart.page("<b>sweep", "loss", "minimize", rows(), 4)
    assert "Best: trial 4, loss = 0.2" in page
    assert "<b>" not in page
    assert "<1>" not in page
    assert "http" not in page
    assert "No trial has come to a value" in chart.page("s", "loss", "minimize", [], 0)
    assert chart.page("s", "loss", "maximize", rows()[:1], 1).count("<circle") == 2


def test_the_best_trials_files_are_linked_with_their_folders_and_links(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    (source / "deep/empty").mkdir(parents=True)
    (source / "deep/file").write_text("text")
    (source / "link").symlink_to("deep/file")
    (source / "folder").symlink_to("deep")
    target.mkdir()
    sweep.copy_tree(str(source), str(target))
    assert sorted(os.listdir(target)) == ["deep", "folder", "link"]
    assert (target / "link").readlink() == Path("deep/file")
    assert (target / "folder").readlink() == Path("deep")
    assert (target / "deep/empty").is_dir()
    assert (target / "deep/file").samefile(source / "deep/file")
