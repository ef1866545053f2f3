"""Millwork's own flavour: the text of one file to the definition in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.spec.component import API_VERSION, read_component
from millwork.spec.document import Mapping, Scalar, collector_paused, parse

if TYPE_CHECKING:
    from millwork.spec.fields import Reading
    from millwork.spec.model import Definition


def read_text(text: str, file: str) -> tuple[Definition, Reading]:
    """The component or pipeline in `text`; raises InvalidFile with every fault."""
    return read_root(parse(text, file), text, file)


@collector_paused()
def read_root(root: Mapping, text: str, file: str) -> tuple[Definition, Reading]:
    """The component or pipeline in a parsed file."""
    kind = root.entries.get("kind")
    if kind and isinstance(kind[1], Scalar) and kind[1].text == "Pipeline":
        from millwork.spec.pipeline import read_pipeline

        return read_pipeline(root, text, file)
    if kind and isinstance(kind[1], Scalar) and kind[1].text != "Component":
        place = kind[1].place
        message = f"expected Component or Pipeline, found '{kind[1].text[:60]}'"
        if kind[1].text == "Schedule":
            message = f"a schedule is deployed, not run: millwork schedules create --file {file}"
        raise InvalidFile([Fault(file, place.line, place.column, "kind", "error", message)])
    if kind is None and "apiVersion" not in root.entries:
        ours = f"a Millwork file (apiVersion: {API_VERSION}, kind: Component)"
        message = f"neither {ours} nor PAI's nor Azure ML's"
        raise InvalidFile([Fault(file, root.place.line, root.place.column, "", "error", message)])
    return read_component(root, text, file)
