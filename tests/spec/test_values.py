"""Parameter values: converted by their declared type, checked by every rule."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.spec import values
from millwork.spec.model import Parameter, Range, Value

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("kind", "given_value", "value"),
    [
        ("Int", "7", 7),
        ("Int", "-7", -7),
        ("Int", 7, 7),
        ("Int", "007", 7),
        ("Int", str(2**63 - 1), 2**63 - 1),
        ("Float", "0.1", 0.1),
        ("Float", "1e-3", 0.001),
        ("Float", 3, 3.0),
        ("Bool", "true", True),
        ("Bool", "False", False),
        ("Bool", True, True),
        ("String", "", ""),
        ("String", 1.5, "1.5"),
        ("Column", "arr_delay", "arr_delay"),
        ("Columns", "a, b,,c", ("a", "b", "c")),
        ("Columns", ["a", "b,c"], ("a", "b,c")),
        ("Columns", '["a", "b, c", " d e "]', ("a", "b, c", " d e ")),
        ("Columns", ' ["[x]"]', ("[x]",)),
        ("Columns", "[]", ()),
        ("Columns", "a[0], b", ("a[0]", "b")),
    ],
)
def test_a_value_is_converted(kind: str, given_value: object, value: Value) -> None:
    converted = values.read(Parameter(kind), given_value)
    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("kind", "given_value", "message"),
    [
        ("Int", "1.0", "expected a whole number, found '1.0'"),
        ("Int", "1_000", "expected a whole number"),
        ("Int", "٣", "expected a whole number"),
        ("Int", "", "expected a whole number, found ''"),
        ("Int", str(2**63), "the number does not fit in 64 bits"),
        ("Int", "9" * 5000, "the number does not fit in 64 bits"),
        ("Int", "--1", "expected a whole number"),
        ("Int", True, "expected a whole number, found 'True'"),
        ("Float", "fast", "expected a number, found 'fast'"),
        ("Float", "nan", "expected a finite number"),
        ("Float", "1e999", "expected a finite number"),
        ("Float", "1_0.0", "expected a finite number"),
        ("Bool", "yes", "expected true or false, found 'yes'"),
        ("Bool", "1", "expected true or false"),
        ("String", "a\0b", "a NUL character cannot be passed to a program"),
        ("String", ["a"], "expected one String, found a list"),
        ("Int", {"a": 1}, "expected one Int, found a mapping"),
        ("String", None, "expected one String, found nothing"),
        ("Columns", {"a": 1}, "expected one Columns, found a mapping"),
        ("Columns", "[a, b]", """expected a list as ["a", "b, c"], found '[a, b]'"""),
        ("Columns", "[1]", "expected a list as"),
        ("Columns", '["a"', "expected a list as"),
        ("Columns", "[" * 100_000, "expected a list as"),
        ("Columns", '["a\\u0000"]', "a NUL character cannot be passed to a program"),
        ("Columns", ["a\0"], "a NUL character cannot be passed to a program"),
    ],
)
def test_another_value_is_refused(kind: str, given_value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        values.read(Parameter(kind), given_value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "given_value", "message"),
    [
        (Parameter("Int", range=Range(1, 5)), "6", "6 is outside [1, 5]"),
        (Parameter("Int", range=Range(1, 5)), "0", "0 is outside [1, 5]"),
        (Parameter("Float", range=Range(0, 1, True)), "0", "0.0 is outside (0, 1]"),
        (Parameter("Int", range=Range(0, 2**32 - 1)), "-1", "-1 is outside [0, 4294967295]"),
        (Parameter("Float", range=Range(0, 1, False, True)), "1", "1.0 is outside [0, 1)"),
        (Parameter("Float", range=Range(None, 1)), "2", "2.0 is outside (-∞, 1]"),
        (Parameter("Int", range=Range(0)), "-1", "-1 is outside [0, ∞)"),
        (Parameter("String", enum=("a", "b")), "c", "'c' is not one of a, b"),
        (Parameter("Int", enum=(1, 2)), "3", "'3' is not one of 1, 2"),
        (Parameter("String", length=(2, 3)), "abcd", "has 4 characters, not 2 to 3"),
        (Parameter("String", pattern="[a-z]+"), "a1", "'a1' does not match the pattern [a-z]+"),
        (Parameter("String", pattern="a|b"), "ab", "does not match"),
    ],
)
def test_every_rule_is_kept(parameter: Parameter, given_value: str, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        values.read(parameter, given_value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("parameter", "given_value"),
    [
        (Parameter("Int", range=Range(1, 5)), "5"),
        (Parameter("Float", range=Range(0, 1, True, True)), "0.5"),
        (Parameter("String", length=(2, 3)), "äö"),
        (Parameter("String", pattern="[a-z]+"), "abc"),
        (Parameter("Float", enum=(1.0, 2.0)), "1"),
    ],
)
def test_a_value_within_the_rules_is_taken(parameter: Parameter, given_value: str) -> None:
    values.read(parameter, given_value)


VALUES = {
    "Int": st.integers(-(2**63), 2**63 - 1),
    "Float": st.floats(allow_nan=False, allow_infinity=False),
    "Bool": st.booleans(),
    "String": st.text().filter(lambda text: "\0" not in text),
}


@pytest.mark.parametrize("kind", VALUES)
def test_the_text_of_a_value_is_read_as_the_value(kind: str) -> None:
    @given(VALUES[kind])
    @settings(max_examples=50, derandomize=True, deadline=None)
    def check(value: Value) -> None:
        again = values.read(Parameter(kind), values.to_text(value))
        assert (type(again), again) == (type(value), value)

    check()


def test_values_reach_programs_as_pai_writes_them() -> None:
    assert values.to_text(True) == "True"
    assert values.to_text(0.3) == "0.3"
    assert values.to_text(("a", "b")) == "a,b"
