"""A report put together of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import REPORT_OUT, Declaration, Example, text
from millwork.spec.model import Input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Shape

CATEGORY = "evaluate"

_PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
_SHOWN = "A report or a table"
_TEXT = (
    "What stands in it, in that order: paragraphs, with an empty line between them. `## WORDS` is "
    "a heading. `{first}` alone is what comes in there: a table, or all of a report. `{first: "
    "WHAT}` are the sections of a report whose titles begin so, or that are of that kind (metrics, "
    "heatmap, ...); of a table it says how it is shown: table, metrics, bar, line. `{first: WHAT | "
    "TITLE}` gives it another title. By default all comes in its order"
)


def _composed(given: Given) -> Mapping[str, Shape]:
    for place in re.findall(r"\{\s*(\w+)", given.get("text", "")):
        if place in _PLACES and place not in given.inputs:
            raise BadRequest(f"text: nothing comes in at '{place}'")
    return {"report": None}


DECLARATIONS = (
    Declaration(
        "compose_report",
        CATEGORY,
        "Compose report",
        "Puts words, tables, and sections of other reports together in one report to show.",
        "compose.compose_report",
        _composed,
        {place: Input("any", place == _PLACES[0], description=_SHOWN) for place in _PLACES},
        {"report": REPORT_OUT},
        {
            "title": text("The report's heading", required=True),
            "text": text(_TEXT, ""),
        },
        example=Example(
            {"first": "box_plot.report", "second": "penguins"},
            {"title": "Penguins", "text": "Gentoos are the heaviest.\n\n{first}\n\n{second}"},
        ),
        notes="Of a table metrics takes a column of names and one of numbers, bar a first column "
        "of names and columns of numbers, line a first column of numbers or dates. 1,000 rows and "
        "40 bars are shown at most.",
    ),
)
