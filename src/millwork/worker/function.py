"""The program of a step that is a Python function: imports its module by file and calls it.

Millwork copies this file beside the module, with `millwork_step.json`. It needs the standard
library only, and Python 3.8.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any


class Inert:
    """Stands for whatever a module takes from Millwork; decorators give the function back."""

    def __call__(self, *arguments: Any, **_: Any) -> Any:
        """The function that is decorated, else nothing in particular."""
        is_decorator = len(arguments) == 1 and isinstance(arguments[0], type(_main))
        return arguments[0] if is_decorator else self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _: Any) -> Any:
        return self

    def __or__(self, _: Any) -> Any:
        return self

    __ror__ = __or__


class Absent(ModuleType):
    """What `import millwork` gives in a step: nothing is composed or run there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Inert()


def _main() -> None:
    folder = Path(__file__).resolve().parent
    call = json.loads((folder / "millwork_step.json").read_text(encoding="utf-8"))
    sys.modules["millwork"] = Absent("millwork")
    sys.path.insert(0, str(folder))
    try:
        module = _load(call["module"], folder / call["file"])
    except ModuleNotFoundError as error:
        traceback.print_exc()
        sys.exit(
            f"millwork: the step has no module '{error.name}': name its package in requirements=, "
            f"or its file in files= of @component in {call['file']}"
        )
    arguments = json.loads(os.environ.get("PAI_HPS", "{}"))
    for name, variable in call["paths"].items():
        if variable in os.environ:
            arguments[name] = Path(os.environ[variable])
    result = getattr(module, call["function"])(**arguments)
    if call["value"]:
        text = json.dumps(result, allow_nan=False, default=_number)
        Path(os.environ[call["value"]]).write_text(text, encoding="utf-8")


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _number(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"the result holds a {type(value).__name__}, which is no JSON")


if __name__ == "__main__":
    _main()
