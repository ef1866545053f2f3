"""`MILLWORK_FAULT=point:action[:n]`: tests make a whole process fail at a point's nth passing."""

from __future__ import annotations

import os
import signal
import time

from millwork.base import faultpoints
from millwork.base.errors import BadRequest

_DELAY = 0.3
VARIABLE = "MILLWORK_FAULT"


class FaultInjected(Exception):
    """What the action `exception` raises: no error that anything expects."""


def arm_from_environment() -> None:
    """Arms the fault that the environment names, if it names one; raises BadRequest for nonsense.

    Actions: `kill` (SIGKILL to this process), `exception`, `delay` (0.3 s).
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return
    point, action, count = (*text.split(":"), "1")[:3]
    if point not in faultpoints.POINTS or action not in _ACTIONS or not count.isdigit():
        raise BadRequest(f"{VARIABLE}={text}: expected point:kill|exception|delay[:n]")
    left = int(count)

    def fire(reached: str) -> None:
        nonlocal left
        if reached == point:
            left -= 1
            if left == 0:
                _ACTIONS[action](point)

    faultpoints.arm(fire)


def _kill(_point: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise(point: str) -> None:
    raise FaultInjected(point)


def _delay(_point: str) -> None:
    time.sleep(_DELAY)


_ACTIONS = {"kill": _kill, "exception": _raise, "delay": _delay}
