"""Shards for programs in any language.

    python -m millwork_worker next [--wait]     prints a shard as a line of JSON; 3 = no more come,
                                                4 = none now
    python -m millwork_worker renew TOKEN...    keeps leases, to be called within their seconds;
                                                5 = one is lost
    python -m millwork_worker done TOKEN [--ok N] [--failed N]      5 = lost, nothing is kept
    python -m millwork_worker fail TOKEN [--error TEXT] [--final]
    python -m millwork_worker map [--jobs N] [--to FILE] [-0] -- COMMAND {}

The line has the service's fields and `staged`, the folder for what belongs to the output: it is
kept if `done` is accepted. 1 = the service cannot be reached or refused, 2 = wrong words.
"""

from __future__ import annotations

import json
import os
import sys

from . import staging
from .service import Refused, Unreachable, from_environment

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:
    from typing import Any, Dict, List, Optional, Tuple

FINISHED, NONE_NOW, LOST = 3, 4, 5
_WAIT = 20.0  # seconds
_LONGEST = 4000  # characters of an error


class _Wrong(Exception):
    """The words make no sense."""


def _next(words: List[str]) -> int:
    options, _ = _parsed(words, {"--wait": False}, 0)
    service = from_environment()
    worker = os.environ.get("MILLWORK_WORKER_NAME") or "shell"
    wait = _WAIT if options["--wait"] else 0.0
    while True:
        found = service.call("lease", {"worker": worker, "max": 1, "wait": wait}, wait)
        if found.get("shards"):
            break
        if found.get("done"):
            return FINISHED
        if not wait:
            return NONE_NOW
    shard = dict(found["shards"][0])
    try:
        staged = staging.Staging(str(shard["id"]), str(shard["token"]))
        shard["staged"] = staged.folder()
    except ValueError:  # a component need not have an output
        shard["staged"] = None
    print(json.dumps(shard), flush=True)
    return 0


def _renew(words: List[str]) -> int:
    _, tokens = _parsed(words, {}, None)
    worker = os.environ.get("MILLWORK_WORKER_NAME") or "shell"
    body = {"worker": worker, "tokens": tokens, "items": 0}
    return LOST if from_environment().call("renew", body).get("lost") else 0


def _done(words: List[str]) -> int:
    options, tokens = _parsed(words, {"--ok": 1, "--failed": 0}, 1)
    folders = staging.find(tokens[0])
    for folder in folders:
        staging.sync_whole(folder)
    result = {"token": tokens[0], "ok": options["--ok"], "failed": options["--failed"]}
    accepted = from_environment().call("done", {"results": [result]}).get("accepted")
    if accepted == [False]:
        _remove(folders)
        print("millwork: the lease was lost; nothing of it is kept", file=sys.stderr)
        return LOST
    return 0


def _fail(words: List[str]) -> int:
    options, tokens = _parsed(words, {"--error": "failed", "--final": False}, 1)
    _remove(staging.find(tokens[0]))
    body = {"token": tokens[0], "error": options["--error"][-_LONGEST:]}
    from_environment().call("fail", {**body, "retryable": not options["--final"]})
    return 0


def _map(words: List[str]) -> int:
    from .mapping import main as map_main

    return map_main(words)


def _remove(folders: List[str]) -> None:
    from shutil import rmtree

    for folder in folders:
        rmtree(folder, ignore_errors=True)


def _parsed(
    words: List[str], options: Dict[str, Any], count: Optional[int]
) -> Tuple[Dict[str, Any], List[str]]:
    """The options, typed as their defaults are, and the other words; argparse costs too much here.

    Raises _Wrong for anything else, and unless there are `count` words, or one at least for None.
    """
    found, rest = dict(options), []
    given = iter(words)
    for word in given:
        name, equals, value = word.partition("=")
        if not name.startswith("--"):
            rest.append(word)
        elif name not in options or (equals and isinstance(options[name], bool)):
            raise _Wrong(word)
        elif isinstance(options[name], bool):
            found[name] = True
        else:
            text = value if equals else next(given, None)
            if text is None:
                raise _Wrong(word)
            found[name] = _typed(text, options[name])
    if len(rest) != count and (count is not None or not rest):
        raise _Wrong(" ".join(words))
    return found, rest


def _typed(text: str, default: Any) -> Any:
    if not isinstance(default, int):
        return text
    if not text.isdigit():
        raise _Wrong(text)
    return int(text)


_VERBS = {"next": _next, "renew": _renew, "done": _done, "fail": _fail, "map": _map}


def main(words: List[str]) -> int:
    """Does what the words say; the exit code."""
    if not words or words[0] not in _VERBS:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    try:
        return _VERBS[words[0]](words[1:])
    except _Wrong as wrong:
        text = "millwork: '{}' makes no sense after '{}'\n\n{}"
        print(text.format(wrong, words[0], (__doc__ or "").strip()), file=sys.stderr)
        return 2
    except (Refused, Unreachable, OSError) as error:
        print("millwork: {}".format(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
