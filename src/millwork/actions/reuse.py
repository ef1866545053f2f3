"""Results of earlier runs: found by the key of the work, checked, and used instead of working."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.actions.kept import fault_of, publish
from millwork.base.errors import Unavailable
from millwork.blobs import artifacts, content
from millwork.plan.identity import key_of
from millwork.ports.changes import StepConsulted, StepReused
from millwork.run.state import Answer

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from millwork.actions.kept import Bucket
    from millwork.plan.model import Step
    from millwork.ports import ResultRow, Store

NOT_BUILT = "not built yet"
UNKNOWN = "(nothing tells whether it changes)"
"""What is said of data whose place gives it neither a version nor an ETag."""
NEVER_REUSED = "is_deterministic is false"


class Reuse:
    """Looks for results that `run` may use.

    `forced` holds the steps that are to be done again whatever there is.

    `bucket` is where artifacts are kept besides the home, if they are.
    """

    def __init__(
        self, store: Store, run: str, forced: Container[str], bucket: Bucket = lambda: None
    ) -> None:
        self._store, self._run = store, run
        self._forced = forced
        self._bucket = bucket

    def content(self, path: str) -> str:
        """The digest of what a user gave; its files are kept for comparing runs."""
        digest, files = content.digest_of(path, self._store)
        self._store.keep_listing(digest, files)
        return digest

    def key(self, identity: Mapping[str, Any]) -> str:
        """What a result is kept by; empty if it is not known what it depends on."""
        return "" if _why_unknown(identity) else key_of(identity)

    def answer(self, step: Step, identity: dict[str, Any] | None) -> Answer:
        """What is to be done about a step; `identity` is None if its results are never reused."""
        if identity is None:
            return _not_reused(step, NEVER_REUSED, {})
        if (step.parent or step.name) in self._forced:
            return _not_reused(step, "forced", identity)
        if step.destinations:
            return _not_reused(step, "its outputs are brought to a URI", identity)
        key = self.key(identity)
        verdict = _why_unknown(identity) or "no earlier result of the same work"
        for found in self._store.results(key, self._run):
            try:
                faults = map(self.fault, found.outputs, found.outputs.values())
                fault = next(filter(None, faults), "")
            except Unavailable as error:
                verdict = f"the result of {found.attempt} cannot be fetched: {error}"
                continue
            if not fault:
                return _reused(step, found, identity)
            self._store.forget_result(found.attempt)
            verdict = f"the result of {found.attempt} is damaged: {fault}"
        return _not_reused(step, verdict, identity)

    def keep(self, attempt: str, outputs: Mapping[str, Any]) -> None:
        """Puts an attempt's outputs wherever artifacts are kept besides the home. StorageError."""
        bucket = self._bucket() if outputs else None
        if bucket:
            publish(bucket, attempt, outputs)

    def fault(self, port: str, output: Mapping[str, Any]) -> str:
        """What is wrong with the files of a recorded output; empty if all are as recorded.

        What is damaged here is fetched from where artifacts are kept. StorageError if that
        cannot be reached.
        """
        try:
            manifest = artifacts.Manifest.from_json(self._store.manifest(output["attempt"], port))
        except (KeyError, artifacts.BadOutput) as error:
            return f"{port}: {error}"
        fault = fault_of(port, output, manifest, self._store, self._bucket)
        return f"{port}: {fault}" if fault else ""


def _why_unknown(identity: Mapping[str, Any]) -> str:
    """Why it cannot be told whether the work was done before; empty if it can."""
    if identity["environment"] == NOT_BUILT:
        return "its environment is not built yet"
    changing = (name for name, what in identity["inputs"].items() if what.endswith(UNKNOWN))
    name = next(changing, "")
    return f"nothing tells whether the data of '{name}' has changed" if name else ""


def _not_reused(step: Step, verdict: str, identity: dict[str, Any]) -> Answer:
    return Answer(changes=(StepConsulted(step.name, verdict, identity),))


def _reused(step: Step, found: ResultRow, identity: dict[str, Any]) -> Answer:
    return Answer(
        reused=StepReused(step.name, found.attempt, found.outputs, found.metrics),
        changes=(StepConsulted(step.name, "reused", identity),),
    )
