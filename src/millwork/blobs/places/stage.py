"""Brings an attempt's data, runs its command, and brings its outputs away.

    python -m millwork.blobs.places.stage ORDER -- COMMAND ARGS...

It is the first process of the attempt, so a download meets the limits, the environment and the
credentials that the job has. A transfer that fails ends the attempt, with its reason.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from millwork.base.errors import MillworkError
from millwork.base.sizes import format_size
from millwork.base.uris import parse_uri
from millwork.blobs.places.model import Access
from millwork.blobs.places.opening import open_place
from millwork.plan.contract import CREDENTIAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Place

_VARIABLE = "MILLWORK_TRANSFER_SECRETS"
_FAILED = 74  # EX_IOERR of sysexits.h
_DONE, _LOCK = "transfers.done", "transfers.lock"


def main(words: Sequence[str]) -> NoReturn:
    """Runs what stands after `--`, between its downloads and its uploads."""
    with open(words[0], encoding="utf-8") as file:
        order = json.load(file)
    secrets = json.loads(os.environ.pop(_VARIABLE, "{}"))
    ml = f"{order['attempt']}/ml"
    downloads = [each for each in order["transfers"] if not each["is_upload"]]
    uploads = [each for each in order["transfers"] if each["is_upload"]]
    try:
        with _alone(order["attempt"]) as is_first:
            if is_first:
                for transfer in downloads:
                    _download(transfer, ml, secrets)
        credential = _credential(downloads, ml, secrets)
    except (MillworkError, OSError) as error:
        _give_up(order["reason"], "input", error)
    command = list(words[2:])
    if not uploads and not credential:
        _execute(command)
    code = _run(command)
    if credential:
        with suppress(FileNotFoundError):
            os.unlink(credential)
    if code == 0:
        try:
            for transfer in uploads:
                _upload(transfer, ml, secrets)
        except (MillworkError, OSError) as error:
            _give_up(order["reason"], "output", error)
    sys.exit(code)


class _alone:  # noqa: N801 - used as a function
    """Lets one replica of a job bring what all of them read, while the others wait."""

    def __init__(self, attempt: str) -> None:
        self._attempt = attempt

    def __enter__(self) -> bool:
        self._lock = os.open(
            f"{self._attempt}/{_LOCK}", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
        )
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return not os.path.exists(f"{self._attempt}/{_DONE}")

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            os.close(os.open(f"{self._attempt}/{_DONE}", os.O_CREAT | os.O_WRONLY, 0o600))
        os.close(self._lock)


def _download(transfer: Mapping[str, Any], ml: str, secrets: Mapping[str, str]) -> None:
    port = transfer["port"]
    place, uri = _place(transfer, secrets)
    target = f"{ml}/{transfer['path']}"
    _remove(target)
    began = time.monotonic()
    _tell(f"input '{port}': downloading {uri.text}")
    found = place.get(uri, target)
    count = f"{len(found.entries)} file{'' if len(found.entries) == 1 else 's'}"
    size = "" if uri.scheme in ("table", "odps") else f", {format_size(found.size)}"
    _tell(f"input '{port}': {count}{size} in {time.monotonic() - began:.1f} s")


def _upload(transfer: Mapping[str, Any], ml: str, secrets: Mapping[str, str]) -> None:
    port = transfer["port"]
    place, uri = _place(transfer, secrets)
    source = f"{ml}/{transfer['path']}"
    began = time.monotonic()
    _tell(f"output '{port}': uploading to {uri.text}")
    found = place.put(_single(source, uri), uri)
    count = f"{len(found.entries)} file{'' if len(found.entries) == 1 else 's'}"
    _tell(f"output '{port}': {count} in {time.monotonic() - began:.1f} s")


def _single(folder: str, uri: Uri) -> str:
    """The folder, or the one file in it where the URI is written as that of a file like it."""
    names = os.listdir(folder)
    if uri.is_folder or len(names) != 1 or not os.path.isfile(f"{folder}/{names[0]}"):
        return folder
    same = os.path.splitext(names[0])[1] == os.path.splitext(uri.name)[1]
    return f"{folder}/{names[0]}" if "." in uri.name and same else folder


def _place(transfer: Mapping[str, Any], secrets: Mapping[str, str]) -> tuple[Place, Uri]:
    route = transfer["route"]
    uri = parse_uri(route["uri"])
    secret = secrets.get(route["secret"], "")
    return open_place(uri, Access(route["fields"], secret, _tell)), uri


def _credential(downloads: Sequence[Mapping[str, Any]], ml: str, secrets: Mapping[str, str]) -> str:
    """The file with the credentials of an `odps:` input, which is there while the step runs."""
    found = ""
    for transfer in downloads:
        route = transfer["route"]
        if not route["uri"].startswith("odps:"):
            continue
        from millwork.blobs.places.tables import credentials_of

        found = f"{ml}/{CREDENTIAL}"
        access = Access(route["fields"], secrets.get(route["secret"], ""))
        with open(os.open(found, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(credentials_of(access), file)
    return found


def _remove(path: str) -> None:
    """What an earlier try, which was killed, has left half done."""
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _execute(command: Sequence[str]) -> NoReturn:
    sys.stderr.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a step is to die of it
    try:
        os.execvp(command[0], list(command))  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        sys.exit(127)


def _run(command: Sequence[str]) -> int:
    """The command's exit code, as a shell gives it. Who stops the attempt signals both of us."""
    child = os.fork()
    if child == 0:
        _execute(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # an upload is ended by them
    return code if code >= 0 else 128 - code


def _give_up(reason: str, what: str, error: Exception) -> NoReturn:
    line = " ".join(str(error).split())
    _tell(f"{what}: {line}")
    with open(reason, "w", encoding="utf-8") as file:
        file.write(f"storage: {line}\n")
    sys.exit(_FAILED)


def _tell(line: str) -> None:
    with suppress(OSError):
        sys.stderr.write(f"millwork: {line}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
