"""What the loop and the verbs need of the outside world: Store, Engine, Secrets, Clock, Masters.

Rooms below know nothing of them; the rooms that implement them are named only in `app`.
"""

from millwork.ports.engine import Ended, Engine, Outcome, Sample
from millwork.ports.leases import Leasing, News, Opening
from millwork.ports.secrets import Secrets
from millwork.ports.store import (
    AttemptRow,
    Clock,
    Master,
    Masters,
    ReplicaRow,
    ResultRow,
    RunRow,
    StepRow,
    Store,
)

__all__ = [
    "AttemptRow",
    "Clock",
    "Ended",
    "Engine",
    "Leasing",
    "Master",
    "Masters",
    "News",
    "Opening",
    "Outcome",
    "ReplicaRow",
    "ResultRow",
    "RunRow",
    "Sample",
    "Secrets",
    "StepRow",
    "Store",
]
