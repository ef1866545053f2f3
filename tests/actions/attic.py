"""Homes with runs that are over, their files and whatever names them: made without running them."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.app.compose import open_context
from millwork.blobs.artifacts import Manifest, seal, verify
from millwork.blobs.removal import entries
from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import AttemptClosed, AttemptOpened, RunChanged, StepReused
from millwork.store.assets import New
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest


ME = Master(1, "100", "boot")


class Attic:
    """A home, to be filled."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MILLWORK_HOME", str(home))
        self.home, self.context = home, open_context()
        self.count = 0

    def close(self) -> None:
        assert isinstance(self.context.store, RunStore)
        self.context.store.close()

    def name(self) -> str:
        self.count += 1
        return f"r{self.count:04}"

    def run(
        self, *, key: str = "", code: str = "", reads: str = "", takes: str = "",
        is_over: bool = True, **row: Any,
    ) -> str:  # fmt: skip
        """A run of two steps: `a` has left an output, `b` has taken one or failed; its id."""
        run = self.name()
        given = {"inputs": {"i": {"path": self.output(reads)}}} if reads else {}
        steps = [
            StepRow("a", 0, "pending", spec={"code": code, **given}),
            StepRow("b", 1, "pending", spec={}),
        ]
        base = RunRow(run, run, "pipe", "1", "running", 10.0 + self.count, master=ME, epoch=1)
        self.context.store.create_run(replace(base, **row), steps, {})
        changes = [*self._attempt(f"{run}-1", "a", key)]
        if takes:
            taken = {"o": {"path": self.output(takes), "attempt": takes, "type": "any"}}
            changes.append(StepReused("b", takes, taken, {}))
        else:
            self._folder(f"{run}-2")
            opened = AttemptOpened(f"{run}-2", "b", 1, "t")
            failed = AttemptClosed(f"{run}-2", "b", "t", "failed", 1, "exit code 1")
            changes += [opened, failed]
        if is_over:
            changes.append(RunChanged("succeeded"))
        self.context.store.commit(run, 1, 20.0 + self.count, changes)
        return run

    def _attempt(self, attempt: str, step: str, key: str) -> list[Any]:
        self._folder(attempt)
        manifest = seal(self.output(attempt))
        output = {
            "path": self.output(attempt), "attempt": attempt, "type": "any",
            "digest": manifest.digest, "size": manifest.size, "files": len(manifest.files),
            "manifest": manifest.to_json(),
        }  # fmt: skip
        opened = AttemptOpened(attempt, step, 1, "t")
        closed = AttemptClosed(
            attempt, step, "t", "succeeded", 0, "", outputs={"o": output}, key=key
        )
        return [opened, closed]

    def _folder(self, attempt: str) -> None:
        files: Mapping[str, str] = {
            "ml/output/o/deep/f": f"of {attempt}\n" * 50, "ml/output/o/g": attempt,
            "ml/usercode/main.py": "pass", "log": "printed\n" * 100, "usage.jsonl": "{}\n",
        }  # fmt: skip
        for name, text in files.items():
            path = self.home / "attempts" / attempt / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def output(self, attempt: str) -> str:
        return f"{self.home}/attempts/{attempt}/ml/output/o"

    def model(self, run: str, visibility: str = "public") -> None:
        """A model that is the output of a run's first step."""
        source = {"run": run, "step": "a", "port": "o", "attempt": f"{run}-1"}
        new = New(
            "default", "model", f"m{self.count}", {"source": source}, "ann", 1.0, run=run,
            visibility=visibility,
        )  # fmt: skip
        self.context.assets().register(new)

    def snapshot(self, digest: str) -> Path:
        """Code that was set aside."""
        path = self.home / "code" / digest
        path.mkdir(parents=True, exist_ok=True)
        (path / "main.py").write_text("pass")
        return path

    def stray(self, attempt: str) -> None:
        """An attempt's folder without a row."""
        self._folder(attempt)

    def attempts(self) -> set[str]:
        return set(entries(f"{self.home}/attempts"))

    def is_whole(self, attempt: str) -> bool:
        """Whether the output of a run's first attempt, and its manifest, are as they were."""
        text = self.context.store.manifest(attempt, "o")
        return not verify(self.output(attempt), Manifest.from_json(text))

    def is_trimmed(self, attempt: str) -> bool:
        """Whether nothing but the output is there."""
        folder = self.home / "attempts" / attempt
        return os.listdir(folder) == ["ml"] and os.listdir(folder / "ml") == ["output"]
