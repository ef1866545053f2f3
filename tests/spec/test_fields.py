"""The field table's types: what each takes, and what it says of the rest."""

import pytest

from millwork.spec.document import parse
from millwork.spec.fields import (
    DURATION,
    INVALID,
    SIZE,
    Bool,
    ByShape,
    Choice,
    Constant,
    Field,
    ListOf,
    MapOf,
    Number,
    Raw,
    Reading,
    Record,
    Text,
    Type,
    dotted,
)

pytestmark = pytest.mark.quick

POINT = Record(
    "point",
    (
        Field("x", Number(0, 10), "Across", required=True),
        Field("label", Text(), "For people"),
    ),
    lambda given, _path, _reading: given,
)
ANY_NUMBER = Number(float("-inf"), float("inf"), whole=False)
SHORT = Text(lambda text: len(text) < 4, "at most 3 letters")


def read(kind: Type, text: str) -> tuple[object, list[str]]:
    reading = Reading("f")
    root = parse(f"v: {text}", "f")
    value = kind.read(root.entries["v"][1], ("v",), reading)
    return value, [f"{fault.path}: {fault.message}" for fault in reading.faults]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Text(), "1.10", "1.10"),
        (Text(), "''", ""),
        (SHORT, "abc", "abc"),
        (Constant("v1"), "v1", "v1"),
        (Choice(("a", "b")), "b", "b"),
        (Bool(), "True", True),
        (Number(0, 10), "7", 7),
        (Number(0, 10, whole=False), "1e-1", 0.1),
        (SIZE, "2Gi", 2**31),
        (DURATION, "1h30m", 5400.0),
        (ListOf(Number(0, 10)), "[1, 2]", (1, 2)),
        (MapOf(Number(0, 10)), "{a: 1}", {"a": 1}),
        (Raw(), "[a, 1]", ("a", "1")),
        (Raw(), "null x", "null x"),
        (ByShape(Bool(), ListOf(Bool())), "[true]", (True,)),
        (POINT, "{x: 1}", {"x": 1}),
        (POINT, "{x: 1, label: }", {"x": 1}),
    ],
)
def test_what_is_taken(kind: Type, text: str, value: object) -> None:
    assert read(kind, text) == (value, [])


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (Text(), "[a]", "v: expected text, found a list"),
        (Text(), "{a: b}", "v: expected text, found a mapping"),
        (Text(), "", "v: expected text, found nothing"),
        (Text(), "null", "v: expected text, found nothing"),
        (SHORT, "abcd", "v: 'abcd' is not accepted: at most 3 letters"),
        (SHORT, '"a\\u202eb3"', r"v: 'a\u202eb3' is not accepted: at most 3 letters"),
        (SHORT, "x" * 99, f"v: '{'x' * 57}...' is not accepted: at most 3 letters"),
        (Constant("v1"), "v2", "v: expected 'v1', found 'v2'"),
        (Choice(("CPU", "GPU")), "gpu", "v: 'gpu' is not one of CPU, GPU"),
        (Choice(("table", "file")), "tabel", ("v: 'tabel' is not one of table, file; "
         "did you mean 'table'?")),
        (Bool(), "yes", "v: expected true or false, found 'yes'"),
        (Number(0, 10), "11", "v: '11' is not a whole number >= 0 and <= 10"),
        (Number(0, 10), "1.5", "v: expected a whole number >= 0, found '1.5'"),
        (Number(0, 10), "1_0", "v: expected a whole number >= 0, found '1_0'"),
        (Number(0, 10), "9" * 5000, f"v: expected a whole number >= 0, found '{'9' * 57}...'"),
        (Number(0, 9, whole=False, above=True), "0", "v: '0' is not a number > 0 and <= 9"),
        (Number(0, 9, whole=False), "nan", "v: expected a number >= 0, found 'nan'"),
        (ANY_NUMBER, "inf", "v: expected a number, found 'inf'"),
        (SIZE, "2GB", "v: '2GB' is not a size: a size is a number and a unit: 512Mi, 2Gi, 500M"),
        (SIZE, "0", "v: '0' is no size: leave it out"),
        (DURATION, "90", ("v: '90' is not a duration: a duration is numbers with units: 90s, 30m, "
         "2h, 1h30m, 1d")),
        (ListOf(Text()), "a", "v: expected a list of text, found 'a'"),
        (ListOf(Bool()), "[true, 1]", "v[1]: expected true or false, found '1'"),
        (MapOf(Text()), "[a]", "v: expected a mapping of names, found a list"),
        (MapOf(Text(), str.isalpha, "letters"), "{a1: b}", ("v.a1: 'a1' is not accepted as a name: "
         "letters")),
        (MapOf(Text(), reserved=("inputs",)), "{inputs: b}", ("v.inputs: 'inputs' is a word of the "
         "language and names nothing else")),
        (ByShape(Bool()), "[true]", "v: expected true or false, found a list"),
        (POINT, "5", "v: expected fields (x, label), found '5'"),
        (POINT, "{x: 1, lable: a}", "v.lable: unknown field; did you mean 'label'?"),
        (POINT, "{x: 1, zzz: a}", "v.zzz: unknown field; a point has: x, label"),
        (POINT, "{label: a}", "v.x: missing: across"),
        (POINT, "{x: }", "v.x: missing: across"),
    ],
)  # fmt: skip
def test_what_is_refused(kind: Type, text: str, message: str) -> None:
    _, faults = read(kind, text)
    assert faults == [message]


def test_a_missing_field_has_the_place_of_what_lacks_it() -> None:
    reading = Reading("f")
    POINT.read(parse("\n\n  label: a", "f"), (), reading)
    assert [(fault.line, fault.column) for fault in reading.faults] == [(3, 3)]


def test_every_fault_is_noted_and_the_rest_is_read() -> None:
    value, faults = read(ListOf(POINT), "[{x: 99}, {x: 2}, {x: a, label: []}]")
    assert isinstance(value, tuple)
    assert [point["x"] for point in value if point is not INVALID] == [0, 2, 0]
    assert [fault.split(":")[0] for fault in faults] == ["v[0].x", "v[2].x", "v[2].label"]


def test_nothing_is_said_about_what_is_wrong_already() -> None:
    reading = Reading("f")
    reading.fault(("a",), "first")
    reading.fault(("a", "b"), "within")
    reading.fault(("a",), "again")
    reading.fault(("c",), "a warning", "warning")
    reading.fault(("c",), "then an error")
    assert [fault.message for fault in reading.faults] == ["first", "a warning", "then an error"]


def test_suggestions_end_before_they_cost_much() -> None:
    reading = Reading("f")
    assert reading.nearest("inpots", ["inputs", "outputs"]) == "; did you mean 'inputs'?"
    assert reading.nearest("zzz", ["inputs", "outputs"]) == ""
    assert reading.nearest("n1000", [f"n{index}" for index in range(2000)]) == ""
    for index in range(50):
        reading.fault(("a", index), "wrong")
    assert reading.nearest("inpots", ["inputs"]) == ""


def test_paths_for_people() -> None:
    assert dotted(("nodes", "train", "after", 0)) == "nodes.train.after[0]"
    assert dotted(()) == ""
