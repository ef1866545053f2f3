"""Built-in components: a chain of ten forked against started, and predictions against the library.

Ratios of one run; the rows of big tables are in `tables`.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.catalogue.calls import called
from tests.catalogue.tables import good

from bench.measure import MILLWORK, environment
from bench.rows import Row
from millwork.catalogue.index import declarations
from millwork.runtime.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS, TIMES = 1000, 3
PREDICTED = 100_000

CHAIN: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("select_columns", "table", {"exclude": "id"}),
    ("filter_rows", "table", {"condition": "length > 41"}),
    ("sort_rows", "table", {"by": "mass"}),
    ("impute", "table", {"columns": "length,depth"}),
    ("standardise", "table", {"columns": "length,depth,mass"}),
    ("one_hot", "table", {"columns": "island"}),
    ("append_id", "table", {"name": "row"}),
    ("pca", "table", {"columns": "length,depth,mass", "components": 2}),
    ("logistic_regression", "model", {"label": "species"}),
    ("predict", "table", {}),
)


def figures(folder: Path) -> Iterator[Row]:
    """All rows of built-in components."""
    yield chain(folder)
    yield from predictions()


def chain(folder: Path) -> Row:
    """Ten built-ins one after the other: forked from one process, and each by itself."""
    home = folder / "home"
    file = _chain_file(folder)
    _run(file, home, "no")  # the libraries are installed, and their byte code is there
    warm, cold = [], []
    for _ in range(TIMES):
        cold.append(_run(file, home, "no"))
        warm.append(_run(file, home, "yes"))
    wall = sorted(warm)[TIMES // 2] / sorted(cold)[TIMES // 2]
    seconds = f"{sorted(warm)[TIMES // 2]:.1f} s, cold {sorted(cold)[TIMES // 2]:.1f} s"
    return Row(
        f"chain of ten built-ins on {ROWS:,} rows, warm against cold",
        f"{wall:.2f}x wall ({seconds})",
        "0.4x",
        wall <= 0.4,
    )


def _chain_file(folder: Path) -> Path:
    good(ROWS).write_parquet(folder / "rows.parquet")
    nodes: dict[str, Any] = {}
    table: dict[str, str] = {"path": "./rows.parquet"}
    for place, (name, port, parameters) in enumerate(CHAIN):
        inputs: dict[str, Any] = {"table": table}
        if name == "predict":
            inputs["model"] = {"from": f"n{place - 1}.model"}
        nodes[f"n{place}"] = {
            "component": f"builtin:{name}",
            "inputs": inputs,
            "parameters": parameters,
        }
        if port == "table":
            table = {"from": f"n{place}.table"}
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "ten", "version": "1.0.0"}
    file = folder / "chain.json"
    file.write_text(json.dumps({**head, "nodes": nodes}))
    return file


def _run(file: Path, home: Path, warmth: str) -> float:
    """Seconds of wall of the run; the CPU of forked steps would not be this process's to count."""
    env = environment(home) | {"MILLWORK_WARM": warmth}
    began = time.perf_counter()
    words = [MILLWORK, "run", str(file), "--force", "--json"]
    done = subprocess.run(words, env=env, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"the chain failed: {done.stderr.decode()[-2000:]}")
    return time.perf_counter() - began


def predictions() -> Iterator[Row]:
    """`predict` on many rows against the library's own methods on the matrix in memory."""
    for name in ("logistic_regression", "random_forest_classifier", "xgboost_classifier"):
        yield _prediction(name)


def _prediction(name: str) -> Row:
    given = {"table": good(2000), "label": "species", "features": ["length", "depth", "mass"]}
    many, predict = good(PREDICTED), declarations()["predict"]
    with tempfile.TemporaryDirectory() as folder:
        called(declarations()[name], given, Path(folder))["model"].save(Path(folder))
        model = Model.load(Path(folder))
    matrix, asked = model.matrix(many), {"table": many, "model": model}
    bare = _least(lambda: _bare(model.estimator, matrix))
    ours = _least(lambda: called(predict, asked, Path())["table"].lazy().collect())
    return Row(
        f"predict by {name}, {PREDICTED:,} rows, against the library in memory",
        f"{ours / bare:.2f}x CPU ({ours * 1000:.0f} ms, bare {bare * 1000:.0f} ms)",
        "1.2x",
        ours <= 1.2 * bare,
    )


def _bare(estimator: Any, matrix: Any) -> Any:
    if hasattr(estimator, "predict_proba"):
        return estimator.predict(matrix), estimator.predict_proba(matrix)
    import xgboost

    return estimator.predict(xgboost.DMatrix(matrix))


def _least(work: Callable[[], Any]) -> float:
    """The least seconds of CPU of a few times."""
    found = []
    for _ in range(5):
        before = time.process_time()
        work()
        found.append(time.process_time() - before)
    return min(found)
