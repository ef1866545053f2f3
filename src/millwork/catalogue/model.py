"""What a built-in component declares, and the ordinary component that is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.names import BUILTIN, BUILTIN_TAG
from millwork.base.records import dataclass, field
from millwork.spec.model import Code, Component, Input, Output, Parameter, Range, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Rule

VERSION = "1.0.0"


@dataclass(frozen=True)
class PaiName:
    """A PAI component with the same work: `PAI -name NAME -Dkey=value ...`.

    `parameters` are its parameters' names with ours; `inputs` and `outputs` the parameters that
    name its tables and models, with our ports; `values` its words with ours, by our parameter:
    `{"penalty": {"None": "none"}}`; `fixed` what our parameters are where a line says nothing.
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Example:
    """Arguments with which it runs on sample data.

    Inputs are names of samples, or `NAME.port`: what the example of another built-in leaves there.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Declaration:
    """A built-in component.

    `function` is the function in `runtime/functions` that does the work, `module.name`, and
    `member` its first argument where one function does the work of a family. `rule` says the
    columns at its outputs. `notes` are the sentences of its page on what it does with empty
    tables, missing values and the like. One that `peeks` can tell its columns by being called
    where nothing is computed: it reads lazily, or asks a planner of queries.
    """

    name: str
    category: str
    title: str
    summary: str
    function: str
    rule: Rule
    inputs: Mapping[str, Input] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    member: str = ""
    pai: tuple[PaiName, ...] = ()
    azureml: tuple[str, ...] = ()
    example: Example = field(default_factory=Example)
    notes: str = ""
    is_deterministic: bool = True
    peeks: bool = False
    version: str = VERSION

    def component(self, code: str) -> Component:
        """The component whose code is the folder `code`, that of `runtime`."""
        words = " ".join(filter(None, ("python", ".", self.function, self.member)))
        return Component(
            name=self.name,
            version=self.version,
            command=words,
            display_name=self.title,
            description=self.summary,
            tags={"category": self.category, BUILTIN_TAG: "true"},
            code=Code("."),
            inputs=self.inputs,
            outputs=self.outputs,
            parameters=self.parameters,
            mounts="none",
            is_deterministic=self.is_deterministic,
            source=Source(BUILTIN + self.name, folder=code),
        )


TABLE = Input("table")
TABLES = {"table": TABLE}
OPTIONAL_TRANSFORM = Input("transform", required=False, description="What was done before")
TABLE_OUT, MODEL_OUT = Output("table"), Output("model")
TRANSFORM_OUT, REPORT_OUT = Output("transform"), Output("report")


def columns(doc: str, port: str = "table", *, required: bool = False, dtype: str = "") -> Parameter:
    """Several columns of an input."""
    return Parameter(
        "Columns", required=required, input=port, dtype=dtype, group="fields", description=doc
    )


def column(
    doc: str,
    port: str = "table",
    *,
    required: bool = True,
    dtype: str = "",
    default: str | None = None,
) -> Parameter:
    """One column of an input."""
    return Parameter(
        "Column",
        default=default,
        required=required and default is None,
        input=port,
        dtype=dtype,
        group="fields",
        description=doc,
    )


def text(doc: str, default: str | None = None, *, required: bool = False) -> Parameter:
    """A text."""
    return Parameter("String", default=default, required=required, description=doc)


def choice(doc: str, default: str, *others: str) -> Parameter:
    """One of a few words, the first by default."""
    return Parameter("String", default=default, enum=(default, *others), description=doc)


def integer(
    doc: str, default: int | None = None, least: int | None = None, most: int | None = None
) -> Parameter:
    """A whole number between bounds that belong to it."""
    return Parameter("Int", default=default, range=_range(least, most), description=doc)


def number(
    doc: str,
    default: float | None = None,
    least: float | None = None,
    most: float | None = None,
    *,
    above: bool = False,
) -> Parameter:
    """A number between bounds; `above`: greater than the least."""
    bounds = _range(least, most, above=above)
    return Parameter("Float", default=default, range=bounds, description=doc)


def flag(doc: str, *, default: bool = False) -> Parameter:
    """Yes or no."""
    return Parameter("Bool", default=default, description=doc)


def seed() -> Parameter:
    """What chance starts from."""
    return integer("Where chance starts: the same number, the same result", 0, 0, 2**32 - 1)


def _range(least: float | None, most: float | None, *, above: bool = False) -> Range | None:
    if least is None and most is None:
        return None
    low, high = (None if bound is None else float(bound) for bound in (least, most))
    return Range(low, high, above)
