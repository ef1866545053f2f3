"""The built-in components as people and programs read them."""

from __future__ import annotations

from typing import TypedDict


class BuiltinRow(TypedDict):
    """A built-in component in a list; it is run as `builtin:NAME`."""

    name: str
    category: str
    title: str
    summary: str
    version: str


class Builtins(TypedDict):
    """The built-in components, in the order in which people meet them."""

    items: list[BuiltinRow]


class BuiltinPort(TypedDict):
    """An input or an output; outputs are always there, and so not `required`."""

    name: str
    type: str
    required: bool
    description: str


class BuiltinParameter(TypedDict):
    """A parameter; `allowed` says in words what it may be, `input` whose columns it names.

    `group` is PAI's: fields, params or tuning. `default` is None where there is none.
    """

    name: str
    group: str
    type: str
    required: bool
    default: str | int | float | bool | list[str] | None
    allowed: str
    input: str
    description: str


class BuiltinShown(BuiltinRow):
    """All of a built-in component.

    `pai` and `azureml` are what it is called there, `example` commands to try it on sample data.
    """

    inputs: list[BuiltinPort]
    outputs: list[BuiltinPort]
    parameters: list[BuiltinParameter]
    notes: str
    pai: list[str]
    azureml: list[str]
    example: list[str]
