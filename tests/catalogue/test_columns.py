"""The columns that are foretold are those that come out, of generated tables."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.runtime.problems import StepError
from tests.catalogue.calls import NAMES, agrees, arguments_for, called, foretold
from tests.catalogue.tables import generated

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.catalogue.model import Declaration

TABLES, MOST_TABLES = 20, 200


@pytest.mark.parametrize("name", NAMES)
def test_foretold_columns_are_those_of_the_run(name: str, tmp_path: Path) -> None:
    compare(name, TABLES, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_foretold_columns_of_many_tables(name: str, tmp_path: Path) -> None:
    compare(name, MOST_TABLES, tmp_path)


def compare(name: str, count: int, folder: Path) -> None:
    declaration = declarations()[name]
    compared = 0
    for seed in range(count):
        random = Random(f"{name}{seed}")
        table = generated(random)
        given = arguments_for(declaration, table, random)
        if given is None:
            continue
        frames = frames_of(declaration, given, folder)
        if frames is None:
            continue
        compared += 1
        try:
            shapes = foretold(declaration, given)
        except BadRequest as error:
            pytest.fail(f"table {seed}: refused before the run, and it runs: {error}")
        for port, frame in frames.items():
            said = agrees(shapes.get(port), frame)
            assert not said, f"table {seed}, output '{port}': {said}; of {table.schema}"
    assert compared or not declaration.inputs, f"no arguments fit: {name} needs a case"


def frames_of(
    declaration: Declaration, given: dict[str, Any], folder: Path
) -> dict[str, pl.DataFrame] | None:
    """The tables that come out; None if the data are refused, which no rule can know."""
    try:
        outputs = called(declaration, given, folder)
        return {
            port: frame.lazy().collect()
            for port, frame in outputs.items()
            if isinstance(frame, pl.DataFrame | pl.LazyFrame)
        }
    except StepError:
        return None
