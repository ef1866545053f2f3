"""Function components of the tests: a module that steps can import."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

from millwork import Input, InputPath, OutputPath, component, pipeline

GREETING = "hello"


@component
def write(
    rows: Annotated[OutputPath, "table", {"description": "One word a line"}],
    count: Annotated[int, {"range": [1, 9]}] = 3,
    word: str = GREETING,
) -> int:
    """Writes `count` words."""
    (rows / "words.txt").write_text("\n".join([word] * count))
    return count


@component(version="1.2.0", resources={"cpu": 1}, files=["words.txt"])
def measure(
    rows: Annotated[InputPath, "table"],
    scale: float,
    extra: InputPath | None = None,
    mode: Literal["all", "unique"] = "all",
    loud: bool = False,
) -> dict[str, float]:
    """Counts words."""
    from pathlib import Path

    words = (rows / "words.txt").read_text().split()
    words = sorted(set(words)) if mode == "unique" else words
    known = Path(__file__).with_name("words.txt").read_text().split()
    assert loud is (extra is not None), (loud, extra)
    return {"words": len(words) * scale, "known": sum(word in known for word in words)}


@component(metrics=[{"name": "seen", "regex": "seen=([0-9.]+)"}])
def fail(seen: float) -> None:
    """Fails."""
    sys.stdout.write(f"seen={seen}\n")
    raise RuntimeError("out of words")


@pipeline
def inner(rows: Annotated[Input, "table"], scale: float = 2.0) -> object:
    """Measures within a pipeline."""
    return measure(rows=rows, scale=scale)


@pipeline(name="count-words", version="2.0.0", tags={"team": "tests"})
def words(count: int = 4, label: Annotated[str, {"pattern": "[a-z]+"}] = "all") -> object:
    """Everything at once."""
    made = write(count=count)
    nested = inner(rows=made.outputs.rows)
    again = measure(rows=made.outputs.rows, scale=1.5, mode="unique").with_(
        name="again", after=[nested], retries=1, timeout="30m", env={"A": "1"}
    )
    return {"nested": nested, "again": again, "count": made.outputs.value}
