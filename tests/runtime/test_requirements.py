"""The tests compute with what the steps compute with."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from millwork import runtime

FILE = Path(runtime.__file__).with_name("requirements.txt")

pytestmark = pytest.mark.quick


def test_the_steps_libraries_are_those_of_the_tests() -> None:
    lines = re.sub(r"\\\n\s+--hash=\S+", "", FILE.read_text()).splitlines()
    wanted = [Requirement(line.rstrip(" \\")) for line in lines if line and line[0] not in "# "]
    here = [each for each in wanted if each.marker is None or each.marker.evaluate()]
    assert len(here) > 20
    differing = [str(each) for each in here if version(each.name) not in each.specifier]
    assert not differing, "make lock resolves both lists together"


def test_every_version_is_exact_and_hashed() -> None:
    lines = [line for line in FILE.read_text().splitlines() if line and line[0] not in "# "]
    assert all(re.match(r"[\w\[\]-]+==\S+ ", line) for line in lines)
    assert all(line.endswith("\\") for line in lines), "each is followed by its hashes"
