"""The fields of AzureML's files: a table for each type, of what its flavour has and of its own."""

from __future__ import annotations

from typing import Any

from millwork.formats.azureml.ports import OLD_INPUTS, OLD_OUTPUTS, V2_INPUTS, V2_OUTPUT, V2_OUTPUTS
from millwork.formats.azureml.words import WORDS, Anything, AsIs, Flag, Loose, Section, no_build
from millwork.spec.fields import ByShape, Choice, Field, ListOf, MapOf, Number, Record, Text

TASKS = (
    "classification", "regression", "forecasting", "image_classification",
    "image_classification_multilabel", "image_object_detection", "image_instance_segmentation",
    "text_classification", "text_classification_multilabel", "text_ner",
)  # fmt: skip
POLICY = (
    "slack_factor", "slack_amount", "evaluation_interval", "delay_evaluation",
    "truncation_percentage",
)  # fmt: skip
_TRANSFERS = ("copy_data", "import_data", "export_data")
_WHOLE = Number(-(2**63), 2**63)
_SETTING = ByShape(Text(), ListOf(Text()), Section())


def _among(name: str) -> ByShape:
    """A word, or the default among those that a run may choose from."""
    choice = (
        Field("default", Text(), "The one that is used"),
        Field("enum", ListOf(Text()), "Those allowed"),
    )
    return ByShape(Text(), None, Loose(name, choice, no_build))


def _texts(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, Text(), "Text") for name in names)


_HEAD = (
    Field("$schema", Text(), "The schema that an editor uses"),
    Field("type", Text(), "What it is"),
    Field("name", Text(), "The component's name"),
    Field("version", Text(), "Any text"),
    Field("display_name", Text(), "For people", default="name"),
    Field("description", Text(), "For people, in Markdown"),
    Field("tags", Section(), "Free words"),
    Field("properties", Section(), "Kept, and not used here"),
    Field("is_deterministic", Flag(), "Same inputs, same result", default="true"),
    Field("environment", AsIs(), "The image and packages it runs with"),
    Field("environment_variables", Section(), "More variables"),
)
_CODE = Field("code", Text(), "The folder of its code, relative to this file")
_OLD_HEAD = (
    *_HEAD,
    _CODE,
    Field("inputs", OLD_INPUTS, "Data and values it takes"),
    Field("outputs", OLD_OUTPUTS, "Data it writes"),
    Field("successful_return_code", Text(), "Zero, or ZeroOrGreater"),
)
_V2_HEAD = (
    *_HEAD,
    Field("inputs", V2_INPUTS, "Data and values it takes"),
    Field("outputs", V2_OUTPUTS, "Data and values it writes"),
)
_V2_CODE = (
    _CODE,
    Field("additional_includes", ListOf(_SETTING), "Further files put beside the code"),
)
_COMMAND = Field("command", Text(), "The command, with placeholders")
_LIMITS = Field("limits", MapOf(Text()), "The longest time, in seconds: timeout")
_SPARK_SETTINGS = tuple(
    Field(name, Text(), "As in Spark's own settings")
    for name in (
        "driver_cores", "driver_memory", "executor_cores", "executor_memory",
        "executor_instances", "number_executors", "dynamic_allocation_enabled",
        "dynamic_allocation_min_executors", "dynamic_allocation_max_executors",
    )
)  # fmt: skip


def _entry(given: dict[str, Any], path: Any, reading: Any) -> Any:
    if len(given) == 1:
        return given
    return reading.fault(path, "an entry is either {file: ...} or {class_name: ...}")


_SPARK = (
    Field(
        "entry",
        Record(
            "entry",
            (
                Field("file", Text(), "A Python script or jar, relative to the code"),
                Field("class_name", Text(), "A class of one of the jars"),
            ),
            _entry,
        ),
        "The application to run",
        required=True,
    ),
    Field("py_files", WORDS, "Python files, for PYTHONPATH"),
    Field("jars", WORDS, "Jars, for the class path"),
    Field("files", WORDS, "Files for the executors' working folder"),
    Field("archives", WORDS, "Archives to be unpacked there"),
    Field("conf", Section(), "Spark's settings"),
    Field("args", Text(), "Arguments, with placeholders"),
    *_SPARK_SETTINGS,
)
_SAMPLING = ByShape(
    Text(),
    None,
    Loose(
        "algorithm",
        (
            Field("type", Text(), "random, grid or bayesian"),
            Field("default", Text(), "The one of those allowed", attribute="type"),
            Field("enum", ListOf(Text()), "Those allowed"),
        ),
        no_build,
    ),
)
_TRIED = Loose(
    "search space",
    (
        Field("type", Text(), "choice, uniform, ...", required=True),
        Field("values", ListOf(Anything()), "What to choose from"),
        *(
            Field(name, Text(), "A number of the distribution")
            for name in ("min_value", "max_value", "mu", "sigma", "q", "upper")
        ),
    ),
    no_build,
)
_OBJECTIVE = Loose(
    "objective",
    (
        Field("primary_metric", _among("metric"), "The metric's name"),
        Field("goal", _among("goal"), "minimize or maximize"),
    ),
    no_build,
)
_POLICY = Loose(
    "policy",
    (
        Field("type", Text(), "bandit or median_stopping", required=True),
        *(
            Field(name, Text(), "A number of the policy")
            for name in POLICY
        ),
    ),
    no_build,
)  # fmt: skip
_SWEEP = (
    Field("trial", ByShape(Text(), None, AsIs()), "What a child run runs", required=True),
    Field("algorithm", _SAMPLING, "random, grid or bayesian"),
    Field("sampling_algorithm", _SAMPLING, "random, grid or bayesian"),
    Field("search_space", MapOf(_TRIED), "What is tried of each value"),
    Field("objective", _OBJECTIVE, "The metric, and whether more or less of it is better"),
    Field("early_termination", _POLICY, "When a trial is given up"),
    Field("limits", MapOf(Text()), "How many trials, and the longest time"),
)
_V2_RESOURCES = Field(
    "resources",
    Loose(
        "resources",
        (
            Field("instance_count", _WHOLE, "How many machines"),
            Field("max_instance_count", _WHOLE, "How many machines at most"),
            Field("instance_type", _SETTING, "The kind of machine"),
            Field("shm_size", Text(), "Shared memory"),
        ),
        no_build,
    ),
    "The machines it runs on",
)
_TASK = Loose(
    "task",
    (
        Field("type", Text(), "run_function or model", required=True),
        _CODE,
        Field("entry_script", Text(), "The script with init() and run()"),
        Field("program_arguments", Text(), "Arguments, with placeholders"),
        Field("model", Text(), "A model"),
        Field("append_row_to", Text(), "The output for what run() returns"),
        Field("environment", AsIs(), "The image and packages it runs with", required=True),
    ),
    no_build,
)
_V2_PARALLEL = (
    *_V2_HEAD,
    Field("task", _TASK, "What is run"),
    Field("input_data", Text(), "The input that is split"),
    Field("output_data", Text(), "The output for what run() returns"),
    Field("mini_batch_size", Text(), "How much a call gets"),
    Field("partition_keys", ListOf(Text()), "What a batch has in common"),
    Field("retry_settings", Section(), "How often and how long a batch is tried"),
    Field("max_concurrency_per_instance", _WHOLE, "Processes on one machine"),
    Field("error_threshold", _WHOLE, "Items that may fail; -1: all"),
    Field("mini_batch_error_threshold", _WHOLE, "Batches that may fail; -1: all"),
    Field("logging_level", Choice(("DEBUG", "INFO", "WARNING")), "What is logged"),
    _V2_RESOURCES,
)
_V2_COMMAND = (
    *_V2_HEAD,
    *_V2_CODE,
    Field("command", Text(), "The command, with placeholders", required=True),
    Field(
        "distribution",
        Loose(
            "distribution",
            (
                Field("type", Text(), "mpi, pytorch, tensorflow or ray", required=True),
                Field("process_count_per_instance", _WHOLE, "Processes on one machine"),
                Field("worker_count", _WHOLE, "tensorflow: workers"),
                Field("parameter_server_count", _WHOLE, "tensorflow: parameter servers"),
            ),
            no_build,
        ),
        "How its processes find one another",
    ),
    _V2_RESOURCES,
    _LIMITS,
)
_IMPORT = (
    *_V2_HEAD,
    Field("source", V2_INPUTS, "Where it is", required=True, attribute="source_inputs"),
    Field("output", V2_OUTPUT, "What is written", required=True),
)

_LAUNCHER = Loose("launcher", _texts("type", "additional_arguments"), no_build)
_OLD_PARALLEL = Loose(
    "parallel",
    (
        Field("input_data", WORDS, "The inputs that are split"),
        Field("output_data", WORDS, "The output for what run() returns"),
        Field("entry", Text(), "The script with init() and run()"),
        Field("args", Text(), "Arguments, with placeholders"),
    ),
    no_build,
)
_HDINSIGHT = Loose(
    "hdinsight", (*_texts("file", "class_name", "queue", "name"), *_SPARK[1:]), no_build
)


def _module(name: str, *fields: str, attribute: str = "") -> Field:
    """The section of another company's system."""
    record = Loose(name, _texts(*fields), no_build)
    return Field(name, record, "What that system runs", attribute=attribute)


_AETHER = ("module_type", "ref_id")
_SCOPE = ("script", "args", "adla_account_name", "scope_param", "custom_job_name_suffix")
_OLD_TYPES: dict[str, tuple[Field, ...]] = {
    "command": (_COMMAND,),
    "distributed": (_COMMAND, Field("launcher", _LAUNCHER, "How processes are started")),
    "parallel": (Field("parallel", _OLD_PARALLEL, "What is run in parallel"),),
    "sweep": _SWEEP,
    "spark": (*_SPARK, Field("pyFiles", WORDS, "Python files", attribute="py_files")),
    "hdinsight": (Field("hdinsight", _HDINSIGHT, "What Spark runs"),),
    "scope": (_COMMAND, _module("scope", *_SCOPE)),
    "hemera": (_COMMAND, _module("hemera", "ref_id")),
    "starlite": (_COMMAND, _module("starlite", "ref_id")),
    "ae365exepool": (_COMMAND, _module("ae365exepool", "ref_id")),
    "aetherbridge": (
        _COMMAND,
        _module("aether", *_AETHER),
        _module("aetherbridge", *_AETHER, attribute="aether"),
    ),
    "datatransfer": (_COMMAND, _module("datatransfer")),
    "protected": (_COMMAND,),
}
_V2_TYPES: dict[str, tuple[Field, ...]] = {
    "command": _V2_COMMAND,
    "parallel": _V2_PARALLEL,
    "sweep": (*_V2_HEAD, *_SWEEP, _V2_RESOURCES),
    "spark": (*_V2_HEAD, *_V2_CODE, *_SPARK, Field("resources", Section(), "The machines")),
    "automl": (*_V2_HEAD, Field("task", Text(), "What is learned", required=True)),
    "import": _IMPORT,
    "transfer": (
        *_V2_HEAD,
        Field("task", Choice(_TRANSFERS), "What is moved", required=True),
        Field("data_copy_mode", Text(), "What becomes of files that are there"),
        Field("source", Section(), "Where the data is"),
        Field("sink", Section(), "Where the data goes"),
    ),
}
TABLES = {
    **{
        ("azureml-old", name): Loose("component", (*_OLD_HEAD, *fields), no_build)
        for name, fields in _OLD_TYPES.items()
    },
    **{
        ("azureml-v2", name): Loose("component", fields, no_build)
        for name, fields in _V2_TYPES.items()
    },
}
