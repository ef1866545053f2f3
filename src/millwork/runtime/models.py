"""A trained model in a folder: `model.json`, an example row, and the library's own file.

Nothing is unpickled: scikit-learn's estimators are kept by skops, which loads only the classes that
are named in `savers`; xgboost and lightgbm have formats of their own; a generalised linear model
is its coefficients (designer.md 1.2).
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from . import dtypes, tables
from .problems import StepError
from .savers import SAVERS, installed
from .transforms import Transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

FILE, EXAMPLE, FORMAT = "model.json", "example.json", "millwork/model/1"
LARGEST = 3.4e38  # of a float32, in which trees and neighbours compute


@dataclass(frozen=True)
class Signature:
    """What a model reads and what it answers.

    `task` is one of `answers.TASKS`. `features` are its columns with their types, in the order in
    which it takes them: numbers (or true and false), or one text. `label` is the column it
    learned, with the type of its prediction; empty for models without one. `classes` are what it
    tells apart, in the order of its probabilities. `accepts_missing`: a feature may be null.
    """

    task: str
    features: dict[str, str]
    label: str = ""
    label_type: str = ""
    classes: tuple[Any, ...] = ()
    accepts_missing: bool = False


@dataclass(frozen=True)
class Model:
    """A trained model: `estimator` is the library's object, kept as `flavour` says.

    `transform` is what was done to the data before training; `predict` does it to new data.
    `example` is the first row it learned from; `training` says how it was made: its parameters,
    rows and measures. `libraries` are the versions it was trained with: those installed, if it
    was not read from a file.
    """

    signature: Signature
    estimator: Any
    flavour: str
    algorithm: str
    transform: Transform = field(default_factory=Transform)
    example: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    def matrix(self, frame: pl.DataFrame) -> NDArray[Any]:
        """The features of a table as the estimator takes them: rows x features, float64; of a
        model of texts, one text a row. StepError if the table does not fit the signature."""
        check(self.signature, frame.collect_schema())
        names = list(self.signature.features)
        if reads_text(self.signature.features):
            return frame[names[0]].fill_null("").cast(pl.String).to_numpy()
        return checked(frame, names, accepts_missing=self.signature.accepts_missing)

    def save(self, folder: Path) -> None:
        """Write it into an output's folder."""
        saver = SAVERS[self.flavour]
        saver.save(self.estimator, folder)
        document = {
            "format": FORMAT,
            "algorithm": self.algorithm,
            "flavour": self.flavour,
            "file": saver.file,
            "task": self.signature.task,
            "features": [{"name": n, "type": t} for n, t in self.signature.features.items()],
            "label": self.signature.label,
            "label_type": self.signature.label_type,
            "classes": list(self.signature.classes),
            "accepts_missing": self.signature.accepts_missing,
            "libraries": self.libraries or installed(saver.libraries),
            "training": self.training,
            "transform": self.transform.to_json(),
        }
        (folder / FILE).write_text(json.dumps(document, indent=1, ensure_ascii=False))
        (folder / EXAMPLE).write_text(json.dumps(self.example, ensure_ascii=False, default=str))

    @classmethod
    def load(cls, path: Path) -> Model:
        """The model in a folder; StepError if there is none, or none of this format."""
        try:
            kept = json.loads((path / FILE).read_text())
            example = json.loads((path / EXAMPLE).read_text())
        except (OSError, ValueError) as error:
            raise StepError(f"{path.name}: no model: {error}") from None
        if not isinstance(kept, dict) or kept.get("format") != FORMAT:
            raise StepError(f"{path.name}: not a model of this version of Millwork")
        try:
            return cls._of(kept, example, path)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StepError(f"{path.name}: {FILE} is damaged: {error!r}") from None

    @classmethod
    def _of(cls, kept: dict[str, Any], example: dict[str, Any], path: Path) -> Model:
        signature = Signature(
            kept["task"],
            {each["name"]: each["type"] for each in kept["features"]},
            kept["label"],
            kept["label_type"],
            tuple(kept["classes"]),
            kept["accepts_missing"],
        )
        if signature.label_type or signature.task == "classify":
            dtypes.named(signature.label_type)
        transform = Transform.from_json(kept["transform"], FILE)
        flavour, libraries = kept["flavour"], dict(kept["libraries"])
        _warn_of_versions(libraries, SAVERS[flavour].bound_to)
        return cls(
            signature,
            SAVERS[flavour].load(path),
            flavour,
            kept["algorithm"],
            transform,
            example,
            kept["training"],
            libraries,
        )


def matrix(frame: pl.DataFrame, features: list[str]) -> NDArray[np.float64]:
    """Columns of a table as one array of float64, nulls as NaN: rows x features."""
    import numpy as np

    tables.require(frame.lazy(), features)
    return np.ascontiguousarray(frame.select(pl.col(features).cast(pl.Float64)).to_numpy())


def checked(
    frame: pl.DataFrame, features: list[str], *, accepts_missing: bool = False
) -> NDArray[np.float64]:
    """The matrix of features that an estimator can take; StepError that names the columns with
    values that are missing, infinite, or too large for a float32."""
    import numpy as np

    found = matrix(frame, features)
    if not found.size or (found.min() >= -LARGEST and found.max() <= LARGEST):
        return found
    missing, beyond = np.isnan(found), np.abs(found) > LARGEST
    if missing.any() and not accepts_missing:
        raise StepError(
            f"values are missing in {_named(features, missing)}: fill them (impute), or "
            "filter those rows"
        )
    if beyond.any():
        raise StepError(
            f"values are infinite or beyond {LARGEST} in {_named(features, beyond)}: "
            "filter those rows, or scale the column"
        )
    return found


def features_of(
    frame: pl.LazyFrame, names: list[str] | None, without: list[str], task: str
) -> dict[str, str]:
    """The columns a model learns from, with their types: those named, else all that hold numbers
    or true and false; StepError for a text, or if there are none."""
    schema = frame.collect_schema()
    encoders = "encode texts first (one_hot, ordinal_encode, target_encode)"
    for name in names or []:
        if name in without:
            raise StepError(f"'{name}' is the label or the weight: leave it out of the features")
        if name in schema and tables.KINDS["text"](schema[name]):
            raise StepError(f"feature '{name}' is {schema[name]}: {task} needs numbers; {encoders}")
    found = tables.chosen(frame, names or [], ("number", "bool"), without)
    if not found:
        raise StepError(f"there are no columns of numbers for {task}; {encoders}")
    return {name: str(schema[name]) for name in dict.fromkeys(found)}


def complete(frame: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """The table, in whose columns nothing is missing; StepError that names those with gaps."""
    gaps = {name: count for name in columns if (count := frame[name].null_count())}
    if gaps:
        told = ", ".join(f"'{name}' ({count})" for name, count in gaps.items())
        raise StepError(f"values are missing in {told}: fill them (impute), or filter those rows")
    return frame


def example_of(frame: pl.DataFrame, features: list[str]) -> dict[str, Any]:
    """The first row, as a request to the model would say it."""
    return frame.select(features).row(0, named=True) if frame.height else {}


def reads_text(features: dict[str, str]) -> bool:
    """Whether a model takes one text a row, and no numbers."""
    return list(features.values()) == ["String"]


def check(signature: Signature, schema: pl.Schema) -> None:
    """StepError if a table has not the columns that a model needs, or not of that kind."""
    lacking = [name for name in signature.features if name not in schema]
    if lacking:
        known = ", ".join(list(schema)[:20]) or "none"
        named = ", ".join(f"'{name}'" for name in lacking[:20])
        raise StepError(f"the model needs the columns {named}; there are: {known}")
    kinds = ("text",) if reads_text(signature.features) else ("number", "bool", "null")
    for name, learned in signature.features.items():
        if not any(_KINDS[kind](schema[name]) for kind in kinds):
            raise StepError(
                f"column '{name}' is {schema[name]}, and the model learned it as {learned}: "
                "convert it first (cast_types)"
            )


def _named(names: list[str], flags: NDArray[np.bool_]) -> str:
    """The columns with a flag in any row; not how many, as this may be one batch of many."""
    found = [f"'{name}'" for place, name in enumerate(names) if flags[:, place].any()]
    more = f" and {len(found) - 10} more columns" if len(found) > 10 else ""
    return ", ".join(found[:10]) + more


def _warn_of_versions(libraries: dict[str, str], names: tuple[str, ...]) -> None:
    here = installed(names)
    for name in names:
        version, trained = here[name], libraries.get(name, "an unknown version")
        if trained != version:
            print(  # noqa: T201 - the step's log
                f"warning: the model was trained with {name} {trained}, and {version} is here: "
                "its answers may differ; train it again to be sure",
                file=sys.stderr,
            )


_KINDS: dict[str, Callable[[pl.DataType], bool]] = {
    **tables.KINDS,
    "null": lambda dtype: dtype == pl.Null,
}
