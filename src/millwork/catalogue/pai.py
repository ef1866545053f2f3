"""PAI's command lines as a pipeline of built-in components.

A table or a model that one line writes and a later one reads is a wire between their nodes; one
that none has written is an input of the pipeline, and one that none reads an output of it.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.names import BUILTIN, variable_suffix
from millwork.base.records import dataclass, field
from millwork.catalogue.index import declarations
from millwork.formats.pai.lines import Command
from millwork.spec import values
from millwork.spec.fields import Reading
from millwork.spec.model import Input, Pipeline, PipelineNode, Reference
from millwork.spec.pipeline import check_pipeline
from millwork.spec.scheduling import quoted
from millwork.spec.tree import Tree
from millwork.spec.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.catalogue.model import Declaration, PaiName
    from millwork.formats.pai.lines import Argument, Other
    from millwork.spec.document import Place
    from millwork.spec.model import Output

_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST = 60  # of a name in a message, and of a port's: 64, less a number behind it
WHY = {
    "inputtablepartitions": "whoever runs the pipeline gives the data, and so the partition",
    "lifecycle": "`millwork gc` and the settings say how long results are kept",
    "corenum": "give the node `resources: {cpu: N}`",
    "memsizepercore": "give the node `resources: {memory: 4GiB}`",
}


@dataclass(frozen=True)
class Imported:
    """The pipeline that lines become, and in words each thing of them that it does not carry."""

    pipeline: Pipeline
    left_out: tuple[str, ...]


def to_pipeline(statements: Sequence[Command | Other], name: str, file: str) -> Imported:
    """The lines as a pipeline of that name; InvalidFile for what no built-in component can do."""
    importer = _Importer(Reading(file))
    for statement in statements:
        if isinstance(statement, Command):
            importer.add(statement)
        else:
            text = f"{statement.text[:_LONGEST]}{'...' * (len(statement.text) > _LONGEST)}"
            importer.leave(statement.place, f"{text}: only lines of PAI are converted")
    return Imported(importer.finished(name), tuple(importer.left_out))


def find(name: str) -> tuple[Declaration, PaiName] | None:
    """The built-in component that PAI calls `name`, in any case of letters."""
    return _names().get(name.casefold())


@cache
def _names() -> Mapping[str, tuple[Declaration, PaiName]]:
    known: dict[str, tuple[Declaration, PaiName]] = {}
    for declaration in declarations().values():
        for pai in declaration.pai:
            known.setdefault(pai.name.casefold(), (declaration, pai))
    return known


@dataclass
class Names:
    """Names that are given once each; `_last` is the number that was given last, by variable."""

    _used: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)

    def free(self, wanted: str) -> str:
        """The name, with a number behind it if there is one whose variable would be the same."""
        key, name = variable_suffix(wanted), wanted
        number = self._last.get(key, 1)
        while variable_suffix(name) in self._used:
            number += 1
            name = f"{wanted}-{number}"
        self._used.add(variable_suffix(name))
        self._last[key] = number
        return name


@dataclass
class _Importer:
    """The pipeline so far.

    `_sources` has where each table and model comes from, by kind and name; `_outputs` what each
    port is called that has been written.
    """

    reading: Reading
    nodes: dict[str, PipelineNode] = field(default_factory=dict)
    children: dict[str, Tree] = field(default_factory=dict)
    inputs: dict[str, Input] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    _node_names: Names = field(default_factory=Names)
    _input_names: Names = field(default_factory=Names)
    _sources: dict[tuple[str, str], Reference] = field(default_factory=dict)
    _outputs: dict[Reference, str] = field(default_factory=dict)

    def leave(self, place: Place, what: str) -> None:
        """Notes something that the pipeline does not carry."""
        self.left_out.append(f"line {place.line}: {what}")

    def add(self, command: Command) -> None:
        """A node for one line; what is wrong is noted."""
        found = find(command.name)
        if found is None:
            self._unknown(command)
            return
        declaration, pai = found
        name = self._node_names.free(declaration.name)
        self.reading.places["nodes", name] = command.place
        ports, made_by, words = map(folded, (pai.inputs, pai.outputs, pai.parameters))
        inputs: dict[str, Reference] = {}
        written: dict[str, str] = {}
        parameters: dict[str, Any] = {}
        for argument in command.arguments:
            key, is_given = argument.key.casefold(), bool(argument.value)
            port, made, word = ports.get(key), made_by.get(key), words.get(key)
            if port in inputs or made in written or word in parameters:
                self._leave(argument, pai, "the line says that already")
            elif port and is_given:
                inputs[port] = self._source(argument.value, declaration.inputs[port])
            elif made and is_given:
                written[made] = argument.value
            elif word:
                self._set(parameters, word, argument, declaration, pai)
            else:
                self._leave(argument, pai, WHY.get(key, ""))
        for made, table in written.items():  # a line may read the table that it writes anew
            self._write(table, Reference(name, made), declaration.outputs[made])
        for word, given in pai.fixed.items():
            parameters.setdefault(word, values.read(declaration.parameters[word], given))
        self.nodes[name] = PipelineNode(BUILTIN + declaration.name, inputs, parameters)
        self.children[name] = Tree(declaration.component(""))

    def _unknown(self, command: Command) -> None:
        known = [pai.name for _, pai in _names().values()]
        near = " or ".join(get_close_matches(command.name, known, 3, 0.5))
        hint = f"is it {near}?" if near else "`millwork catalogue list` shows all"
        message = f"no built-in component is PAI's '{command.name[:_LONGEST]}': {hint}"
        place = command.place
        fault = Fault(self.reading.file, place.line, place.column, "", "error", message)
        self.reading.faults.append(fault)

    def finished(self, name: str) -> Pipeline:
        """The pipeline of all lines; InvalidFile with every fault of them."""
        read = {each for node in self.nodes.values() for each in node.inputs.values()}
        names = Names()
        outputs: dict[str, Reference] = {}
        for reference, table in self._outputs.items():
            if reference not in read:
                outputs[names.free(table)] = reference
        pipeline = quoted(Pipeline(name, "1.0.0", self.nodes, inputs=self.inputs, outputs=outputs))
        if self.nodes or not self.reading.faults:
            check_pipeline(pipeline, self.reading)
            check_wiring(Tree(pipeline, self.children), self.reading)
        if self.reading.faults:
            raise InvalidFile(self.reading.faults)
        return pipeline

    def _source(self, table: str, port: Input) -> Reference:
        """What has written a table or a model, else an input of the pipeline."""
        key = _kind(port), table.casefold()
        if key not in self._sources:
            name = self._input_names.free(port_name(table))
            self.inputs[name] = Input(port.type, description=f"PAI's {key[0]} {table}")
            self._sources[key] = Reference("inputs", name)
        return self._sources[key]

    def _write(self, table: str, reference: Reference, port: Output) -> None:
        self._sources[_kind(port), table.casefold()] = reference
        self._outputs[reference] = port_name(table)

    def _set(
        self,
        parameters: dict[str, Any],
        word: str,
        argument: Argument,
        declaration: Declaration,
        pai: PaiName,
    ) -> None:
        """A parameter's value in our words; one that it does not allow is left out."""
        known = folded(pai.values.get(word, {}))
        given = known.get(argument.value.casefold(), argument.value)
        try:
            parameters[word] = values.read(declaration.parameters[word], given)
        except ValueError as error:
            self._leave(argument, pai, f"'{word}': {error}")

    def _leave(self, argument: Argument, pai: PaiName, why: str) -> None:
        reason = f": {why}" if why else ""
        self.leave(argument.place, f"{pai.name} -D{argument.key}={argument.value}{reason}")


def _kind(port: Input | Output) -> str:
    """Tables and models of PAI may be called alike; what else there is, is a table there."""
    return "model" if port.type == "model" else "table"


def folded(words: Mapping[str, str]) -> dict[str, str]:
    """PAI's names by how they are compared: in any case of letters."""
    return {word.casefold(): ours for word, ours in words.items()}


def port_name(table: str) -> str:
    """A table's name as a port's."""
    return _NO_NAME.sub("_", table)[:_LONGEST].lstrip("_") or "table"
