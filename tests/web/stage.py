"""What is there before somebody looks: components, drafts and runs, made through the API."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.e2e.api import Api

_HEAD = {"apiVersion": "millwork/v1", "version": "1.0.0"}
_LONG = 180.0  # seconds: the first run of a home installs what the built-ins need
MEASURES = "bill_length_mm,bill_depth_mm"


@dataclass(frozen=True)
class Stage:
    """Names of what is there: `draft` was run as `run`, `failing` as `failed`."""

    component: str
    draft: str
    run: str
    failing: str
    failed: str
    job: str


def node(component: str, inputs: Mapping[str, str] | None = None, **parameters: Any) -> Any:
    """A node as a pipeline file has it; `inputs` are wires."""
    wires = {port: {"from": wire} for port, wire in (inputs or {}).items()}
    return {"component": component, "inputs": wires, "parameters": parameters}


def penguins() -> dict[str, Any]:
    """Six nodes that end in a chart."""
    return {
        "data": node("builtin:sample_data", name="penguins"),
        "fill": node("builtin:impute", {"table": "data.table"}, columns=MEASURES),
        "split": node("builtin:split_rows", {"table": "fill.table"}, fraction=0.7),
        "learn": node(
            "builtin:decision_tree_classifier", {"table": "split.first"},
            label="species", features=MEASURES,
        ),
        "predict": node("builtin:predict", {"table": "split.second", "model": "learn.model"}),
        "evaluate": node(
            "builtin:evaluate_multiclass", {"table": "predict.table"}, label="species"
        ),
    }  # fmt: skip


def component(api: Api, name: str, **fields: Any) -> str:
    """Registers a component; its reference."""
    text = json.dumps({**_HEAD, "kind": "Component", "name": name, **fields})
    api.post("/components", {"text": text})
    return f"{name}@1.0.0"


def draft(api: Api, name: str, nodes: Mapping[str, Any], **fields: Any) -> None:
    """Saves a draft, as the designer does."""
    text = json.dumps({**_HEAD, "kind": "Pipeline", "name": name, "nodes": nodes, **fields})
    api.post(f"/drafts/{name}", {"text": text}, "PUT")


def run_of(api: Api, draft: str, **wishes: Any) -> str:
    """Asks for a run of a draft's first revision, as the designer does; its id."""
    wish = {"draft": draft, "revision": 1, "tags": {"draft": draft}, **wishes}
    return str(api.post("/runs", wish)["run"])


def set_up(api: Api) -> Stage:
    """What the screens are looked at with: a run that went well, one that failed, and a job."""
    greet = component(
        api, "greet", display_name="Greet somebody",
        description="Greets **somebody**, and keeps the greeting.",
        command='echo "Hello, $PAI_HPS_WHO, from $PAI_TASK_INDEX"; sleep 1',
        outputs={"greeting": {"type": "folder"}}, mounts="none",
        parameters={"who": {"type": "String", "default": "world", "description": "Whom to greet"}},
        constraints={"multiple_instances": True},
    )  # fmt: skip
    component(
        api, "fall", command="echo 'it begins'; echo 'no such file: x.csv' >&2; exit 3",
        mounts="none",
    )  # fmt: skip
    draft(api, "penguins", penguins(), layout={})
    draft(api, "falls", {"good": node(greet), "bad": node("fall@1.0.0")})
    draft(api, "together", {"greet": {**node(greet), "replicas": 2}})
    runs = {name: run_of(api, name) for name in ("penguins", "falls", "together")}
    ends = {name: api.wait(run, _LONG) for name, run in runs.items()}
    assert ends == {"penguins": "succeeded", "falls": "failed", "together": "succeeded"}
    _register(api, runs["penguins"])
    return Stage("greet", "penguins", runs["penguins"], "falls", runs["falls"], runs["together"])


def _register(api: Api, run: str) -> None:
    """Makes a dataset and a model of what a run has left; the model is the dataset's child."""
    rows = {"run": run, "step": "split", "port": "first"}
    tree = {"run": run, "step": "learn", "port": "model"}
    told = "Seven tenths of the penguins, **shuffled**."
    api.post("/datasets", {"name": "birds", "source": rows, "description": told,
                           "labels": {"island": "all"}})  # fmt: skip
    for accuracy in (0.9, 0.95):
        api.post("/models", {
            "name": "which-penguin", "source": tree, "framework": "scikit-learn",
            "description": "Tells the species.", "metrics": {"accuracy": accuracy},
            "labels": {"team": "birds"},
        })  # fmt: skip
