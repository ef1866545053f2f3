"""Brings an attempt's data, runs its command, and brings its outputs away.

    python -m millwork.blobs.places.stage ORDER -- COMMAND ARGS...

It is the first process of the attempt, so a download meets the limits, the environment and the
credentials that the job has. A transfer that fails ends the attempt, with its reason. What is
mounted is there as long as this process is.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from millwork.base.errors import MillworkError
from millwork.base.sizes import format_size
from millwork.base.uris import parse_uri
from millwork.blobs.places import mounting
from millwork.blobs.places.model import Access, StorageError
from millwork.blobs.places.opening import open_place
from millwork.plan.contract import CREDENTIAL
from millwork.plan.transfers import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Place

_VARIABLE = "MILLWORK_TRANSFER_SECRETS"
_FAILED = 74  # EX_IOERR of sysexits.h
_LOCK = "transfers.lock"
_ENDS, _SENT, _END_LOCK = "ends", "uploads.done", "uploads.lock"
_RECORD = "lock"
_LOOK = 0.1  # seconds


def main(words: Sequence[str]) -> NoReturn:
    """Runs what stands after `--`, between its downloads and its uploads."""
    with open(words[0], encoding="utf-8") as file:
        order = json.load(file)
    secrets = json.loads(os.environ.pop(_VARIABLE, "{}"))
    ml = f"{order['attempt']}/ml"
    downloads = [each for each in order["transfers"] if not each["is_upload"]]
    uploads = [each for each in order["transfers"] if each["is_upload"]]
    command = list(words[2:])
    with ExitStack() as mounts:
        try:
            with _alone(order["attempt"], _LOCK, DONE) as is_first:
                for transfer in downloads:
                    if transfer["mount"] and not mounting.trouble():
                        _mount(transfer, order["attempt"], secrets, mounts)
                    elif is_first:
                        _download(transfer, ml, secrets)
            credential = _credential(downloads, ml, secrets)
        except (MillworkError, OSError) as error:
            _give_up(order["reason"], "input", error)
        has_mounts = any(each["mount"] for each in downloads)
        if not (uploads or credential or has_mounts):
            _execute(command)
        code = _run(command)
    if credential:
        with suppress(FileNotFoundError):
            os.unlink(credential)
    try:
        if uploads and _is_good(code, order["finish"]) and _decides(order):
            with _alone(order["attempt"], _END_LOCK, _SENT) as is_first:
                for transfer in uploads if is_first else ():
                    _upload(transfer, ml, secrets)
    except (MillworkError, OSError) as error:
        _give_up(order["reason"], "output", error)
    sys.exit(code)


class _alone:  # noqa: N801 - used as a function
    """Lets one replica of a job do what is done once for all of them, while the others wait."""

    def __init__(self, attempt: str, lock: str, done: str) -> None:
        self._lock_path, self._done = f"{attempt}/{lock}", f"{attempt}/{done}"

    def __enter__(self) -> bool:
        self._lock = os.open(self._lock_path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        return not os.path.exists(self._done)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            _touch(self._done)
        os.close(self._lock)


def _is_good(code: int, finish: Mapping[str, Any]) -> bool:
    """Whether a step, or a replica, that ends so has done its work (as `run/gang.py` sees it)."""
    return code == 0 or (bool(finish["any_exit_code"]) and code <= 128)


def _decides(order: Mapping[str, Any]) -> bool:
    """Whether the step has succeeded by this replica's end: a plain step has.

    Then those that may still write get the time that they have after the end of their job.
    """
    finish = order["finish"]
    if not finish["success"]:
        return True
    folder = f"{order['attempt']}/{_ENDS}"
    os.makedirs(folder, exist_ok=True)
    _touch(f"{folder}/{order['replica']}")
    ended = set(os.listdir(folder))
    own = [names for names in finish["success"] if order["replica"] in names]
    if not any(ended.issuperset(names) for names in own):
        return False
    began = time.monotonic()
    for name, seconds in finish["grace"].items():
        while _is_there(order["attempt"], name) and time.monotonic() - began < seconds:
            time.sleep(_LOOK)  # a process that is no child of this one tells nobody of its end
    return True


def _is_there(attempt: str, replica: str) -> bool:
    """Whether another replica still runs its command, by what its recorder has noted."""
    if os.path.exists(f"{attempt}/{_ENDS}/{replica}"):
        return False
    names = [name for name in os.listdir(attempt) if name.partition("~")[0] == replica]
    return any(_has_no_end(f"{attempt}/{name}/{_RECORD}") for name in names)


def _has_no_end(path: str) -> bool:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return " end\n" not in file.read()
    except OSError:
        return False


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _mount(
    transfer: Mapping[str, Any], attempt: str, secrets: Mapping[str, str], mounts: ExitStack
) -> None:
    port = transfer["port"]
    place, uri = _place(transfer, secrets)
    _tell(f"input '{port}': mounting {uri.text}")
    target, cache = f"{attempt}/ml/{transfer['path']}", f"{attempt}/mounted-{port}"
    mounts.enter_context(mounting.mounted(place, uri, target, cache))


def _download(transfer: Mapping[str, Any], ml: str, secrets: Mapping[str, str]) -> None:
    port = transfer["port"]
    place, uri = _place(transfer, secrets)
    target = f"{ml}/{transfer['path']}"
    if transfer["mount"] == "needed":
        raise StorageError(uri.text, "mount", f"it cannot be mounted: {mounting.trouble()}")
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
        sys.stderr.flush()
        os._exit(127)  # a child's exit must not end what its parent has mounted


def _run(command: Sequence[str]) -> int:
    """The command's exit code, as a shell gives it. Who stops the attempt signals both of us."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # until each of both has its own way
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        _execute(command)
    for number in numbers:
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for number in numbers:
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
