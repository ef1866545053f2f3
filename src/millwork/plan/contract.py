"""The run contract: a step with its data at hand becomes a plan (pai-contract 1.1, seed 000).

No value is put into a shell's text: the command is run as it is written, and values reach it as
environment variables, as files, and as the words of "$@" (DESIGN decisions 8 and 9).
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.names import variable_suffix
from millwork.base.records import dataclass, field
from millwork.plan import scheduling
from millwork.plan.model import Mount, Plan, Rendered, Replica
from millwork.spec import values
from millwork.spec.model import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from millwork.plan.jobs import Hosts, Place
    from millwork.plan.model import Artifact, Route, Step
    from millwork.spec.model import Component, Value

ML = "/ml"
VALUE_FILE = "value.json"
TRACKING_FILE, METRICS_FILE = "mlflow/tracking.db", "mlflow/metrics.jsonl"
CREDENTIAL, CREDENTIAL_VARIABLE = "input/credential/odps.json", "PAI_ODPS_CREDENTIAL"
CHECKPOINT = "checkpoint"
"""The type of outputs that go on where an earlier attempt at the step left them."""
LINK = "link"
"""The mode of an output for which a step writes down the path of data that is there already."""
METRICS_VARIABLE = "MILLWORK_METRICS"
ARTIFACTS = "artifacts"
"""The output that every AzureML component has besides its own: its `./outputs` and `./logs`."""
_AZUREML_PACKAGES = ("azureml-core", "azureml-defaults", "azureml-sdk")
_AZUREML_FOLDERS = ("mlflow", f"output/{ARTIFACTS}/outputs", f"output/{ARTIFACTS}/logs")
_AZUREML_LINKS = {
    f"usercode/{name}": f"../output/{ARTIFACTS}/{name}" for name in ("outputs", "logs")
}
_encode = json.JSONEncoder(ensure_ascii=False).encode
_FOLDERS = ("usercode", "input", "input/config", "output")
_SPLITS_OR_GLOBS = frozenset(" \t\n\r\v\f*?[]'\"\\")


@dataclass(frozen=True)
class Job:
    """Who asks: the run, the attempt, the GPUs that were set aside for it, and where replicas are.

    `carries` as in the plan; `leases` are where a batch's shards are leased, and the token for it;
    `uploads` where outputs are brought, by port.
    """

    run: str
    attempt: str
    gpus: tuple[int, ...] = ()
    hosts: Callable[[tuple[Place, ...]], Hosts] | None = None
    carries: Mapping[str, str] = field(default_factory=dict)
    leases: tuple[str, str] = ("", "")
    uploads: Mapping[str, Route] = field(default_factory=dict)


def make_plan(
    step: Step,
    data: Mapping[str, Artifact],
    parameters: Mapping[str, Value],
    job: Job,
    root: str = ML,
) -> Plan:
    """What `step` asks an engine for, given its inputs' data and its parameters' values.

    Raises BadRequest if `$PAI_USER_ARGS` cannot carry one of the values.
    """
    component = step.component
    targets = {name: input_path(root, name, artifact) for name, artifact in data.items()}
    transferred = _transferred(step, data, targets, root, job)
    if component.work == "sweep":
        from millwork.plan.sweep import driver_plan

        plan = driver_plan(step, data, targets, parameters, job.run, root)
        return replace(plan, **transferred)
    check_user_args(step.name, component.command, parameters)
    outputs = {name: output_path(step, name) for name in component.outputs}
    uris = {name: f"{root}/{path}" for name, path in outputs.items()}
    words = _words(parameters)
    command = _command(step, words, parameters, targets, uris)
    env = {
        **_azureml_variables(component, root, job),
        **component.env,
        **step.env,
        **_variables(root, targets, outputs, parameters, words),
        **command.env,
        **_job_variables(component, job),
        **({CREDENTIAL_VARIABLE: f"{root}/{CREDENTIAL}"} if _has_odps(data) else {}),
    }
    replicas = _replicas(step, command.argv, env, root, job)
    return Plan(
        replicas=replicas,
        root=root,
        mounts=tuple(_all_mounts(component, data, targets)),
        files=_config_files(step, targets, uris, parameters, job, len(replicas))
        | _gathered_values(data),
        folders=_folders(component, data),
        code=step.code,
        image=step.image or component.image,
        links=_AZUREML_LINKS if component.syntax != "shell" else {},
        environment=component.environment,
        shims=_shims(component),
        carries=job.carries,
        leases=job.leases[0].rpartition("/")[0],
        **transferred,
    )


def _all_mounts(
    component: Component, data: Mapping[str, Artifact], targets: Mapping[str, str]
) -> Iterator[Mount]:
    for name, target in targets.items():
        yield from _mounts(data[name], target, component.inputs[name].mode)


def _words(parameters: Mapping[str, Value]) -> tuple[str, ...]:
    return tuple(
        word for name, value in parameters.items() for word in (f"--{name}", values.to_text(value))
    )


def _folders(component: Component, data: Mapping[str, Artifact]) -> tuple[str, ...]:
    gathered = (name for name, artifact in data.items() if artifact.text is not None)
    return (
        *_FOLDERS,
        *(("input/data",) if data else ()),
        *(("input/credential",) if _has_odps(data) else ()),
        *(f"input/data/{name}" for name in gathered),
        *(f"output/{name}" for name in component.outputs),
        *(_AZUREML_FOLDERS if component.syntax != "shell" else ()),
    )


def output_path(step: Step, name: str) -> str:
    """Where a step is told to write an output, below its root: a folder, or one file in it."""
    kind = step.component.outputs[name].type
    if step.component.outputs[name].mode == LINK:
        return f"output/{name}/{name}"
    if kind == "value":
        return f"output/{name}/{VALUE_FILE}"
    if kind == "file" and step.component.syntax != "shell":
        return f"output/{name}/{step.file_names.get(name, name)}"
    return f"output/{name}"


def _command(
    step: Step,
    words: tuple[str, ...],
    parameters: Mapping[str, Value],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> Rendered:
    component = step.component
    if component.syntax == "shell" and step.scheduling:
        return scheduling.in_shell(component.command, step.scheduling, words)
    if component.syntax == "shell":
        return Rendered(("sh", "-c", component.command, "sh", *words), {})
    from millwork.plan import (  # a run without them does not pay for them
        parallel,
        placeholders,
        spark,
    )

    texts = {f"inputs.{name}": values.to_text(value) for name, value in parameters.items()}
    texts |= {f"inputs.{name}": path for name, path in inputs.items()}
    texts |= {f"outputs.{name}": path for name, path in outputs.items()}
    texts |= scheduling.texts(step.scheduling)
    if component.work in ("spark", "hdinsight"):
        return spark.submit(component, texts)
    if component.work == "parallel":
        return parallel.words(component, texts)
    return placeholders.render(component.command, component.syntax, texts)


def _azureml_variables(component: Component, root: str, job: Job) -> dict[str, str]:
    """What an AzureML script looks for in its surroundings (azureml-spec 2, needs of the runner).

    MLflow refuses a tracking URI that is a folder, so it gets a database of its own.
    """
    if component.syntax == "shell":
        return {}
    return {
        "MLFLOW_TRACKING_URI": f"sqlite:///{root}/{TRACKING_FILE}",
        METRICS_VARIABLE: f"{root}/{METRICS_FILE}",
        "AZUREML_RUN_ID": job.attempt,
        "AZUREML_ROOT_RUN_ID": job.run,
        "AZUREML_EXPERIMENT_NAME": "millwork",
    }


def _job_variables(component: Component, job: Job) -> dict[str, str]:
    """What is the job's own, and where a batch's shards are leased (docs/elastic-batch.md)."""
    told = {
        "PAI_TRAINING_JOB_ID": job.run,
        "NVIDIA_VISIBLE_DEVICES": ",".join(map(str, job.gpus)),
    }
    if component.batch and job.leases[0]:  # what is only looked at is leased nowhere
        told["MILLWORK_SHARDS"], told["MILLWORK_SHARDS_TOKEN"] = job.leases
        if component.batch.output:
            told["MILLWORK_SHARDS_OUTPUT"] = component.batch.output
    return told


def _shims(component: Component) -> tuple[str, ...]:
    """Packages of ours: the worker's side of a batch, and what stands in for AzureML's old one."""
    return (("batch",) if component.batch else ()) + _azureml_shims(component)


def _azureml_shims(component: Component) -> tuple[str, ...]:
    """For scripts that call `Run.get_context()`, where AzureML's own package is not wanted."""
    wanted = component.environment.requirements if component.environment else ""
    is_wanted = any(name in wanted for name in _AZUREML_PACKAGES)
    return () if component.syntax == "shell" or is_wanted else ("azureml",)


def _replicas(
    step: Step, argv: tuple[str, ...], env: Mapping[str, str | Secret], root: str, job: Job
) -> tuple[Replica, ...]:
    alone = Replica(
        argv=argv,
        env={name: value for name, value in env.items() if isinstance(value, str)},
        secrets={name: value.name for name, value in env.items() if isinstance(value, Secret)},
        resources=step.resources,
    )
    if not step.is_job:
        return (alone,)
    from millwork.plan.gang import spread  # a run without one does not pay for it

    return spread(step, alone, root, job.gpus, job.hosts)


def check_user_args(step: str, command: str, parameters: Mapping[str, Value]) -> None:
    """Raises BadRequest if the command uses `$PAI_USER_ARGS` and a value would not survive it.

    The shell splits and globs the unquoted variable, and no quoting inside it helps
    (measured: reference reliability.md, command building).
    """
    if "PAI_USER_ARGS" not in command:
        return
    for name, value in parameters.items():
        text = values.to_text(value)
        if not text or _SPLITS_OR_GLOBS.intersection(text):
            kind = "an empty value" if not text else "blanks, quotes, backslashes or any of *?[]"
            raise BadRequest(
                f"step '{step}': parameter '{name}' has {kind}, which $PAI_USER_ARGS cannot "
                f'carry; let the command use "$@" or "$PAI_HPS_{variable_suffix(name)}" instead'
            )


def input_path(root: str, name: str, artifact: Artifact) -> str:
    """Where a step finds an input's data."""
    folder = f"{root}/input/data/{name}"
    if artifact.text is not None:
        return f"{folder}/{VALUE_FILE}"
    return f"{folder}/{artifact.path.rsplit('/', 1)[-1]}" if artifact.is_file else folder


def _mounts(artifact: Artifact, target: str, mode: str) -> list[Mount]:
    if artifact.text is not None or artifact.route:
        return []
    if artifact.parts is not None:
        return [Mount(path, f"{target}/{i}") for i, path in enumerate(artifact.parts)]
    is_copy = mode == "download"
    return [Mount(artifact.path, target, not is_copy, is_copy)]


def _transferred(
    step: Step, data: Mapping[str, Artifact], targets: Mapping[str, str], root: str, job: Job
) -> dict[str, Any]:
    """What a plan says of data that is elsewhere; nothing if none is."""
    if not job.uploads and not any(artifact.route for artifact in data.values()):
        return {}
    from millwork.plan import transfers  # a run without them does not pay for it

    below = {name: target.removeprefix(f"{root}/") for name, target in targets.items()}
    return transfers.of(step, data, below, job.uploads)


def _has_odps(data: Mapping[str, Artifact]) -> bool:
    return any(each.route and each.route.uri.startswith("odps:") for each in data.values())


def _gathered_values(data: Mapping[str, Artifact]) -> dict[str, str]:
    return {
        f"input/data/{name}/{VALUE_FILE}": artifact.text
        for name, artifact in data.items()
        if artifact.text is not None
    }


def _variables(
    root: str,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, Value],
    words: tuple[str, ...],
) -> dict[str, str]:
    env = {
        "PYTHONUNBUFFERED": "1",
        "PAI_WORKING_DIR": f"{root}/usercode/",
        "PAI_CONFIG_DIR": f"{root}/input/config/",
        "PAI_HPS": _encode(dict(parameters)),
        "PAI_USER_ARGS": " ".join(words),
    }
    for name, path in inputs.items():
        env[f"PAI_INPUT_{variable_suffix(name)}"] = path
    for name, path in outputs.items():
        slash = "/" if path == f"output/{name}" else ""
        env[f"PAI_OUTPUT_{variable_suffix(name)}"] = f"{root}/{path}{slash}"
    for name, value in parameters.items():
        env[f"PAI_HPS_{variable_suffix(name)}"] = values.to_text(value)
    return env


def _config_files(
    step: Step,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, Value],
    job: Job,
    count: int,
) -> dict[str, str]:
    texts = {name: values.to_text(value) for name, value in parameters.items()}
    return {
        "input/config/hyperparameters.json": _json(texts),
        "input/config/training_job.json": _json(
            _training_job(step, inputs, outputs, texts, job, count)
        ),
    }


def _training_job(
    step: Step,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    parameters: Mapping[str, str],
    job: Job,
    count: int,
) -> dict[str, Any]:
    """PAI publishes no schema: these are the names of its GetTrainingJob answer, as ours."""
    component = step.component
    wishes = step.resources
    return {
        "TrainingJobId": job.run,
        "TrainingJobName": step.name,
        "AlgorithmName": component.name,
        "AlgorithmVersion": component.version,
        "AlgorithmSpec": {
            "Command": ["sh", "-c", component.command],
            "Image": component.image,
            "JobType": component.job_type,
        },
        "ComputeResource": {
            "InstanceCount": count,
            "InstanceSpec": {"CPU": wishes.cpu, "Memory": wishes.memory, "GPU": wishes.gpu},
        },
        "HyperParameters": [{"Name": name, "Value": text} for name, text in parameters.items()],
        "InputChannels": [{"Name": name, "InputUri": path} for name, path in inputs.items()],
        "OutputChannels": [{"Name": name, "OutputUri": path} for name, path in outputs.items()],
        "Scheduler": {"MaxRunningTimeInSeconds": step.timeout},
    }


def _json(content: object) -> str:
    return _encode(content) + "\n"
