"""`millwork shard`: what a step's program of any language says to the service of shards."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from millwork import worker
from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from argparse import Namespace


def run(options: Namespace) -> int:
    """Does what `python -m millwork_worker` does. Raises BadRequest outside of a batch's step."""
    if not os.environ.get("MILLWORK_SHARDS"):
        raise BadRequest(
            "there are no shards here: MILLWORK_SHARDS is not set; `millwork shard` is for the "
            "command of a component with `batch`, which `millwork run` starts"
        )
    # The worker's library stands alone, as it does in a step: it is no part of this package.
    sys.path.insert(0, f"{os.path.dirname(worker.__file__)}/shims/batch")
    main = import_module("millwork_worker.__main__").main
    return int(main([options.action, *(options.command_words or ())]))
