"""A pipeline job of two jobs and their component, for the tests to change."""

from __future__ import annotations

STEP = """\
type: command
name: step
command: >-
  step $[[${{inputs.n}}]] $[[${{inputs.word}}]] $[[${{inputs.data}}]] ${{outputs.o}} ${{outputs.f}}
environment: {image: python}
inputs:
  n: {type: integer, optional: true}
  word: {type: string, optional: true}
  data: {type: uri_folder, optional: true}
outputs:
  o: {type: uri_folder}
  f: {type: uri_file}
  v: {type: number}
"""
FILES = {"./step.yaml": STEP}
JOB = """\
type: pipeline
inputs:
  x: 1
  data: {type: uri_folder, path: ./data, mode: download}
outputs:
  p: {type: uri_folder}
jobs:
  a:
    type: command
    component: file:./step.yaml
    inputs:
      n: ${{parent.inputs.x}}
      data: ${{parent.inputs.data}}
    outputs:
      o: ${{parent.outputs.p}}
  b:
    component: ./step.yaml
    inputs: {data: "${{parent.jobs.a.outputs.o}}", word: plain}
"""


def changed(old: str, new: str) -> str:
    assert JOB.count(old) == 1
    return JOB.replace(old, new)


def given(inputs: str) -> str:
    """The job with other inputs for b."""
    return changed('{data: "${{parent.jobs.a.outputs.o}}", word: plain}', inputs)
