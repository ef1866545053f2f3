"""docs/catalogue/odd-tables.md: what each built-in makes of odd tables, as it was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.catalogue.index import declarations
from tests.catalogue.odd import outcomes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.catalogue.odd import Outcome

HEAD = """# Odd tables

What each built-in makes of a table with no rows, one row, nothing but missing values in the columns
that it uses, some missing, columns of the wrong type, a column less, and columns whose names are
not ASCII. It gives a result, or ends with one line that says what to do. The table is made by
`python -m tests.docs.odd_tables` from a run of each; a test runs them again and compares.

| built-in | gives a result of | refuses |
|---|---|---|
"""


def row(name: str, found: Mapping[str, Outcome]) -> str:
    """One built-in's line."""
    fine = [table for table, outcome in found.items() if not outcome.refusal]
    refused = [f"{table}: {_cell(o.refusal)}" for table, o in found.items() if o.refusal]
    return f"| `{name}` | {', '.join(fine) or 'none'} | {'<br>'.join(refused)} |"


def page() -> str:
    """The whole page."""
    rows = [row(name, found) for name, each in declarations().items() if (found := outcomes(each))]
    return HEAD + "\n".join(rows) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    from tests.docs.generate import ROOT

    (ROOT / "docs" / "catalogue" / "odd-tables.md").write_text(page())
