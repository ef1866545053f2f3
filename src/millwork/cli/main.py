"""The command: words to a verb, and errors to exit codes."""

from __future__ import annotations

import os
import sys
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, MillworkError, Unavailable
from millwork.base.names import is_builtin, is_text
from millwork.cli.parser import NOUNS, RUN_VERBS, build_parser

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from millwork.engines.local.warm import WarmProcess


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, or 1 the run failed, 2 wrong request, 3 out of reach."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, command = _split_command(words)
    begun = _begun(words)  # first: it takes as long as all that is to be imported here
    if words and _is_noun(words):
        verb: Callable[[], int] = partial(_noun, words)
    else:
        options = build_parser().parse_args(words)
        options.command_words, options.begun = command, begun
        verb = partial(_verb, options)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names may hold what a terminal's encoding has not
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_text([*words, *(() if words[0] == "shard" else command or ())])
        return verb()
    except MillworkError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"millwork: {line}\n")
        return error.exit_code
    except BrokenPipeError:
        # The reader has gone; Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"millwork: {place}{error.strerror}\n")
        return Unavailable.exit_code
    except Exception as error:
        if os.environ.get("MILLWORK_DEBUG"):
            raise
        sys.stderr.write(
            f"millwork: a defect in Millwork: {type(error).__name__}: {error}\n"
            "millwork: MILLWORK_DEBUG=1 shows where; an interrupted run goes on with "
            "`millwork runs resume ID`\n"
        )
        return 3


def _split_command(words: list[str]) -> tuple[list[str], list[str] | None]:
    """The words before `--` and, for `run`, the command after it; `shard`'s words as they are."""
    if words[:1] == ["shard"] and not set(words[1:2]) & {"-h", "--help"}:
        return words[:2], words[2:]
    if words[:1] == ["run"] and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, None


def _begun(words: Sequence[str]) -> WarmProcess | None:
    """What may fork the step of a built-in that is to be run on this machine."""
    name = next(filter(is_builtin, words), "") if words[:1] == ["run"] else ""
    if not name or any(word.startswith("--engine") for word in words):
        return None
    from millwork.app import ahead

    return ahead.begin()


def _is_noun(words: Sequence[str]) -> bool:
    """Whether it is a command that is made of the server's verbs."""
    return words[0] in NOUNS or (words[0] == "runs" and words[1:2] != [] and words[1] in RUN_VERBS)


def _noun(words: Sequence[str]) -> int:
    from millwork.cli import nouns

    return nouns.run(words)


def _check_text(words: Sequence[str]) -> None:
    """Raises BadRequest for bytes that are no UTF-8: no record could hold them."""
    for word in words:
        if not is_text(word):
            raise BadRequest(f"{word[:60]!r} is not UTF-8 text")


def _verb(options: Namespace) -> int:
    if options.verb == "run":
        from millwork.cli import run

        return run.run(options)
    if options.verb == "runs":
        from millwork.cli import runs

        return runs.run(options)
    if options.verb == "shard":
        from millwork.cli import shard

        return shard.run(options)
    if options.verb == "secrets":
        from millwork.cli import secrets

        return secrets.run(options)
    if options.verb == "up":
        from millwork.cli import up

        return up.run(options)
    if options.verb == "login":
        from millwork.cli import up

        return up.link(options)
    if options.verb == "templates":
        from millwork.cli import templates

        return templates.run(options)
    if options.verb == "schedule":
        from millwork.cli import schedule

        return schedule.run(options)
    if options.verb == "data":
        from millwork.cli import data

        return data.run(options)
    if options.verb == "gc":
        from millwork.cli import gc

        return gc.run(options)
    if options.verb == "doctor":
        from millwork.cli import doctor

        return doctor.run(options)
    from millwork.cli import files

    return files.run(options)


if __name__ == "__main__":
    sys.exit(main())
