"""One prediction for every model, and what was fitted done to new data."""

from __future__ import annotations

from threading import Lock

import polars as pl

from .. import tables
from ..answers import answer, task_of
from ..models import Model, check
from ..problems import StepError
from ..transforms import Transform


def predict(
    *,
    table: pl.LazyFrame,
    model: Model,
    append: list[str] | None = None,
    result_column: str = "prediction",
    score_column: str = "prediction_score",
    detail_column: str = "prediction_detail",
) -> pl.LazyFrame:
    """The table with the model's answers behind its columns, batch by batch."""
    kept = tables.chosen(table, append or [])
    names = {"result": result_column, "score": score_column, "detail": detail_column}
    columns = task_of(model).columns(model.signature.label_type)
    added = {names[role]: dtype for role, dtype in columns.items() if names[role]}
    if len(added) < sum(bool(names[role]) for role in columns):
        raise StepError("two result columns have the same name: name them differently")
    tables.fresh(table.select(kept), added)
    check(model.signature, transformed(model.transform, table.head(0)).collect_schema())
    schema = table.select(kept).collect_schema()
    one = Lock()  # the library uses all cores for a batch

    def answered(batch: pl.DataFrame) -> pl.DataFrame:
        if not batch.height:
            return pl.DataFrame(schema={**schema, **added})
        with one:
            found = answer(model, model.matrix(_rows(model.transform, batch)))
        roles = {"result": found.prediction, "score": found.score, "detail": found.detail}
        series = [roles[role] for role in columns if names[role]]
        named = [each.alias(n) for each, n in zip(series, added, strict=True) if each is not None]
        return batch.select(kept).with_columns(named)

    return table.map_batches(answered, schema={**schema, **added}, streamable=True)


def apply_transform(*, table: pl.LazyFrame, transform: Transform) -> pl.LazyFrame:
    """The table after the preprocessings that were fitted on another one."""
    return transformed(transform, table)


def _rows(transform: Transform, batch: pl.DataFrame) -> pl.DataFrame:
    """A batch as the model learned it, row for row."""
    if not transform.steps:
        return batch
    after = transformed(transform, batch.lazy()).collect()
    if after.height != batch.height:
        raise StepError("the model's transform leaves rows out: predict needs each of them")
    return after


def transformed(transform: Transform, table: pl.LazyFrame) -> pl.LazyFrame:
    """The table after a transform; StepError where it does not fit."""
    after = transform.apply(table)
    try:
        after.collect_schema()
    except pl.exceptions.PolarsError as error:
        told = str(error).strip().partition("\n")[0]
        raise StepError(f"the transform does not fit this table: {told}") from None
    return after
