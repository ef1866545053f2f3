"""How a file says what of a component is leased shard by shard: two field tables, and their rules.

From the reference pai-contract 2: ElasticBatch's shards, AzureML's names for what may fail.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import (
    INVALID,
    SIZE,
    Bool,
    ByShape,
    Constant,
    Field,
    ListOf,
    Number,
    Record,
    Text,
    plain,
)
from millwork.spec.model import Batch, Split
from millwork.spec.types import holds_files

if TYPE_CHECKING:
    import collections.abc

    from millwork.spec.fields import Reading
    from millwork.spec.model import Component, Output, Path

JOB_TYPE = "ElasticBatchJob"
STAGED = ".parts"
"""The folder of an output in which shards stage their files."""
_MOST = 2**31 - 1
_COUNT = Number(1, _MOST)
_ALLOWED = Number(-1, _MOST)


def _is_within(text: str) -> bool:
    return bool(text) and not {"", ".", ".."} & {*text.split("/")}


def _is_staged(text: str) -> bool:
    return _is_within(text) and text.split("/", 1)[0] != STAGED


_PORT = Text(bool, "it is empty")
_WITHIN = Text(_is_within, "a relative path without '.' and '..'")
_FILE = Text(_is_staged, f"a relative path without '.' and '..', and not below {STAGED}")


class _Auto(Constant):
    """The word for a split that Millwork chooses."""

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        return text if text is INVALID else Split()


class _Keys(ListOf):
    """Names of partition keys, each once."""

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        keys = super().read(node, path, reading)
        if keys is INVALID:
            return keys
        if not node.items:
            return reading.fault(path, "it names no key")
        seen = set[str]()
        for index, item in enumerate(node.items):
            text = item.text if isinstance(item, Scalar) else ""
            if text in seen:
                reading.fault((*path, index), "the key stands there twice")
            seen.add(text)
        return keys

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "minItems": 1, "uniqueItems": True}


class _OneOf(Record):
    """A record of which exactly one field is given."""

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        if isinstance(node, Mapping):
            nulls = sum(isinstance(v, Scalar) and v.is_null for _, v in node.entries.values())
            if len(node.entries) - nulls != 1:
                names = ", ".join(self.rows)
                return reading.fault(path, f"expected auto, or exactly one of: {names}")
        return super().read(node, path, reading)

    def schema(self) -> dict[str, Any]:
        return {**super().schema(), "minProperties": 1, "maxProperties": 1}


def _split(given: dict[str, Any], _path: Path, _reading: Reading) -> Any:
    if not given:
        return INVALID  # what is wrong is said already
    ((by, value),) = given.items()
    return Split(**{"by": by, by if by in ("keys", "list") else "size": value})


SPLIT = _OneOf(
    "split",
    (
        Field("files", _COUNT, "So many files a shard"),
        Field("bytes", SIZE, "Whole files of about so many bytes together: `10Mi`"),
        Field("rows", _COUNT, "So many rows of a table (Parquet, CSV, JSONL)"),
        Field("keys", _Keys(Text(bool, "it is empty")),
              "A shard for each folder of these partition keys: `[year, month]`"),
        Field("list", _WITHIN, "A file within the input with a shard a line"),
    ),
    _split,
)  # fmt: skip

BATCH = Record(
    "batch",
    (
        Field("input", _PORT, "The input that is cut into shards", True),
        Field("split", ByShape(scalar=_Auto("auto", "auto"), mapping=SPLIT), "How it is cut",
              default="auto"),
        Field("output", _PORT, "The output that the shards' files go to",
              default="the only output of files"),
        Field("append", _FILE, "A file of it: what the shards write there, in their order"),
        Field("max_retries", Number(0, 1000), "Further tries of a shard that failed", default="2"),
        Field("error_threshold", _ALLOWED, "Items that may fail; -1: any number",
              default="0; -1 if only the next is said"),
        Field("mini_batch_error_threshold", _ALLOWED, "Shards that may fail; -1: any number",
              default="0; -1 if only the last is said"),
        Field("allowed_failed_percent", Number(0, 100, whole=False),
              "Percent of the shards that may fail", default="100"),
        Field("partial_is_failure", Bool(), "A shard with a failed item has failed",
              default="false"),
        Field("speculates", Bool(), "Idle workers get a copy of a slow shard; the first counts",
              default="true"),
    ),
    plain(Batch),
)  # fmt: skip


def with_output(batch: Batch, outputs: collections.abc.Mapping[str, Output]) -> Batch:
    """The batch with its output: the only one that takes files, where it does not say which."""
    candidates = _of_files(outputs)
    if batch.output or len(candidates) != 1:
        return batch
    return replace(batch, output=candidates[0])


def check_batch(component: Component, reading: Reading) -> None:
    """Notes what a component's batch asks for that its ports or its job type do not have."""
    batch = component.batch
    if batch is None:
        return
    _check_input(batch, component, reading)
    _check_output(batch, component, reading)
    # Last, as a fault at `batch` hides those below it.
    if component.job_type != JOB_TYPE and not reading.is_broken(("job_type",)):
        reading.fault(("batch",), f"it needs job_type: {JOB_TYPE}")


def _check_input(batch: Batch, component: Component, reading: Reading) -> None:
    name, at = batch.input, ("batch", "input")
    if reading.is_broken(("inputs", name)):
        return
    port = component.inputs.get(name)
    if port is None:
        near = reading.nearest(name, component.inputs)
        reading.fault(at, f"there is no input '{name}'{near}")
    elif not holds_files(port.type):
        reading.fault(at, f"the input '{name}' is a {port.type}; only files are cut into shards")
    elif not port.required:
        reading.fault(at, f"the input '{name}' is not required, and what may be missing is not cut")


def _check_output(batch: Batch, component: Component, reading: Reading) -> None:
    name, at = batch.output, ("batch", "output")
    if reading.is_broken(("outputs", name)) or reading.is_broken(at):
        return
    port = component.outputs.get(name)
    if name and port is None:
        near = reading.nearest(name, component.outputs)
        reading.fault(at, f"there is no output '{name}'{near}")
    elif port and not holds_files(port.type):
        reading.fault(at, f"the output '{name}' is a {port.type}; shards write files")
    elif batch.append and not name:
        listed = ", ".join(_of_files(component.outputs)) or "none"
        message = f"it needs `output`, the output that the file is in; outputs of files: {listed}"
        reading.fault(("batch", "append"), message)


def _of_files(outputs: collections.abc.Mapping[str, Output]) -> list[str]:
    return [name for name, port in outputs.items() if holds_files(port.type)]
