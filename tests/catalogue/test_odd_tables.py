"""Odd tables end in a result or in one clear line, and the docs say which."""

from __future__ import annotations

import pytest

from millwork.catalogue.index import declarations
from tests.catalogue.calls import NAMES
from tests.catalogue.odd import arguments_that_work, outcomes
from tests.catalogue.tables import good
from tests.docs.generate import ROOT
from tests.docs.odd_tables import row

PAGE = (ROOT / "docs" / "catalogue" / "odd-tables.md").read_text().splitlines()
READ_TABLES = [
    name
    for name in NAMES
    if any(each.type == "table" and each.required for each in declarations()[name].inputs.values())
]


@pytest.mark.parametrize("name", READ_TABLES)
def test_odd_tables_end_in_a_result_or_one_clear_line(name: str) -> None:
    declaration = declarations()[name]
    assert arguments_that_work(declaration, good()) is not None, f"{name} needs a case"
    found = outcomes(declaration)
    for table, outcome in found.items():
        assert "\n" not in outcome.refusal, table
        assert table != "names not ASCII" or not outcome.refusal
    assert row(name, found) in PAGE, "python -m tests.docs.odd_tables"
