"""The rules for names, and the environment variables that names become."""

from __future__ import annotations

import re

_PORT = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_-]{0,63}")
_PARAMETER = re.compile(r"[A-Za-z0-9-][A-Za-z0-9_.-]{0,63}")
_ENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_VERSION = re.compile(r"(0|[1-9]\d{0,8})(\.(0|[1-9]\d{0,8})){2}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_LABEL = re.compile(r"[a-z][a-z0-9-]{0,62}")

PORT_RULE = "letters, digits, '_' and '-', not starting with '_', at most 64"
PARAMETER_RULE = "letters, digits, '_', '-' and '.', not starting with '_' or '.', at most 64"
ENTITY_RULE = "letters, digits, '.', '_' and '-', starting with a letter or digit, at most 128"
NODE_RULE = "letters, digits, '_' and '-', starting with a letter or digit, at most 64"
VERSION_RULE = "three numbers, x.y.z"
VARIABLE_RULE = "letters, digits and '_', not starting with a digit"
SECRET_RULE = "letters, digits, '_', '-' and '.', not starting with '-' or '.', at most 128"  # noqa: S105
LABEL_RULE = "lower-case letters, digits and '-', starting with a letter, at most 63"


def is_port(text: str) -> bool:
    """Whether `text` may name an input or an output (seed 000, name requirements)."""
    return _PORT.fullmatch(text) is not None


def is_parameter(text: str) -> bool:
    """Whether `text` may name a parameter: as a port, and dots: `train.learning_rate`, seed 000."""
    return _PARAMETER.fullmatch(text) is not None


def is_entity(text: str) -> bool:
    """Whether `text` may name a component or a pipeline."""
    return _ENTITY.fullmatch(text) is not None


def is_node(text: str) -> bool:
    """Whether `text` may name a node of a pipeline."""
    return _NODE.fullmatch(text) is not None


def is_version(text: str) -> bool:
    """Whether `text` is an x.y.z version (seed 000, basic information)."""
    return _VERSION.fullmatch(text) is not None


def is_variable(text: str) -> bool:
    """Whether `text` may name an environment variable."""
    return _VARIABLE.fullmatch(text) is not None


def is_secret(text: str) -> bool:
    """Whether `text` may name a secret."""
    return _SECRET.fullmatch(text) is not None


def is_label(text: str) -> bool:
    """Whether `text` may name a person or a workspace."""
    return _LABEL.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether `text` can be kept and handed to a program: no NUL, and all of it UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def variable_suffix(name: str) -> str:
    """The part of an environment variable that stands for `name`.

    Upper case, all but letters and digits as `_`: `batch-size` gives `BATCH_SIZE` (seed 000).
    """
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


WITHHELD = "MILLWORK_SECRET_"
"""What the host's variables that hold secrets begin with; no step inherits them."""
BUILTIN = "builtin:"
BUILTIN_TAG = "builtin"
"""The tag that built-in components have."""
TEMPLATE = "template:"
_AZUREML = re.compile(r"azureml://(?:[^/]+|Web Service Input/Output)", re.IGNORECASE)


def is_builtin(reference: str) -> bool:
    """Whether what a node or a run names is a built-in component: `builtin:NAME`, or
    `azureml://NAME` by the name of its twin in Azure ML's designer."""
    return reference.startswith(BUILTIN) or _AZUREML.fullmatch(reference) is not None
