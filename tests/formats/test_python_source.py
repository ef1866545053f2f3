"""A function's text as a component: as `@component` makes it, and never run."""

from __future__ import annotations

import importlib.util
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork import component
from millwork.actions.functions import function_files
from millwork.base.errors import BadRequest, InvalidFile
from millwork.formats.python.source import is_python
from millwork.sdk.functions import FunctionComponent
from millwork.spec.writer import to_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Millwork

pytestmark = pytest.mark.quick

HEAD = """\
from __future__ import annotations
import typing as t
from typing import TYPE_CHECKING, Annotated, Literal, Optional, Union
from millwork import InputPath as In, OutputPath, component
import millwork

Rounds = Annotated[int, {"range": [1, 5]}]
Columns: t.TypeAlias = Annotated[list[str], {"input": "a"}]
"""
FUNCTIONS = [
    "def f(a: int, b: float = 2, c: str = 'x', d: bool = True): ...",
    "def f(a: Annotated[In, 'table'], b: In = None, c: Annotated[OutputPath, 'model']): ...",
    "def f(*, a: Rounds, b: Rounds = 3, c: 'int | None' = None) -> float: ...",
    "def f(a: Literal['x', 'y'] = 'y', b: Optional[int] = None, c: Union[str, None] = None): ...",
    "def f(a: t.Annotated[t.Optional[int], {'description': 'A'}] = 1) -> dict[str, int]: ...",
    "def f(a: In, b: Columns = ['x']) -> 'list[int]':\n    '''One.\n\n    Two.\n    '''",
    "def f(a: millwork.InputPath, b: millwork.OutputPath): ...",
    "@component\ndef f(): ...\ndef g(): ...",
    ("@component(name='other', version='2.0.0', resources={'cpu': 2}, requirements=['a==1'])\n"
    "def f(a: int = -1) -> None: ...\ndef _g(): ..."),
    "@millwork.component()\ndef f(a: Annotated[In, 'table', {'description': 'D'}]) -> bool: ...",
    "def _h(): ...\ndef f(a: float = 1e3) -> str:\n  def g():\n   yield 1\n  return ''",
]  # fmt: skip


def faults(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        function_files(text, "f.py")
    return [str(fault).removeprefix("f.py:") for fault in caught.value.faults]


@pytest.mark.parametrize("text", FUNCTIONS)
def test_it_is_what_the_decorator_makes_of_the_function(text: str, tmp_path: Path) -> None:
    name = f"written_{abs(hash(text))}"
    path = tmp_path / f"{name}.py"
    if "def f(a: Annotated[In, 'table'], b: In = None, c" in text:
        text = text.replace("def f(", "def f(*, ")
    path.write_text(HEAD + text)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = module.f if isinstance(module.f, FunctionComponent) else component(module.f)
    folder = tmp_path / "code"
    folder.mkdir()
    found, files, lacking = function_files(HEAD + text, f"{name}.py")
    assert to_text(found) == to_text(made.settled(folder))
    assert files == {each.name: each.read_text() for each in folder.iterdir()}
    assert lacking == ()


def test_nothing_of_the_text_is_run(tmp_path: Path) -> None:
    spot = tmp_path / "spot"
    text = f"open({str(spot)!r}, 'w').close()\ndef f(a: int = 1): ...\nraise SystemExit\n"
    assert function_files(text, "f.py")[0].name == "f"
    assert not spot.exists()


def test_its_file_is_not_the_program_of_the_step() -> None:
    _, files, _ = function_files("def f(): ...", "millwork_step.py")
    assert files["millwork_step_.py"] == "def f(): ..."
    assert json.loads(files["millwork_step.json"])["file"] == "millwork_step_.py"


def test_what_it_needs_beside_it_is_told() -> None:
    text = "from millwork import component\n@component(files=['more.py'])\ndef f(): ..."
    assert function_files(text, "f.py")[2] == (
        ("files.more.py", "put it beside: only the text was read"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\n", "1:1: error: a component is one function, and there is none at the top"),
        ("def a(): ...\ndef b(): ...", "there are a (line 1), b (line 2): put @component above"),
        ("def f(a):\n  ...", "1:7: error: f(): 'a' has no type; annotate it: int, float"),
        ("def f(\n  a: Wrong,\n): ...", "2:3: error: f(): 'a': the type 'Wrong' is not known"),
        ("def f(a: int = len('x')): ...", "'len('x')': it is read, and not computed"),
        ("def f(a: int = 'x'): ...", "f(): 'a': the default 'x' is no int"),
        ("def f(*a: int, **b: int): ...", "f(): 'a': arguments are given by name"),
        ("def f(a: int, /): ...", "f(): 'a': arguments are given by name"),
        ("async def f(): ...", "f() is a coroutine or generator"),
        ("def f():\n  yield 1", "f() is a coroutine or generator"),
        ("def f() -> bytes: ...", "f(): the type 'bytes' is not known"),
        ("def f(value: int) -> int: ...", "f(): 'value' is the output that its result becomes"),
        ("def f(a: 'int ++'): ...", "f(): 'a': the type 'int ++' is not Python"),
        ("def f(:\n", "1:7: error: not Python: invalid syntax"),
        ("def f(a: int):\n\tx\n  y", "not Python: "),
        ("def f(): ...\0", "not Python: source code string cannot contain null bytes"),
        ("from millwork import Input\ndef f(a: Input): ...", "the ports of a component are"),
        ("from millwork import component\n@component(timeout=x)\ndef f(): ...",
         "2:20: error: @component: 'x': it is read, and not computed"),
        ("from millwork import component\n@component(colour='red')\ndef f(): ...",
         "3:1: error: colour: unknown field"),
        ("from millwork import component\n@component(requirements='a')\ndef f(): ...",
         "requirements is a list of texts"),
        ("A = B\nB = A\ndef f(a: A): ...", "its type is nested too deep"),
        ("def f(a: int = " + "-" * 5000 + "1): ...", "not Python that can be read"),
        ("x = " + "(" * 300 + ")" * 300 + "\ndef f(): ...", "not Python"),
        ("#" * 300_000 + "\ndef f(): ...", "longer than"),
    ],
)  # fmt: skip
def test_what_cannot_be_one_is_refused_with_its_line(text: str, said: str) -> None:
    assert any(said in fault for fault in faults(text)), faults(text)


@given(st.data())
@settings(max_examples=300, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
def test_spoilt_text_is_read_or_refused(data: st.DataObject) -> None:
    text = HEAD + data.draw(st.sampled_from(FUNCTIONS))
    start = data.draw(st.integers(0, len(text)))
    more = data.draw(st.sampled_from(["", "(", "]", "'", "int", "None", "*", ":", "\0", "\ud800"]))
    spoilt = text[:start] + more + text[start + data.draw(st.integers(0, 6)) :]
    is_python(spoilt)
    with suppress(BadRequest):
        function_files(spoilt, "f.py")


def test_it_runs(millwork: Millwork, tmp_path: Path) -> None:
    head = "from millwork import component\n@component\n"
    text = f"{head}def twice(n: int = 4) -> int:\n    return 2 * n\n"
    (tmp_path / "twice.py").write_text(text)
    made = millwork("convert", "twice.py", "-o", "twice.yaml")
    assert (made.code, made.err) == (0, "")
    done = millwork("run", "twice.yaml", "-p", "n=5", "--json")
    assert done.code == 0, done.err
    assert json.loads((tmp_path / "millwork_step.json").read_text())["function"] == "twice"
