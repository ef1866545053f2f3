"""Steps of a run.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millwork.views.commands import StepCommand
    from millwork.views.runs import StepView, Why
    from millwork.views.samples import StepUsage
    from millwork.views.series import StepMetrics

from millwork.client.noun import Noun


class StepsVerbs(Noun):
    """Steps of a run."""

    def list(self, run: str, *, limit: int = 50, after: str = "") -> dict[str, Any]:
        """The steps of a run in the order of its file, without their attempts."""
        answer: dict[str, Any] = self._door.ask("steps.list", run=run, limit=limit, after=after)
        return answer

    def show(self, run: str, step: str) -> StepView:
        """A step with the attempts at it."""
        answer: StepView = self._door.ask("steps.show", run=run, step=step)
        return answer

    def why(self, run: str, step: str) -> Why:
        """Why a step was, or was not, done again."""
        answer: Why = self._door.ask("steps.why", run=run, step=step)
        return answer

    def usage(self, run: str, step: str, *, replica: str = "") -> StepUsage:
        """What a step's processes have used over time: cores, memory, GPU."""
        answer: StepUsage = self._door.ask("steps.usage", run=run, step=step, replica=replica)
        return answer

    def metrics(self, run: str, step: str) -> StepMetrics:
        """What a step has measured, one value after the other."""
        answer: StepMetrics = self._door.ask("steps.metrics", run=run, step=step)
        return answer

    def command(self, run: str, step: str, *, attempt: str = "", replica: str = "") -> StepCommand:
        """What an attempt at a step was started with: its words, and its variables."""
        answer: StepCommand = self._door.ask(
            "steps.command", run=run, step=step, attempt=attempt, replica=replica
        )
        return answer
