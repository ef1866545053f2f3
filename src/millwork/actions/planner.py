"""Between the loop and the blobs: data for a step that starts, outputs of one that has ended."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from millwork.actions import sealing
from millwork.actions.builtins import functions_of, warm_of
from millwork.actions.printed import numbers_in, text_of
from millwork.actions.reuse import UNKNOWN, Reuse
from millwork.base.errors import BadRequest, MillworkError, RunFailed
from millwork.base.records import dataclass
from millwork.blobs import content, tracking
from millwork.plan.codec import encode, encode_component
from millwork.plan.contract import CHECKPOINT, VALUE_FILE, Job, make_plan
from millwork.plan.identity import component_identity, identity_of
from millwork.plan.model import Artifact, GivenPath, GivenUri, StepOutput
from millwork.ports.changes import ItemsAdded
from millwork.ports.engine import Outcome, process_of
from millwork.run.state import Answer, Result
from millwork.spec import values

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from millwork.actions.batches import Batches
    from millwork.actions.kept import Bucket
    from millwork.actions.storage import Look, Storage
    from millwork.batch.records import Records
    from millwork.plan.gang import Roster
    from millwork.plan.model import Each, Guard, InputSource, Plan, Step
    from millwork.ports import Engine, Opening, Store
    from millwork.spec.model import Component, Input, Reference, Syntax, Value


@dataclass(frozen=True)
class Leases:
    """How batches are given out here: where workers ask, what was kept, and room for workers."""

    address: str
    records: Callable[[], Records]
    room: tuple[float, int]


_MOST_ITEMS = 1000


class StepPlanner:
    """Implements the loop's `Planner` for one run."""

    def __init__(
        self,
        run: str,
        steps: Mapping[str, Step],
        engine: Engine,
        store: Store,
        forced: Container[str] = (),
        leases: Leases | None = None,
        storage: Storage | None = None,
        bucket: Bucket = lambda: None,
    ) -> None:
        self._run = run
        self._steps = dict(steps)
        self._functions = functions_of(steps.values())
        self._items: dict[str, list[str]] = {}
        for step in steps.values():
            if step.parent:
                self._items.setdefault(step.parent, []).append(step.name)
        self._engine = engine
        self._store = store
        self._leases = leases
        self._storage = storage
        self._looks: dict[str, Look] = {}
        self._reuse = Reuse(store, run, forced, bucket)
        self._outputs: dict[str, Mapping[str, Any]] = {}
        self._components: dict[int, Mapping[str, Any]] = {}
        self._identities: dict[str, Mapping[str, Any]] = {}

    def restore(self, step: str, outputs: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        """What a step left under an earlier master, and what its work was found to be."""
        self._outputs[step] = outputs
        self._identities[step] = identity

    def consult(self, step: str) -> Answer:
        """Whether a step that may start must: its conditions, and results of earlier runs."""
        wanted = self._steps[step]
        try:
            failing = next((guard for guard in wanted.guards if not self._holds(guard)), None)
            if failing:
                return Answer(skip=f"when: {failing.text}")
        except (ValueError, MillworkError, OSError) as error:
            return Answer(fault=f"when: {error}")
        if wanted.each:
            try:
                return self._expanded(wanted, wanted.each)
            except (ValueError, MillworkError, OSError) as error:
                return Answer(fault=f"foreach: {error}")
        try:
            identity = self._identity(wanted) if wanted.component.is_deterministic else None
        except (MillworkError, OSError) as error:
            return Answer(fault=str(error))
        self._identities[step] = identity or {}
        answer = self._reuse.answer(wanted, identity)
        if answer.reused:
            self._outputs[step] = answer.reused.outputs
        return answer

    def plan(self, step: str, attempt: str, gpus: tuple[int, ...], token: str) -> Plan:
        """The plan of an attempt; raises MillworkError if it cannot be started."""
        fault = self._upstream_fault(self._steps[step])
        if fault:
            raise RunFailed(fault)
        return self.plan_again(step, attempt, gpus, token)

    def plan_again(self, step: str, attempt: str, gpus: tuple[int, ...], token: str = "") -> Plan:
        """The same, of data that is not checked: for looking at what was planned before."""
        wanted = self._steps[step]
        component = wanted.component
        data = self._data(wanted)
        parameters = {
            name: self._value(name, source, component) for name, source in wanted.parameters.items()
        }
        root = self._engine.root(attempt, component.mounts)
        hosts, carries = partial(self._engine.hosts, attempt), self._carries(wanted, attempt)
        uploads = {
            port: self._reach().route(uri.replace("{run}", self._run))
            for port, uri in wanted.destinations.items()
        }
        job = Job(self._run, attempt, gpus, hosts, carries, uploads=uploads)
        if component.batch and self._leases:
            from millwork.actions.batches import lease_token

            job = replace(job, leases=(self._leases.address, lease_token(token)))
        plan = make_plan(wanted, data, parameters, job, root)
        warm = warm_of(wanted, self._functions)
        return replace(plan, warm=warm) if warm else plan

    def opening(self, step: str, attempt: str, token: str, gone: Mapping[str, bool]) -> Opening:
        """What the lease service opens a step's batch with, of which some workers are gone."""
        wanted, roster = self._steps[step], self.roster(step)
        assert roster is not None
        given, batches = self._batch_input(wanted), self._batches()
        opening = batches.opening(wanted, attempt, token, given, roster)
        opening = batches.limited(opening, wanted, self._identities.get(step))
        return replace(opening, gone=gone)

    def roster(self, step: str) -> Roster | None:
        """Who belongs to a step that is a job, and its rules; None for a plain step."""
        if not self._steps[step].is_job:
            return None
        from millwork.plan.gang import roster

        room = self._leases.room if self._leases else (0.0, 0)
        return roster(self._steps[step], *room)

    def _data(self, step: Step) -> dict[str, Artifact]:
        """The data of a step's inputs."""
        component = step.component
        return {
            name: self._artifact(source, component.inputs[name], component.syntax)
            for name, source in step.inputs.items()
        }

    def _carries(self, step: Step, attempt: str) -> dict[str, str]:
        """The checkpoints that earlier attempts at the step have left: the newest of each."""
        names = [name for name, port in step.component.outputs.items() if port.type == CHECKPOINT]
        if not names:
            return {}
        rows = self._store.attempts(self._run)
        rows = sorted(rows, key=lambda row: row.number)
        earlier = [row.id for row in rows if row.step == step.name and row.id != attempt]
        found = {}
        for name in names:
            folders = (f"{self._engine.folder(each)}/output/{name}" for each in reversed(earlier))
            newest = next((folder for folder in folders if _holds_something(folder)), None)
            if newest:
                found[f"output/{name}"] = newest
        return found

    def result(self, step: str, attempt: str, outcome: Outcome) -> Result:
        """The outcome, with metrics read from the log and outputs sealed if it was good."""
        component = self._steps[step].component
        metrics = self._metrics(step, component, attempt)
        if component.any_exit_code and not self._steps[step].is_job:
            outcome = _without_code(outcome)
        try:
            if component.batch:
                outcome = self._with_shards(step, attempt, outcome)
            if not _is_good(outcome):
                return Result(outcome, metrics=metrics)
            root = self._engine.folder(attempt)
            outputs = {
                name: sealing.sealed(root, attempt, name, port)
                for name, port in component.outputs.items()
            }
            self._reuse.keep(attempt, outputs)
        except (MillworkError, OSError) as error:
            failed = Outcome("exited", outcome.code, str(error), outcome.usage)
            return Result(failed, metrics=metrics)
        return Result(outcome, outputs, metrics, self._key(step))

    def _batches(self) -> Batches:
        from millwork.actions.batches import Batches  # a run without them does not pay for it

        assert self._leases is not None
        return Batches(self._run, self._engine, self._leases.records(), self._store)

    def _batch_input(self, step: Step) -> Artifact | None:
        assert step.component.batch is not None
        return self._data(step).get(step.component.batch.input)

    def _with_shards(self, step: str, attempt: str, outcome: Outcome) -> Outcome:
        """The outcome of a batch, of whose shards' files the outputs are made if it was good."""
        wanted, batches = self._steps[step], self._batches()
        failures = batches.failures(wanted, attempt)
        usage = {**outcome.usage, **failures}
        if failures and outcome.reason:
            cause = f"; {failures['first_error']}; all: {failures['failed_shards']}"
            outcome = replace(outcome, reason=outcome.reason + cause)
        if _is_good(outcome):
            batches.publish(wanted, attempt)
            given = self._batch_input(wanted)
            if self._identities.get(step) and given and not given.route:
                usage |= batches.note_inputs(wanted, attempt, given.path)
        return replace(outcome, usage=usage)

    def published(self, step: str, attempt: str, result: Result) -> None:  # noqa: ARG002
        """Lets later steps read the outputs."""
        self._outputs[step] = result.outputs

    def _expanded(self, step: Step, each: Each) -> Answer:
        """A step for each item of the list, which is known now."""
        found = each.items
        items = self._json(found) if isinstance(found, StepOutput) else found
        if not isinstance(items, list | tuple):
            raise BadRequest(f"{_shown(found)} holds {type(items).__name__}, not a list")
        if len(items) > _MOST_ITEMS:
            raise BadRequest(f"the list has {len(items)} items; at most {_MOST_ITEMS} are run")
        parameter = step.component.parameters[each.into]
        names = [f"{step.name}[{index}]" for index in range(len(items))]
        for name, item in zip(names, items, strict=True):
            parameters = {**step.parameters, each.into: values.read(parameter, item)}
            self._steps[name] = replace(
                step, name=name, parent=step.name, parameters=parameters, each=None, guards=(),
                after=(),
            )  # fmt: skip
        self._items[step.name] = names
        digest = encode_component(step.component)[0]
        added = tuple((name, encode(self._steps[name], digest)) for name in names)
        return Answer(items=tuple(names), changes=(ItemsAdded(step.name, added),))

    def _artifact(self, source: InputSource, port: Input, syntax: Syntax) -> Artifact:
        if isinstance(source, GivenPath):
            path = source.path
            if port.type == "file" and syntax != "shell" and os.path.isdir(path):
                path = _first_file(path)
            return Artifact(path, os.path.isfile(path))
        if isinstance(source, GivenUri):
            look = self._looks.get(source.uri) or self._look(source.uri)
            route = self._reach().route(source.uri)
            return Artifact(f"/{look.name}", bool(look.name), route=route)
        if source.step in self._items:
            return self._gathered(source)
        output = self._output(source)
        if output["type"] == "value":
            return Artifact(f"{output['path']}/{VALUE_FILE}", is_file=True)
        if port.type == "file" and syntax != "shell":
            return Artifact(_first_file(output["path"]), is_file=True)
        if port.type == "file" and output["files"] == 1:
            names = os.listdir(output["path"])
            if len(names) == 1 and os.path.isfile(f"{output['path']}/{names[0]}"):
                return Artifact(f"{output['path']}/{names[0]}", is_file=True)
        return Artifact(output["path"])

    def _key(self, step: str) -> str:
        """What the step's result is kept by; empty if nobody may use it again.

        The work is looked at a second time: what its requirements resolve to may be known only
        now, and an input that changed under the step leaves a result that belongs to no content.
        """
        if not (before := self._identities.get(step)):
            return ""
        try:
            now = self._identity(self._steps[step])
            fault = self._upstream_fault(self._steps[step])
        except (MillworkError, OSError):
            return ""
        is_same = {**before, "environment": now["environment"]} == now
        return self._reuse.key(now) if is_same and not fault else ""

    def _identity(self, step: Step) -> dict[str, Any]:
        parameters = {
            name: self._value(name, source, step.component)
            for name, source in step.parameters.items()
        }
        inputs = {name: self._content(source) for name, source in step.inputs.items()}
        environment = self._engine.environment(step.code, step.component.environment)
        unknown = "not built yet" if environment is None else environment
        key = id(step.component)  # many steps share one component, which lives as long as they do
        if key not in self._components:
            self._components[key] = component_identity(step.component)
        return identity_of(step, self._components[key], unknown, parameters, inputs)

    def _content(self, source: InputSource) -> str:
        """The digest of what an input holds; of a URI what its place says it is now."""
        if isinstance(source, GivenPath):
            return self._reuse.content(source.path)
        if isinstance(source, GivenUri):
            return f"{source.uri} {self._look(source.uri).identity or UNKNOWN}"
        return self._digest(source)

    def _look(self, uri: str) -> Look:
        self._looks[uri] = self._reach().look(uri)
        return self._looks[uri]

    def _reach(self) -> Storage:
        if self._storage is None:
            raise BadRequest("data by URI is not read here")
        return self._storage

    def _upstream_fault(self, step: Step) -> str:
        """What is wrong with the outputs that a step reads; empty if they are as recorded."""
        for source in (*step.inputs.values(), *step.parameters.values()):
            for part in self._parts(source) if isinstance(source, StepOutput) else ():
                fault = self._reuse.fault(part.port, self._output(part))
                if fault:
                    whose = f"the output of '{part.step}' is damaged"
                    return f"{whose}: {fault}; a new run does it again"
        return ""

    def _holds(self, guard: Guard) -> bool:
        from millwork.spec.condition import holds, parse

        return holds(parse(guard.text), partial(self._read, guard.values))

    def _read(self, values_: Mapping[str, Value | StepOutput], reference: Reference) -> Any:
        found = values_.get(str(reference))
        return self._json(found) if isinstance(found, StepOutput) else found

    def _gathered(self, source: StepOutput) -> Artifact:
        """What all items of a step left: folders side by side, or the list of their values."""
        outputs = [self._output(part) for part in self._parts(source)]
        if outputs and outputs[0]["type"] == "value":
            return Artifact("", is_file=True, text=json.dumps(self._json(source)))
        return Artifact("", parts=tuple(output["path"] for output in outputs))

    def _parts(self, source: StepOutput) -> list[StepOutput]:
        """The outputs that one output stands for: its items', or itself."""
        if source.step not in self._items:
            return [source]
        return [StepOutput(name, source.port) for name in self._items[source.step]]

    def _json(self, source: StepOutput) -> Any:
        """The value of a value output; of a step with items, the list of theirs."""
        parts = self._parts(source)
        found = [sealing.read_value(f"{self._output(part)['path']}/{VALUE_FILE}") for part in parts]
        return found if source.step in self._items else found[0]

    def _digest(self, source: StepOutput) -> str:
        digests = [self._output(part)["digest"] for part in self._parts(source)]
        return digests[0] if source.step not in self._items else ",".join(digests)

    def _output(self, source: StepOutput) -> Mapping[str, Any]:
        outputs = self._outputs.get(source.step, {})
        if source.port not in outputs:
            raise RunFailed(f"the output '{source.port}' of '{source.step}' is not there")
        found: Mapping[str, Any] = outputs[source.port]
        return found

    def _value(self, name: str, source: Value | StepOutput, component: Component) -> Value:
        if not isinstance(source, StepOutput):
            return source
        try:
            return values.read(component.parameters[name], self._json(source))
        except ValueError as error:
            raise BadRequest(
                f"parameter '{name}', from {source.step}.{source.port}: {error}"
            ) from None

    def _metrics(self, step: str, component: Component, attempt: str) -> dict[str, float]:
        if component.syntax != "shell":
            return tracking.metrics(self._engine.folder(attempt))
        if not component.metrics:
            return {}
        processes = self._processes(step, attempt)
        text = "\n".join(text_of(self._engine, process) for process in processes)
        found: dict[str, float] = {}
        for metric in component.metrics:
            for number in numbers_in(text, metric.regex):
                found[metric.name] = number
        return found

    def _processes(self, step: str, attempt: str) -> list[str]:
        """Whose logs are read for metrics: of a job the first replica's last, so that it counts."""
        job = self.roster(step)
        if job is None:
            return [attempt]
        ranks = {seat.name: rank for rank, seat in enumerate(job.seats)}
        rows = [row for row in self._store.replicas(self._run) if row.attempt == attempt]
        rows.sort(key=lambda row: (-ranks[row.name], row.number))
        return [process_of(attempt, row.name, row.number) for row in rows]


def _is_good(outcome: Outcome) -> bool:
    return outcome.kind == "exited" and outcome.code == 0 and not outcome.reason


def _holds_something(folder: str) -> bool:
    with suppress(OSError), os.scandir(folder) as entries:
        return any(entries)
    return False


def _first_file(folder: str) -> str:
    """The first file in a folder, for an input that is a file (azureml-spec 1.3, AnyFile)."""
    for _, path in content.listing(folder):
        return path
    raise BadRequest(f"the input is a file, and there is none in {folder}")


def _without_code(outcome: Outcome) -> Outcome:
    """The outcome of a program that may end with any code: only a signal is a failure."""
    if outcome.kind != "exited" or not outcome.code or outcome.code > 128:
        return outcome
    return Outcome("exited", 0, "", {**outcome.usage, "exit_code": outcome.code})


def _shown(source: object) -> str:
    return f"{source.step}.{source.port}" if isinstance(source, StepOutput) else repr(source)
