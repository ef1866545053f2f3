"""`millwork templates list`, `show` and `copy`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from millwork.app.doors import open_door
from millwork.base.errors import BadRequest
from millwork.cli.catalogue import named_rows
from millwork.cli.tables import console

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

_FILE = "pipeline.yaml"


def run(options: Namespace) -> int:
    """Carries out one of the actions on templates."""
    door = open_door(None)
    if options.action == "list":
        answer = door.ask("templates.list")
    else:
        answer = door.ask("templates.show", name=options.name)
    if options.action == "copy":
        _copy(answer, options.folder or options.name)
    elif options.json:
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    else:
        drawn = console()
        for part in _list(answer["items"]) if "items" in answer else _page(answer):
            drawn.print(part)
    return 0


def _list(items: list[Mapping[str, Any]]) -> Iterator[RenderableType]:
    rows = ((item["name"], str(item["nodes"]), item["summary"], item["shows"]) for item in items)
    yield named_rows(("name", "nodes", "the question", "what it shows"), rows)
    yield "\nmillwork run template:NAME runs one; millwork templates copy NAME gives it to change"


def _page(shown: Mapping[str, Any]) -> Iterator[RenderableType]:
    yield f"{shown['title']}: template:{shown['name']}\n\n{shown['description'].strip()}\n"
    rows = ((node["name"], node["component"], node["title"]) for node in shown["steps"])
    yield named_rows(("node", "component", "what it is"), rows)
    yield f"\noutputs: {', '.join(shown['outputs'])}\n\nTry it:"
    yield f"  millwork run template:{shown['name']} -o out"


def _copy(shown: Mapping[str, Any], folder: str) -> None:
    """Writes a template's file into a folder; BadRequest if there is one already."""
    target = os.path.join(folder, _FILE)
    os.makedirs(folder, exist_ok=True)
    try:
        with open(target, "x", encoding="utf-8") as file:
            file.write(shown["text"])
    except FileExistsError:
        raise BadRequest(f"{target} is there already: name another folder") from None
    sys.stdout.write(f"{target} is yours to change; run it: millwork run {target}\n")
