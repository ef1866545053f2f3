"""Texts as numbers: weights of terms, and topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from .columns import State, col, computed, need

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray


def counter(state: State, **options: Any) -> Any:
    """scikit-learn's counter of terms, for texts read as the state says."""
    from sklearn.feature_extraction.text import CountVectorizer

    by_words = state["unit"] == "word"
    return CountVectorizer(
        analyzer="word" if by_words else "char_wb",
        ngram_range=(1, state["ngrams"]),
        stop_words=state["stop_words"] if by_words else None,
        **options,
    )


def weigher(state: State) -> Any:
    """scikit-learn's TF-IDF of counts, with the weights of terms where they are known."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfTransformer

    norm = None if state["norm"] == "none" else state["norm"]
    made = TfidfTransformer(norm=norm, sublinear_tf=state["sublinear"])
    if "idf" in state:
        made.idf_ = np.array(state["idf"])
    return made


def texts(part: pl.DataFrame) -> list[str]:
    """The only column of a batch; a missing text is an empty one."""
    found = part.select(pl.all().cast(pl.String).fill_null(""))
    return found.to_series().to_list()


def tfidf(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """A column a term: how often it is in the text, weighed by how rare it is."""
    column, terms = state["column"], state["terms"]
    need(frame, [column], "text")
    made = [f"{column}_{term}" for term in terms]
    count, weigh = counter(state, vocabulary=terms), weigher(state)

    def compute(part: pl.DataFrame) -> NDArray[np.float64]:
        found: NDArray[np.float64] = weigh.transform(count.transform(texts(part))).toarray()
        return found

    return computed(frame, [column], made, compute, keep=state["keep"])


def topic_shares(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """A column a topic: its weight in the text; and the number of the topic that weighs most."""
    column = state["column"]
    need(frame, [column], "text")
    tables.fresh(frame, [state["prefix"]])
    made = [f"{state['prefix']}_{place}" for place in range(1, len(state["weights"]) + 1)]
    count, share = counter(state, vocabulary=state["terms"]), _SHARES[state["method"]](state)

    def compute(part: pl.DataFrame) -> NDArray[np.float64]:
        return share(count.transform(texts(part)))

    found = computed(frame, [column], made, compute, keep=True)
    weights = pl.concat_list(col(name) for name in made)
    best = pl.when(weights.list.max() > 0).then(weights.list.arg_max().cast(pl.Int64) + 1)
    return found.with_columns(best.alias(state["prefix"]))


def _lda(state: State) -> Callable[[Any], NDArray[np.float64]]:
    """Each text's distribution over the topics, by scikit-learn's expectation step."""
    import numpy as np
    from sklearn.decomposition import LatentDirichletAllocation

    weights = np.array(state["weights"])
    made = LatentDirichletAllocation(len(weights))
    made.components_ = made.exp_dirichlet_component_ = weights
    made.doc_topic_prior_, made.n_features_in_ = state["prior"], weights.shape[1]

    def share(counts: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = made.transform(counts)
        return found

    return share


def _nmf(state: State) -> Callable[[Any], NDArray[np.float64]]:
    """The weights of topics that come nearest to the text: least squares, none below 0."""
    import numpy as np
    from scipy.optimize import nnls

    weigh = weigher(state)
    q, r = np.linalg.qr(np.array(state["weights"]).T)

    def share(counts: Any) -> NDArray[np.float64]:
        nearest = weigh.transform(counts) @ q
        return np.array([nnls(r, row)[0] for row in nearest]).reshape(-1, r.shape[1])

    return share


_SHARES: dict[str, Callable[[State], Callable[[Any], NDArray[np.float64]]]] = {
    "lda": _lda,
    "nmf": _nmf,
}

APPLY: dict[str, Callable[[pl.LazyFrame, State], pl.LazyFrame]] = {
    "tfidf": tfidf,
    "topics": topic_shares,
}
