"""Texts: weights of terms, topics, counts of words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import polars as pl

from .. import tables
from ..fitted.columns import col
from ..fitted.text import counter, texts, topic_shares, weigher
from ..problems import StepError
from ..reports import Report
from ..transforms import Fitted, Transform, outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

_Learned: TypeAlias = "tuple[dict[str, Any], NDArray[np.float64], dict[str, float]]"
"""A state, the terms' weights in the topics, and how well that fits."""


def tfidf(
    *,
    table: pl.LazyFrame,
    column: str,
    transform: Transform | None = None,
    terms: int = 100,
    ngrams: int = 1,
    unit: str = "word",
    stop_words: str = "none",
    min_documents: int = 1,
    max_share: float = 1.0,
    sublinear: bool = False,
    norm: str = "l2",
    keep: bool = False,
) -> dict[str, Any]:
    """A column for each of the commonest terms, with its weight in the row's text."""
    state = _reading(column, ngrams, unit, stop_words)
    state |= {"norm": norm, "sublinear": sublinear, "keep": keep}
    counts, found = _counted(table, state, terms, min_documents, max_share)
    state |= {"terms": found, "idf": weigher(state).fit(counts).idf_.tolist()}
    return outcome(table, transform, Fitted("tfidf", state))


def topic_model(
    *,
    table: pl.LazyFrame,
    column: str,
    transform: Transform | None = None,
    method: str = "lda",
    topics: int = 5,
    terms: int = 1000,
    stop_words: str = "none",
    min_documents: int = 1,
    max_share: float = 1.0,
    top_words: int = 10,
    iterations: int = 10,
    prefix: str = "topic",
    seed: int = 0,
) -> dict[str, Any]:
    """Each text's share of topics, which are found by the words that stand together."""
    state = _reading(column, 1, "word", stop_words)
    state |= {"method": method, "prefix": prefix, "norm": "l2", "sublinear": False}
    counts, found = _counted(table, state, terms, min_documents, max_share)
    if topics > min(counts.shape):
        raise StepError(
            f"{topics} topics need as many texts and terms: there are {counts.shape[0]} texts and "
            f"{counts.shape[1]} terms"
        )
    learn = _lda if method == "lda" else _nmf
    learned, components, figures = learn(counts, state, topics, iterations, seed)
    state |= {"terms": found, **learned}
    made = outcome(table, transform, Fitted("topics", state))
    words = _top_words(components, found, top_words)
    return {**made, "words": words, "report": _topic_report(table, state, words, figures)}


def word_counts(
    *, table: pl.LazyFrame, column: str, ngrams: int = 1, stop_words: str = "none"
) -> pl.DataFrame:
    """How often each word is in the texts, and in how many of them."""
    state = _reading(column, ngrams, "word", stop_words)
    schema = {"word": pl.String, "count": pl.Int64, "documents": pl.Int64}
    try:
        counts, words = _counted(table, state, None, 1, 1.0)
    except _NoTerms:
        return pl.DataFrame(schema=schema)
    found = {
        "word": words,
        "count": np.asarray(counts.sum(axis=0)).ravel(),
        "documents": np.asarray((counts > 0).sum(axis=0)).ravel(),
    }
    return pl.DataFrame(found, schema=schema).sort(
        "count", "word", descending=[True, False], maintain_order=True
    )


class _NoTerms(StepError):
    """There are no words that count in the texts."""


def _reading(column: str, ngrams: int, unit: str, stop_words: str) -> dict[str, Any]:
    """How texts are read."""
    stop = None if stop_words == "none" else stop_words
    return {"column": column, "ngrams": ngrams, "unit": unit, "stop_words": stop}


def _counted(
    table: pl.LazyFrame, state: dict[str, Any], terms: int | None, least: int, most: float
) -> tuple[Any, list[str]]:
    """The counts of terms, texts x terms, and the terms."""
    tables.chosen(table, [state["column"]], ("text",))
    read = texts(table.select(col(state["column"])).collect(engine="streaming"))
    if not read:
        raise _NoTerms("the table has no rows: texts are needed")
    if least > len(read) or most * len(read) < least:
        raise StepError(
            f"no term is in {least} texts and at most {most:.0%} of {len(read)}: change "
            "min_documents or max_share"
        )
    count = counter(state, max_features=terms, min_df=least, max_df=float(most))
    try:
        counts = count.fit_transform(read)
    except ValueError:  # what scikit-learn raises where nothing is left
        raise _NoTerms(
            f"column '{state['column']}' has no terms that count: texts are needed, of words with "
            "two letters at least that are no stop words"
        ) from None
    return counts, count.get_feature_names_out().tolist()


def _lda(counts: Any, _state: dict[str, Any], topics: int, iterations: int, seed: int) -> _Learned:
    from sklearn.decomposition import LatentDirichletAllocation

    model = LatentDirichletAllocation(topics, max_iter=iterations, random_state=seed).fit(counts)
    weights = model.exp_dirichlet_component_.tolist()
    learned = {"weights": weights, "prior": model.doc_topic_prior_}
    return learned, model.components_, {"perplexity": model.perplexity(counts)}


def _nmf(counts: Any, state: dict[str, Any], topics: int, iterations: int, seed: int) -> _Learned:
    from sklearn.decomposition import NMF

    weigh = weigher(state).fit(counts)
    model = NMF(topics, init="nndsvda", max_iter=max(iterations, 200), random_state=seed)
    model.fit(weigh.transform(counts))
    learned = {"weights": model.components_.tolist(), "idf": weigh.idf_.tolist()}
    return learned, model.components_, {"reconstruction error": float(model.reconstruction_err_)}


def _top_words(components: NDArray[np.float64], terms: list[str], most: int) -> pl.DataFrame:
    """The words of each topic that weigh most, as shares of the topic."""
    rows = []
    for topic, weights in enumerate(components, 1):
        shares = weights / (weights.sum() or 1.0)
        for rank, place in enumerate(np.argsort(-shares, kind="stable")[:most], 1):
            rows.append((topic, rank, terms[place], float(shares[place])))
    schema = {"topic": pl.Int64, "rank": pl.Int64, "word": pl.String, "weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _topic_report(
    table: pl.LazyFrame, state: dict[str, Any], words: pl.DataFrame, figures: dict[str, float]
) -> Report:
    column = state["column"]
    told = topic_shares(table.select(col(column)), state)
    best = told.select(col(state["prefix"])).collect(engine="streaming").to_series()
    report = Report("Topics").metrics(
        "What was found",
        {
            "texts": best.len(),
            "terms": len(state["terms"]),
            "topics": len(state["weights"]),
            **figures,
        },
    )
    names = [f"topic {place}" for place in range(1, len(state["weights"]) + 1)]
    report.add(
        "bar",
        "Texts by their heaviest topic",
        x_label="topic",
        y_label="texts",
        categories=names,
        series=[{"name": "texts", "y": [(best == n).sum() for n in range(1, len(names) + 1)]}],
    )
    for place, name in enumerate(names, 1):
        own = words.filter(pl.col("topic") == place)
        report.add(
            "bar",
            f"Words of {name}",
            x_label="word",
            y_label="share of the topic",
            categories=own["word"].to_list(),
            series=[{"name": name, "y": own["weight"].to_list()}],
        )
    return report
