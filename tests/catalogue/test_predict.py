"""One prediction for every model: its columns, its faults, and that its rule foretells them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.ensemble import IsolationForest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.inspection import permutation_importance as library_importance
from sklearn.linear_model import LogisticRegression
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns, Effect, Learned
from millwork.runtime.functions.predict import apply_transform, predict
from millwork.runtime.functions.predict_importance import permutation_importance
from millwork.runtime.functions.prepare import standardise
from millwork.runtime.models import Model, Signature
from millwork.runtime.problems import StepError
from millwork.runtime.transforms import Fitted, Transform
from tests.catalogue.calls import agrees, arguments_for, called, foretold
from tests.catalogue.learning import (
    cancer,
    diabetes,
    features_of,
    kept,
    learned,
    predicted,
    wine,
)
from tests.catalogue.tables import generated

if TYPE_CHECKING:
    from pathlib import Path

ALL = declarations()
TABLE = pl.DataFrame(
    {
        "x": [1.0, 2.0, 3.5, 4.0, 5.0, 7.0],
        "n": [3, 1, 4, 1, 5, 9],
        "y": ["a", "b", "a", "b", "b", "b"],
        "size": [1.5, 2.0, 1.0, 4.0, 2.0, 1.0],
    }
)
RESULTS = ["prediction", "prediction_score", "prediction_detail"]


def bayes(**more: Any) -> Model:
    return learned("naive_bayes", TABLE, "y", **{"features": ["x", "n"], **more})


def test_results_stand_behind_the_columns_that_are_kept() -> None:
    model = bayes()
    assert predicted(model, TABLE).columns == [*TABLE.columns, *RESULTS]
    few = predicted(
        model, TABLE, append=["y", "x"], result_column="class", score_column="", detail_column="all"
    )
    assert few.columns == ["y", "x", "class", "all"]
    assert predicted(model, TABLE.select("n", "x")).columns == ["n", "x", *RESULTS]


def test_raw_data_are_predicted_as_prepared_data_were_learned(tmp_path: Path) -> None:
    table = cancer().with_columns(pl.selectors.numeric() * 7 + 3)
    names = table.drop("target").columns
    prepared = standardise(table=table.lazy(), columns=names)
    model = kept(
        learned(
            "logistic_regression", prepared["table"].collect(), transform=prepared["transform"]
        ),
        tmp_path,
    )
    found = predicted(model, table)
    direct = make_pipeline(StandardScaler(), LogisticRegression())
    direct.fit(features_of(table), table["target"].to_numpy())
    assert found["prediction"].to_list() == list(direct.predict(features_of(table)))
    np.testing.assert_allclose(
        found["prediction_score"].to_numpy(),
        direct.predict_proba(features_of(table)).max(axis=1),
        rtol=1e-9,
    )
    assert found.select(table.columns).equals(table)


def test_large_tables_pass_batch_by_batch_in_their_order(tmp_path: Path) -> None:
    rows = 400_000
    numbers = np.random.default_rng(0).normal(size=(rows, 2))
    table = pl.DataFrame(numbers, ["x", "n"]).with_row_index("row")
    table.write_parquet(tmp_path / "data.parquet")
    scale = {"columns": {"x": {"shift": 1.0, "factor": 2.0}}, "suffix": ""}
    model = bayes(transform=Transform((Fitted("scale", scale),)))
    lazy = predict(table=pl.scan_parquet(tmp_path / "data.parquet"), model=model, detail_column="")
    lazy.sink_parquet(tmp_path / "out.parquet")
    found = pl.read_parquet(tmp_path / "out.parquet")
    assert found["row"].equals(table["row"])
    direct = model.estimator.predict_proba(
        np.column_stack(((numbers[:, 0] - 1) / 2, numbers[:, 1]))
    )
    np.testing.assert_array_equal(found["prediction_score"].to_numpy(), direct.max(axis=1))


def test_an_empty_table_gives_an_empty_table() -> None:
    found = predicted(bayes(), TABLE.head(0))
    assert found.height == 0
    assert found.columns == [*TABLE.columns, *RESULTS]
    assert predicted(bayes(), TABLE.head(1)).height == 1


@pytest.mark.parametrize(
    ("table", "given", "told"),
    [
        (TABLE.drop("x", "n"), {}, "the model needs the columns 'x', 'n'; there are: y, size"),
        (TABLE.with_columns(x=pl.lit("many")), {}, "'x' is String, and the model learned it as"),
        (TABLE.with_columns(x=pl.lit(None)), {}, r"missing in 'x': fill them"),
        (TABLE.with_columns(x=float("nan")), {}, r"missing in 'x'"),
        (TABLE.with_columns(x=float("inf")), {}, "infinite or beyond"),
        (TABLE.with_columns(prediction=1), {}, "a column 'prediction' already"),
        (TABLE, {"result_column": "x"}, "a column 'x' already"),
        (TABLE, {"score_column": "prediction"}, "two result columns have the same name"),
        (TABLE, {"append": ["z"]}, "no column 'z'"),
    ],
)
def test_faults_are_told(table: pl.DataFrame, given: dict[str, Any], told: str) -> None:
    with pytest.raises(StepError, match=told) as refused:
        predicted(bayes(), table, **given)
    assert "\n" not in str(refused.value)


def test_numbers_of_other_types_are_taken() -> None:
    expected = predicted(bayes(), TABLE)["prediction_score"]
    other = TABLE.with_columns(pl.col("n").cast(pl.UInt8), pl.col("x").cast(pl.Decimal(10, 2)))
    assert predicted(bayes(), other)["prediction_score"].equals(expected)


def test_a_column_that_is_not_kept_may_have_a_result_s_name() -> None:
    table = TABLE.with_columns(prediction=1)
    assert predicted(bayes(), table, append=["y"]).columns == ["y", *RESULTS]


def test_a_transform_that_does_not_fit_is_told() -> None:
    scale = {"columns": {"size": {"shift": 1.0, "factor": 2.0}}, "suffix": ""}
    model = bayes(transform=Transform((Fitted("scale", scale),)))
    with pytest.raises(StepError, match="no column 'size'"):
        predicted(model, TABLE.drop("size"))


def test_clusters_mixtures_and_topics() -> None:
    matrix = TABLE.select("x", "n").to_numpy()
    features = {"x": "Float64", "n": "Int64"}
    means = KMeans(2, random_state=0, n_init=1).fit(matrix)
    found = predicted(Model(Signature("cluster", features), means, "skops", "k_means"), TABLE)
    assert found["prediction"].to_list() == means.predict(matrix).tolist()
    assert found.schema["prediction"] == pl.Int64
    mixed = GaussianMixture(2, random_state=0).fit(matrix)
    signature = Signature("mixture", features, label_type="Int64", classes=(0, 1))
    found = predicted(Model(signature, mixed, "skops", "gaussian_mixture"), TABLE)
    assert found["prediction"].to_list() == mixed.predict(matrix).tolist()
    assert found.columns[-3:] == RESULTS
    texts = TABLE.with_columns(text=pl.lit("so many words ") + pl.col("y"))
    topics = make_pipeline(CountVectorizer(), LatentDirichletAllocation(2, random_state=0))
    topics.fit(texts["text"].to_list())
    signature = Signature("topics", {"text": "String"}, label_type="Int64", classes=(0, 1))
    found = predicted(Model(signature, topics, "skops", "topics"), texts)
    weights = topics.transform(texts["text"].to_list())
    np.testing.assert_allclose(found["prediction_score"].to_numpy(), weights.max(axis=1))
    with pytest.raises(StepError, match="'text' is Int64"):
        predicted(Model(signature, topics, "skops", "topics"), texts.with_columns(text=pl.col("n")))


@pytest.mark.parametrize(
    "estimator", [IsolationForest(random_state=0), LocalOutlierFactor(3, novelty=True)]
)
def test_anomalies_are_those_of_the_library(estimator: Any) -> None:
    matrix = np.random.default_rng(1).normal(size=(200, 2))
    table = pl.DataFrame(matrix, ["x", "n"])
    estimator.fit(matrix)
    signature = Signature("anomaly", {"x": "Float64", "n": "Float64"})
    found = predicted(Model(signature, estimator, "skops", "anomaly"), table)
    assert found["prediction"].to_list() == (estimator.predict(matrix) == -1).tolist()
    np.testing.assert_array_equal(
        found["prediction_score"].to_numpy(), -estimator.score_samples(matrix)
    )


def test_apply_transform_is_what_was_fitted() -> None:
    fitted = standardise(table=TABLE.lazy(), columns=["x", "size"])
    again = apply_transform(table=TABLE.lazy(), transform=fitted["transform"])
    assert again.collect().equals(fitted["table"].collect())
    with pytest.raises(StepError, match="no column 'x'"):
        apply_transform(table=TABLE.lazy().drop("x"), transform=fitted["transform"])
    lists = TABLE.lazy().with_columns(x=pl.lit([[1]]))
    with pytest.raises(StepError, match="'x' is List"):
        apply_transform(table=lists, transform=fitted["transform"])


@pytest.mark.parametrize("name", ["naive_bayes", "decision_tree_classifier", "ridge"])
@pytest.mark.filterwarnings("ignore")
def test_columns_are_foretold_from_training_on(name: str, tmp_path: Path) -> None:
    compared = 0
    for seed in range(200):
        random = Random(f"{name}{seed}")
        table = generated(random)
        given = arguments_for(ALL[name], table, random)
        if given is None:
            continue
        try:
            model = called(ALL[name], given, tmp_path)["model"]
            asked: Any = (
                {"append": random.sample(table.columns, 2)} if random.random() < 0.5 else {}
            )
            found = predict(table=table.lazy(), model=model, **asked).collect()
        except StepError:
            continue
        compared += 1
        shape = foretold(ALL[name], given)["model"]
        assert isinstance(shape, Learned)
        assert shape.features == tuple(model.signature.features)
        columns = Columns({each: str(dtype) for each, dtype in table.schema.items()})
        told = ALL["predict"].rule(Given({"table": columns, "model": shape}, asked))
        assert agrees(told["table"], found) == ""
    assert compared > 20


LEARNED = Learned("classify", ("x",), "String", Effect())
COLUMNS = Columns({"x": "Float64", "day": "Date"})


@pytest.mark.parametrize(
    ("model", "given", "told"),
    [
        (Learned("classify", ("z",), "String", Effect()), {}, "no column 'z'"),
        (Learned("classify", ("day",), "String", Effect()), {}, "'day' is Date"),
        (LEARNED, {"append": ("z",)}, "no column 'z'"),
        (LEARNED, {"result_column": "x"}, "a column 'x' already"),
        (LEARNED, {"score_column": "prediction"}, "two result columns"),
    ],
)
def test_faults_are_told_before_the_run(model: Learned, given: Any, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        ALL["predict"].rule(Given({"table": COLUMNS, "model": model}, given))


def test_what_is_not_known_stays_open() -> None:
    rule = ALL["predict"].rule
    found = rule(Given({"table": COLUMNS, "model": None}, {}))["table"]
    assert isinstance(found, Columns)
    assert list(found.types) == ["x", "day"]
    assert not found.is_whole
    before = Effect((lambda columns: columns.plus({"z": "Float64"}),))
    made = Learned("regress", ("z",), "Float64", before)
    told = rule(Given({"table": COLUMNS, "model": made}, {}))["table"]
    assert isinstance(told, Columns)
    assert dict(told.types) == {**COLUMNS.types, "prediction": "Float64"}


@pytest.mark.parametrize("data", [wine, diabetes])
@pytest.mark.parametrize("family", ["decision_tree", "xgboost"])
def test_permutation_importance_is_the_library_s(data: Any, family: str) -> None:
    table = data()
    is_wine = table["target"].dtype.is_integer()
    kind, scoring = ("classifier", "accuracy") if is_wine else ("regressor", "r2")
    name = f"{family}_{kind}"
    given: Any = {"max_depth": 3, "seed": 0}
    found = permutation_importance(
        table=table.lazy(), model=learned(name, table, **given), label="target", repeats=3, seed=7
    )
    direct: Any = {
        "decision_tree_classifier": DecisionTreeClassifier(max_depth=3, random_state=0),
        "decision_tree_regressor": DecisionTreeRegressor(max_depth=3, random_state=0),
        "xgboost_classifier": XGBClassifier(max_depth=3, random_state=0, n_jobs=1),
        "xgboost_regressor": XGBRegressor(max_depth=3, random_state=0, n_jobs=1),
    }[name]
    target = table["target"].to_numpy()
    direct.fit(features_of(table), target)
    expected = library_importance(
        direct, features_of(table), target, scoring=scoring, n_repeats=3, random_state=7
    )
    told = {name: (mean, spread) for name, mean, spread in found.iter_rows()}
    for place, name in enumerate(table.drop("target").columns):
        np.testing.assert_allclose(told[name][0], expected.importances_mean[place], atol=1e-12)
        np.testing.assert_allclose(told[name][1], expected.importances_std[place], atol=1e-12)
    assert found["importance"].is_sorted(descending=True)


@pytest.mark.parametrize(
    ("table", "label", "told"),
    [
        (TABLE, "z", "no column 'z'"),
        (TABLE.head(0), "y", "no rows"),
        (TABLE.with_columns(y=pl.lit(None)), "y", r"missing in 'y' \(6\)"),
        (TABLE.drop("x"), "y", "the model needs the columns 'x'"),
    ],
)
def test_importance_tells_faults(table: pl.DataFrame, label: str, told: str) -> None:
    with pytest.raises(StepError, match=told):
        permutation_importance(table=table.lazy(), model=bayes(), label=label)


def test_importance_of_a_model_that_is_always_wrong_is_nothing() -> None:
    other = TABLE.with_columns(y=pl.lit("never seen"))
    found = permutation_importance(table=other.lazy(), model=bayes(), label="y")
    assert found["importance"].to_list() == [0.0, 0.0]


def test_importance_of_a_regression_needs_two_rows() -> None:
    model = learned("ridge", TABLE, "size", features=["x"])
    with pytest.raises(StepError, match="one row"):
        permutation_importance(table=TABLE.lazy().head(1), model=model, label="size")
