"""Each one-change probe of a pipeline job, beside the oracle's word on it."""

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.model import Pipeline
from tests.formats.azureml.jobs import FILES, JOB, changed, given
from tests.formats.azureml.wired import settled, warnings_of

pytestmark = pytest.mark.quick

# What the oracle (azure-ai-ml 1.35.2, load_job and _validate) says of each, beside what is said
# here. It does not look at references at all, and takes what can never run.
PROBES: dict[str, tuple[str, str, str, str]] = {
    "upper-case job": (JOB.replace("  b:", "  B:"), "reject", "error", "jobs.B"),
    "job with a dash": (JOB.replace("  b:", "  b-x:"), "reject", "error", "jobs.b-x"),
    "job with an underscore": (JOB.replace("  b:", "  _b:"), "valid", "fine", ""),
    "a word as a job": (JOB.replace("  b:", "  inputs:"), "valid", "error", "jobs.inputs"),
    "unknown input of the pipeline": (
        given("{n: '${{parent.inputs.nope}}'}"), "valid", "error", "jobs.b.inputs.n",
    ),
    "unknown job": (
        given("{data: '${{parent.jobs.z.outputs.o}}'}"), "valid", "error", "jobs.b.inputs.data",
    ),
    "unknown output": (
        given("{data: '${{parent.jobs.a.outputs.z}}'}"), "valid", "error", "jobs.b.inputs.data",
    ),
    "unknown input of a component": (given("{z: 3}"), "valid", "warning", "jobs.b.inputs.z"),
    "input in another case": (given("{N: 3}"), "valid", "warning", "jobs.b.inputs.N"),
    "input of nothing": (given("{n: }"), "reject", "error", "jobs.b.inputs.n"),
    "input that is a list": (given("{n: [1]}"), "reject", "error", "jobs.b.inputs.n"),
    "value of another type": (given("{n: abc}"), "valid", "error", "jobs.b.inputs.n"),
    "unknown mode": (
        given("{data: {path: ./d, mode: zip}}"), "reject", "error", "jobs.b.inputs.data.mode",
    ),
    "unknown type of data": (
        given("{data: {path: ./d, type: zip}}"), "reject", "error", "jobs.b.inputs.data.type",
    ),
    "unknown field of data": (
        given("{data: {path: ./d, pth: e}}"), "reject", "error", "jobs.b.inputs.data.pth",
    ),
    "text for data": (given("{data: ./d}"), "valid", "fine", ""),
    "data for a value": (
        given("{n: '${{parent.inputs.data}}'}"), "valid", "error", "jobs.b.inputs.n",
    ),
    "value for data": (
        given("{data: '${{parent.inputs.x}}'}"), "valid", "error", "jobs.b.inputs.data",
    ),
    "text beside a reference": (
        given("{word: 'a-${{parent.inputs.x}}'}"), "valid", "refused", "jobs.b.inputs.word",
    ),
    "reference to something else": (
        given("{word: '${{foo.bar}}'}"), "valid", "refused", "jobs.b.inputs.word",
    ),
    "input that reads an output": (
        given("{data: '${{parent.outputs.p}}'}"), "valid", "error", "jobs.b.inputs.data",
    ),
    "circle": (
        changed("data: ${{parent.inputs.data}}", "data: ${{parent.jobs.b.outputs.o}}"),
        "valid", "error", "jobs.a",
    ),
    "output bound twice": (
        JOB + "    outputs: {o: '${{parent.outputs.p}}'}", "valid", "error", "jobs.b.outputs.o",
    ),
    "output that is not declared": (
        JOB + "    outputs: {o: '${{parent.outputs.q}}'}", "valid", "warning", "jobs.b.outputs.o",
    ),
    "output that nothing leaves": (
        changed("p: {type: uri_folder}", "p: {type: uri_folder}\n  q:"),
        "valid", "warning", "outputs.q",
    ),
    "output bound to an input": (
        JOB + "    outputs: {o: '${{parent.inputs.x}}'}", "valid", "error", "jobs.b.outputs.o",
    ),
    "no jobs": ("type: pipeline", "valid", "error", "jobs"),
    "jobs of nothing": ("type: pipeline\njobs: {}", "valid", "error", "jobs"),
    "jobs and a component": (JOB + "component: ./x.yaml", "reject", "error", "component"),
    "job of no component": (
        changed("component: ./step.yaml", "type: command"), "reject", "error", "jobs.b.command",
    ),
    "unknown type of job": (changed("type: command", "type: zz"), "reject", "error", "jobs.a.type"),
    "if_else": (changed("type: command", "type: if_else"), "reject", "error", "jobs.a.type"),
    "do_while": (changed("type: command", "type: do_while"), "reject", "error", "jobs.a.type"),
    "pipeline of nothing": (
        changed("type: command\n    component: file:./step.yaml", "type: pipeline"),
        "reject", "error", "jobs.a.component",
    ),
    "unknown field": (JOB + "foo: 1", "reject", "warning", "foo"),
    "version of a job": (JOB + "version: 1", "reject", "fine", ""),
    "declared value of a job": (changed("x: 1", "x: {type: integer}"), "reject", "fine", ""),
    "unknown field of a job": (JOB + "    foo: 1", "valid", "warning", "jobs.b.foo"),
    "unknown setting": (JOB + "settings: {foo: 1}", "valid", "warning", "settings.foo"),
    "setting of another type": (
        JOB + "settings: {force_rerun: maybe}", "reject", "error", "settings.force_rerun",
    ),
    "job at the end": (
        JOB + "  c: {component: ./step.yaml}\nsettings: {on_finalize: c}",
        "valid", "refused", "settings.on_finalize",
    ),
    "timeout in words": (
        JOB + "    limits: {timeout: 1h}", "reject", "error", "jobs.b.limits.timeout",
    ),
    "timeout of the pipeline's": (
        JOB + "    limits: {timeout: '${{parent.inputs.x}}'}",
        "valid", "refused", "jobs.b.limits.timeout",
    ),
    "no replica": (
        JOB + "    resources: {instance_count: 0}",
        "valid", "refused", "jobs.b.resources.instance_count",
    ),
    "replicas": (
        JOB + "    resources: {instance_count: 2}", "valid", "fine", "",
    ),
    "replicas of the pipeline's": (
        JOB + "    resources: {instance_count: '${{parent.inputs.x}}'}",
        "valid", "refused", "jobs.b.resources.instance_count",
    ),
    "environment in place of the component's": (
        JOB + "    environment: azureml:e:1", "valid", "refused", "jobs.b.environment",
    ),
    "variable of the pipeline's": (
        JOB + "    environment_variables: {A: '${{parent.inputs.x}}'}",
        "valid", "refused", "jobs.b.environment_variables.A",
    ),
    "name with spaces": (JOB + "name: My Name", "valid", "fine", ""),
    "tag of nothing": (JOB + "tags: {a: }", "valid", "fine", ""),
}  # fmt: skip
# References that lead nowhere are all accepted by the oracle; no run could be made of them.
STRICTER = {
    "a word as a job", "unknown input of the pipeline", "unknown job", "unknown output",
    "value of another type", "data for a value", "value for data", "input that reads an output",
    "circle", "output bound twice", "output bound to an input", "no jobs", "jobs of nothing",
}  # fmt: skip
LENIENT = {"unknown field", "version of a job", "declared value of a job"}


def verdict(text: str) -> tuple[str, str]:
    """What is said of a job with its wires, and where the first fault of that kind stands."""
    try:
        tree, said = settled(text, FILES)
        said = warnings_of(text) | said
    except InvalidFile as error:
        paths = [fault.path for fault in error.faults if fault.severity == "error"]
        return "error", paths[0]
    if wrong := [path for path, message in said.items() if message.startswith("error")]:
        return "error", wrong[0]
    assert isinstance(tree.definition, Pipeline)
    if tree.definition.refusals:
        return "refused", tree.definition.refusals[0].split(":")[2].strip()
    return ("warning", next(iter(said))) if said else ("fine", "")


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_is_told_as_the_table_says(name: str) -> None:
    text, oracle, ours, at = PROBES[name]
    assert verdict(text) == (ours, at)
    assert (oracle == "valid" and ours == "error") == (name in STRICTER)
    assert (oracle == "reject" and ours != "error") == (name in LENIENT)
