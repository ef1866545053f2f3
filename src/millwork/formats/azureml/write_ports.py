"""Inputs, parameters and outputs in the words of one of AzureML's flavours."""

from __future__ import annotations

import itertools
import math
import re
from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.leftovers import declared_outputs
from millwork.spec import values
from millwork.spec.model import Component, Range

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.spec.model import Flavour, Input, Output, Parameter

_PARAMETERS = {
    "azureml-old": {"Int": "Integer", "Float": "Float", "Bool": "Boolean"},
    "azureml-v2": {"Int": "integer", "Float": "number", "Bool": "boolean"},
}
_PORTS = {
    "azureml-old": {
        "file": "AnyFile", "folder": "AnyDirectory", "model": "ModelDirectory",
        "table": "DataFrameDirectory",
    },
    "azureml-v2": {"file": "uri_file", "folder": "uri_folder", "model": "custom_model"},
}  # fmt: skip
_SAME = {
    "azureml-old": {
        "uri_file": "AnyFile", "uri_folder": "AnyDirectory", "string": "String",
        "integer": "Integer", "number": "Float", "boolean": "Boolean",
    },
    "azureml-v2": {
        "AnyFile": "uri_file", "AnyDirectory": "uri_folder", "path": "path",
        "mltable": "mltable", "mlflow_model": "mlflow_model", "custom_model": "custom_model",
        "triton_model": "triton_model", "uri_file": "uri_file", "uri_folder": "uri_folder",
        "string": "string", "integer": "integer", "float": "number", "boolean": "boolean",
    },
}  # fmt: skip
_NEAREST = {"file": "uri_file", "folder": "uri_folder", "model": "custom_model", "value": "string"}
_OLD_MODES = {
    "ro_mount": "mount", "rw_mount": "mount", "eval_mount": "mount", "eval_download": "download",
}  # fmt: skip
_MODES = frozenset({"mount", "download", "direct", "upload", "link"})
_UNKNOWN = "path"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_NOT_CARRIED = ("length", "pattern", "dtype", "input", "display_name")


class PortWriter:
    """The ports of one component, and what of them is left out.

    Once they are written, `names` says by kind and name what each is called.
    """

    def __init__(self, component: Component, to: Flavour, left: list[str]) -> None:
        self._component = component
        self._to = to
        self._left = left
        self._is_own = component.syntax == "shell"
        self.names: dict[tuple[str, str], str] = {}

    def write(self) -> dict[str, Any]:
        """The fields `inputs` and `outputs`."""
        component = self._component
        kinds: tuple[tuple[str, Mapping[str, Any]], ...] = (
            ("inputs", component.inputs),
            ("parameters", component.parameters),
        )
        inputs: dict[str, Any] = {}
        outputs: dict[str, Any] = {}
        for kind, named in kinds:
            for name, item in named.items():
                write = self._input if kind == "inputs" else self._parameter
                inputs[self._name(kind, name, inputs)] = write(f"{kind}.{name}", item)
        for name, port in declared_outputs(component).items():
            outputs[self._name("outputs", name, outputs)] = self._output(f"outputs.{name}", port)
        return {"inputs": inputs, "outputs": outputs}

    def _name(self, kind: str, name: str, taken: Iterable[str]) -> str:
        found = identifier(name, taken)
        if found != name:
            self._left.append(f"{kind}.{name}: it is called {found} here")
        self.names[kind, name] = found
        return found

    def _input(self, place: str, port: Input) -> dict[str, Any]:
        if port.sources:
            self._left.append(f"{place}.sources: AzureML has no such field")
        optional = {} if port.required else {"optional": True}
        return {**self._port(place, port), **optional}

    def _output(self, place: str, port: Output) -> dict[str, Any]:
        if port.storage:
            self._left.append(f"{place}.storage: AzureML has no such field")
        return self._port(place, port)

    def _port(self, place: str, port: Input | Output) -> dict[str, Any]:
        found = {"type": self._type(place, port)}
        if mode := self._mode(place, port.mode):
            found["datastore_mode" if self._to == "azureml-old" else "mode"] = mode
        if port.description:
            found["description"] = port.description
        return found

    def _type(self, place: str, port: Input | Output) -> str | list[str]:
        if not self._is_own:
            return self._native(place, port)
        kind = port.type
        if kind == "file" and place.startswith("outputs"):
            self._left.append(f"{place}.type: a folder, as the command puts its file into one")
            kind = "folder"
        if kind == "value":
            return "String" if self._to == "azureml-old" else "string"
        found = _PORTS[self._to].get(kind, _UNKNOWN)
        if found == _UNKNOWN and kind != "any":
            self._left.append(f"{place}.type: AzureML has no {kind}; it becomes {found}")
        return found

    def _native(self, place: str, port: Input | Output) -> str | list[str]:
        """The type in the other flavour's words, of what is a type in the one."""
        if self._to == "azureml-old":
            return _SAME[self._to].get(port.native, port.native)
        known = _SAME[self._to]
        if found := known.get(port.native) or known.get(port.native.lower()):
            return found
        is_folder = port.native.endswith("Directory") and port.type == "any"
        found = "uri_folder" if is_folder else _NEAREST.get(port.type, _UNKNOWN)
        self._left.append(f"{place}.type: v2 has no {port.native}; it becomes {found}")
        return found

    def _mode(self, place: str, mode: str) -> str:
        mode = "mount" if mode == "mount_or_download" else mode
        if self._to == "azureml-v2":
            if mode == "mount":
                return "ro_mount" if place.startswith("inputs") else "rw_mount"
            known = mode in _MODES
        else:
            found = _OLD_MODES.get(mode, mode)
            if found != mode:
                self._left.append(f"{place}.mode: the old flavour has no {mode}; it is {found}")
            mode, known = found, found in _MODES
        if mode and not known:
            self._left.append(f"{place}.mode: {mode} is not known")
        return mode if known else ""

    def _parameter(self, place: str, parameter: Parameter) -> dict[str, Any]:
        self._left += [
            f"{place}.{field}: AzureML has no such field"
            for field in _NOT_CARRIED
            if getattr(parameter, field)
        ]
        if parameter.group != "params":
            self._left.append(f"{place}.group: AzureML has no such field")
        is_enum = bool(parameter.enum)
        kind = _PARAMETERS[self._to].get(parameter.type, "")
        if kind and is_enum:
            self._left.append(f"{place}.enum: AzureML's are of text; the {kind} becomes one")
        elif not kind and parameter.type != "String":
            self._left.append(f"{place}.type: AzureML has no {parameter.type}; it is text")
        if is_enum or not kind:
            found = self._text(parameter)
        else:
            found = {"type": kind, **self._bounds(place, parameter)}
            if parameter.default is not None:
                found["default"] = parameter.default
        if not parameter.required:
            found["optional"] = True
        if parameter.description:
            found["description"] = parameter.description
        return found

    def _text(self, parameter: Parameter) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "String" if self._to == "azureml-old" else "string"}
        if parameter.enum:
            if self._to == "azureml-old":
                found["type"] = "Enum"
            found["enum"] = [values.to_text(option) for option in parameter.enum]
        if parameter.default is not None:
            found["default"] = values.to_text(parameter.default)
        return found

    def _bounds(self, place: str, parameter: Parameter) -> dict[str, float]:
        limits = parameter.range or Range()
        is_whole = parameter.type == "Int"
        found: dict[str, float] = {}
        for name, bound, is_open, step in (
            ("min", limits.minimum, limits.exclusive_minimum, 1),
            ("max", limits.maximum, limits.exclusive_maximum, -1),
        ):
            if bound is None:
                continue
            if is_whole:
                closed = math.ceil(bound) if step == 1 else math.floor(bound)
                found[name] = closed + step if is_open and closed == bound else closed
                continue
            found[name] = bound
            if is_open:
                self._left.append(f"{place}.range: {bound:g} itself is allowed in AzureML")
        return found


def identifier(name: str, taken: Iterable[str] = ()) -> str:
    """`name` as AzureML takes it, with a number if another differs from it in case alone."""
    stem = name
    if not _NAME.fullmatch(name):
        stem = re.sub(r"[^A-Za-z0-9_]", "_", name)
        stem = f"_{stem}" if stem[:1].isdigit() else stem
    seen = {other.lower() for other in taken}
    return next(
        found
        for found in itertools.chain([stem], (f"{stem}_{n}" for n in itertools.count(2)))
        if found.lower() not in seen
    )
