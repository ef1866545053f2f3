"""An engine in a home of its own, as the conformance suite probes it: fixtures and their means."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.container.engine import ContainerEngine
from millwork.engines.host import processes
from millwork.engines.local.engine import LocalEngine
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Step
from millwork.spec.model import Component, Input, Output, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.engines.host.engine import HostEngine
    from millwork.plan.model import Artifact, Plan
    from millwork.ports import Outcome
    from tests.engines.images import Storage

CANARY = "c4nary-that-nobody-may-see"
_numbers = count(1)


class Vault:
    def value(self, name: str) -> str | None:
        return CANARY if name == "token" else None


def no_code(_digest: str, _target: str) -> None:
    raise AssertionError("no code was asked for")


@dataclass
class Subject:
    """An engine in a home of its own, and what the probes do with it."""

    kind: str
    home: Path
    storage: Storage | None = None
    image: str = ""
    network: str = "host"
    _engine: HostEngine | None = None
    attempts: list[str] = field(default_factory=list)

    @property
    def engine(self) -> HostEngine:
        self._engine = self._engine or self.open()
        return self._engine

    def open(self) -> HostEngine:
        """A further engine over the same home, as another process would have it."""
        if self.storage is None:
            return LocalEngine(str(self.home), no_code, secrets=Vault())  # type: ignore[arg-type]
        settings = replace(self.storage.settings, network=self.network)
        vault: Any = Vault()
        return ContainerEngine(str(self.home), no_code, None, vault, lambda: settings)

    def plan(
        self, command: str, data: Mapping[str, Artifact] | None = None, **fields: Any
    ) -> tuple[str, Plan]:
        """A new attempt at a step of that command, and its plan."""
        attempt = f"a{os.getpid()}-{next(_numbers)}"
        self.attempts.append(attempt)
        values = fields.pop("values", {})
        component = Component(
            "probe", "1.0.0", command, image=self.image, outputs={"out": Output()},
            inputs={name: Input() for name in data or {}},
            parameters={name: Parameter("String") for name in values},
            job_type=fields.pop("job_type", "Job"),
        )  # fmt: skip
        step = Step("s", component, parameters=values, **fields)
        found = self.engine.images([step])
        step = replace(step, image=found["s"].id if found else "")
        job = Job("run", attempt, hosts=partial(self.engine.hosts, attempt))
        return attempt, make_plan(step, data or {}, values, job, self.engine.root(attempt, "ml"))

    def start(self, command: str, **more: Any) -> str:
        attempt, plan = self.plan(command, **more)
        self.engine.furnish(attempt, plan)
        self.engine.start(attempt, plan)
        return attempt

    def run(self, command: str, **more: Any) -> tuple[Outcome, str]:
        attempt = self.start(command, **more)
        return self.end(), self.log(attempt)

    def end(self, seconds: float = 30.0, engine: HostEngine | None = None) -> Outcome:
        return self.ends(1, seconds, engine)[0]

    def ends(
        self, number: int, seconds: float = 30.0, engine: HostEngine | None = None
    ) -> list[Outcome]:
        deadline = time.monotonic() + seconds
        found: list[Outcome] = []
        while len(found) < number:
            assert time.monotonic() < deadline, "the attempt did not end"
            found += [each.outcome for each in (engine or self.engine).observe(1.0)]
        return found

    def log(self, process: str, engine: HostEngine | None = None) -> str:
        text, offset = b"", 0
        while True:
            data, offset = (engine or self.engine).log(process, offset)
            if not data:
                return text.decode("utf-8", "surrogateescape")
            text += data

    def until(self, attempt: str, text: str = "ready", seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.log(attempt):
            assert time.monotonic() < deadline, f"'{text}' never came: {self.log(attempt)}"
            time.sleep(0.01)  # a log that grows gives no event

    def left(self, attempt: str) -> list[Any]:
        """What of an attempt is still there."""
        found: list[Any] = list(processes.marked(attempt))
        if self.storage is not None:
            named = f"name=millwork-{attempt}"
            listed = self.storage.call("ps", "--all", "--format", "{{.Names}}", "--filter", named)
            found += listed.stdout.split()
        return found

    def out(self, attempt: str) -> Path:
        return Path(self.engine.folder(attempt), "output", "out")


def _container(request: pytest.FixtureRequest, home: Path) -> Subject:
    storage: Storage = request.getfixturevalue("storage")
    image: str = request.getfixturevalue("python_only_image")
    return Subject("container", home, storage, image)


def _subject(request: pytest.FixtureRequest, home: Path, kind: str) -> Iterator[Subject]:
    home.mkdir()
    subject = _container(request, home) if kind == "container" else Subject(kind, home)
    # What is known of the client and the image is found out once.
    memo = home / "containers.json"
    kept = subject.storage and subject.storage.folder / memo.name
    if kept and kept.exists():
        shutil.copy(kept, memo)
    if kind == "local" and (reason := subject.engine.shortcoming):
        pytest.skip(reason)
    yield subject
    if kept and memo.exists():
        shutil.copy(memo, kept)
    for attempt in subject.attempts:
        processes.kill_marked(attempt)


in_containers = pytest.param("container", marks=pytest.mark.xdist_group("containers"))


@pytest.fixture(params=["local", in_containers])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    yield from _subject(request, tmp_path / "home", request.param)


@pytest.fixture(params=[in_containers])
def contained(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    yield from _subject(request, tmp_path / "home", request.param)
