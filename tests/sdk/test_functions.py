"""Functions as components: what they become, and every refusal's words."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import pytest

from millwork import BadRequest, Input, InputPath, InvalidFile, OutputPath, component, load
from millwork.spec.model import Batch, Output, Parameter, Range, RunPolicy, Split
from millwork.spec.model import Component as Definition
from millwork.spec.model import Input as Port
from millwork.worker import function as step
from tests.sdk.functions import measure, write

if TYPE_CHECKING:
    from collections.abc import Iterator

quick = pytest.mark.quick


@quick
def test_a_function_becomes_a_component() -> None:
    assert write.tree.definition == Definition(
        name="write",
        version="1.0.0",
        command="python millwork_step.py tests.sdk.functions:write",
        description="Writes `count` words.",
        outputs={"rows": Output("table", description="One word a line"), "value": Output("value")},
        parameters={
            "count": Parameter("Int", default=3, range=Range(1, 9)),
            "word": Parameter("String", default="hello"),
        },
    )
    definition: Any = measure.tree.definition
    assert definition.inputs == {"rows": Port("table"), "extra": Port(required=False)}
    assert definition.parameters == {
        "scale": Parameter("Float", required=True),
        "mode": Parameter("String", default="all", enum=("all", "unique")),
        "loud": Parameter("Bool", default=False),
    }
    assert (definition.version, definition.resources.cpu) == ("1.2.0", 1)


@quick
def test_the_function_is_still_there(tmp_path: Path) -> None:
    assert write.function(tmp_path, 2, "a") == 2
    assert (tmp_path / "words.txt").read_text() == "a\na"


@component(
    job_type="ElasticBatchJob",
    batch={"input": "images", "split": {"keys": ("year", "month")}, "append": "scores.jsonl"},
    run_policy={"restarts": 9},
)
def score(images: InputPath, scores: OutputPath, scale: float = 1.0) -> int:
    """Scores shard by shard."""
    return len(str(images)) + len(str(scores)) + int(scale)


@quick
def test_a_function_whose_replicas_are_leased_shards(tmp_path: Path) -> None:
    definition: Any = score.tree.definition
    assert definition.batch == Batch(
        "images", Split("keys", keys=("year", "month")), "scores", "scores.jsonl"
    )
    assert definition.run_policy == RunPolicy(9)
    assert load(score.save(tmp_path / "score" / "component.yaml")) == score
    with pytest.raises(InvalidFile, match=r"batch\.input: there is no input 'image'; did you mean"):
        component(job_type="ElasticBatchJob", batch={"input": "image"})(score.function)
    with pytest.raises(InvalidFile, match="batch: it needs job_type: ElasticBatchJob"):
        component(batch={"input": "images"})(score.function)


# --- refusals ---------------------------------------------------------------------------------


class Holder:
    def method(self) -> None: ...


async def waits() -> None: ...


def yields() -> Iterator[int]:
    yield 1


def result() -> set[int]:
    return set()


def value(value: int) -> int:
    return value


def door(rows: Input) -> None: ...


def default(rows: OutputPath = "x") -> None: ...  # type: ignore[assignment]


def unknown(rows: Annotated[InputPath, "tabel"]) -> None: ...


def nested() -> Any:
    def within() -> None: ...

    return within


def closing(rows: int) -> Any:
    def closure() -> int:
        return rows

    return closure


def executed() -> Any:
    space: dict[str, Any] = {"__name__": __name__}
    exec("def made(): pass", space)
    return space["made"]


MADE = (
    "made() was not written in a module's file (a notebook, an interactive session, or text that "
    "was executed): put it into a .py file and import it from there"
)
TOP = "move it to the top of a module"
REFUSED: list[tuple[Any, str]] = [
    (lambda: None, "a lambda has no name to import: write a function with def"),
    (closing(1), "closure() uses rows of the function around it, which a step does not have: "
     + TOP + " and pass rows as arguments"),
    (nested(), "within() is defined within a function, so no step can import it: " + TOP),
    (Holder.method, "Holder.method() is a method; move it to the top of a module, as a function"),
    (Holder().method, "@component takes a plain function, not <bound method Holder.method of"),
    (Holder, "@component takes a plain function, not <class"),
    (functools.partial(result), "@component takes a plain function, not functools.partial("),
    (len, "@component takes a plain function, not <built-in function len>"),
    (waits, "waits() is a coroutine or generator; a step calls a plain function"),
    (yields, "yields() is a coroutine or generator; a step calls a plain function"),
    (executed(), MADE),
    (result, "result(): its result is kept as JSON; annotate it as one of: int, float, str, "),
    (value, "value(): 'value' is the output that its result becomes: rename it"),
    (door, "door(): 'rows': the ports of a component are InputPath and OutputPath"),
    (default, "default(): 'rows': the default of a port is None, which makes it optional"),
]  # fmt: skip


@quick
@pytest.mark.parametrize(("function", "words"), REFUSED, ids=[words[:20] for _, words in REFUSED])
def test_functions_that_are_no_component(function: Any, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        component(function)
    assert str(caught.value).startswith(words)


@quick
def test_fields_that_are_not_there() -> None:
    with pytest.raises(InvalidFile, match=r"inputs\.rows.type: 'tabel' is not one of .*did"):
        component(unknown)
    with pytest.raises(InvalidFile, match="verison: unknown field; did you mean 'version'"):
        component(verison="1.0.0")(write.function)
    with pytest.raises(BadRequest, match="requirements and files are lists of texts"):
        component(requirements="numpy")(write.function)
    for name in ("nothing.txt", "../sdk/words.txt", "/etc/passwd"):
        with pytest.raises(BadRequest, match=r"files: there is no .* in the folder of"):
            component(files=[name])(write.function)


@pytest.mark.parametrize("words", [["-"], ["-c", "CODE"]])
def test_functions_of_interactive_sessions(words: list[str]) -> None:
    code = (
        "from millwork import component\n"
        "try:\n  component(type(lambda: 1)((lambda: 1).__code__.replace(co_name='f'), {}, 'f'))\n"
        "except Exception as error: print(error)\n"
        "def typed(count: int) -> None: ...\n"
        "try: component(typed)\n"
        "except Exception as error: print(error)\n"
    )
    words = [word.replace("CODE", code) for word in words]
    done = subprocess.run([sys.executable, *words], input=code, capture_output=True, text=True)
    assert done.stdout.count("was not written in a module's file (a notebook, an interact") >= 1
    assert "typed() was not written in a module's file" in done.stdout


@quick
def test_the_step_s_program_is_plain_python_of_old() -> None:
    text = Path(step.__file__).read_text(encoding="utf-8")
    tree = ast.parse(text, feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {
        name.split(".")[0]
        for node in imports
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else map(str, _names(node)))
        if name
    }
    assert names - {"__future__"} <= sys.stdlib_module_names


def _names(node: ast.Import) -> list[str]:
    return [alias.name for alias in node.names]
