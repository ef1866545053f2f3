"""A built-in's libraries, imported by another process while the command itself gets ready."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from millwork.app.home import find_home

if TYPE_CHECKING:
    from millwork.engines.local.warm import WarmProcess

WARM, URL = "MILLWORK_WARM", "MILLWORK_URL"


def begin() -> WarmProcess | None:
    """A process that may fork a built-in's step, begun now.

    None where a server will run it, or where the environment is not built.
    """
    home = find_home()
    if os.environ.get(WARM) == "no" or URL in os.environ or os.path.exists(f"{home}/server.json"):
        return None
    from millwork import runtime
    from millwork.blobs import code

    digest = code.scan(os.path.dirname(runtime.__file__), f"{home}/code").digest
    if not os.path.isdir(f"{home}/code/{digest}"):
        return None
    from millwork.engines.local import warm

    return warm.begin(home, digest)
