"""Processes that have imported the built-ins' libraries, and fork steps (runtime/warm.py).

They end when this process does; the steps that they have forked do not. A command begins one
before all else: what is needed only later is imported only then.
"""

from __future__ import annotations

import array
import os
import select
import socket
from contextlib import suppress
from signal import SIGKILL
from typing import TYPE_CHECKING

from millwork.engines.host.processes import MARK, inherited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.engines.host import recorder

_LONGEST_ID = 120  # the room for an attempt's id, which a fork writes over its first environment
_LENGTH = 4  # bytes that say how long an order is
_BEGINS, _PATIENCE = 3.0, 10.0  # seconds for a start, and for a fork behind an import


def begin(
    home: str, digest: str, functions: Sequence[str] = (), env: str | None = None
) -> WarmProcess | None:
    """One for the built-ins' code under a digest; None if the environment is not built.

    `env` is that environment's folder, if it is known. The process has what steps have of this
    one's variables: libraries read some as they are imported.
    """
    from millwork.worker import environment

    code, envs = f"{home}/code/{digest}", f"{home}/envs"
    if env is None:
        from millwork.engines.local import requirements

        env = requirements.built(code, envs)
        if env is None:
            return None
    words = [f"{env}/bin/python", "-s", "-B", f"{code}/__main__.py", "--warm"]
    variables = environment.activated(env, inherited())
    try:
        return WarmProcess(digest, words, [f"{envs}/bytecode", *functions], variables)
    except OSError:
        return None  # a step that is started by itself will say what is wrong


class WarmProcess:
    """One of them, for the code of a digest; `functions`' libraries are worth importing."""

    def __init__(
        self,
        digest: str,
        words: Sequence[str],
        arguments: Sequence[str],
        variables: Mapping[str, str],
    ) -> None:
        self.digest = digest
        self._channel, theirs = socket.socketpair()
        descriptor = theirs.fileno()
        with theirs:
            theirs.set_inheritable(True)
            self._pid = os.posix_spawn(
                words[0],
                [*words, str(descriptor), *arguments],
                {**variables, MARK: "_" * _LONGEST_ID},
                setsid=True,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                    (os.POSIX_SPAWN_DUP2, 1, 2),
                ],
            )
        self._answers = self._channel.makefile("r")
        self._is_ready = self._is_gone = False

    def is_ready(self) -> bool:
        """Whether it lives and can fork; it is waited for as long as Python takes to begin."""
        if self._is_ready or self._is_gone:
            return self._is_ready
        if select.select([self._channel], [], [], _BEGINS)[0]:
            self._is_ready = self._answers.readline() == "ready\n"
            if not self._is_ready:
                self._end()
        return self._is_ready

    def spawn(
        self,
        folder: str,
        work: str,
        words: Sequence[str],
        env: Mapping[str, str],
        limits: recorder.Confinement,
    ) -> int | None:
        """Has a step forked, and returns its recorder's process id; None if it cannot be.

        As `recorder.spawn`, whose lock and log it opens.
        """
        import json

        from millwork.engines.host import recorder

        order = {
            "env": dict(env),
            "procs": list(limits.procs),
            "processes": limits.processes,
            "work": work,
            "words": list(words),
        }
        log = os.open(f"{folder}/{recorder.LOG}", recorder.LOG_FLAGS | os.O_CLOEXEC, 0o600)
        try:
            with recorder.locked(folder) as lock:
                self._send(json.dumps(order).encode(), [lock, log])
                answer = self._answer()
        except OSError:
            answer = ""
        finally:
            os.close(log)
        if answer.strip().isdigit():
            return int(answer)
        self._end()  # first: what it has not read yet must not be begun twice
        return recorder.find(folder)  # it may have been forked before the answer was lost

    def _end(self) -> None:
        self._is_ready, self._is_gone = False, True
        with suppress(ProcessLookupError, ChildProcessError):  # whose ends nobody is told of
            os.kill(self._pid, SIGKILL)
            os.waitpid(self._pid, 0)
        self._channel.close()

    def _send(self, text: bytes, descriptors: list[int]) -> None:
        self._channel.settimeout(_PATIENCE)
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        self._channel.sendmsg([len(text).to_bytes(_LENGTH, "big")], passed)
        self._channel.sendall(text)
        self._channel.settimeout(None)

    def _answer(self) -> str:
        if not select.select([self._channel], [], [], _PATIENCE)[0]:
            return ""
        return self._answers.readline()
