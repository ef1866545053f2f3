"""What Millwork accepts although AzureML's own loader (azure-ai-ml 1.35.2) rejects it."""

from __future__ import annotations

from typing import NamedTuple


class Leniency(NamedTuple):
    """A rule of AzureML's that is not held, and why; `name` is how the tests call it."""

    name: str
    rule: str
    why: str


LENIENCIES = (
    Leniency(
        "component name",
        "The name of a v2 component is lower-case letters, digits and `_`.",
        "Real files have hyphens and capitals, and nothing here depends on it: a warning.",
    ),
    Leniency(
        "text",
        "A number, a boolean or a date does not stand where text is expected.",
        "Values stay as they are written, so `1.10` and `2024-01-01` are text.",
    ),
    Leniency(
        "nothing",
        "A field with nothing in it (`inputs:`) is not accepted.",
        "It counts as a field that is left out; a tag of nothing is empty.",
    ),
    Leniency(
        "type left out",
        "A file without `type` is a v2 command.",
        "`$schema` and the way placeholders are written tell the old flavour.",
    ),
    Leniency(
        "other words for types",
        "Int, Number and the like are no types of parameters in the old flavour, and a Spark "
        "component's parameters are neither Float nor Enum.",
        "The older loader knew them all, and what is meant is plain.",
    ),
    Leniency(
        "SparkComponent",
        "The old flavour's Spark components have the type `spark`.",
        "All other old types end in `Component`; both are read.",
    ),
    Leniency(
        "snapshot code",
        "`code` is a folder, a URL or an asset.",
        "Snapshots (`aml://...`) are loaded and kept; no run takes them.",
    ),
    Leniency(
        "code from Git",
        "`git+` code is not supported.",
        "Git code is fetched here: `git+URL#ref:folder`.",
    ),
    Leniency(
        "environment's name",
        "A reference to an environment starts with `azureml:` and has a version or label.",
        "`name:1` and `name@latest` can be nothing else; they are looked up in the map.",
    ),
    Leniency(
        "spark lists",
        "`jars`, `py_files`, `files` and `archives` of a v2 component are lists without an item "
        "that stands twice.",
        "One text is a list of one, and a second mention changes nothing.",
    ),
    Leniency(
        "sweep as a component",
        "A sweep is a job and no component.",
        "Its trial, inputs and outputs make a component like any other.",
    ),
)
