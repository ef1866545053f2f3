"""Sweeps of both flavours: what is tried, how, and what is best (azureml-spec 1, sweep)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.tables import POLICY
from millwork.formats.azureml.words import is_finite, whole

if TYPE_CHECKING:
    from millwork.formats.azureml.findings import Findings
    from millwork.spec.model import Component, Path

_ALGORITHMS = ("random", "grid", "bayesian")
_RANGES = {
    "choice": ("values",),
    "randint": ("upper",),
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "qlognormal": ("mu", "sigma", "q"),
}
_GOALS = ("minimize", "maximize")
_POLICIES = ("bandit", "median_stopping")
_MINUTE = 60


def sweep_body(given: dict[str, Any], findings: Findings) -> dict[str, Any]:
    """The body of a sweep, with its words in both flavours made one.

    `algorithm` is its name and `sampling` its other settings; `search_space` is by the trial's
    value; `objective` has primary_metric and goal; `limits` are in seconds.
    """
    at = "sampling_algorithm" if "sampling_algorithm" in given else "algorithm"
    algorithm, sampling = _algorithm(given.get(at, ""))
    if algorithm not in _ALGORITHMS:
        _tell((at,), f"'{algorithm[:60]}' is not one of {', '.join(_ALGORITHMS)}", findings)
    space = {name: whole(tried) for name, tried in given.get("search_space", {}).items()}
    if not space:
        _tell(("search_space",), "there is nothing to try", findings)
    for name, tried in space.items():
        _check_tried(name, tried, algorithm, findings)
    body: dict[str, Any] = {"algorithm": algorithm, "search_space": space}
    if sampling:
        body["sampling"] = sampling
    body["objective"] = _objective(given.get("objective", {}), findings)
    if "early_termination" in given:
        body["early_termination"] = whole(given["early_termination"])
        _check_policy(body["early_termination"], findings)
    body["limits"] = _limits(given.get("limits", {}), findings)
    return body


def trial_facts(trial: Component) -> dict[str, str]:
    """What the trial says of itself, and the sweep otherwise of its own."""
    facts = {} if trial.work == "command" else {"trial_work": str(trial.work)}
    if not trial.is_deterministic:
        facts["trial_is_deterministic"] = "false"
    if trial.any_exit_code:
        facts["trial_any_exit_code"] = "true"
    return facts


def _tell(path: Path, message: str, findings: Findings) -> None:
    findings.judge(path, message, is_error=findings.is_v2)


def _algorithm(given: str | dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Its name, in lower case, and its other settings."""
    if isinstance(given, str):
        return given.lower(), {}
    settings = whole(given)
    settings.pop("enum", None)
    return settings.pop("type", "").lower(), settings


def _check_tried(name: str, tried: dict[str, Any], algorithm: str, findings: Findings) -> None:
    path: Path = ("search_space", name)
    kind = tried["type"]
    if kind not in _RANGES:
        _tell(path, f"'{kind[:60]}' is not one of {', '.join(_RANGES)}", findings)
        return
    at = (*findings.root, *path)
    missing = [
        part
        for part in _RANGES[kind]
        if not tried.get(part) and not findings.reading.is_broken((*at, part))
    ]
    if missing:
        _tell(path, f"a {kind} needs {', '.join(missing)}", findings)
    numbers = {part: tried[part] for part in _RANGES[kind] if part in tried and part != "values"}
    _check_numbers(numbers, path, findings)
    if algorithm == "grid" and kind != "choice":
        _tell(path, "a grid has choices only", findings)


def _check_numbers(given: dict[str, str], path: Path, findings: Findings) -> dict[str, str]:
    """Those that are numbers."""
    found = {}
    for name, text in given.items():
        if is_finite(text):
            found[name] = text
        else:
            _tell((*path, name), f"expected a number, found '{text[:60]}'", findings)
    return found


def _objective(given: dict[str, Any], findings: Findings) -> dict[str, str]:
    metric, goal = _chosen(given.get("primary_metric", "")), _chosen(given.get("goal", "")).lower()
    if not metric:
        _tell(("objective", "primary_metric"), "there is no metric to compare by", findings)
    if goal not in _GOALS:
        _tell(("objective", "goal"), f"'{goal[:60]}' is not one of {', '.join(_GOALS)}", findings)
    return {"primary_metric": metric, "goal": goal}


def _chosen(given: str | dict[str, Any]) -> str:
    """A word, or the default among those that a run may choose from."""
    return given if isinstance(given, str) else given.get("default", "")


def _check_policy(policy: dict[str, Any], findings: Findings) -> None:
    kind = policy["type"]
    path: Path = ("early_termination",)
    if kind == "truncation_selection":
        findings.refuse((*path, "type"), f"{kind} is not run here; bandit and median_stopping are")
    elif kind not in _POLICIES:
        _tell((*path, "type"), f"'{kind[:60]}' is not one of {', '.join(_POLICIES)}", findings)
    elif kind == "bandit" and not (policy.get("slack_factor") or policy.get("slack_amount")):
        _tell(path, "a bandit needs slack_factor or slack_amount", findings)
    _check_numbers({name: policy[name] for name in POLICY if name in policy}, path, findings)


def _limits(given: dict[str, str], findings: Findings) -> dict[str, str]:
    limits = _check_numbers(given, ("limits",), findings)
    if "timeout_minutes" in limits:
        limits["timeout"] = f"{float(limits.pop('timeout_minutes')) * _MINUTE:g}"
    return limits
