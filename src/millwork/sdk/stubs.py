"""Type stubs of loaded components, so that editors complete arguments and outputs.

`python -m millwork.sdk.stubs train/component.yaml ... > steps.pyi`, beside a `steps.py` that
loads them: `train = load("train")`.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from millwork.base.errors import MillworkError
from millwork.sdk.building import output_types
from millwork.sdk.component import load
from millwork.sdk.names import attributes, identifier

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from millwork.spec.tree import Tree

_HEAD = '''\
"""Written by `python -m millwork.sdk.stubs`."""

from collections.abc import Iterable
from os import PathLike

from millwork import Component, Node, Run, RunOptions, Wire
'''
_TYPES = {
    "Int": "int",
    "Float": "float",
    "String": "str",
    "Bool": "bool",
    "Column": "str",
    "Columns": "list[str]",
}
_PATH = "str | PathLike[str]"


def stub(*paths: str | os.PathLike[str]) -> str:
    """The text of a .pyi file with a variable for each component; raises as `load` does."""
    loaded = [load(path) for path in paths]
    return _HEAD + "".join(_classes(part.node_name, part.tree) for part in loaded)


def _classes(node_name: str, tree: Tree) -> str:
    variable = identifier(node_name)
    kind = "".join(word.capitalize() for word in variable.split("_"))
    outputs = [f"    {word}: Wire" for word in attributes(output_types(tree))]
    lines = [
        f"class {kind}Outputs:",
        *outputs,
        "    def keys(self) -> Iterable[str]: ...",
        "    def __getitem__(self, name: str) -> Wire: ...",
        "",
        f"class {kind}Node(Node):",
        "    @property",
        f"    def outputs(self) -> {kind}Outputs: ...  # type: ignore[override]",
        "",
        f"class {kind}(Component):",
        "    def __call__(  # type: ignore[override]",
        f"        self{_words(tree, ' | Wire | Node')}",
        f"    ) -> {kind}Node: ...",
        "    def run(  # type: ignore[override]",
        f"        self, options: RunOptions | None = ..., /{_words(tree, '')}",
        "    ) -> Run: ...",
        "",
        f"{variable}: {kind}",
    ]
    return "\n" + "\n".join(lines) + "\n"


def _words(tree: Tree, more: str) -> str:
    kinds = {name: (_PATH, port.required) for name, port in tree.inputs.items()}
    kinds |= {
        name: (_TYPES[parameter.type], parameter.required and parameter.default is None)
        for name, parameter in tree.parameters.items()
    }
    words = [
        f"{word}: {kinds[name][0]}{more}" + ("" if kinds[name][1] else " | None = ...")
        for word, name in attributes(kinds).items()
    ]
    return ", *, " + ", ".join(words) if words else ""


def main(words: Sequence[str] | None = None) -> int:
    """Prints the stubs of the files that are named."""
    parser = argparse.ArgumentParser(prog="python -m millwork.sdk.stubs", description=__doc__)
    parser.add_argument("file", nargs="+", help="a component or pipeline file, or its folder")
    options = parser.parse_args(words)
    try:
        sys.stdout.write(stub(*options.file))
    except MillworkError as error:
        sys.stderr.write(f"millwork: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
