"""`map -- COMMAND {}`: runs a command once for each file of each shard, never through a shell."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from .errors import Told
from .loop import run

if TYPE_CHECKING:
    from typing import IO, Dict, List, Optional, Set

    from .shard import Shard

PLACE = "{}"
_TAIL = 2000  # bytes of standard error in a shard's error
_AFTER = 1.0  # seconds for what a command left behind and that holds its standard error


class CommandFailed(Told):
    """A command's exit code, and the end of what it wrote to standard error."""


class Mapping:
    """Runs the command over shards. With `at_once` it runs once a shard, files at standard input.

    Its standard output goes to the staged file `to`, in the order of the files, or to the log.
    """

    def __init__(self, command: List[str], to: Optional[str] = None, at_once: bool = False) -> None:
        self._command, self._to, self._at_once = command, to, at_once
        self._running: Set[int] = set()
        self._is_ended = False
        self._starting = threading.Lock()

    def run(self, jobs: int) -> None:
        """Works until there are no more shards, on so many at once."""
        try:
            run(self, threads=jobs)
        finally:
            with self._starting:  # what is being started now is among them
                self._is_ended = True
            for group in list(self._running):
                _kill(group)

    def __call__(self, shard: Shard) -> None:
        """Runs the command over one shard. Raises CommandFailed."""
        if shard.ranges or not shard.files:
            return shard.fail("map works on files, and shard {} is none".format(shard.id), False)
        env = {**os.environ, "MILLWORK_SHARD": shard.id}
        with suppress(ValueError):  # a component need not have an output
            env["MILLWORK_STAGED"] = shard.staging.folder()
        if self._to is None:
            return self._all(shard, None, env)
        with shard.output(self._to, "wb") as output:
            return self._all(shard, output, env)

    def _all(self, shard: Shard, output: Optional[IO[bytes]], env: Dict[str, str]) -> None:
        if self._at_once:
            names = b"".join(os.fsencode(file) + b"\0" for file in shard.files)
            return self._one(self._command, names, output, env)
        for file in shard.files:
            self._one(substituted(self._command, file), b"", output, env)
        return None

    def _one(
        self, words: List[str], given: bytes, output: Optional[IO[bytes]], env: Dict[str, str]
    ) -> None:
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as names:
            names.write(given)
            names.seek(0)
            process = self._start(words, names, None if output is None else printed, env)
            said = _Copied(process)
            code = process.wait()
            self._running.discard(process.pid)
            errors = said.tail()
            if code != 0:
                raise CommandFailed(_reason(words, code, errors))
            if output is not None:
                printed.seek(0)
                shutil.copyfileobj(printed, output)

    def _start(
        self, words: List[str], given: IO[bytes], output: Optional[IO[bytes]], env: Dict[str, str]
    ) -> subprocess.Popen[bytes]:
        with self._starting:
            if self._is_ended:
                raise CommandFailed("the worker was stopped")
            try:
                process = subprocess.Popen(
                    words, env=env, stdin=given, stdout=output, stderr=subprocess.PIPE,
                    start_new_session=True,
                )  # fmt: skip
            except (OSError, ValueError) as error:
                raise CommandFailed("{}: {}".format(words[0], error)) from None
            self._running.add(process.pid)
            return process


class _Copied:
    """Copies a command's standard error to ours as it comes, and keeps the end of it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._pipe = process.stderr
        self._kept = b""
        self._thread = threading.Thread(target=self._copy, daemon=True)
        self._thread.start()

    def _copy(self) -> None:
        assert self._pipe is not None
        with self._pipe:
            while True:
                data = os.read(self._pipe.fileno(), 1 << 16)
                if not data:
                    return
                self._kept = (self._kept + data)[-_TAIL:]
                with suppress(OSError):
                    os.write(2, data)

    def tail(self) -> str:
        self._thread.join(_AFTER)
        return self._kept.decode("utf-8", "replace").strip()


def substituted(command: List[str], file: str) -> List[str]:
    """The command's words with `{}` replaced; a name never becomes an option or two words."""
    name = "./" + file if file.startswith("-") else file
    return [word.replace(PLACE, name) for word in command]


def _kill(group: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def _reason(words: List[str], code: int, errors: str) -> str:
    shown = " ".join(words)
    if code < 0:
        text = "killed by {}: {}".format(signal.Signals(-code).name, shown)
    else:
        text = "exit code {}: {}".format(code, shown)
    return "{}\n{}".format(text, errors) if errors else text


def main(words: List[str]) -> int:
    """`map` of the command line, its words behind `map`; the exit code."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m millwork_worker map")
    parser.add_argument("--jobs", "-j", type=int, default=1, metavar="N", help="shards at once")
    parser.add_argument("--to", metavar="FILE", help="staged file for standard output")
    parser.add_argument(
        "-0", "--null", action="store_true",
        help="run it once a shard, the files at standard input, a zero byte after each",
    )  # fmt: skip
    at = words.index("--") if "--" in words else len(words)
    options, command = parser.parse_args(words[:at]), words[at + 1 :]
    if not command or options.jobs < 1:
        parser.error("say the command behind --" if not command else "--jobs must be at least 1")
    if not options.null and not any(PLACE in word for word in command):
        parser.error("the command has no {}, which stands for the file; or say -0")
    Mapping(command, options.to, options.null).run(options.jobs)
    return 0  # shards that failed are the service's to count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
