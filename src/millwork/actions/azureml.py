"""What AzureML's files leave open, settled on this machine: references, and what every step has."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from millwork.formats.azureml.findings import Files
from millwork.formats.azureml.references import Bridges, References
from millwork.formats.azureml.resolve import resolve
from millwork.plan import placeholders
from millwork.plan.contract import ARTIFACTS
from millwork.spec.model import Environment, Output
from millwork.spec.template import TemplateFault

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from millwork.formats.azureml.findings import Found
    from millwork.spec.fields import Reading
    from millwork.spec.model import Component, Definition, Path

_SPARK = "pyspark==3.5.7"
"""The last line of Spark that runs on Java 8 to 17, whichever is here."""


class Maps(Protocol):
    """What references and foreign systems stand for here; a home's settings are such."""

    @property
    def references(self) -> References:
        """What references stand for."""

    @property
    def bridges(self) -> Bridges:
        """What runs in place of other systems' components."""


def files_around(
    path: str, check_code: bool, read_text: Callable[[str], str], check: Callable[[str], None]
) -> Files:
    """What a format's reader may see of the files around the one at `path`.

    `check` raises for a path that may not even be looked for.
    """
    folder = os.path.dirname(os.path.abspath(path))

    def find(name: str) -> Found:
        place = os.path.join(folder, name)
        check(place)
        return "folder" if os.path.isdir(place) else "file" if os.path.isfile(place) else ""

    def read(name: str) -> str | None:
        place = os.path.join(folder, name)
        check(place)
        return read_text(place) if os.path.isfile(place) else None

    return Files(folder, find, read, check_code)


def resolved(
    definition: Definition,
    maps: Maps | None,
    load: Callable[[str], Definition],
    given: Collection[str],
) -> Definition:
    """The definition with what its references stand for here; `load` reads a bridge's file.

    `given` are the inputs that a run gives data for, so that their own is not looked for.
    """
    references = maps.references if maps else References()
    bridges = maps.bridges if maps else Bridges()
    return resolve(definition, references, bridges, load, given)


def _check_command(component: Component, at: Path, reading: Reading) -> None:
    texts = [
        name
        for name, parameter in component.parameters.items()
        if parameter.type == "String" and not parameter.enum
    ]
    ports = (*component.inputs, *component.parameters)
    plain = {f"inputs.{name}" for name in ports if name not in texts}
    plain |= {f"outputs.{name}" for name in component.outputs}
    try:
        for warning in placeholders.warnings(component.command, component.syntax, plain):
            reading.fault(at, warning, "warning")
    except TemplateFault as error:
        reading.fault(at, str(error))


def _driven(component: Component, root: Path, reading: Reading) -> Component:
    """A sweep as a step; what it could not try is a warning, and a reason to refuse the run."""
    from millwork.plan.sweep import driven, faults

    refusals = list(component.refusals)
    for path, message in () if refusals else faults(component):
        before = len(reading.faults)
        reading.fault((*root, *path), f"{message}; no run will take it", "warning")
        refusals += (
            f"{fault.file}:{fault.line}: {fault.path}: {message}"
            for fault in reading.faults[before:]
        )
    return replace(driven(component), refusals=tuple(refusals))


def completed(component: Component, at: Path, reading: Reading) -> Component:
    """The component with what each of its kind has unsaid: the output `artifacts`, and Spark.

    What its command at `at` would do with a value that has blanks is noted in `reading`.
    """
    if component.command:
        _check_command(component, at, reading)
    if ARTIFACTS not in component.outputs:
        left = Output("folder", description="./outputs and ./logs", native="uri_folder")
        component = replace(component, outputs={**component.outputs, ARTIFACTS: left})
    if component.work == "sweep":
        return _driven(component, at[:-1], reading)
    if component.work not in ("spark", "hdinsight"):
        return component
    wished = component.environment or Environment()
    if "pyspark" in wished.requirements:
        return component
    environment = replace(wished, requirements=f"{wished.requirements}{_SPARK}\n")
    return replace(component, environment=environment)
