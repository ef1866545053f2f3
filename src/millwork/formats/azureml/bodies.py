"""The bodies that both flavours have, each in words of its own: Spark's and parallel's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.formats.azureml.findings import Findings
    from millwork.spec.model import Path

_CONF = {
    "driver_cores": "spark.driver.cores",
    "driver_memory": "spark.driver.memory",
    "executor_cores": "spark.executor.cores",
    "executor_memory": "spark.executor.memory",
    "executor_instances": "spark.executor.instances",
    "number_executors": "spark.executor.instances",
    "dynamic_allocation_enabled": "spark.dynamicAllocation.enabled",
    "dynamic_allocation_min_executors": "spark.dynamicAllocation.minExecutors",
    "dynamic_allocation_max_executors": "spark.dynamicAllocation.maxExecutors",
}
_LISTS = ("py_files", "jars", "files", "archives")
_ENDS = re.compile(r"\$?\{+\s*|\s*\}+")


def spark_body(given: Mapping[str, Any]) -> dict[str, Any]:
    """A body for `spark-submit`: entry, lists of files, args, and all settings under `conf`.

    The settings that have names of their own (`driver_memory`) stand there by Spark's.
    """
    conf = dict(given.get("conf") or {})
    conf |= {_CONF[name]: conf.pop(name) for name in tuple(conf) if name in _CONF}
    conf |= {_CONF[name]: given[name] for name in given if name in _CONF}
    body: dict[str, Any] = {"entry": given.get("entry") or {}}
    body |= {name: _words(given[name]) for name in _LISTS if given.get(name)}
    if conf:
        body["conf"] = conf
    if given.get("args"):
        body["args"] = given["args"]
    return body


def spark_shape(given: Mapping[str, Any], _findings: Findings) -> Shape:
    """What a Spark component does, in either flavour."""
    return Shape(
        "spark",
        "",
        spark_body(given),
        {("args",): given.get("args", "")},
        given.get("code"),
        environment=given.get("environment"),
    )


def _words(given: Any) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def port_names(
    given: Any, side: str, path: Path, declared: Mapping[str, Any], findings: Findings
) -> tuple[str, ...]:
    """The ports that a parallel's field names: `x`, `inputs.x`, `{inputs.x}`, `${{inputs.x}}`."""
    found = []
    for text in _words(given) if given else ():
        name = _ENDS.sub("", str(text)).removeprefix(f"{side}.")
        if name not in declared:
            kind = side.removesuffix("s")
            findings.refuse(path, f"the component has no {kind} '{name[:60]}'")
        found.append(name)
    return tuple(found)
