"""The command tree, and how errors become exit codes."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from io import TextIOWrapper
from typing import TYPE_CHECKING

from millwork import __version__
from millwork.base.errors import BadRequest, MillworkError, Unavailable
from millwork.base.names import is_text

# Kept here too, so that --help imports nothing; a test compares it with the spec's.
JOB_TYPES = ("Job", "TFJob", "PyTorchJob", "XGBoostJob", "MPIJob", "ElasticBatchJob")

if TYPE_CHECKING:
    from argparse import Namespace, _SubParsersAction
    from collections.abc import Sequence

_DESCRIPTION = """\
Run components, and pipelines of them, on this machine.

  millwork init hello                        a first component, to be changed
  millwork run hello/component.yaml          run it
  millwork run pipeline.yaml -p rounds=100   run a pipeline
  millwork run -- python train.py            run a command, no file needed
  millwork runs list                         what was run
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, or 1 the run failed, 2 wrong request, 3 out of reach."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    words, command = _split_command(words)
    options = build_parser().parse_args(words)
    options.command_words = command
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # names may hold what a terminal's encoding has not
            stream.reconfigure(errors="backslashreplace")
    try:
        _check_text([*words, *(command or ())])
        return _verb(options)
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


def build_parser() -> ArgumentParser:
    """The whole command tree; the docs' list of commands is checked against it."""
    parser = ArgumentParser(
        prog="millwork", description=_DESCRIPTION, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"millwork {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="COMMAND", required=True)
    _add_run(verbs)
    _add_runs(verbs)
    _add_files(verbs)
    doctor = verbs.add_parser("doctor", help="what works on this machine, and what does not")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _split_command(words: list[str]) -> tuple[list[str], list[str] | None]:
    """The words before `--` and, for `run`, the command after it."""
    if words[:1] == ["run"] and "--" in words:
        at = words.index("--")
        return words[:at], words[at + 1 :]
    return words, None


def _add_run(verbs: _SubParsersAction[ArgumentParser]) -> None:
    run = verbs.add_parser(
        "run",
        help="run a component, a pipeline or a command",
        usage="millwork run FILE [options]  |  millwork run [options] -- COMMAND...",
    )
    run.add_argument("file", nargs="?", metavar="FILE", help="a component or pipeline file")
    add_arguments(run)
    run.add_argument("--parallel", type=int, metavar="N", help="steps at once (default: cores)")
    run.add_argument("-o", "--output", metavar="DIR", help="copy the run's outputs there")
    run.add_argument("--name", default="", help="a name for the run")
    run.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag for the run")
    run.add_argument("--note", default="", help="a note for the run")
    run.add_argument("--job", default="Job", choices=JOB_TYPES, help="job type of a COMMAND")
    run.add_argument("--replicas", type=int, default=1, metavar="N", help="replicas of a COMMAND")
    run.add_argument("--instances", dest="replicas", type=int, help="the same as --replicas")
    run.add_argument("--code", metavar="DIR", help="a COMMAND's code (default: this folder)")
    run.add_argument("--require-image", action="store_true", help="refuse to run without images")
    run.add_argument("--json", action="store_true", help="end with one JSON object on one line")


def add_arguments(parser: ArgumentParser) -> None:
    """The options that give a run its inputs and parameters."""
    parser.add_argument(
        "-i", "--input", action="append", default=[], metavar="NAME=PATH", help="an input's data"
    )
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter"
    )


def _add_runs(verbs: _SubParsersAction[ArgumentParser]) -> None:
    runs = verbs.add_parser("runs", help="look at runs, and end them")
    actions = runs.add_subparsers(dest="action", metavar="ACTION", required=True)
    helps = {
        "list": "the runs, newest first",
        "show": "one run: its steps, metrics and outputs",
        "logs": "what a step printed",
        "outputs": "where a run's outputs lie",
        "cancel": "end a run",
        "resume": "finish a run that was interrupted, failed or cancelled",
    }
    for name, text in helps.items():
        action = actions.add_parser(name, help=text)
        action.add_argument("--json", action="store_true", help="print JSON")
        if name == "list":
            action.add_argument("--limit", type=int, default=20, metavar="N", help="how many")
        elif name == "resume":
            action.add_argument("run", metavar="ID", nargs="?", help="a run's id, or `last`")
            action.add_argument("--all", action="store_true", help="every interrupted run")
            action.add_argument("--watch", action="store_true", help="with --all: and go on so")
        else:
            what = "ID[/STEP[/REPLICA]]" if name == "logs" else "ID"
            action.add_argument("run", metavar=what, help="a run's id, its beginning, or `last`")
        if name == "logs":
            action.add_argument("-f", "--follow", action="store_true", help="until the step ends")


def _add_files(verbs: _SubParsersAction[ArgumentParser]) -> None:
    validate = verbs.add_parser("validate", help="check files; nothing is run")
    validate.add_argument("files", nargs="+", metavar="FILE")
    validate.add_argument("--json", action="store_true", help="print a JSON list of faults")
    plan = verbs.add_parser("plan", help="show what would run; nothing is started")
    plan.add_argument("file", metavar="FILE")
    add_arguments(plan)
    plan.add_argument("--json", action="store_true", help="print JSON")
    convert = verbs.add_parser("convert", help="write a component in another dialect")
    convert.add_argument("file", metavar="FILE")
    convert.add_argument("--to", choices=("millwork", "pai"), required=True)
    convert.add_argument("-o", "--output", metavar="FILE", help="write there, not to the terminal")
    verbs.add_parser("schema", help="print the JSON Schema of component and pipeline files")
    init = verbs.add_parser("init", help="make a folder with a first component")
    init.add_argument("folder", metavar="DIR")


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
    if options.verb == "doctor":
        from millwork.cli import doctor

        return doctor.run(options)
    from millwork.cli import files

    return files.run(options)


if __name__ == "__main__":
    sys.exit(main())
