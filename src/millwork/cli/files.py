"""`millwork validate`, `plan`, `convert`, `schema` and `init`: files in, text out."""

from __future__ import annotations

import json
import os
import shlex
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping


def run(options: Namespace) -> int:
    """Carries out one of the verbs on files."""
    verbs = {
        "validate": _validate,
        "plan": _plan,
        "convert": _convert,
        "schema": _schema,
        "init": _init,
    }
    return verbs[options.verb](options)


def _validate(options: Namespace) -> int:
    from millwork.actions.load import Options, check
    from millwork.app.compose import home_settings

    reading = Options(home_settings, check_code=not options.no_code, with_schedules=True)
    # Files may name one another; each fault is told once.
    faults = list(dict.fromkeys(fault for file in options.files for fault in check(file, reading)))
    failed = any(fault.severity == "error" for fault in faults)
    if options.json:
        _print([asdict(fault) for fault in faults])
        return 2 if failed else 0
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    if not failed:
        count = len(options.files)
        sys.stdout.write(f"{count} file{'s' if count > 1 else ''} in order\n")
    return 2 if failed else 0


def _plan(options: Namespace) -> int:
    from millwork.actions.load import Options, load
    from millwork.actions.preview import preview
    from millwork.app.compose import home_settings
    from millwork.app.home import find_home
    from millwork.cli.arguments import read_timed

    arguments = read_timed(options)
    reading = Options(home_settings, given=tuple(arguments.inputs))
    steps = preview(load(options.file, reading).tree, arguments, find_home())
    if options.json:
        _print({"steps": steps})
        return 0
    for step in steps:
        _write_step(step)
    return 0


def _write_step(step: dict[str, Any]) -> None:
    after = f"  after {', '.join(step['after'])}" if step["after"] else ""
    sys.stdout.write(f"{step['node']}{after}\n")
    for replica in step["replicas"]:
        sys.stdout.write(f"  {replica['role']}-{replica['index']}: {_shown(replica['argv'])}\n")
        for role, phase in replica["starts_after"].items():
            sys.stdout.write(f"    starts when every {role} is {phase}\n")
        for path, text in replica["files"].items():
            sys.stdout.write(f"    {path} = {text!r}\n")
        for mount in replica["mounts"]:
            sys.stdout.write(f"    {mount['target']} <- {mount['source']}\n")
        for name, value in sorted(replica["env"].items()):
            shown = value if isinstance(value, str) else f"{{secret: {value['secret']}}}"
            sys.stdout.write(f"    {name}={shown}\n")
    sys.stderr.writelines(f"millwork: {doubt}\n" for doubt in step.get("doubts", ()))
    for way, ports in step.get("columns", {}).items():
        for port, table in ports.items():
            sys.stdout.write(f"  {way[:-1]} {port}: {_columns_in_words(table)}\n")
    sys.stdout.write("\n")


def _columns_in_words(table: dict[str, Any]) -> str:
    """`age Int64, name String`; what the data decide is said to be so."""
    known = [f"{each['name']} {each['type']}" for each in table["columns"]]
    if not table["whole"]:
        known.append("others, known when it has run" if known else "not known yet")
    return ", ".join(known)


def _shown(argv: list[str]) -> str:
    """The text of a shell's command, or the words of another."""
    is_plain = argv[1:2] == ["-c"] and argv[3:4] in ([], ["sh"], ["bash"])
    return argv[2] if is_plain else shlex.join(argv)


def _convert(options: Namespace) -> int:
    from millwork.actions.builtins import CODE, put_code
    from millwork.actions.convert import convert_file

    if options.output and os.path.lexists(options.output):
        raise BadRequest(f"{options.output} is there already")
    converted = convert_file(options.file, options.to, options.schedule)
    for line in converted.left_out:
        sys.stderr.write(f"millwork: not carried over: {line}\n")
    if options.output:
        if converted.needs_code:
            put_code(os.path.dirname(options.output))
        _write_beside(options.output, converted.files)
        _write_new(options.output, converted.text)
        return 0
    if converted.needs_code:
        sys.stderr.write(f"millwork: it needs its code in ./{CODE}: -o FILE writes both\n")
    for path in converted.files:
        sys.stderr.write(f"millwork: it needs {path} beside it: -o FILE writes all\n")
    sys.stdout.write(converted.text)
    return 0


def _write_beside(output: str, files: Mapping[str, str]) -> None:
    """Writes the files that belong beside `output`; BadRequest if one has another text."""
    places = {os.path.join(os.path.dirname(output), path): text for path, text in files.items()}
    missing = {path: text for path, text in places.items() if not _holds(path, text)}
    for path, text in missing.items():
        try:
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        except OSError as error:
            raise BadRequest(f"cannot write {path}: {error.strerror}") from None
        _write_new(path, text)


def _holds(path: str, text: str) -> bool:
    """Whether a file has a text already; BadRequest if it has another."""
    if not os.path.lexists(path):
        return False
    try:
        with open(path, encoding="utf-8", newline="") as file:
            if file.read() == text:
                return True
    except (OSError, UnicodeDecodeError):
        pass
    raise BadRequest(f"{path} is there already")


def _schema(_options: Namespace) -> int:
    from millwork.spec.schema import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
    return 0


def _init(options: Namespace) -> int:
    from millwork.actions.init import FILES

    folder = options.folder
    if os.path.exists(folder) and (not os.path.isdir(folder) or os.listdir(folder)):
        raise BadRequest(f"{folder} is there already, and not empty")
    try:
        os.makedirs(folder, exist_ok=True)
        for name, text in FILES.items():
            _write_new(os.path.join(folder, name), text)
    except OSError as error:
        raise BadRequest(f"cannot write {folder}: {error.strerror}") from None
    sys.stdout.write(
        f"{folder}/component.yaml and {folder}/main.py are yours to change; run them with\n"
        f"  millwork run {folder} -p name=you\n"
    )
    return 0


def _write_new(path: str, text: str) -> None:
    try:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise BadRequest(f"cannot write {path}: {error.strerror}") from None


def _print(content: object) -> None:
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
