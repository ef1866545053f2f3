"""The peers: what is installed for each, what it keeps of a run, how many steps it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Peer:
    """Another engine; the first of its requirements gives it its version and its program's name.

    `chain` and `fan` are numbers of steps; `again` says how a killed run is started again;
    `variables` are set for it beside those that keep it within its own home.
    """

    name: str
    requirements: tuple[str, ...]
    state: str
    chain: int
    fan: int
    again: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """The package that the peer is."""
        return self.requirements[0].partition("==")[0]

    @property
    def version(self) -> str:
        """The version that is pinned."""
        return self.requirements[0].partition("==")[2]


_PREFECT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "200",
}
_DAGSTER = {"DAGSTER_DISABLE_TELEMETRY": "1"}
_ANEW = "a new run"
PEERS = (
    Peer(
        "snakemake", ("snakemake==9.27.1",), "a record per output file", 100, 300,
        "`--unlock`, then `--rerun-incomplete`",
    ),
    Peer("redun", ("redun==0.44.1",), "call graph in SQLite", 100, 300, "the same run again"),
    Peer(
        "Dagster, in-process executor", ("dagster==1.13.29",), "events in SQLite", 100, 300, _ANEW,
        {**_DAGSTER, "PEERS_EXECUTOR": "in_process"},
    ),
    Peer(
        "Prefect, server of its own", ("prefect==3.8.8", "fastapi==0.139.2"),
        "SQLite behind HTTP", 100, 300, _ANEW, _PREFECT,
    ),
    Peer("kfp, SubprocessRunner", ("kfp==2.17.0",), "outputs only", 60, 100, _ANEW),
    Peer("Metaflow, local", ("metaflow==2.19.39",), "files per task", 20, 40, "`resume`"),
    Peer(
        "Dagster, multiprocess executor", ("dagster==1.13.29",), "events in SQLite", 6, 12, _ANEW,
        {**_DAGSTER, "PEERS_EXECUTOR": "multiprocess"},
    ),
)  # fmt: skip
BACKFILLERS = (
    Peer(
        "Airflow, LocalExecutor", ("apache-airflow==3.3.2",),
        "api-server, scheduler, dag-processor", 2, 12, "",
    ),
    Peer(
        "Dagster, in-process executor", ("dagster==1.13.29",), "daemon, code server", 2, 8, "",
        _DAGSTER,
    ),
)  # fmt: skip
"""Those that have a backfill: `state` is the processes that it takes, `chain` and `fan` are the
numbers of dates between which the slope is taken."""
