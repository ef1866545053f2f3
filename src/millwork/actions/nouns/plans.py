"""The verb of plans: what a pipeline's text would run."""

from __future__ import annotations

from typing import Any

from millwork.actions import plans
from millwork.actions.call import Call
from millwork.views.plans import PlanView


def create(
    call: Call,
    text: str,
    bundle: str = "",
    parameters: dict[str, Any] | None = None,
    inputs: dict[str, str] | None = None,
) -> PlanView:
    """What a pipeline's text would run: its nodes, the columns at their ports, and every fault.

    Nothing is run or kept, and the text may be half finished. `parameters` and `inputs` are what a
    run would be given.
    """
    return plans.plan(call, text, bundle, parameters, inputs)
