"""What may be a name: nothing that a path, a shell or a reader could take for something else."""

import pytest

from millwork.base.names import (
    is_entity,
    is_node,
    is_parameter,
    is_port,
    is_variable,
    is_version,
    variable_suffix,
)

pytestmark = pytest.mark.quick

HOSTILE = [
    "", ".", "..", "../x", "a/b", "a\\b", "a b", " a", "a ", "a\n", "\na", "a\0", "x" * 300,
    "\u202eabc", "naïve", "nai\u0308ve", "٣", "Ａ", "a;b", "$(id)", "`id`", "a'b", 'a"b', "~",
    "*", "a:b", "a=b", "a,b", "_a", "😀",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_hostile_names_name_nothing(text: str) -> None:
    for rule in (is_port, is_parameter, is_entity, is_node):
        assert not rule(text)


@pytest.mark.parametrize("text", ["test", "test-model", "test_model", "1st", "-a", "a" * 64, "CON"])
def test_ports(text: str) -> None:
    assert is_port(text)
    assert is_parameter(text)


def test_a_dot_may_stand_within_parameters_and_entities() -> None:
    assert is_parameter("train.learning_rate")
    assert not is_parameter(".hidden")
    assert not is_port("train.learning_rate")
    assert is_entity("als-1.2")
    assert not is_node("a.b")


@pytest.mark.parametrize("rule", [is_port, is_parameter, is_node])
def test_names_are_at_most_64_long(rule: object) -> None:
    assert callable(rule)
    assert rule("a" * 64)
    assert not rule("a" * 65)


@pytest.mark.parametrize("text", ["0.0.0", "1.10.0", "1.0.1", "2024.11.22", "999999999.0.0"])
def test_versions(text: str) -> None:
    assert is_version(text)


@pytest.mark.parametrize(
    "text", ["1", "1.0", "1.0.0.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.٣", "1.0.0\n", ""]
)
def test_other_texts_are_no_versions(text: str) -> None:
    assert not is_version(text)


def test_variables() -> None:
    assert is_variable("OMP_NUM_THREADS")
    assert is_variable("_x1")
    assert not any(map(is_variable, ["1A", "A-B", "A=B", "", "A\n", "Ä"]))


def test_the_variable_of_a_name_is_the_seeds() -> None:
    assert variable_suffix("batch-size") == "BATCH_SIZE"
    assert variable_suffix("train.learning_rate") == "TRAIN_LEARNING_RATE"
    assert variable_suffix("test-model") == variable_suffix("test_model") == "TEST_MODEL"
