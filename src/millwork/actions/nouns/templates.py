"""The templates: pipelines on real data to run, to look at, and to change."""

from __future__ import annotations

from millwork.actions.call import Call
from millwork.actions.load import load, read_file
from millwork.catalogue.templates import NAMES, template_file
from millwork.spec.model import Pipeline
from millwork.spec.tree import Tree
from millwork.views.templates import TemplateNode, TemplateRow, Templates, TemplateShown


def list_(call: Call) -> Templates:  # noqa: ARG001  every verb is given it
    """The templates: pipelines of built-in components on real data."""
    return {"items": [_row(_tree(name)) for name in NAMES]}


def show(call: Call, name: str) -> TemplateShown:  # noqa: ARG001  every verb is given it
    """A template: what it is for, its nodes, and its file."""
    tree = _tree(name)
    return {
        **_row(tree),
        "description": tree.definition.description,
        "outputs": list(_pipeline(tree).outputs),
        "steps": [_node(tree, node) for node in _pipeline(tree).nodes],
        "text": read_file(template_file(name)),
    }


def _tree(name: str) -> Tree:
    return load(template_file(name)).tree


def _pipeline(tree: Tree) -> Pipeline:
    assert isinstance(tree.definition, Pipeline)
    return tree.definition


def _row(tree: Tree) -> TemplateRow:
    pipeline = _pipeline(tree)
    return {
        "name": pipeline.name,
        "title": pipeline.display_name,
        "summary": pipeline.description.partition("\n\n")[0].strip("* \n"),
        "shows": pipeline.tags["shows"],
        "nodes": len(pipeline.nodes),
    }


def _node(tree: Tree, name: str) -> TemplateNode:
    component = _pipeline(tree).nodes[name].component
    title = tree.children[name].definition.display_name
    return {"name": name, "component": component, "title": title}
