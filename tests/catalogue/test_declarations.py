"""What every declaration keeps to: its function, its names, and the rules of all components."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from inspect import Parameter as Argument
from inspect import signature
from itertools import chain
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import polars as pl
import pytest

from millwork.actions.builtins import code_folder
from millwork.catalogue.azureml import MODULES
from millwork.catalogue.index import builtin, declarations
from millwork.plan.codec import decode_component, encode_component
from millwork.runtime.models import Model
from millwork.runtime.step import Folder, found_function
from millwork.runtime.transforms import Transform
from millwork.spec import values
from millwork.spec.component import check_component
from millwork.spec.fields import Reading
from millwork.spec.model import Code, Component, Parameter
from millwork.spec.reader import read_text
from millwork.spec.types import PORT_TYPES
from millwork.spec.writer import to_text

ALL = declarations()
EACH = pytest.mark.parametrize("name", sorted(ALL))
READ_AS = {"table": pl.LazyFrame, "model": Model, "transform": Transform}
PYTHON = {"Int": int, "Float": float, "String": str, "Bool": bool, "Column": str,
          "Columns": list[str]}  # fmt: skip


def component_of(name: str) -> Component:
    return ALL[name].component(code_folder())


def without_none(hint: Any) -> Any:
    """`Model` of `Model | None`."""
    kinds = [each for each in get_args(hint) if each is not NoneType]
    return kinds[0] if len(kinds) == 1 and NoneType in get_args(hint) else hint


@EACH
def test_its_function_takes_exactly_its_ports_and_parameters(name: str) -> None:
    declared = ALL[name]
    function = found_function(declared.function)
    hints = get_type_hints(function)
    arguments = signature(function).parameters
    kinds = [each.kind for each in arguments.values()]
    members = kinds.count(Argument.POSITIONAL_OR_KEYWORD) + kinds.count(Argument.POSITIONAL_ONLY)
    assert members == bool(declared.member), "one place, for the member of a family"
    named = {each.name for each in arguments.values() if each.kind is Argument.KEYWORD_ONLY}
    folders = {each for each in named if hints[each] is Folder}
    assert folders <= set(declared.outputs)
    words = {*declared.inputs, *declared.parameters}
    if declared.member and Argument.VAR_KEYWORD in kinds:  # what members take differs
        unsaid = named - folders - words
        assert all(arguments[each].default is not Argument.empty for each in unsaid)
        assert named >= declared.inputs.keys()
    else:
        assert named - folders == words
    for port, each in declared.inputs.items():
        assert without_none(hints[port]) is READ_AS.get(each.type, Path), port
        assert each.required or arguments[port].default is None, port
    for word, parameter in declared.parameters.items():
        if word not in named:
            continue
        hint = without_none(hints[word])
        if get_origin(hint) is Literal:
            assert set(get_args(hint)) == set(parameter.enum), word
        else:
            assert hint == PYTHON[parameter.type], word
        may_miss = parameter.default is None and not parameter.required
        assert not may_miss or arguments[word].default is not Argument.empty, word


@EACH
def test_it_keeps_the_rules_of_all_components(name: str) -> None:
    """But for one: its input and its output may both be called `table` (no file may do so)."""
    component = component_of(name)
    reading = Reading(name)
    check_component(component, reading)
    shared = "is also the name of one of the inputs"
    assert [fault for fault in reading.faults if shared not in fault.message] == []
    assert not set(component.parameters) & {*component.inputs, *component.outputs}


@EACH
def test_it_is_written_and_read_as_it_is(name: str) -> None:
    component = replace(component_of(name), code=Code("."))
    assert decode_component(encode_component(component)[1]) == component
    outputs = {f"{port}_": each for port, each in component.outputs.items()}
    as_file = replace(component, outputs=outputs)
    assert read_text(to_text(as_file), "component.yaml")[0] == as_file


@EACH
def test_its_words_are_whole(name: str) -> None:
    declared = ALL[name]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert re.fullmatch(r"[a-z_]+", declared.category)
    assert re.fullmatch(r"[A-Z\"'`].*[.]", declared.summary)
    for sentences in filter(None, (declared.summary, declared.notes)):
        assert sentences.endswith(".")
        assert "  " not in sentences
    assert declared.title[:1].isupper() or not declared.title[:1].isalpha()
    assert not declared.title.endswith(".")
    for word, parameter in declared.parameters.items():
        assert parameter.description, word
        assert not re.search(r"[^.][.]$", parameter.description), word


@EACH
def test_its_ports_and_parameters_fit_together(name: str) -> None:
    declared = ALL[name]
    types = [each.type for each in declared.inputs.values()]
    types += [each.type for each in declared.outputs.values()]
    assert set(types) <= PORT_TYPES.keys()
    assert declared.outputs or declared.inputs
    for word, parameter in declared.parameters.items():
        assert parameter.group in ("fields", "params", "tuning"), word
        is_column = parameter.type in ("Column", "Columns")
        assert is_column == (parameter.group == "fields") == bool(parameter.input), word
        assert not parameter.input or declared.inputs[parameter.input].type == "table", word
        if parameter.default is not None:
            values.read(parameter, parameter.default)


@EACH
def test_its_example_names_what_it_has(name: str) -> None:
    declared = ALL[name]
    for port, source in declared.example.inputs.items():
        assert port in declared.inputs
        maker, _, output = source.partition(".")
        assert not output or output in ALL[maker].outputs
    required = {port for port, each in declared.inputs.items() if each.required}
    assert required <= declared.example.inputs.keys()
    check_values(declared.parameters, declared.example.parameters)
    for word, parameter in declared.parameters.items():
        assert not parameter.required or word in declared.example.parameters, word


def check_values(parameters: Any, given: Any) -> None:
    for word, text in given.items():
        parameter: Parameter = parameters[word]
        values.read(parameter, text)


@EACH
def test_its_names_in_pai_lead_to_what_it_has(name: str) -> None:
    declared = ALL[name]
    for pai in declared.pai:
        assert set(pai.inputs.values()) <= declared.inputs.keys()
        assert set(pai.outputs.values()) <= declared.outputs.keys()
        assert set(pai.parameters.values()) <= declared.parameters.keys()
        keys = [key.casefold() for key in (*pai.inputs, *pai.outputs, *pai.parameters)]
        assert len(keys) == len(set(keys)), "each key once"
        check_values(declared.parameters, pai.fixed)
        for word, known in pai.values.items():
            assert word in pai.parameters.values()
            for ours in known.values():
                check_values(declared.parameters, {word: ours})


def test_no_two_have_one_name() -> None:
    """A name of Azure ML may be several components' here: the first is the twin."""
    pai = Counter(each.name.casefold() for declared in ALL.values() for each in declared.pai)
    assert [name for name, count in pai.items() if count > 1] == []
    titles = Counter(declared.title for declared in ALL.values())
    assert [title for title, count in titles.items() if count > 1] == []
    for declared in ALL.values():
        assert len(declared.azureml) == len(set(declared.azureml))
        assert builtin(f"builtin:{declared.name}@{declared.version}") is declared


def test_names_of_azure_ml_are_its_own() -> None:
    claimed = set(chain.from_iterable(declared.azureml for declared in ALL.values()))
    assert claimed <= MODULES.keys()
