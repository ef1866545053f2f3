"""A process that tells the columns of tables and queries, with the built-ins' own libraries.

It is the step's side of the question: no file of a user is parsed in the process that asks.
"""

from __future__ import annotations

import json
import os
import select
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Unavailable
from millwork.engines.local.seen import Seen

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

_EACH, _ALL = 10.0, 30.0  # seconds for an answer, and for all of a survey


class Peeker:
    """Answers questions as `runtime.peek` has them; the process starts with the first.

    `code` is the folder of the runtime and `digest` its content's; environments and what was seen
    lie below `home`. With `builds` the environment is made if it is not there, which may take a
    minute, once; else nothing is known without it.
    """

    def __init__(self, code: str, digest: str, home: str, *, builds: bool) -> None:
        self._code, self._envs, self._builds = code, f"{home}/envs", builds
        self._seen = Seen(f"{home}/columns.json", digest)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_started = False
        self._left = _ALL

    def __enter__(self) -> Peeker:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; empty without an environment, or once an answer has taken too long."""
        if question.keys() != {"path"}:
            return self._asked(question)
        key = self._seen.key(question["path"])
        answer = self._seen.recall(key)
        if answer is None:
            answer = self._asked(question)
            if "outputs" in answer and self._seen.key(question["path"]) == key:
                self._seen.remember(key, answer)
        return answer

    def _asked(self, question: Mapping[str, Any]) -> dict[str, Any]:
        if not self._is_started:
            self._is_started = True
            self._process = self._start()
        if self._process is None:
            return {}
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
        line = self._line(self._process)
        if not line:
            self._end()
            return {}
        return dict(json.loads(line))

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """A whole line within the time that is left; empty if there is none."""
        assert process.stdout is not None
        descriptor, began, text = process.stdout.fileno(), time.monotonic(), b""
        deadline = began + min(self._left, _EACH)
        while not text.endswith(b"\n"):
            wait = deadline - time.monotonic()
            if wait <= 0 or not select.select([descriptor], [], [], wait)[0]:
                return b""
            part = os.read(descriptor, 1 << 16)
            if not part:
                return b""
            text += part
        self._left -= time.monotonic() - began
        return text

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()  # it holds nothing
        self._process.communicate()
        self._process = None

    def _start(self) -> subprocess.Popen[bytes] | None:
        env = self._environment()
        if env is None:
            return None
        import subprocess  # where all was seen before, nothing is started

        return subprocess.Popen(
            [f"{env}/bin/python", "-E", "-s", self._code, "--peek"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._code,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1"},
        )

    def _environment(self) -> str | None:
        from millwork.engines.local import requirements
        from millwork.worker import environment

        found = requirements.built(self._code, self._envs)
        if found or not self._builds:
            return found
        import uv

        wanted = requirements.of_code(self._code)
        try:
            return environment.build(uv.find_uv_bin(), self._envs, wanted.path, wanted.python)
        except environment.EnvironmentFailed as error:
            raise Unavailable(f"the built-ins' libraries cannot be installed: {error}") from None
