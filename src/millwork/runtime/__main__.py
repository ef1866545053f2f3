"""`python . MODULE.FUNCTION [MEMBER]`: a built-in component's step; `--peek`, `--warm`: see there.

Copied as a step's code the folder is no package; it is made one here, so that the same modules
are imported in a step and in a test.
"""

import importlib.util
import sys
from pathlib import Path

if not __package__:
    here = Path(__file__).resolve().parent
    sys.path.pop(0)  # a module of ours must not hide one of a library
    made = importlib.util.spec_from_file_location(
        "millwork_runtime", f"{here}/__init__.py", submodule_search_locations=[str(here)]
    )
    assert made is not None
    sys.modules["millwork_runtime"] = importlib.util.module_from_spec(made)
    __package__ = "millwork_runtime"

from importlib import import_module

_OTHERS = {"--peek": ".peek", "--warm": ".warm"}

if __name__ == "__main__":
    first, *rest = sys.argv[1:]
    if first in _OTHERS:
        sys.exit(import_module(_OTHERS[first], __package__).main(rest))
    sys.exit(import_module(".step", __package__).main([first, *rest]))
