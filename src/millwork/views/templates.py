"""The templates as people and programs read them."""

from __future__ import annotations

from typing import TypedDict


class TemplateRow(TypedDict):
    """A template in a list; it is run as `template:NAME`.

    `summary` is the question that it answers, `shows` what of the built-in components it shows.
    """

    name: str
    title: str
    summary: str
    shows: str
    nodes: int


class Templates(TypedDict):
    """The templates, in the order in which people may want to look at them."""

    items: list[TemplateRow]


class TemplateNode(TypedDict):
    """A node of a template: its name, its component, and that component's title."""

    name: str
    component: str
    title: str


class TemplateShown(TemplateRow):
    """All of a template: `description` in Markdown, `text` the pipeline's file."""

    description: str
    outputs: list[str]
    steps: list[TemplateNode]
    text: str
