# ruff: noqa: E501
"""The verb of plans: what a pipeline's text would run.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millwork.views.plans import PlanView

from millwork.client.noun import Noun


class PlansVerbs(Noun):
    """The verb of plans: what a pipeline's text would run."""

    def create(
        self,
        *,
        text: str,
        bundle: str = "",
        parameters: dict[str, Any] | None = None,
        inputs: dict[str, str] | None = None,
    ) -> PlanView:
        """What a pipeline's text would run: its nodes, the columns at their ports, and every fault."""
        answer: PlanView = self._door.ask(
            "plans.create", text=text, bundle=bundle, parameters=parameters, inputs=inputs
        )
        return answer
