"""The pages on the built-in components, from their declarations: one a category, and two lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.actions.call import Call
from millwork.actions.nouns import catalogue as verbs
from millwork.catalogue.azureml import MODULES, twins
from millwork.catalogue.index import declarations
from millwork.catalogue.pai import find
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns
from millwork.cli.catalogue import default_text
from millwork.spec import values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from millwork.catalogue.model import Declaration, PaiName
    from millwork.catalogue.shapes import Shape

_SAMPLES = declarations()["sample_data"]
_MOST = 8
ALL, AZUREML, PAI = "all", "azureml", "pai"


def categories() -> list[str]:
    """The categories that there is anything of, in their order."""
    return list(dict.fromkeys(each.category for each in declarations().values()))


def skeleton(category: str) -> str:
    """A category's page before anything is written into it."""
    title = category.replace("_", " ").capitalize()
    part = f"<!-- catalogue: {category} -->\n\n\n<!-- end -->\n"
    return f"# {title}\n\nThe built-in components of this kind. [All of them](README.md).\n\n{part}"


def part(name: str) -> str:
    """The generated part of a page."""
    if name == ALL:
        return "\n".join(_all())
    if name == AZUREML:
        return _table(("Azure ML", "here"), _azureml())
    if name == PAI:
        return _table(("PAI", "here"), _pai())
    ours = [each for each in declarations().values() if each.category == name]
    return "\n".join(_component(each) for each in ours)


def _all() -> Iterator[str]:
    for category in categories():
        rows = (
            (_link(each), each.summary)
            for each in declarations().values()
            if each.category == category
        )
        yield f"**[{category.replace('_', ' ').capitalize()}]({category}.md)**\n"
        yield _table(("component", "what it does"), rows)


def _link(declaration: Declaration) -> str:
    return f"[`{declaration.name}`]({declaration.category}.md#{declaration.name})"


def _azureml() -> Iterator[tuple[str, str]]:
    for name in sorted(MODULES):
        found = [_link(each) for each in twins(name, declarations().values())]
        also = f" (also {', '.join(found[1:])})" if found[1:] else ""
        yield f"`azureml://{name}`", f"{found[0]}{also}" if found else f"none: {MODULES[name]}"


def _pai() -> Iterator[tuple[str, str]]:
    names = {pai.name for each in declarations().values() for pai in each.pai}
    for name in sorted(names, key=str.casefold):
        if found := find(name):
            yield f"`{name}`", _link(found[0])


def _component(declaration: Declaration) -> str:
    """The section of a component."""
    shown = verbs.show(Call(None), declaration.name)  # type: ignore[arg-type]
    parts = [f"## {declaration.name}", declaration.summary]
    parts += [declaration.notes] if declaration.notes else []
    ports = [_port("input", each) for each in shown["inputs"]]
    ports += [_port("output", each) for each in shown["outputs"]]
    parts.append(_table(("port", "", "type", "meaning"), ports).rstrip())
    if shown["parameters"]:
        titles = ("parameter", "group", "type", "default", "meaning")
        parts.append(_table(titles, map(_parameter, shown["parameters"])).rstrip())
    parts += _known_as(declaration)
    if declaration.azureml:
        names = ", ".join(f"`{name}`" for name in declaration.azureml)
        parts.append(f"In [Azure ML](azureml.md): {names}.")
    parts.append("\n".join(["```sh", *shown["example"], "```"]))
    parts += filter(None, (_columns(port, each) for port, each in foretold(declaration).items()))
    return "\n\n".join(parts) + "\n"


def foretold(declaration: Declaration, **more: str) -> Mapping[str, Shape]:
    """What its rule says of the outputs of its example, or of that with other parameters."""
    example = declaration.example
    inputs: dict[str, Shape] = {}
    for port, source in example.inputs.items():
        maker, _, output = source.partition(".")
        made = foretold(declarations()[maker]) if output else foretold(_SAMPLES, name=maker)
        inputs[port] = made.get(output or "table")
    known = declaration.parameters
    said = {name: values.read(known[name], text) for name, text in example.parameters.items()}
    said |= more
    unsaid = {name: each.default for name, each in known.items() if each.default is not None}
    return declaration.rule(Given(inputs, unsaid | said))


def _columns(port: str, shape: Shape) -> str:
    """The columns of a table of the example."""
    if not isinstance(shape, Columns) or not shape.types:
        return ""
    told = [f"`{name}` {dtype}" for name, dtype in shape.types.items()]
    rest = [f"{len(told) - _MOST} more"] if len(told) > _MOST else []
    rest += [] if shape.is_whole else ["others that the data decide"]
    return f"Columns of the example's `{port}`: {', '.join([*told[:_MOST], *rest])}."


def _port(kind: str, port: Mapping[str, Any]) -> tuple[str, ...]:
    optional = ", optional" if kind == "input" and not port["required"] else ""
    return f"`{port['name']}`", kind + optional, f"`{port['type']}`", port["description"]


def _parameter(each: Mapping[str, Any]) -> tuple[str, ...]:
    default = default_text(each["default"])
    given = "required" if each["required"] else f"`{default}`" if default else ""
    kind = f"{each['type']} {each['allowed']}".strip()
    return f"`{each['name']}`", each["group"], kind, given, each["description"]


def _known_as(declaration: Declaration) -> Iterator[str]:
    """What PAI calls a component, its ports and its parameters; names that say the same at once."""
    names: dict[str, list[str]] = {}
    for pai in declaration.pai:
        names.setdefault(_words(pai), []).append(f"`{pai.name}`")
    for words, known in names.items():
        yield f"In [PAI](pai.md) it is {', '.join(known)}: {words}."


def _words(pai: PaiName) -> str:
    words = {**pai.inputs, **pai.outputs, **pai.parameters}
    told = ", ".join(f"`{theirs}` for `{ours}`" for theirs, ours in words.items())
    unsaid = ", ".join(f"`{name}` is {value}" for name, value in pai.fixed.items())
    return f"{told}; if a line says nothing else, {unsaid}" if unsaid else told


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
