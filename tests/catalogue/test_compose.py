"""Reports that are put together of words, tables, and sections of other reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import polars as pl
import pytest

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.runtime import reports, tables
from millwork.runtime.functions.compose import compose_report
from millwork.runtime.problems import StepError
from millwork.runtime.reports import Report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick

SIZES = pl.DataFrame({"Größe": ["klein", "groß"], "count": [3, 4], "share": [0.4, 0.6]})


@pytest.fixture
def report(tmp_path: Path) -> Path:
    folder = tmp_path / "report"
    folder.mkdir()
    made = Report("Inner").metrics("", {"auc": 0.9}).table("Rows", ["a"], [[1]], "All of them.")
    line: dict[str, Any] = {"name": "s", "x": [0, 1], "y": [0, 1]}
    made.add("line", "ROC curve, AUC 0.9", x_label="x", y_label="y", series=[line])
    made.save(folder)
    return folder


def written(folder: Path, frame: pl.DataFrame) -> Path:
    folder.mkdir()
    tables.write(frame, folder)
    return folder


def sections(**given: Any) -> list[dict[str, Any]]:
    content = compose_report(title="T", **given).to_json()
    jsonschema.validate(content, reports.schema())
    found: list[dict[str, Any]] = content["sections"]
    return found


def test_without_a_text_all_comes_in_its_order(report: Path, tmp_path: Path) -> None:
    found = sections(first=report, second=written(tmp_path / "t", SIZES))
    assert [(each["kind"], each["title"]) for each in found] == [
        ("metrics", ""), ("table", "Rows"), ("line", "ROC curve, AUC 0.9"), ("table", ""),
    ]  # fmt: skip
    assert found[1]["note"] == "All of them."
    assert found[3]["rows"] == [["klein", 3, 0.4], ["groß", 4, 0.6]]


def test_words_headings_and_places_come_as_the_text_has_them(report: Path, tmp_path: Path) -> None:
    text = """
        First words
        on two lines.

        A second paragraph.

        {first: ROC | How it does}

        ## Größe

        Of the sizes.

        { second : bar }

        {second: metrics | Counts}

        ## Nothing follows
    """
    found = sections(first=report, second=written(tmp_path / "t", SIZES), text=text)
    assert found[0]["text"] == "First words on two lines.\n\nA second paragraph."
    assert (found[1]["kind"], found[1]["title"]) == ("line", "How it does")
    assert (found[2]["title"], found[2]["text"]) == ("Größe", "Of the sizes.")
    assert found[3]["categories"] == ["klein", "groß"]
    assert [each["name"] for each in found[3]["series"]] == ["count", "share"]
    assert found[4]["values"] == {"klein": 3, "groß": 4}
    assert (found[5]["title"], found[5]["text"], len(found)) == ("Nothing follows", "", 6)


def test_sections_are_chosen_by_their_kind_too(report: Path) -> None:
    assert [each["kind"] for each in sections(first=report, text="{first: metrics}")] == ["metrics"]


def test_lines_take_numbers_and_dates(tmp_path: Path) -> None:
    days = pl.DataFrame({"day": ["2024-01-01", "2024-01-02"], "y": [1, None]}).with_columns(
        pl.col("day").str.to_date()
    )
    (found,) = sections(first=written(tmp_path / "d", days), text="{first: line}")
    assert found["series"][0]["x"] == ["2024-01-01", "2024-01-02"]
    assert found["series"][0]["y"] == [1, None]
    counts = pl.DataFrame({"k": [2, 3], "score": [0.5, 0.4]})
    (found,) = sections(first=written(tmp_path / "k", counts), text="{first: line}")
    assert (found["series"][0]["x"], found["y_label"]) == ([2, 3], "score")


def test_odd_tables_are_shown_or_refused(tmp_path: Path) -> None:
    empty = written(tmp_path / "e", SIZES.clear())
    for way in ("table", "bar", "line", "metrics"):
        assert len(sections(first=empty, text=f"{{first: {way}}}")) == 1
    nulls = written(tmp_path / "n", pl.DataFrame({"a": [None, "b"], "c": [None, float("nan")]}))
    assert sections(first=nulls, text="{first: bar}")[0]["series"][0]["y"] == [None, None]
    many = written(tmp_path / "m", pl.DataFrame({"i": range(3000), "c": range(3000)}))
    shown = sections(first=many, text="{first}\n\n{first: bar}\n\n{first: line}")
    assert len(shown[0]["rows"]) == 1000
    assert shown[0]["note"] == "The first 1,000 of 3,000 are shown."
    assert len(shown[1]["categories"]) == 40
    assert len(shown[2]["series"][0]["x"]) == 1000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{third}", "nothing comes in at 'third'; there are: first, second"),
        ("{first: Lift}", r"has no section 'Lift'; it has: '', 'Rows', 'ROC curve"),
        ("{second: pie}", "shown as table, metrics, bar, line, and not 'pie'"),
        ("{second: bar}", "needs a first column of names, then columns of numbers"),
    ],
)
def test_what_cannot_be_shown_is_said(
    text: str, message: str, report: Path, tmp_path: Path
) -> None:
    words = written(tmp_path / "w", pl.DataFrame({"a": ["b"], "c": ["d"]}))
    with pytest.raises(StepError, match=message):
        sections(first=report, second=words, text=text)


def test_a_place_that_nothing_is_wired_to_is_refused_before_the_run() -> None:
    rule = declarations()["compose_report"].rule
    given = {"text": "{first}\n\n{second: bar}", "title": "T"}
    assert rule(Given({"first": None, "second": None}, given)) == {"report": None}
    with pytest.raises(BadRequest, match="nothing comes in at 'second'"):
        rule(Given({"first": None}, given))
