"""The verb of conversions: a component or pipeline in another dialect."""

from __future__ import annotations

from typing import Literal

from millwork.actions.call import Call
from millwork.actions.convert import convert_text
from millwork.actions.dialects import split_reason
from millwork.views.conversions import ConversionView

_UNNAMED = "text"


def create(
    call: Call,  # noqa: ARG001  every verb is given it
    text: str,
    to: Literal[
        "millwork", "json", "pai", "azureml-old", "azureml-v2", "pai-designer", "dataworks",
        "python", "component",
    ],
    name: str = "",
    schedule: str = "",
) -> ConversionView:  # fmt: skip
    """A text in another dialect, and each thing of it that this does not carry.

    The dialect of the text is found by what stands in it; `name` is that of its file. Nothing is
    run or kept, and no file is read: paths stay as they are. A Python function becomes a
    `component`, with the files of its code. `schedule` is the text of a schedule's file, which
    goes into DataWorks' dialect alone; what comes of a node there has its schedule in `files`.
    """
    made, dialect = convert_text(text, to, name or _UNNAMED, schedule)
    losses = [split_reason(line) for line in made.left_out]
    return {
        "text": made.text,
        "files": dict(made.files),
        "losses": [{"path": path, "reason": reason} for path, reason in losses],
        "from": dialect,
    }
