"""A process that tells the columns of tables and queries, with the built-ins' own libraries.

It is the step's side of the question: no file of a user is parsed in the process that asks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Unavailable
from millwork.worker import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

_END = 5.0  # seconds


class Peeker:
    """Answers questions as `runtime.peek` has them; the process starts with the first.

    `code` is the folder of the runtime, `envs` that of environments. With `builds` the environment
    is made if it is not there, which may take a minute, once; else nothing is known without it.
    """

    def __init__(self, code: str, envs: str, *, builds: bool) -> None:
        self._code, self._envs, self._builds = code, envs, builds
        self._process: subprocess.Popen[str] | None = None
        self._is_started = False

    def __enter__(self) -> Peeker:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is None:
            return
        with suppress(OSError):
            self._process.communicate(timeout=_END)
        self._process.kill()
        self._process.wait()

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; empty if there is no environment, or the process has ended."""
        if not self._is_started:
            self._is_started = True
            self._process = self._start()
        if self._process is None:
            return {}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        return dict(json.loads(line)) if line else {}

    def _start(self) -> subprocess.Popen[str] | None:
        env = self._environment()
        if env is None:
            return None
        return subprocess.Popen(
            [f"{env}/bin/python", "-E", "-s", self._code, "--peek"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=self._code,
            env={"PATH": os.defpath, "LANG": "C.UTF-8", "POLARS_MAX_THREADS": "1"},
        )

    def _environment(self) -> str | None:
        requirements = f"{self._code}/requirements.txt"
        found = environment.ready(self._envs, requirements, sys.executable)
        if found or not self._builds:
            return found
        import uv

        try:
            return environment.build(uv.find_uv_bin(), self._envs, requirements, sys.executable)
        except environment.EnvironmentFailed as error:
            raise Unavailable(f"the built-ins' libraries cannot be installed: {error}") from None
