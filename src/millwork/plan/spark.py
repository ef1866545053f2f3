"""A Spark component as words for `spark-submit`, all of Spark within one process of this machine.

Where Spark runs is Millwork's to say, so `spark.master` and the deploy mode of a file are left
out; sizes of executors mean nothing there and are handed on as they are (issue 4, point 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.plan.model import Rendered
from millwork.plan.placeholders import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.spec.model import Component

MASTER = "local[*]"
_PROGRAM = "spark-submit"
_LISTS = {"py_files": "--py-files", "jars": "--jars", "files": "--files", "archives": "--archives"}
_OURS = ("spark.master", "spark.submit.deployMode")


def submit(component: Component, values: Mapping[str, str]) -> Rendered:
    """The program of a spark or hdinsight component; `values` are those of its placeholders.

    Raises BadRequest without an entry, or for arguments that only a shell could read.
    """
    text = f"{_PROGRAM} {component.body.get('args', '')}"
    rendered = render(text, component.syntax, values)
    if rendered.argv[0] != _PROGRAM:
        raise BadRequest(f"'{component.name}': args are words, and these need a shell")
    return Rendered((*_words(component), *rendered.argv[1:]), rendered.env)


def _words(component: Component) -> Iterator[str]:
    body = component.body
    entry = body.get("entry", {})
    yield from (_PROGRAM, "--master", MASTER)
    for name, value in body.get("conf", {}).items():
        if name not in _OURS:
            yield from ("--conf", f"{name}={value}")
    for name, option in _LISTS.items():
        if body.get(name):
            yield from (option, ",".join(body[name]))
    if entry.get("class_name"):
        yield from ("--class", entry["class_name"])
    file = entry.get("file") or next(iter(body.get("jars", ())), "")
    if not file:
        raise BadRequest(f"'{component.name}': it has no file to run")
    yield file
