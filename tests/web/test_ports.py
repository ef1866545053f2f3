"""The console's table of ports is that of the files: what it lets be wired, the server takes."""

from __future__ import annotations

import re

import pytest

from millwork.spec.types import PORT_TYPES, fits
from tests.web.browser import WEB

pytestmark = pytest.mark.quick
SOURCE = (WEB / "src" / "models" / "ports.ts").read_text(encoding="utf-8")


def table(name: str) -> dict[str, str]:
    """The lines of a constant of the console's, each a key and what it says."""
    found = re.search(rf"export const {name}.*?= {{\n(.*?)\n}};", SOURCE, re.DOTALL)
    assert found is not None, name
    return dict(re.findall(r"^  (\w+): (.*),$", found[1], re.MULTILINE))


def test_what_fits_what_is_the_same_in_both() -> None:
    ours = {kind: set(re.findall(r'"(\w+)"', said)) for kind, said in table("ALSO_FITS").items()}
    theirs = {
        output: {wanted for wanted in PORT_TYPES if fits(output, wanted)} - {output, "any"}
        for output in PORT_TYPES
        if output != "any"
    }
    assert ours == theirs


def test_every_type_has_a_shape_and_a_colour_in_light_and_dark() -> None:
    assert set(table("SHAPES")) == set(PORT_TYPES)
    colours = (WEB / "src" / "app.css").read_text(encoding="utf-8")
    for kind in {*PORT_TYPES} - {"checkpoint"}:  # it looks like the model that it is one of
        assert colours.count(f"--port-{kind}:") == 2, kind
