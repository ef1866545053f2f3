"""Every screen of the console, by its place in a workspace; `stage` says what is there."""

from __future__ import annotations

SCREENS = {
    "library": "components",
    "built-in": "components/builtin:split_rows",
    "component": "components/{stage.component}@1.0.0",
    "new-component": "new-component",
    "pipelines": "pipelines",
    "designer": "pipelines/{stage.draft}",
    "runs": "runs",
    "run": "runs/{stage.run}",
    "failed-run": "runs/{stage.failed}",
    "job": "runs/{stage.job}",
    "compare": "compare/{stage.run}/{stage.failed}",
    "models": "models",
    "model": "models/which-penguin",
    "datasets": "datasets",
    "dataset": "datasets/birds",
    "nowhere": "no-such-place",
}
