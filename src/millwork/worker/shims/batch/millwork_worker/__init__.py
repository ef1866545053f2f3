"""The worker's side of an elastic batch: `for shard in shards(): ...`.

Standard library only, Python >= 3.8; it needs nothing of Millwork's other code.
"""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs 6 ms at each call of the command
if TYPE_CHECKING:
    from .leases import Tally
    from .loop import each_shard, run, shards
    from .rows import Unreadable
    from .service import Refused, Unreachable
    from .shard import Shard

__all__ = ["Refused", "Shard", "Tally", "Unreachable", "Unreadable", "each_shard", "run", "shards"]
_PLACES = {
    "Tally": "leases", "Unreadable": "rows", "Shard": "shard",
    "each_shard": "loop", "run": "loop", "shards": "loop",
    "Refused": "service", "Unreachable": "service",
}  # fmt: skip


def __getattr__(name: str) -> object:
    """Loads what is asked for: `next` and `done` of the command need little of it."""
    from importlib import import_module

    if name not in _PLACES:
        raise AttributeError("module {!r} has no attribute {!r}".format(__name__, name))
    return getattr(import_module("." + _PLACES[name], __name__), name)
