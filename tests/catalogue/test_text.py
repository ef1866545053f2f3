"""Texts against scikit-learn on real ones: the pages of this project's docs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.decomposition import NMF, LatentDirichletAllocation
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns
from millwork.runtime.functions.text import tfidf, topic_model, word_counts
from millwork.runtime.problems import StepError

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
PARAGRAPHS = [
    paragraph
    for page in PAGES
    for paragraph in re.split(r"\n\s*\n", page.read_text(encoding="utf-8"))
][:400]
TABLE = pl.DataFrame({"n": range(len(PARAGRAPHS)), "page": PARAGRAPHS})


def test_there_are_texts() -> None:
    assert len(PARAGRAPHS) == 400


@pytest.mark.parametrize(
    ("given", "options"),
    [
        ({}, {}),
        ({"ngrams": 2, "terms": 300}, {"ngram_range": (1, 2), "max_features": 300}),
        ({"stop_words": "english", "norm": "l1"}, {"stop_words": "english", "norm": "l1"}),
        ({"sublinear": True, "norm": "none"}, {"sublinear_tf": True, "norm": None}),
        ({"min_documents": 5, "max_share": 0.2}, {"min_df": 5, "max_df": 0.2}),
        ({"unit": "character", "ngrams": 3}, {"analyzer": "char_wb", "ngram_range": (1, 3)}),
    ],
)
def test_weights_are_those_of_scikit_learn(given: dict[str, Any], options: dict[str, Any]) -> None:
    """But for the last digit: the squares of a row are added in another order."""
    vectorizer = TfidfVectorizer(**{"max_features": 100, **options})
    wanted = vectorizer.fit_transform(PARAGRAPHS).toarray()
    made = tfidf(table=TABLE.lazy(), column="page", **given)
    found = made["table"].collect()
    assert found.columns == ["n", *(f"page_{term}" for term in vectorizer.get_feature_names_out())]
    np.testing.assert_allclose(found.drop("n").to_numpy(), wanted, rtol=1e-15)
    new = ["What a run is.", "", "Nichts davon"]
    applied = made["transform"].apply(pl.LazyFrame({"page": new})).collect().to_numpy()
    np.testing.assert_allclose(applied, vectorizer.transform(new).toarray(), rtol=1e-15)


def test_odd_texts() -> None:
    table = pl.DataFrame({"t": ["größe größe 日本語", None, ""], "t_more": 1})
    found = tfidf(table=table.lazy(), column="t", keep=True)["table"].collect()
    assert found.columns == ["t", "t_more", "t_größe", "t_日本語"]
    assert found.row(1)[2:] == found.row(2)[2:] == (0.0, 0.0)
    with pytest.raises(StepError, match="two columns 't_more'"):
        tfidf(table=pl.LazyFrame({"t": ["more words"], "t_more": 1}), column="t")
    for empty in (table.head(0), table.tail(2), pl.DataFrame({"t": ["a b c", "!"]})):
        with pytest.raises(StepError, match=r"no rows|no terms that count"):
            tfidf(table=empty.lazy(), column="t")
        assert word_counts(table=empty.lazy(), column="t").rows() == []
    with pytest.raises(StepError, match="'t_more' is Int32, and text is needed"):
        tfidf(table=table.lazy(), column="t_more")
    with pytest.raises(StepError, match="no term is in 9 texts"):
        tfidf(table=table.lazy(), column="t", min_documents=9)


def test_topics_of_lda_are_those_of_scikit_learn() -> None:
    count = CountVectorizer(max_features=200, stop_words="english")
    counts = count.fit_transform(PARAGRAPHS)
    model = LatentDirichletAllocation(4, max_iter=8, random_state=3).fit(counts)
    made = topic_model(
        table=TABLE.lazy(),
        column="page",
        topics=4,
        terms=200,
        stop_words="english",
        iterations=8,
        seed=3,
    )
    found = made["table"].collect()
    assert found.columns == ["n", "page", *(f"topic_{n}" for n in range(1, 5)), "topic"]
    shares = found.select(pl.nth(range(2, 6))).to_numpy()
    assert np.array_equal(shares, model.transform(counts))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert found["topic"].to_list() == (shares.argmax(axis=1) + 1).tolist()
    words = made["words"].filter(pl.col("topic") == 2)["word"].to_list()
    names = count.get_feature_names_out()
    assert words == [
        names[place] for place in np.argsort(-model.components_[1], kind="stable")[:10]
    ]
    figures = made["report"].to_json()["sections"][0]["values"]
    assert figures["perplexity"] == pytest.approx(model.perplexity(counts))
    assert figures["texts"] == 400


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_topics_of_nmf_are_as_near_as_those_of_scikit_learn() -> None:
    """Its own weights stop short of the least squares, so ours may only be nearer."""
    vectorizer = TfidfVectorizer(max_features=200)
    weights = vectorizer.fit_transform(PARAGRAPHS)
    model = NMF(4, init="nndsvda", max_iter=500, random_state=0)
    wanted = model.fit_transform(weights)
    given: dict[str, Any] = {"method": "nmf", "topics": 4, "terms": 200, "iterations": 500}
    found = topic_model(table=TABLE.lazy(), column="page", **given)["table"].collect()
    shares = found.select(pl.nth(range(2, 6))).to_numpy()
    np.testing.assert_allclose(shares, wanted, atol=0.02 * wanted.max())
    dense = weights.toarray()
    theirs = np.linalg.norm(dense - wanted @ model.components_, axis=1)
    assert (np.linalg.norm(dense - shares @ model.components_, axis=1) <= theirs + 1e-9).all()


def test_too_many_topics_and_texts_without_one() -> None:
    table = pl.LazyFrame({"t": ["red green", "red", None, "!!"]})
    with pytest.raises(StepError, match="3 topics need as many texts and terms"):
        topic_model(table=table, column="t", topics=3)
    found = topic_model(table=table, column="t", topics=1, method="nmf")["table"].collect()
    assert found["topic"].to_list() == [1, 1, None, None]
    with pytest.raises(StepError, match="a column 'topic' already"):
        topic_model(table=table.with_columns(topic=1), column="t", topics=1)


def test_words_are_counted_as_scikit_learn_reads_them() -> None:
    counts = CountVectorizer(ngram_range=(1, 2)).fit(PARAGRAPHS)
    found = word_counts(table=TABLE.lazy(), column="page", ngrams=2)
    matrix = counts.transform(PARAGRAPHS).toarray()
    wanted = zip(
        counts.get_feature_names_out(), matrix.sum(axis=0), (matrix > 0).sum(axis=0), strict=True
    )
    ordered = sorted(wanted, key=lambda row: (-row[1], row[0]))
    assert found.rows() == [(word, int(count), int(texts)) for word, count, texts in ordered]


@pytest.mark.parametrize("name", ["tfidf", "topic_model", "word_counts"])
def test_a_column_that_is_no_text_is_found_before_the_run(name: str) -> None:
    table = Columns({"n": "Int64", "t": "String"})
    rule = declarations()[name].rule
    assert rule(Given({"table": table}, {"column": "t"}))["table"]
    with pytest.raises(BadRequest, match="column 'n' is Int64, and text is needed"):
        rule(Given({"table": table}, {"column": "n"}))
    with pytest.raises(BadRequest, match="there is no column 'x'"):
        rule(Given({"table": table}, {"column": "x"}))
