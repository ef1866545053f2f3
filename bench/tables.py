"""Large tables: built-in components against the same library calls in a bare script.

Files in to files out, in turn; ratios of wall are medians of those of pairs. Wall is that of
`millwork run`, its start, records and hashes of outputs included, against a script that hashes its
outputs as well; memory is that of the step's process alone. The home has run built-ins before:
their libraries are there, and the columns of the table are remembered.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import MILLWORK
from bench.rows import Row
from millwork import runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, KEYS, ROUNDS = 10_000_000, 10_000, 3
_STEP = (sys.executable, str(Path(runtime.__file__).parent))
_SINK = ".sink_parquet(OUT + '/table.parquet')"

_MADE = """
import polars as pl
number = pl.int_range({rows}, eager=True).alias("id").to_frame().lazy()
number.select(
    "id",
    key=(pl.col("id").hash(7) % {keys}).cast(pl.Int64),
    x=pl.col("id").hash(8) / 2.0**64,
    y=(pl.col("id").hash(9) % 1000).cast(pl.Float64) / 10,
    name=pl.format("n{{}}", pl.col("id").hash(10) % 100),
).sink_parquet("{table}")
keys = pl.int_range({keys}, eager=True).alias("key")
pl.DataFrame({{"key": keys, "weight": keys.cast(pl.Float64)}}).write_parquet("{right}")
"""


_HASH = """
import hashlib, pathlib
for path in pathlib.Path(OUT).iterdir():
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
"""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall, and MiB of memory at the peak."""

    wall: float
    memory: float


@dataclass(frozen=True)
class Case:
    """One figure: the step's function, parameters and inputs, and the bare script's calls."""

    function: str
    parameters: dict[str, Any]
    bare: str
    inputs: tuple[str, ...] = ("table",)
    outputs: tuple[str, ...] = ("table",)


CASES = {
    "select": Case(
        "preprocess.select_columns",
        {"columns": ["x", "key"]},
        f"table.select('x', 'key'){_SINK}",
    ),
    "filter": Case(
        "preprocess.filter_rows",
        {"condition": "x > 0.5 AND name <> 'n7'"},
        f"table.filter((pl.col('x') > 0.5) & (pl.col('name') != 'n7')){_SINK}",
    ),
    "join": Case(
        "preprocess_combine.join",
        {"how": "left", "left_on": ["key"], "suffix": "_right"},
        f"left.join(right, on='key', how='left', maintain_order='left'){_SINK}",
        ("left", "right"),
    ),
    "aggregate": Case(
        "preprocess_group.group_aggregate",
        {"by": ["key"], "means": ["x"], "sums": ["y"]},
        "table.group_by('key').agg(pl.len(), pl.col('y').sum(), pl.col('x').mean())"
        f".sort('key'){_SINK}",
    ),
    "standardise": Case(
        "prepare.standardise",
        {"columns": ["x", "y"]},
        "c = pl.col('x', 'y'); s = table.select(c.mean().name.prefix('m'), "
        "c.std(ddof=0).name.prefix('s')).collect(engine='streaming')\n"
        "table.with_columns((pl.col(n) - s['m' + n][0]) / s['s' + n][0] for n in 'xy')"
        f"{_SINK}",
        outputs=("table", "transform"),
    ),
    "split": Case(
        "preprocess_sample.split_rows",
        {"fraction": 0.8, "seed": 1},
        "t = table.with_row_index('r'); u = pl.col('r').hash(1) / 2.0**64\n"
        f"t.filter(u < 0.8).drop('r'){_SINK}\n"
        "t.filter(u >= 0.8).drop('r').sink_parquet(OUT + '/second.parquet')",
        outputs=("first", "second"),
    ),
    "sample": Case(
        "preprocess_sample.sample_rows",
        {"fraction": 0.1, "seed": 1},
        f"table.with_row_index('r').filter(pl.col('r').hash(1) / 2.0**64 < 0.1).drop('r'){_SINK}",
    ),
}


def tables(folder: Path) -> Iterator[Row]:
    """A row for each operation on ten million rows."""
    folder.mkdir(parents=True, exist_ok=True)
    places = _made(folder)
    for name, case in CASES.items():
        bare, step, run = [], [], []
        for _ in range(ROUNDS):
            bare.append(_bare(case, places, folder))
            step.append(_step(case, places, folder))
            run.append(_run(case, places, folder))
        seconds = statistics.median(each.wall for each in run)
        # Of pairs, one right after the other: what else the machine does changes within minutes.
        ratio = statistics.median(a.wall / b.wall for a, b in zip(run, bare, strict=True))
        peak, lowest = (statistics.median(each.memory for each in costs) for costs in (step, bare))
        yield Row(
            f"{name}, {ROWS:,} rows, `millwork run` against a bare script that hashes",
            f"{ratio:.2f}x wall ({seconds:.1f} s), {peak / lowest:.2f}x memory ({peak:.0f} MiB)",
            "1.15x, 1.2x",
            ratio <= 1.15 and peak <= 1.2 * lowest,
        )


def _made(folder: Path) -> dict[str, Path]:
    """The large table, and a small one to join."""
    places = {"table": folder / "table.parquet", "right": folder / "right.parquet"}
    # In another process: a child's peak is never said to be less than what its parent holds.
    script = _MADE.format(rows=ROWS, keys=KEYS, **places)
    subprocess.run([sys.executable, "-c", script], check=True)
    return {**places, "left": places["table"]}


def _run(case: Case, places: dict[str, Path], folder: Path) -> Cost:
    """The whole command, in a home whose libraries are installed; its outputs are removed."""
    home = folder / "home"
    given = [word for name in case.inputs for word in ("-i", f"{name}={places[name]}")]
    given += [
        word
        for name, value in case.parameters.items()
        for word in ("-p", f"{name}={','.join(value) if isinstance(value, list) else value}")
    ]
    words = (MILLWORK, "run", f"builtin:{case.function.partition('.')[2]}", "--force", *given)
    if not (home / "envs").exists():  # the libraries, and then what is kept beside them
        for _ in range(2):
            _cost(words, {"MILLWORK_HOME": str(home)}, [])
    cost = _cost(words, {"MILLWORK_HOME": str(home)}, [])
    shutil.rmtree(home / "attempts")
    (home / "attempts").mkdir()
    return cost


def _step(case: Case, places: dict[str, Path], folder: Path) -> Cost:
    outputs = {name: folder / "out" / name for name in case.outputs}
    env = {f"PAI_INPUT_{name.upper()}": str(places[name]) for name in case.inputs}
    env |= {f"PAI_OUTPUT_{name.upper()}": f"{place}/" for name, place in outputs.items()}
    env["PAI_HPS"] = json.dumps(case.parameters)
    return _cost((*_STEP, case.function), env, list(outputs.values()))


def _bare(case: Case, places: dict[str, Path], folder: Path) -> Cost:
    out = folder / "out" / "bare"
    lines = ["import polars as pl", f"OUT = {str(out)!r}"]
    lines += [f"{name} = pl.scan_parquet({str(places[name])!r})" for name in case.inputs]
    return _cost((sys.executable, "-c", "\n".join([*lines, case.bare, _HASH])), {}, [out])


def _cost(words: tuple[str, ...], env: dict[str, str], folders: list[Path]) -> Cost:
    for place in folders:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    began = time.perf_counter()
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        words, env={**kept, **env}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    if status:
        assert process.stderr is not None
        raise SystemExit(f"{words[-1]} failed: {process.stderr.read()[-500:]}")
    return Cost(time.perf_counter() - began, used.ru_maxrss / 1024)
