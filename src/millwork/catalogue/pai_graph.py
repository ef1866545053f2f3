"""A graph of PAI's components as a pipeline: what Designer's drafts and PAIFlow's manifests hold.

A component with a built-in twin becomes that; any other becomes the node `pai:NAME`, which no run
takes until somebody says what does its work. A table that is read becomes an input.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from millwork.base import names
from millwork.base.errors import InvalidFile, MillworkError
from millwork.base.names import BUILTIN, is_builtin
from millwork.base.records import dataclass, field
from millwork.catalogue.index import builtin
from millwork.catalogue.pai import WHY, Names, find, folded, port_name
from millwork.spec import scheduling, values
from millwork.spec.document import PIPELINE_LIMITS
from millwork.spec.fields import Reading
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.pipeline import check_pipeline
from millwork.spec.tree import Tree
from millwork.spec.twins import FOREIGN, MILLWORK, READER, TABLE_NAME
from millwork.spec.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.catalogue.model import Declaration, PaiName
    from millwork.spec.document import Place
    from millwork.spec.model import Path

_UNUSED = "no built-in has it"
_VARIABLE = re.compile(r"\$\{([^{}$]+)\}")
_KINDS = {"int": "Int", "long": "Int", "bigint": "Int", "double": "Float", "float": "Float",
          "string": "String", "bool": "Bool", "boolean": "Bool", "column": "Column",
          "columns": "Columns"}  # fmt: skip


class Setting(NamedTuple):
    """A parameter's value as it is said, or the variable that it is."""

    name: str
    value: str | tuple[str, ...] | Reference
    path: Path


class Variable(NamedTuple):
    """A value for the whole graph; None if it has none."""

    name: str
    type: str
    value: str | tuple[str, ...] | None
    description: str
    path: Path


@dataclass
class _Made:
    """A node so far; `pai` is how PAI names what `declaration` does, empty for what it has not."""

    name: str
    component: str
    declaration: Declaration | None
    pai: PaiName | None
    path: Path
    inputs: dict[str, Reference] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    after: list[str] = field(default_factory=list)


@dataclass
class PaiGraph:
    """The pipeline so far; what it cannot carry is noted in `reading` as a warning.

    `scheduling_parameters` are those that the pipeline lists: of any other `${name}` that is no
    variable, the text itself is meant.
    """

    reading: Reading
    variables: Mapping[str, Variable]
    scheduling_parameters: Mapping[str, str] = field(default_factory=dict)
    layout: dict[str, tuple[float, float]] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    outputs: dict[str, Reference] = field(default_factory=dict)
    _made: dict[str, _Made] = field(default_factory=dict)
    _readers: dict[str, Reference] = field(default_factory=dict)
    _tables: dict[str, Reference] = field(default_factory=dict)
    _node_names: Names = field(default_factory=Names)
    _port_names: Names = field(default_factory=Names)
    _output_names: Names = field(default_factory=Names)
    _uses: dict[str, list[Parameter]] = field(default_factory=dict)
    _put: int = 0

    def __post_init__(self) -> None:
        for word in ("inputs", "parameters"):
            self._node_names.free(word)
        self._variables = {name: self._variable_name(each) for name, each in self.variables.items()}

    def leave(self, path: Path, reason: str) -> None:
        """Notes something that the pipeline does not carry."""
        self.reading.fault(path, reason, "warning")

    def __contains__(self, key: str) -> bool:
        return key in self._made or key in self._readers

    # --- nodes --------------------------------------------------------------------------------

    def add(
        self, key: str, wanted: str, identifier: str, settings: Iterable[Setting], path: Path,
        provider: str = "pai",
    ) -> str:  # fmt: skip
        """Adds the component `identifier` under `key`, and answers the node's name.

        That is empty for what reads a table: it becomes an input of the pipeline.
        """
        if identifier == READER and provider != MILLWORK:
            self._readers[key] = self._read_table(wanted, settings)
            return ""
        made = self._component(wanted, identifier, provider, path)
        self._made[key] = made
        for setting in settings:
            self._set(made, setting)
        return made.name

    def add_input(self, key: str, port: Input, wanted: str) -> None:
        """Adds an input of the graph's own, which wires name as `key`."""
        name = self._free_port(wanted)
        self.inputs[name] = port
        self._readers[key] = Reference("inputs", name)

    def add_pipeline(self, key: str, wanted: str, path: Path) -> str:
        """Adds a graph in the graph, in a file `./NAME/pipeline.yaml`; answers the node's name."""
        name = self._node_name(wanted, "pipeline", path)
        self._made[key] = _Made(name, f"./{name}/pipeline.yaml", None, None, path)
        return name

    def name_of(self, key: str) -> str:
        """What a node is called."""
        return self._made[key].name

    def input_name(self, key: str) -> str | None:
        """What an input of the graph's own is called."""
        return self._readers[key].name if key in self._readers else None

    def parameter_name(self, variable: str) -> str | None:
        """What a variable is called as a parameter."""
        return self._variables.get(variable)

    def is_foreign(self, key: str) -> bool:
        """Whether it is a node that has no twin."""
        return key in self._made and self._made[key].component.startswith(FOREIGN)

    def set(self, key: str, settings: Iterable[Setting]) -> None:
        """Sets parameters of a node that is there."""
        for setting in settings:
            if key in self._made:
                self._set(self._made[key], setting)
            else:
                self.leave(setting.path, "an input has no parameters")

    def _component(self, wanted: str, identifier: str, provider: str, path: Path) -> _Made:
        declaration, pai = None, None
        if provider == MILLWORK:
            component = identifier
            if is_builtin(identifier):
                try:
                    declaration = builtin(identifier)
                except MillworkError as error:
                    self.leave(path, str(error))
        elif found := find(identifier):
            declaration, pai = found
            component = BUILTIN + declaration.name
        else:
            component = FOREIGN + identifier
            what = f"PAI's '{identifier[:60]}' has no twin here: the node names"
            self.leave(path, f"{what} '{component[:60]}'; put a component of your own there")
        if provider not in ("pai", MILLWORK):
            self.leave(path, f"it is a component of '{provider[:60]}', not of PAI's own")
        name = self._node_name(wanted, declaration.name if declaration else identifier, path)
        return _Made(name, component, declaration, pai, path)

    def _node_name(self, wanted: str, otherwise: str, path: Path) -> str:
        plain = wanted
        if not names.is_node(wanted):
            plain = _slug(wanted) if re.search("[A-Za-z]", wanted) else ""
            plain = plain or _slug(otherwise) or "node"
        name = self._node_names.free(plain)
        if wanted and name != wanted:
            self.leave(path, f"it is called {name} here, not '{wanted[:60]}'")
        return name

    def _read_table(self, wanted: str, settings: Iterable[Setting]) -> Reference:
        table = wanted
        for setting in settings:
            if setting.name.casefold() == TABLE_NAME.casefold() and isinstance(setting.value, str):
                table = setting.value or wanted
            elif setting.value:
                self.leave(
                    setting.path, WHY.get(setting.name.casefold(), "an input has no such setting")
                )
        if table in self._tables:
            return self._tables[table]
        name = self._free_port(table)
        described = "" if name == table else f"PAI's table {table}"
        self.inputs[name] = Input("table", description=described)
        self._tables[table] = Reference("inputs", name)
        return self._tables[table]

    def _free_port(self, wanted: str) -> str:
        return self._port_names.free(wanted if names.is_port(wanted) else port_name(wanted))

    # --- parameters ---------------------------------------------------------------------------

    def _set(self, made: _Made, setting: Setting) -> None:
        declaration, pai = made.declaration, made.pai
        key = setting.name.casefold()
        word: str | None = setting.name
        if pai and declaration:
            word = folded(pai.parameters).get(key)
            if word is None and setting.name in declaration.parameters:
                word = setting.name
        if word is None:
            self._unused(setting, pai)
        elif word in made.parameters:
            self.leave(setting.path, f"'{word}' is given twice")
        else:
            parameter = declaration.parameters.get(word) if declaration else None
            value = self._value(setting, parameter)
            is_known = not isinstance(value, Reference) and not self._is_scheduled(value)
            if pai and parameter and is_known:
                value = self._read(setting, value, word, parameter, pai)
            if value is not None:
                made.parameters[word] = value

    def _unused(self, setting: Setting, pai: PaiName | None) -> None:
        """Notes a setting that the built-in has not, unless it says nothing."""
        key = setting.name.casefold()
        ports = folded(pai.inputs) | folded(pai.outputs) if pai else {}
        if setting.value == "" or (isinstance(setting.value, tuple) and not setting.value):
            return
        reason = "wires say what is read and written" if key in ports else WHY.get(key, _UNUSED)
        self.leave(setting.path, f"{setting.name[:60]}: {reason}")

    def _value(self, setting: Setting, parameter: Parameter | None) -> Any:
        """What is said, with variables in it; the whole of it may be one."""
        value = setting.value
        if isinstance(value, Reference):
            return self._variable(value.name, parameter) if value.owner == "parameters" else value
        if not isinstance(value, str):
            return value
        whole = _VARIABLE.fullmatch(value)
        if whole and whole[1] in self.variables:
            return self._variable(whole[1], parameter)
        found = {name for name in _VARIABLE.findall(value) if name in self.variables}
        if not found:
            return value
        self.leave(setting.path, "a variable within a text: its value of now stands there")
        said = {name: self.variables[name].value or "" for name in found}
        self._put += sum(len(str(said.get(name, ""))) for name in _VARIABLE.findall(value))
        if self._put > PIPELINE_LIMITS.size:
            self.reading.fault(setting.path, "its variables come to more text than a file may hold")
            return value
        return _VARIABLE.sub(lambda each: str(said.get(each[1], each[0])), value)

    def _variable(self, name: str, parameter: Parameter | None) -> Reference:
        self._uses.setdefault(name, []).extend([parameter] if parameter else [])
        return Reference("parameters", self._variables[name])

    def _read(
        self, setting: Setting, value: Any, word: str, parameter: Parameter, pai: PaiName
    ) -> Any:
        if isinstance(value, str):
            value = folded(pai.values.get(word, {})).get(value.casefold(), value)
        if value == "" and parameter.type != "String":
            return None
        try:
            return values.read(parameter, value)
        except ValueError as error:
            return self.leave(setting.path, f"'{word}': {error}")

    def _variable_name(self, variable: Variable) -> str:
        wanted = variable.name
        if not names.is_parameter(wanted):
            wanted = port_name(wanted)
        name = self._port_names.free(wanted)
        if name != variable.name:
            self.leave(variable.path, f"it is called {name} here")
        return name

    def _parameter(self, variable: Variable) -> Parameter:
        """A variable as a parameter: of the type that is said, else of where it is used."""
        types = {parameter.type for parameter in self._uses.get(variable.name, ())}
        said = _KINDS.get(variable.type.casefold())
        kind = said or (types.pop() if len(types) == 1 else "String")
        table = ""
        if kind in ("Column", "Columns"):  # which belong to an input
            tables = (name for name, port in self.inputs.items() if port.type in ("table", "any"))
            table = next(tables, "")
            kind = kind if table else "String"
        parameter = Parameter(kind, required=True, input=table, description=variable.description)
        if variable.value is None:
            return parameter
        try:
            default = values.convert(parameter, variable.value)
        except ValueError as error:
            self.leave(variable.path, f"its value is left out: {error}")
            return parameter
        return replace(parameter, default=default, required=False)

    # --- wires --------------------------------------------------------------------------------

    def connect(self, source: str, made: str, target: str, port: str, path: Path) -> None:
        """Wires the output `made` of one node to the input `port` of another, in PAI's words."""
        wire = self.source(source, made, path)
        if target in self._readers:
            self.leave(path, "a table that is read has no input")
        elif wire:
            node = self._made[target]
            known = _port(port, node.pai.inputs if node.pai else {}, _ports(node, "inputs"))
            if known is None:
                self.leave(path, f"{node.component} has no input '{port[:60]}': not wired")
            elif known in node.inputs:
                self.leave(path, f"'{node.name}.{known}' is wired already: not wired")
            else:
                node.inputs[known] = wire

    def source(self, key: str, made: str, path: Path) -> Reference | None:
        """What a node writes as `made`; None, with the reason noted, if that is not known."""
        if key in self._readers:
            return self._readers[key]
        node = self._made[key]
        known = _port(made, node.pai.outputs if node.pai else {}, _ports(node, "outputs"))
        if known is not None and names.is_parameter(known):
            return Reference(node.name, known)
        self.leave(path, f"{node.component} has no output '{made[:60]}': not wired")
        return None

    def give(self, wanted: str, wire: Reference, path: Path) -> None:
        """Makes what a node writes an output of the pipeline."""
        if wire.owner == "inputs":
            self.leave(path, "an output comes from a component of the pipeline")
            return
        name = self._output_names.free(wanted if names.is_port(wanted) else port_name(wanted))
        if name != wanted:
            self.leave(path, f"it is called {name} here")
        self.outputs[name] = wire

    def wait(self, key: str, other: str, path: Path) -> None:
        """The node `key` waits for `other`."""
        if key not in self._made or other not in self._made:
            self.leave(path, "a table that is read is there from the start")
            return
        self._made[key].after.append(self._made[other].name)

    # --- the whole ----------------------------------------------------------------------------

    def pipeline(self, title: str, description: str, file: str) -> Pipeline:
        """The pipeline; InvalidFile with every fault that makes it none.

        What is missing of its wires and parameters is noted as warnings.
        """
        name = title if names.is_entity(title) else _slug(title)[:100] or "pipeline"
        for made in self._made.values():
            self._set_fixed(made)
        nodes = {made.name: self._node(made) for made in self._made.values()}
        parameters = {self._variables[name]: self._parameter(variable)
                      for name, variable in self.variables.items()}  # fmt: skip
        pipeline = Pipeline(
            name, "1.0.0", nodes, display_name="" if name == title else title,
            description=description, inputs=self.inputs, parameters=parameters,
            outputs=self.outputs, layout=self.layout,
            scheduling_parameters=self.scheduling_parameters,
        )  # fmt: skip
        known = self.reading.places
        places: dict[Path, Place] = {
            ("nodes", made.name): known[made.path]
            for made in self._made.values()
            if made.path in known
        }
        checked = Reading(file, places=places)
        check_pipeline(pipeline, checked)
        if any(fault.severity == "error" for fault in checked.faults):
            raise InvalidFile(checked.faults)
        children = {made.name: Tree(made.declaration.component(""))
                    for made in self._made.values() if made.declaration}  # fmt: skip
        check_wiring(Tree(pipeline, children), checked)
        self.reading.faults += checked.faults
        return pipeline

    def _node(self, made: _Made) -> PipelineNode:
        read = {wire.owner for wire in made.inputs.values()}
        after = tuple(other for other in dict.fromkeys(made.after) if other not in read)
        parameters = {word: self._kept(value) for word, value in made.parameters.items()}
        return PipelineNode(made.component, made.inputs, parameters, after=after)

    def _is_scheduled(self, value: str | tuple[str, ...]) -> bool:
        """Whether a scheduling parameter stands in a value, which only a run knows then."""
        texts = (value,) if isinstance(value, str) else value
        found = {name for text in texts for name in _VARIABLE.findall(text)}
        return not found.isdisjoint(self.scheduling_parameters)

    def _kept(self, value: Any) -> Any:
        """A value in which no more is a scheduling parameter than what is listed."""
        if isinstance(value, tuple | list):
            return type(value)(map(self._kept, value))
        return _VARIABLE.sub(self._quoted, value) if isinstance(value, str) else value

    def _quoted(self, found: re.Match[str]) -> str:
        listed = self.scheduling_parameters
        ours = scheduling.names_in(Pipeline("", "", {}, scheduling_parameters=listed), found[0])
        return f"${found[0]}" if ours and found[1] not in listed else found[0]

    def _set_fixed(self, made: _Made) -> None:
        """Sets what is otherwise in PAI's component where nothing is said."""
        if made.pai and made.declaration:
            for word, text in made.pai.fixed.items():
                fixed = values.read(made.declaration.parameters[word], text)
                made.parameters.setdefault(word, fixed)


def _ports(made: _Made, kind: str) -> Mapping[str, Any] | None:
    """The ports of a node on one side; None if nobody knows."""
    return getattr(made.declaration, kind) if made.declaration else None


def _port(anchor: str, known: Mapping[str, str], own: Mapping[str, Any] | None) -> str | None:
    """The port that an anchor means: PAI calls it as the parameter, or without its `Name`."""
    words = folded(known)
    key = anchor.casefold()
    for word in (key, f"{key}name", key.removesuffix("name")):
        if word in words:
            return words[word]
    return anchor if own is None or anchor in own else None


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text)[:60].strip("-_")
