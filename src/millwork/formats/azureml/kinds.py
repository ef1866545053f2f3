"""Which files are AzureML's, in which flavour, and of what type (seed 002; azureml-spec 1).

A flavour shows by `type`, then by `$schema`, then by how placeholders are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass
from millwork.spec.document import Mapping, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.spec.document import Node
    from millwork.spec.model import Work

AzureFlavour: TypeAlias = Literal["azureml-old", "azureml-v2"]


@dataclass(frozen=True)
class Kind:
    """One type of one flavour; `table` is the name of its fields' table."""

    name: str
    flavour: AzureFlavour
    table: str
    work: Work = "command"


def _old(name: str, table: str, work: Work = "external") -> Kind:
    return Kind(name, "azureml-old", table, work)


def _v2(name: str, work: Work, table: str = "") -> Kind:
    return Kind(name, "azureml-v2", table or name, work)


_OLD = (
    _old("CommandComponent", "command", "command"),
    _old("DistributedComponent", "distributed", "distributed"),
    _old("ParallelComponent", "parallel", "parallel"),
    _old("SweepComponent", "sweep", "sweep"),
    _old("SparkComponent", "spark", "spark"),
    _old("HDInsightComponent", "hdinsight", "hdinsight"),
    _old("ScopeComponent", "scope"),
    _old("HemeraComponent", "hemera"),
    _old("StarliteComponent", "starlite"),
    _old("AE365ExePoolComponent", "ae365exepool"),
    _old("AetherBridgeComponent", "aetherbridge"),
    _old("DataTransferComponent", "datatransfer"),
    _old("IntellectualPropertyProtectedComponent", "protected"),
    _old("PipelineComponent", "pipeline"),
    _old("hdinsight", "hdinsight", "hdinsight"),
    _old("scope", "scope"),
    _old("hemera", "hemera"),
    _old("starlite", "starlite"),
    _old("ae365exepool", "ae365exepool"),
    _old("aetherbridge", "aetherbridge"),
)
_NEW = (
    _v2("command", "command"),
    _v2("parallel", "parallel"),
    _v2("sweep", "sweep"),
    _v2("spark", "spark"),
    _v2("automl", "external"),
    _v2("import", "external"),
    _v2("data_transfer", "external", "transfer"),
    _v2("pipeline", "external"),
)
_KINDS = {
    "azureml-old": {kind.name: kind for kind in _OLD},
    "azureml-v2": {kind.name: kind for kind in _NEW},
}
COMMAND = _KINDS["azureml-v2"]["command"]
_OLD_SPARK = _KINDS["azureml-old"]["SparkComponent"]
_OLD_SCHEMA = "componentsdk."
_NEW_SCHEMAS = (".schema.json", "sdk-2-0")
_OLD_STYLE = ("{inputs.", "{outputs.")
_MARKS = frozenset({"$schema", "type", "environment", "jobs"})


def is_azureml(root: Mapping) -> bool:
    """Whether a file's top-level names are AzureML's; a Millwork file has an apiVersion."""
    if "apiVersion" in root.entries:
        return False
    if _MARKS & root.entries.keys():
        return True
    return "command" in root.entries and _style(root) != ""


def flavour_of(root: Mapping) -> AzureFlavour:
    """The flavour of a file or an inline component; v2 where nothing says otherwise."""
    if (kind := kind_of(root)) is not None:
        return kind.flavour
    is_old = text_of(root, "type").endswith("Component") or _style(root) == "braces"
    return "azureml-old" if is_old else "azureml-v2"


def kind_of(root: Mapping) -> Kind | None:
    """The type that a file has; None if it names one that there is not."""
    name = text_of(root, "type")
    plain, _, label = name.partition("@")
    if not name:
        return _unnamed(root)
    if plain.lower() == "spark" and (label or _is_old_spark(root)):
        return _OLD_SPARK
    if kind := _KINDS["azureml-old"].get(plain):
        return kind
    return None if label else _KINDS["azureml-v2"].get(plain.lower())


def label_of(root: Mapping) -> str:
    """The label of an old type: `1-legacy` of `CommandComponent@1-legacy`."""
    return text_of(root, "type").partition("@")[2]


def is_pipeline(root: Mapping) -> bool:
    """Whether it is a pipeline: a job or a component, of either flavour."""
    kind = kind_of(root)
    if kind is not None and kind.table == "pipeline":
        return True
    return not text_of(root, "type") and "jobs" in root.entries


def known_types(flavour: AzureFlavour) -> str:
    """The types of a flavour, for people."""
    return ", ".join(_KINDS[flavour])


def text_of(root: Mapping, name: str) -> str:
    """The text of a field; empty if it is not there or is no text."""
    entry = root.entries.get(name)
    if entry is None or not isinstance(entry[1], Scalar) or entry[1].is_null:
        return ""
    return entry[1].text


def _unnamed(root: Mapping) -> Kind | None:
    schema = text_of(root, "$schema")
    flavour = _by_schema(schema) or ("azureml-old" if _style(root) == "braces" else "azureml-v2")
    if flavour == "azureml-v2":
        return _KINDS[flavour]["command"]
    stem = schema.rpartition("/")[2].removesuffix(".json")
    return _KINDS[flavour].get(stem, _KINDS[flavour]["CommandComponent"])


def _by_schema(schema: str) -> AzureFlavour | None:
    if any(mark in schema for mark in _NEW_SCHEMAS):
        return "azureml-v2"
    if _OLD_SCHEMA in schema or schema.endswith("Component.json"):
        return "azureml-old"
    return None


def _is_old_spark(root: Mapping) -> bool:
    by_schema = _by_schema(text_of(root, "$schema"))
    return by_schema == "azureml-old" or (by_schema is None and _style(root) == "braces")


def _style(root: Mapping) -> str:
    """`dollar` or `braces`, by the first placeholder found; empty if there is none."""
    for text in _texts(root):
        if "${{" in text:
            return "dollar"
        if any(mark in text for mark in _OLD_STYLE):
            return "braces"
    return ""


def _texts(node: Node) -> Iterator[str]:
    """The texts that may hold placeholders: all but the ports' and the descriptions."""
    if isinstance(node, Scalar):
        yield node.text
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _texts(item)
    else:
        for name, (_, child) in node.entries.items():
            if name not in ("description", "inputs", "outputs"):
                yield from _texts(child)
