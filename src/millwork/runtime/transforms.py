"""What a fitted preprocessing has learned, so that new data get the very same treatment.

A transform is a chain of fitted steps; each is the name of a function in `fitted` and a state
that is plain JSON: nothing of it is unpickled, and a person can read it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import fitted
from .problems import StepError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

FILE, FORMAT = "transform.json", "millwork/transform/1"


@dataclass(frozen=True)
class Fitted:
    """One preprocessing as it was fitted: `kind` names the function, `state` what it learned."""

    kind: str
    state: dict[str, Any]

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The table after it; StepError for a column that is not there."""
        return fitted.APPLY[self.kind](frame, self.state)


@dataclass(frozen=True)
class Transform:
    """Fitted preprocessings in their order."""

    steps: tuple[Fitted, ...] = ()

    def then(self, step: Fitted) -> Transform:
        """This chain with one step more."""
        return Transform((*self.steps, step))

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The table after all of them."""
        for step in self.steps:
            frame = step.apply(frame)
        return frame

    def to_json(self) -> dict[str, Any]:
        """Ready for a file."""
        steps = [{"kind": step.kind, "state": step.state} for step in self.steps]
        return {"format": FORMAT, "steps": steps}

    @classmethod
    def from_json(cls, content: dict[str, Any], file: str = FILE) -> Transform:
        """What `to_json` gave, which stood in `file`; StepError for anything else."""
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise StepError(f"{file}: not a transform of this version of Millwork")
        try:
            steps = tuple(Fitted(step["kind"], step["state"]) for step in content["steps"])
            for step in steps:
                if step.kind not in fitted.APPLY:
                    raise StepError(f"{file}: this version of Millwork knows no '{step.kind}'")
                if step.kind in fitted.CHECK:
                    fitted.CHECK[step.kind](step.state)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StepError(f"{file} is damaged: {error!r}") from None
        return cls(steps)

    def save(self, folder: Path) -> None:
        """Write it into an output's folder."""
        (folder / FILE).write_text(
            json.dumps(self.to_json(), indent=1, ensure_ascii=False, allow_nan=False),
            encoding="utf-8",
        )

    @classmethod
    def load(cls, path: Path) -> Transform:
        """The transform in a folder; StepError if there is none."""
        try:
            content = json.loads((path / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StepError(f"{path.name}: no transform: {error}") from None
        return cls.from_json(content)


def outcome(table: pl.LazyFrame, before: Transform | None, step: Fitted) -> dict[str, Any]:
    """What a fitted preprocessing returns: the table after it, and the chain with it."""
    return {"table": step.apply(table), "transform": (before or Transform()).then(step)}
