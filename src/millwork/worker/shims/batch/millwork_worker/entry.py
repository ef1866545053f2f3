"""The child process of `azureml`: loads an entry script and answers mini-batches, line by line.

Requests and replies are lines of JSON on two pipes, whose descriptors are the first two words; the
third is a file for the stack, the others are the script and its arguments.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import inspect
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

from . import rows
from .errors import Told, describe

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any, Dict, List, Tuple


class NoResult(Told):
    """What is wrong with what `run` returned."""


class Context:
    """What AzureML gives `run` as its second argument."""

    def __init__(self, key: Any, index: str) -> None:
        self.partition_key_value = key
        self.minibatch_index = index
        self.dataset = None

    def __repr__(self) -> str:
        return "<mini-batch {}>".format(self.minibatch_index)


def main(words: List[str]) -> None:
    """Answers until the pipe of requests is closed."""
    requests, replies, stack = (int(word) for word in words[:3])
    for descriptor in (requests, replies, stack):
        os.set_inheritable(descriptor, False)  # else what the script starts would hold them open
    faulthandler.register(signal.SIGUSR1, file=stack, all_threads=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(requests, "rb") as asked, os.fdopen(replies, "wb", buffering=0) as answered:
        try:
            script = load(words[3], words[4:])
            if hasattr(script, "init"):
                script.init()
        except BaseException as error:  # also sys.exit: the reason is to be told
            _reply(answered, {"error": _told(error)})
            return
        _reply(answered, {})
        for line in asked:
            _reply(answered, answer(script, json.loads(line)))
        if hasattr(script, "shutdown"):
            script.shutdown()


def load(path: str, arguments: List[str]) -> ModuleType:
    """The script as a module, with the arguments and the search path of a program."""
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    name = os.path.splitext(os.path.basename(path))[0]
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ValueError("{}: no Python file".format(path))
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)
    if not callable(getattr(module, "run", None)):
        raise ValueError("{}: there is no function run(mini_batch)".format(path))
    return module


def answer(script: ModuleType, request: Dict[str, Any]) -> Dict[str, Any]:
    """Runs a mini-batch; how many items were put in and returned, or the error."""
    try:
        batch, inputs = _mini_batch(request)
        context = Context(request["key"], request["id"])
        wants_context = _positional(script.run) > 1
        result = script.run(batch, context) if wants_context else script.run(batch)
        returned = _count(result)
        if request["rows"]:
            _write(request["rows"], result, request["separator"])
    except BaseException as error:
        return {"error": _told(error)}
    finally:
        sys.stdout.flush()
    return {"inputs": inputs, "returned": returned}


def _mini_batch(request: Dict[str, Any]) -> Tuple[Any, int]:
    parts = [rows.Part(*part) for part in request["parts"]]
    if not request["tabular"]:
        return [part.file for part in parts], len(parts)
    pandas = rows.load_pandas()
    frames = [rows.frame(part) for part in parts]
    whole = frames[0] if len(frames) == 1 else pandas.concat(frames, ignore_index=True)
    for column, value in (request["key"] or {}).items():
        if column not in whole:  # of files that are kept in folders by key
            whole[column] = value
    return whole, len(whole)


def _positional(function: Any) -> int:
    """How many arguments a function takes by position."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 2
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in kinds for parameter in parameters)


def _count(result: Any) -> int:
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__len__"):
        text = "run() returned {}; it must return a list, tuple, array or DataFrame with an entry"
        raise NoResult((text + " for each item that succeeded").format(type(result).__name__))
    return len(result)


def _write(path: str, result: Any, separator: str) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        if hasattr(result, "to_csv"):
            result.to_csv(file, sep=separator, header=False, index=False)
            return
        file.writelines("{}\n".format(item) for item in result)


def _told(error: BaseException) -> str:
    sys.stdout.flush()
    text = describe(error)
    print(text, file=sys.stderr, flush=True)
    return text


def _reply(file: Any, content: Dict[str, Any]) -> None:
    data = json.dumps(content).encode() + b"\n"
    while data:
        data = data[file.write(data) :]
