"""A batch that is done again after its input has changed works on what is new alone.

A shard of the last run counts if its files, and all shards that have one of these in common, are
as they were and were done; its part of the output is carried over. Files in no such shard are cut
anew. What each shard consisted of is written down beside the attempt when its output is made.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from millwork.actions.reuse import Reuse
from millwork.base.records import dataclass
from millwork.blobs import content
from millwork.blobs.layout import Layout
from millwork.blobs.parts import Carried
from millwork.blobs.published import chooser, new_file, write_line
from millwork.plan.identity import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.batch.records import BatchRow, Records
    from millwork.blobs.content import Memo
    from millwork.plan.model import Step
    from millwork.ports import Engine, Opening, StepRow, Store

INPUTS, CARRIED, ONLY = "inputs.jsonl", "carried.json", "only.json"


@dataclass(frozen=True)
class Earlier:
    """The last run's attempt at the same work: its folders, and its outputs by port."""

    attempt: str
    aside: str
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Work:
    """What a step of a run is about to do: the identity is empty if it never is the same."""

    run: str
    step: Step
    identity: Mapping[str, Any]


def only_of(store: Store, engine: Engine, work: Work, opening: Opening) -> str:
    """The file that lists which files of its input a batch works on; empty for all of them.

    They are all, too, where no earlier run of the definition has done the same work.
    """
    batch, row = work.step.component.batch, store.run(work.run)
    if batch is None or row is None or not row.facts.get("incremental") or not work.identity:
        return ""
    if not os.path.exists(f"{opening.folder}/{CARRIED}"):
        found = store.earlier(
            row.definition, work.step.name, row.created, row.workspace, row.creator
        )
        before = found[1] if found else None
        _prepare(before, batch.input, work.identity, engine, opening, store)
    only = f"{opening.folder}/{ONLY}"
    return only if os.path.exists(only) else ""


def _prepare(
    before: StepRow | None, name: str, identity: Mapping[str, Any], engine: Engine,
    opening: Opening, store: Store,
) -> None:  # fmt: skip
    """Writes down which shards are carried over and which files are left, or why all are."""
    folder = opening.folder
    if before is None:
        return _nothing(folder, "it has not been run before")
    fields = [difference["field"] for difference in differences(before.identity, identity)]
    others = [field for field in fields if field != f"inputs.{name}"]
    if others:
        return _nothing(folder, f"not the same work: {', '.join(others)}")
    aside = engine.aside(before.attempt)
    if not os.path.exists(f"{aside}/{INPUTS}"):
        return _nothing(folder, f"{before.attempt} has left no word of its shards")
    reuse = Reuse(store, "", ())
    fault = next(filter(None, map(reuse.fault, before.outputs, before.outputs.values())), "")
    if fault:
        return _nothing(folder, f"the result of {before.attempt} is damaged: {fault}")
    outputs = {port: output["path"] for port, output in before.outputs.items()}
    return prepare(Earlier(before.attempt, aside, outputs), opening.source, folder, store)


def _nothing(folder: str, reason: str) -> None:
    _write(f"{folder}/{CARRIED}", {"nothing": reason})


def prepare(earlier: Earlier, source: str, aside: str, memo: Memo) -> None:
    """Writes down which shards of an earlier run count, and which files of `source` are left."""
    given = f"{earlier.aside}/{INPUTS}"
    now = _digests(source, memo)
    good, total = _valid(given, now)
    covered = {name for names in good.values() for name in names}
    carried = {
        "attempt": earlier.attempt,
        "inputs": given,
        "outputs": dict(earlier.outputs),
        "records": {name: record_of(earlier.aside, name) for name in earlier.outputs},
        "shards": [[span.start, span.stop] for span in _ranges(sorted(good))],
        "next": total,
    }
    _write(f"{aside}/{ONLY}", sorted(now.keys() - covered))
    _write(f"{aside}/{CARRIED}", carried)


def record_of(aside: str, port: str) -> str:
    """Where the record of what a batch has published as an output lies."""
    return f"{aside}/published-{port}.jsonl"


def carried_of(folder: str, port: str) -> Carried | None:
    """What of an output is carried over, if anything is."""
    found = _read(f"{folder}/{CARRIED}")
    if port not in found.get("outputs", ()):
        return None
    shards = [range(start, stop) for start, stop in found["shards"]]
    return Carried(found["outputs"][port], found["records"][port], shards, found["next"])


def counted(folder: str) -> dict[str, Any]:
    """How many shards are carried over, or why none are, for the record of the attempt."""
    found = _read(f"{folder}/{CARRIED}")
    if "nothing" in found:
        return {"carried_shards": 0, "nothing_carried": found["nothing"]}
    if not found:
        return {}
    count = sum(stop - start for start, stop in found["shards"])
    return {"carried_shards": count, "carried_from": found["attempt"]}


def write_inputs(aside: str, source: str, row: BatchRow, records: Records, memo: Memo) -> None:
    """Writes down what each shard consisted of, and whether it is done: for the next run."""
    found = _read(f"{os.path.dirname(row.layout)}/{CARRIED}")
    first = found.get("next", 0)
    layout = Layout(row.layout)
    cuts, accepted = records.cuts(row, layout.total), _Accepted(records, row)

    @lru_cache(1024)
    def digest(name: str) -> str:
        return content.hash_of(os.path.join(source, name) if name else source, memo)

    with new_file(f"{aside}/{INPUTS}") as file:
        for line in _carried_lines(found):
            write_line(file, line)
        for shard in range(cuts.total):
            files = _files_of(layout.entry(*cuts.atoms_of(shard)))
            told = {name: digest(name) for name in files}
            is_done = accepted.has(shard)
            write_line(file, {"shard": first + shard, "done": is_done, "files": told})
    layout.close()


class _Accepted:
    """Whether shards are accepted, asked in their order: there may be a million."""

    def __init__(self, records: Records, row: BatchRow) -> None:
        self._shards = (each.shard for each in records.accepted(row))
        self._next = next(self._shards, None)

    def has(self, shard: int) -> bool:
        if self._next != shard:
            return False
        self._next = next(self._shards, None)
        return True


def _carried_lines(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "inputs" not in found:
        return
    counts = chooser([range(start, stop) for start, stop in found["shards"]])
    yield from (line for line in _lines(found["inputs"]) if counts(line["shard"]))


def _valid(path: str, now: Mapping[str, str]) -> tuple[dict[int, tuple[str, ...]], int]:
    """The shards whose files are as they were, with these; and the number after the last shard."""
    good: dict[int, tuple[str, ...]] = {}
    stale: set[str] = set()
    total = 0
    for line in _lines(path):
        total = line["shard"] + 1
        files = line["files"]
        if line["done"] and all(now.get(name) == digest for name, digest in files.items()):
            good[line["shard"]] = tuple(files)
        else:
            stale.update(files)
    while doubtful := [shard for shard, names in good.items() if not stale.isdisjoint(names)]:
        for shard in doubtful:
            stale.update(good.pop(shard))
    return good, total


def _digests(source: str, memo: Memo) -> dict[str, str]:
    files = content.digest_of(source, memo)[1]
    return files if os.path.isdir(source) else {"": next(iter(files.values()))}


def _files_of(entry: Mapping[str, Any]) -> list[str]:
    ranges = entry.get("rows", ())
    return list(dict.fromkeys([*entry.get("files", ()), *(each["file"] for each in ranges)]))


def _ranges(shards: list[int]) -> Iterator[range]:
    start = 0
    for place, shard in enumerate(shards, start=1):
        if place == len(shards) or shards[place] != shard + 1:
            yield range(shards[start], shard + 1)
            start = place


def _lines(path: str) -> Iterator[dict[str, Any]]:
    with open(path, "rb") as file:
        for line in file:
            yield json.loads(line)


def _read(path: str) -> dict[str, Any]:
    """What was written down; nothing if nothing was."""
    try:
        with open(path, encoding="utf-8") as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return {}


def _write(path: str, value: object) -> None:
    with new_file(path) as file:
        file.write(json.dumps(value).encode())
