"""The types of ports, and which output fits which input."""

from __future__ import annotations

PORT_TYPES = {
    "any": "anything; fits every port",
    "file": "one file",
    "folder": "a folder of files",
    "table": "a folder of Parquet files, or one CSV, Parquet or JSONL file",
    "model": "a trained model, in a format of its own",
    "transform": "a fitted preprocessing, which `predict` does to new data too",
    "checkpoint": "a training's state; survives restarts of its step",
    "report": "pages and pictures for people",
    "value": "a small JSON value in one file, which parameters can read",
}

_ALSO_FITS = {
    "file": {"folder"},
    "folder": set[str](),
    "table": {"file", "folder"},
    "model": {"file", "folder"},
    "transform": {"file", "folder"},
    "checkpoint": {"model", "file", "folder"},
    "report": {"file", "folder"},
    "value": {"file"},
}


def holds_files(port_type: str) -> bool:
    """Whether the data of a port of this type are files of the user's, and no single value."""
    return port_type != "value"


def fits(output: str, wanted: str) -> bool:
    """Whether an output of type `output` may be wired to an input of type `wanted`."""
    if "any" in (output, wanted) or output == wanted:
        return True
    return wanted in _ALSO_FITS[output]
