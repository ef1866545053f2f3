"""The public names, and that importing them costs nothing until they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import millwork

NAMES = [
    "BadRequest", "Client", "Component", "Input", "InputPath", "InvalidFile", "MillworkError",
    "Node", "OutputPath", "Outputs", "Run", "RunFailed", "RunOptions", "Unavailable", "Wire",
    "builtin", "component", "each", "load", "pipeline",
]  # fmt: skip


@pytest.mark.quick
def test_the_public_names() -> None:
    assert sorted(millwork._HOMES) == NAMES  # type: ignore[attr-defined]
    for name in NAMES:
        assert getattr(millwork, name) is not None
        assert name in dir(millwork)
    with pytest.raises(AttributeError, match="module 'millwork' has no attribute 'nothing'"):
        _ = millwork.nothing  # type: ignore[attr-defined]


@pytest.mark.quick
def test_type_checkers_see_the_same_names_from_the_same_homes() -> None:
    stub = ast.parse(Path(millwork.__file__ or "").with_suffix(".pyi").read_text())
    seen = {
        item.asname: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for item in node.names
    }
    assert seen == millwork._HOMES  # type: ignore[attr-defined]


def test_importing_millwork_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import millwork; "
        "print(sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['millwork']\n"


def test_the_command_line_does_not_import_this_room() -> None:
    code = (
        "import sys; sys.argv = ['millwork', 'validate', 'nothing.yaml']\n"
        "from millwork.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in sys.modules if name.startswith('millwork.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
