"""Files of both flavours for the tests that write them in another."""

from __future__ import annotations

from typing import Any

import yaml

from tests.formats.azureml.reading import files_of

FILES = files_of(
    {
        "conda.yml": "dependencies: [python=3.10, {pip: [pandas]}]",
        "requirements.txt": "pandas\n",
        "docker/Dockerfile": "FROM scratch",
        "trial.yaml": "type: CommandComponent\ncommand: t --rate {inputs.rate}\n"
        "inputs: {rate: {type: Float}}\noutputs: {m: {type: path}}\n",
    },
    check_code=False,
)
OLD = """\
# A comment
$schema: https://componentsdk.azureedge.net/jsonschema/CommandComponent.json
name: company.team.probe
version: 0.1
type: CommandComponent
description: What it does
tags: {kind: probe}
is_deterministic: false
successful_return_code: ZeroOrGreater
inputs:
  data: {type: AnyDirectory, description: Rows, datastore_mode: mount}
  file: {type: [AnyFile], optional: true}
  text: {type: String, optional: true}
  count: {type: Integer, default: 3, min: 1, max: 9}
  rate: {type: Float, default: 0.5, optional: true}
  flag: {type: Boolean, default: false}
  choice: {type: Enum, enum: [1, b], default: b}
outputs:
  out: {type: AnyDirectory, datastore_mode: upload}
  one: {type: AnyFile, is_link_mode: true}
command: >-
  python x.py --data {inputs.data} [--text {inputs.text}] [--file {inputs.file}]
  --count {inputs.count} --out {outputs.out} --one {outputs.one}
code: ../src
environment_variables: {A: '1'}
environment:
  docker: {image: "ubuntu:22.04"}
  conda: {conda_dependencies_file: conda.yml}
  os: Linux
"""


def old(**fields: Any) -> str:
    return _text({"type": "CommandComponent", "name": "c", "version": "1", "command": "t"}, fields)


def v2(**fields: Any) -> str:
    first = {"type": "command", "name": "c", "version": "1", "command": "t"}
    return _text({**first, "environment": {"image": "i"}}, fields)


def _text(first: dict[str, Any], fields: dict[str, Any]) -> str:
    document = {name: value for name, value in {**first, **fields}.items() if value is not None}
    return yaml.safe_dump(document, sort_keys=False)
