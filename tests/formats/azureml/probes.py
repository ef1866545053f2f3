"""About fifty changes of one thing a flavour, and what the oracle and this reader say of each.

Written from section 1 of the reference azureml-spec.md. The oracle's word (azure-ai-ml 1.35.2,
its internal components enabled, `load_component` and `_validate`, offline) was measured for each
row: `valid`, `invalid` or `reject`. Ours: `fine`; `warning`; `refused`, which is a warning at load
and an error at run; or `error`. `at` is where ours is said.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import yaml

DROP = "<drop>"

OLD = """\
$schema: https://componentsdk.azureedge.net/jsonschema/CommandComponent.json
name: company.team.probe-one
version: 0.0.1
display_name: Probe
type: CommandComponent
description: What it does
tags: {kind: probe}
is_deterministic: true
inputs:
  data: {type: AnyDirectory, description: Rows}
  text: {type: String, optional: true}
  count: {type: Integer, default: 3, min: 1, max: 9}
  rate: {type: Float, default: 0.5}
  flag: {type: Boolean, default: false}
  choice: {type: Enum, enum: [a, b], default: a}
outputs:
  out: {type: AnyDirectory}
command: >-
  python x.py --data {inputs.data} [--text {inputs.text}] --count {inputs.count}
  --rate {inputs.rate} --flag {inputs.flag} --choice {inputs.choice} --out {outputs.out}
environment:
  docker: {image: "ubuntu:22.04"}
  conda: {conda_dependencies: {dependencies: [python=3.10, {pip: [pandas]}]}}
  os: Linux
"""

V2 = """\
$schema: https://azuremlschemas.azureedge.net/latest/commandComponent.schema.json
name: probe_one
version: 0.0.1
display_name: Probe
type: command
description: What it does
tags: {kind: probe}
is_deterministic: true
inputs:
  data: {type: uri_folder, description: Rows}
  text: {type: string, optional: true}
  count: {type: integer, default: 3, min: 1, max: 9}
  rate: {type: number, default: 0.5}
  flag: {type: boolean, default: false}
  choice: {type: string, enum: [a, b], default: a}
outputs:
  out: {type: uri_folder}
code: ./src
command: >-
  python x.py --data ${{inputs.data}} $[[--text ${{inputs.text}}]] --count ${{inputs.count}}
  --rate ${{inputs.rate}} --flag ${{inputs.flag}} --choice ${{inputs.choice}}
  --out ${{outputs.out}}
environment:
  image: "ubuntu:22.04"
  conda_file: ./conda.yaml
"""

CONDA = "dependencies: [python=3.10, {pip: [pandas]}]\n"
FILES = {"conda.yaml": CONDA, "requirements.txt": "pandas\n", "Dockerfile": "FROM ubuntu\n"}
FOLDERS = ("src", "other")


class Probe(NamedTuple):
    """One change, in YAML that is laid over the base; `<drop>` takes a field away."""

    name: str
    change: str
    oracle: str
    ours: str
    at: str = ""
    lenient: str = ""


def changed(base: str, change: str) -> str:
    """`base` with `change` laid over it; scalars stay as they are written."""
    root, patch = yaml.compose(base), yaml.compose(change)
    if patch is not None:
        _lay(root, patch)
    text: str = yaml.serialize(root)
    return text.replace("!!null ''", "null")


def _lay(node: Any, patch: Any) -> None:
    for key, value in patch.value:
        position = next((i for i, (k, _) in enumerate(node.value) if k.value == key.value), None)
        if isinstance(value, yaml.ScalarNode) and value.value == DROP:
            if position is not None:
                del node.value[position]
        elif position is None:
            node.value.append((key, value))
        elif (
            isinstance(value, yaml.MappingNode)
            and value.value
            and isinstance(node.value[position][1], yaml.MappingNode)
        ):
            _lay(node.value[position][1], value)
        else:
            node.value[position] = (key, value)


OLD_PROBES = (
    Probe("nothing", "", "valid", "fine"),
    Probe("no $schema", "$schema: <drop>", "valid", "fine"),
    Probe("label", "type: CommandComponent@1-legacy", "valid", "fine"),
    Probe("preview label", "type: CommandComponent@1-preview", "valid", "fine"),
    Probe("no type", "type: <drop>", "reject", "fine", "", "type left out"),
    Probe("no type and no $schema", "{type: <drop>, $schema: <drop>}", "reject", "fine", "",
          "type left out"),
    Probe("unknown type", "type: BogusComponent", "reject", "error", "type"),
    Probe("type in lower case", "type: commandcomponent", "reject", "error", "type"),
    Probe("unknown label", "type: CommandComponent@bogus", "valid", "fine"),
    Probe("name with spaces", "name: My component", "valid", "warning", "name"),
    Probe("legacy name", "name: azureml://Select Columns in Dataset", "valid", "refused", "name"),
    Probe("no name", "name: <drop>", "reject", "error", "name"),
    Probe("no name and no version", "{name: <drop>, version: <drop>}", "valid", "fine"),
    Probe("no version", "version: <drop>", "valid", "fine"),
    Probe("version 1.10", "version: 1.10", "valid", "fine"),
    Probe("version of any text", "version: alpha one", "valid", "fine"),
    Probe("tag of nothing", "tags: {kind: }", "valid", "fine"),
    Probe("tags as a list", "tags: [a]", "reject", "error", "tags"),
    Probe("a tag that is a mapping", "tags: {kind: {a: b}}", "valid", "warning", "tags.kind"),
    Probe("number as description", "description: 12", "reject", "fine", "", "text"),
    Probe("description of nothing", "description:", "reject", "fine", "", "nothing"),
    Probe("is_deterministic maybe", "is_deterministic: maybe", "reject", "error",
          "is_deterministic"),
    Probe("is_deterministic yes", "is_deterministic: yes", "valid", "fine"),
    Probe("ZeroOrGreater", "successful_return_code: ZeroOrGreater", "valid", "fine"),
    Probe("unknown return code", "successful_return_code: Some", "valid", "refused",
          "successful_return_code"),
    Probe("unknown field", "bogus: 1", "valid", "warning", "bogus"),
    Probe("inputs of nothing", "{inputs: , command: python x.py}", "reject", "fine", "", "nothing"),
    Probe("no inputs", "{inputs: <drop>, command: python x.py}", "valid", "fine"),
    Probe("no outputs", "{outputs: <drop>, command: python x.py}", "valid", "fine"),
    Probe("input a-b", "inputs: {a-b: {type: String}}", "invalid", "error", "inputs.a-b"),
    Probe("input 1a", "inputs: {1a: {type: String}}", "invalid", "error", "inputs.1a"),
    Probe("output a-b", "outputs: {a-b: {type: AnyFile}}", "invalid", "error", "outputs.a-b"),
    Probe("grouped input", "inputs: {a.b: {type: String, optional: true}}", "valid", "fine"),
    Probe("names equal but for case", "inputs: {Data: {type: AnyFile}}", "invalid", "error",
          "inputs.Data"),
    Probe("input and output of one name", "outputs: {data: {type: AnyFile}}", "valid", "warning",
          "outputs.data"),
    Probe("unknown key in an input", "inputs: {data: {bogus: 1}}", "reject", "error",
          "inputs.data.bogus"),
    Probe("unknown key in an output", "outputs: {out: {bogus: 1}}", "valid", "warning",
          "outputs.out.bogus"),
    Probe("input without a type", "inputs: {data: {type: <drop>}}", "reject", "error",
          "inputs.data.type"),
    Probe("input of nothing", "inputs: {data: }", "reject", "error", "inputs.data"),
    Probe("input as a text", "inputs: {data: AnyFile}", "reject", "error", "inputs.data"),
    Probe("list of types", "inputs: {data: {type: [AnyFile, AnyDirectory]}}", "valid", "fine"),
    Probe("type of one's own", "inputs: {data: {type: MyRows}}", "valid", "fine"),
    Probe("type with < and >", "inputs: {data: {type: List<x>}}", "valid", "warning",
          "inputs.data.type"),
    Probe("Int", "inputs: {count: {type: Int}}", "reject", "fine", "", "other words for types"),
    Probe("Int without a default",
          "inputs: {count: {type: Int, default: <drop>, min: <drop>, max: <drop>}}", "valid",
          "fine"),
    Probe("integer", "inputs: {count: {type: integer}}", "valid", "fine"),
    Probe("default that is no integer", "inputs: {count: {default: abc}}", "valid", "refused",
          "inputs.count.default"),
    Probe("default of 1.5", "inputs: {count: {default: 1.5}}", "valid", "refused",
          "inputs.count.default"),
    Probe("default of 2.0", "inputs: {count: {default: 2.0}}", "valid", "fine"),
    Probe("default beyond 64 bits", "inputs: {count: {default: 99999999999999999999, max: <drop>}}",
          "valid", "refused", "inputs.count.default"),
    Probe("default below min", "inputs: {count: {default: 0}}", "valid", "refused",
          "inputs.count.default"),
    Probe("min above max", "inputs: {count: {min: 10}}", "valid", "refused", "inputs.count.min"),
    Probe("min that is no number", "inputs: {count: {min: abc}}", "reject", "error",
          "inputs.count.min"),
    Probe("default not in enum", "inputs: {choice: {default: c}}", "valid", "refused",
          "inputs.choice.default"),
    Probe("enum of numbers", "inputs: {choice: {enum: [1, 2], default: 1}}", "valid", "fine"),
    Probe("Enum without a list", "inputs: {choice: {enum: <drop>}}", "valid", "warning",
          "inputs.choice"),
    Probe("default on a port", "inputs: {data: {default: x}}", "reject", "error",
          "inputs.data.default"),
    Probe("enum on a port", "inputs: {data: {enum: [x]}}", "reject", "error", "inputs.data.enum"),
    Probe("min on a String", "inputs: {text: {min: 1}}", "valid", "warning", "inputs.text.min"),
    Probe("min on a string", "inputs: {text: {type: string, min: 1}}", "reject", "error",
          "inputs.text.min"),
    Probe("default maybe on a Boolean", "inputs: {flag: {default: maybe}}", "valid", "refused",
          "inputs.flag.default"),
    Probe("default maybe on a boolean", "inputs: {flag: {type: boolean, default: maybe}}", "reject",
          "error", "inputs.flag.default"),
    Probe("default abc on an integer", "inputs: {count: {type: integer, default: abc}}", "reject",
          "error", "inputs.count.default"),
    Probe("default yes on a Boolean", "inputs: {flag: {default: yes}}", "valid", "fine"),
    Probe("optional maybe", "inputs: {data: {optional: maybe}}", "reject", "error",
          "inputs.data.optional"),
    Probe("datastore_mode", "inputs: {data: {datastore_mode: download}}", "valid", "fine"),
    Probe("unknown datastore_mode", "inputs: {data: {datastore_mode: bogus}}", "valid", "warning",
          "inputs.data.datastore_mode"),
    Probe("is_resource", "inputs: {data: {is_resource: true}}", "valid", "fine"),
    Probe("is_link_mode", "outputs: {out: {is_link_mode: true}}", "valid", "fine"),
    Probe("output of a list of types", "outputs: {out: {type: [AnyFile]}}", "reject", "error",
          "outputs.out.type"),
    Probe("code folder", "code: ./other", "valid", "fine"),
    Probe("code folder that is not there", "code: ./nowhere", "reject", "error", "code"),
    Probe("http code", "code: https://example.org/dir", "valid", "refused", "code"),
    Probe("snapshot code", "code: aml://one/two/three/snapshots/x", "reject", "refused", "code",
          "snapshot code"),
    Probe("code asset", "code: azureml:code:1", "valid", "refused", "code"),
    Probe("code from Git", "code: git+https://example.org/a.git", "invalid", "fine", "",
          "code from Git"),
    Probe("no command", "command: <drop>", "valid", "refused", "command"),
    Probe("undeclared placeholder", "command: python x.py {inputs.missing}", "valid", "error",
          "command"),
    Probe("optional outside a group", "command: python x.py {inputs.text}", "valid", "warning",
          "command"),
    Probe("required within a group", "command: 'python x.py [--d {inputs.data}]'", "valid", "fine"),
    Probe("no environment", "environment: <drop>", "valid", "fine"),
    Probe("environment by reference", "environment: azureml:env:1", "valid", "fine"),
    Probe("environment of a registry",
          "environment: azureml://registries/r/environments/e/versions/1", "valid", "fine"),
    Probe("environment as bare text", "environment: bogus", "reject", "error", "environment"),
    Probe("environment without azureml:", "environment: env:1", "reject", "fine", "",
          "environment's name"),
    Probe("environment without a version", "environment: azureml:env", "reject", "fine", "",
          "environment's name"),
    Probe("environment with a name", "environment: {name: e, version: 1}", "valid", "fine"),
    Probe("unknown key in environment", "environment: {bogus: 1}", "reject", "error",
          "environment.bogus"),
    Probe("two conda keys", "environment: {conda: {pip_requirements_file: requirements.txt}}",
          "valid",
          "warning", "environment.conda"),
    Probe("conda file",
          "environment: {conda: {conda_dependencies: <drop>, conda_dependencies_file: conda.yaml}}",
          "valid", "fine"),
    Probe("conda file that is not there",
          "environment: {conda: {conda_dependencies: <drop>, conda_dependencies_file: no.yaml}}",
          "invalid", "error", "environment.conda.conda_dependencies_file"),
    Probe("pip file that is not there",
          "environment: {conda: {conda_dependencies: <drop>, pip_requirements_file: no.txt}}",
          "invalid",
          "error", "environment.conda.pip_requirements_file"),
    Probe("Dockerfile", "environment: {docker: {build: {dockerfile: 'file:./Dockerfile'}}}",
          "valid",
          "warning", "environment.docker.build.dockerfile"),
    Probe("Dockerfile that is not there",
          "environment: {docker: {build: {dockerfile: 'file:./no'}}}", "invalid", "error",
          "environment.docker.build.dockerfile"),
    Probe("windows", "environment: {os: windows}", "valid", "refused", "environment.os"),
    Probe("unknown os", "environment: {os: solaris}", "reject", "error", "environment.os"),
    Probe("environment variables", "environment_variables: {A: b, N: 1}", "valid", "fine"),
    Probe("launcher of an unknown type",
          "{type: DistributedComponent, command: <drop>, "
          "launcher: {type: bogus, additional_arguments: python x.py}}", "valid", "refused",
          "launcher.type"),
    Probe("launcher without arguments",
          "{type: DistributedComponent, command: <drop>, launcher: {type: mpi}}", "valid",
          "refused",
          "launcher.additional_arguments"),
)  # fmt: skip

V2_PROBES = (
    Probe("nothing", "", "valid", "fine"),
    Probe("no $schema", "$schema: <drop>", "valid", "fine"),
    Probe("no type", "type: <drop>", "valid", "fine"),
    Probe("no type and no $schema", "{type: <drop>, $schema: <drop>}", "valid", "fine"),
    Probe("type in upper case", "type: Command", "valid", "fine"),
    Probe("label", "type: command@1-legacy", "reject", "error", "type"),
    Probe("unknown type", "type: bogus", "reject", "error", "type"),
    Probe("name with a hyphen", "name: probe-one", "reject", "warning", "name", "component name"),
    Probe("name in capitals", "name: Probe", "reject", "warning", "name", "component name"),
    Probe("no name", "name: <drop>", "reject", "error", "name"),
    Probe("no name and no version", "{name: <drop>, version: <drop>}", "reject", "error", "name"),
    Probe("no version", "version: <drop>", "valid", "fine"),
    Probe("version 1.10", "version: 1.10", "valid", "fine"),
    Probe("version of any text", "version: alpha one", "valid", "fine"),
    Probe("tag of nothing", "tags: {kind: }", "reject", "warning", "tags.kind", "nothing"),
    Probe("tag that is a number", "tags: {kind: 1}", "reject", "fine", "", "text"),
    Probe("number as description", "description: 12", "reject", "fine", "", "text"),
    Probe("description of nothing", "description:", "reject", "fine", "", "nothing"),
    Probe("is_deterministic maybe", "is_deterministic: maybe", "reject", "error",
          "is_deterministic"),
    Probe("unknown field", "bogus: 1", "valid", "warning", "bogus"),
    Probe("inputs of nothing", "{inputs: , command: python x.py}", "reject", "fine", "", "nothing"),
    Probe("no inputs", "{inputs: <drop>, command: python x.py}", "valid", "fine"),
    Probe("no outputs", "{outputs: <drop>, command: python x.py}", "valid", "fine"),
    Probe("input a-b", "inputs: {a-b: {type: string}}", "invalid", "error", "inputs.a-b"),
    Probe("input 1a", "inputs: {1a: {type: string}}", "invalid", "error", "inputs.1a"),
    Probe("grouped input", "inputs: {a.b: {type: string, optional: true}}", "valid", "fine"),
    Probe("names equal but for case", "inputs: {Data: {type: uri_file}}", "invalid", "error",
          "inputs.Data"),
    Probe("input and output of one name", "outputs: {data: {type: uri_file}}", "valid", "warning",
          "outputs.data"),
    Probe("unknown key in an input", "inputs: {data: {bogus: 1}}", "reject", "error",
          "inputs.data.bogus"),
    Probe("unknown key in an output", "outputs: {out: {bogus: 1}}", "reject", "error",
          "outputs.out.bogus"),
    Probe("input without a type", "inputs: {data: {type: <drop>}}", "reject", "error",
          "inputs.data.type"),
    Probe("output of a number", "outputs: {n: {type: integer}}", "valid", "fine"),
    Probe("control output", "outputs: {n: {type: boolean, is_control: true}}", "valid", "warning",
          "outputs.n.is_control"),
    Probe("early_available output", "outputs: {n: {type: boolean, early_available: true}}", "valid",
          "warning",
          "outputs.n.early_available"),
    Probe("list of types", "inputs: {data: {type: [uri_file, uri_folder]}}", "reject", "error",
          "inputs.data.type"),
    Probe("type of one's own", "inputs: {data: {type: AnyDirectory}}", "reject", "error",
          "inputs.data.type"),
    Probe("String", "inputs: {text: {type: String}}", "reject", "error", "inputs.text.type"),
    Probe("path", "inputs: {data: {type: path}}", "valid", "fine"),
    Probe("triton_model", "inputs: {data: {type: triton_model}}", "valid", "fine"),
    Probe("default that is no integer", "inputs: {count: {default: abc}}", "reject", "error",
          "inputs.count.default"),
    Probe("default of 1.5", "inputs: {count: {default: 1.5}}", "valid", "refused",
          "inputs.count.default"),
    Probe("default of 2.0", "inputs: {count: {default: 2.0}}", "valid", "fine"),
    Probe("default '7'", "inputs: {count: {default: '7'}}", "valid", "fine"),
    Probe("default 0x7", "inputs: {count: {default: 0x7}}", "valid", "fine"),
    Probe("default of nothing", "inputs: {count: {default: }}", "reject", "fine", "", "nothing"),
    Probe("infinite default", "inputs: {rate: {default: .inf}}", "valid", "warning",
          "inputs.rate.default"),
    Probe("default below min", "inputs: {count: {default: 0}}", "valid", "refused",
          "inputs.count.default"),
    Probe("min above max", "inputs: {count: {min: 10}}", "valid", "refused", "inputs.count.min"),
    Probe("min that is no number", "inputs: {count: {min: abc}}", "reject", "error",
          "inputs.count.min"),
    Probe("default not in enum", "inputs: {choice: {default: c}}", "valid", "refused",
          "inputs.choice.default"),
    Probe("enum of numbers", "inputs: {choice: {enum: [1, 2], default: '1'}}", "reject", "error",
          "inputs.choice.enum[0]"),
    Probe("enum on an integer", "inputs: {count: {enum: ['1', '3']}}", "valid", "fine"),
    Probe("default on a port", "inputs: {data: {default: x}}", "reject", "error",
          "inputs.data.default"),
    Probe("min on a text", "inputs: {text: {min: 1}}", "reject", "error", "inputs.text.min"),
    Probe("min on a boolean", "inputs: {flag: {min: 1}}", "reject", "error", "inputs.flag.min"),
    Probe("default maybe on a boolean", "inputs: {flag: {default: maybe}}", "reject", "error",
          "inputs.flag.default"),
    Probe("number as a default text", "inputs: {text: {default: 1.10}}", "valid", "fine"),
    Probe("mode", "inputs: {data: {mode: ro_mount}}", "valid", "fine"),
    Probe("unknown mode", "inputs: {data: {mode: bogus}}", "reject", "error", "inputs.data.mode"),
    Probe("datastore_mode", "inputs: {data: {datastore_mode: mount}}", "reject", "error",
          "inputs.data.datastore_mode"),
    Probe("mode on a parameter", "inputs: {text: {mode: mount}}", "reject", "error",
          "inputs.text.mode"),
    Probe("link mode", "outputs: {out: {mode: link}}", "valid", "fine"),
    Probe("no code", "code: <drop>", "valid", "fine"),
    Probe("code folder that is not there", "code: ./nowhere", "reject", "error", "code"),
    Probe("code of one file", "code: ./conda.yaml", "valid", "fine"),
    Probe("code as a mapping", "code: {local_path: ./src}", "reject", "error", "code"),
    Probe("http code", "code: https://example.org/dir", "valid", "refused", "code"),
    Probe("code asset", "code: azureml:code:1", "valid", "refused", "code"),
    Probe("code of a registry", "code: azureml://registries/r/codes/c/versions/1", "valid",
          "refused",
          "code"),
    Probe("code from Git", "code: 'git+https://example.org/a.git'", "invalid", "fine", "",
          "code from Git"),
    Probe("additional_includes", "additional_includes: [./other]", "valid", "fine"),
    Probe("additional_includes that is not there", "additional_includes: [./no]", "invalid",
          "error",
          "additional_includes[0]"),
    Probe("no command", "command: <drop>", "reject", "error", "command"),
    Probe("undeclared placeholder", "command: 'python x.py ${{inputs.missing}}'", "invalid",
          "error",
          "command"),
    Probe("group without an end", "command: 'python x.py $[[--a ${{inputs.text}}'", "valid",
          "refused",
          "command"),
    Probe("empty command", "command: ''", "valid", "refused", "command"),
    Probe("command as a list", "command: [python]", "reject", "error", "command"),
    Probe("unknown root in a placeholder", "command: 'python x.py ${{bogus.x}}'", "invalid",
          "error",
          "command"),
    Probe("optional outside a group", "command: 'python x.py ${{inputs.text}}'", "valid", "warning",
          "command"),
    Probe("constant group", "command: \"python x.py $[[--bf16 'true']]\"", "valid", "fine"),
    Probe("no environment", "environment: <drop>", "reject", "error", "environment"),
    Probe("environment by reference", "environment: azureml:env:1", "valid", "fine"),
    Probe("latest environment", "environment: azureml:env@latest", "valid", "fine"),
    Probe("environment of a registry",
          "environment: azureml://registries/r/environments/e/versions/1", "valid", "fine"),
    Probe("environment as bare text", "environment: bogus", "reject", "error", "environment"),
    Probe("environment without azureml:", "environment: sklearn-1.5@latest", "reject", "fine", "",
          "environment's name"),
    Probe("environment without a version", "environment: azureml:env", "valid", "fine"),
    Probe("unknown key in environment", "environment: {bogus: 1}", "reject", "error",
          "environment.bogus"),
    Probe("environment of a build", "environment: {image: <drop>, conda_file: <drop>, "
          "build: {path: ./other}}", "valid", "warning", "environment.build"),
    Probe("build folder that is not there", "environment: {image: <drop>, conda_file: <drop>, "
          "build: {path: ./no}}", "reject", "error", "environment.build.path"),
    Probe("conda file within", "environment: {conda_file: {dependencies: [python=3.10]}}", "valid",
          "fine"),
    Probe("conda file that is not there", "environment: {conda_file: ./no.yaml}", "reject", "error",
          "environment.conda_file"),
    Probe("windows", "environment: {os_type: windows}", "valid", "refused", "environment.os_type"),
    Probe("environment variables", "environment_variables: {A: b}", "valid", "fine"),
    Probe("mpi of one process", "distribution: {type: mpi}", "valid", "fine"),
    Probe("pytorch of two processes",
          "distribution: {type: pytorch, process_count_per_instance: 2}", "valid", "fine"),
    Probe("two instances", "resources: {instance_count: 2}", "valid", "fine"),
    Probe("unknown distribution", "distribution: {type: bogus}", "reject", "error",
          "distribution.type"),
    Probe("unknown key in distribution", "distribution: {type: PyTorch, bogus: 1}", "valid",
          "fine"),
    Probe("tensorflow of one worker", "distribution: {type: tensorflow, worker_count: 1}", "valid",
          "fine"),
    Probe("ray", "distribution: {type: ray}", "valid", "refused", "distribution"),
    Probe("tag that is a mapping", "tags: {kind: {a: b}}", "reject", "error", "tags.kind"),
    Probe("inputs as a list", "inputs: [a]", "reject", "error", "inputs"),
    Probe("unknown mode of an output", "outputs: {out: {mode: bogus}}", "reject", "error",
          "outputs.out.mode"),
    Probe("quoted yes on a boolean", "inputs: {flag: {default: 'yes'}}", "reject", "error",
          "inputs.flag.default"),
    Probe("yes on a boolean", "inputs: {flag: {default: yes}}", "valid", "fine"),
    Probe("date as a text", "inputs: {text: {default: 2024-01-01}}", "reject", "fine", "", "text"),
    Probe("unknown key in resources", "resources: {bogus: 1}", "valid", "fine"),
    Probe("instance_count that is no number", "resources: {instance_count: many}", "reject",
          "error",
          "resources.instance_count"),
)  # fmt: skip
