"""`millwork catalogue list` and `show`: the built-in components, for people."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from millwork.cli.tables import console, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rich.console import RenderableType
    from rich.table import Table


def show(answer: Mapping[str, Any]) -> None:
    """Prints a list of built-in components, or all of one."""
    drawn = console()
    for part in _list(answer["items"]) if "items" in answer else _page(answer):
        drawn.print(part)
    for command in answer.get("example", ()):  # whole, so that it can be copied
        drawn.print(f"  {command}", soft_wrap=True)


def _list(items: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    rows = ((item["name"], item["category"], item["summary"]) for item in items)
    yield named_rows(("name", "category", "what it does"), rows) if items else "none"


def _page(shown: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield f"{shown['title']}: builtin:{shown['name']} {shown['version']} ({shown['category']})"
    yield shown["summary"]
    for kind in ("inputs", "outputs"):
        if shown[kind]:
            rows = ((each["name"], _type(each, kind), each["description"]) for each in shown[kind])
            yield ""
            yield named_rows((kind, "type", "meaning"), rows)
    for group, parameters in groupby(_by_group(shown["parameters"]), lambda each: each["group"]):
        yield ""
        names = (f"parameters: {group}", "type", "default", "meaning")
        yield named_rows(names, map(_parameter, parameters))
    if shown["notes"]:
        yield f"\n{shown['notes']}"
    others = [f"PAI {name}" for name in shown["pai"]]
    others += [f"Azure ML '{name}'" for name in shown["azureml"]]
    if others:
        yield f"\nElsewhere it is called {', '.join(others)}."
    yield "\nTry it:"


def _type(port: Mapping[str, Any], kind: str) -> str:
    is_optional = kind == "inputs" and not port["required"]
    return f"{port['type']}, optional" if is_optional else port["type"]


def _by_group(parameters: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    order = ("fields", "params", "tuning")
    return sorted(parameters, key=lambda each: order.index(each["group"]))


def _parameter(each: Mapping[str, Any]) -> tuple[str, ...]:
    kind = f"{each['type']} {each['allowed']}".strip()
    given = "required" if each["required"] else default_text(each["default"])
    return each["name"], kind, given, each["description"]


def default_text(value: Any) -> str:
    """A default as it would be typed; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list) else str(value)


def named_rows(names: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of those columns, the first of which is a name and never folded."""
    made = table(*names)
    made.columns[0].no_wrap = True
    for row in rows:
        made.add_row(*row)
    return made
