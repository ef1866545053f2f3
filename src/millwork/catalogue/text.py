"""Texts: weights of terms, topics, counts of words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.catalogue.features import KEEP, replaced
from millwork.catalogue.model import (
    REPORT_OUT,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    choice,
    column,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.prepare import FITTED_INPUTS, FITTED_OUTPUTS
from millwork.catalogue.rules import checked, chosen, fitted, with_more
from millwork.catalogue.shapes import FLOAT, INT, TEXT

if TYPE_CHECKING:
    from millwork.catalogue.prepare import Step
    from millwork.catalogue.rules import Given

CATEGORY = "text"

_COLUMN = column("The column of texts")
_STOP_WORDS = choice("Words that do not count", "none", "english")
_NGRAMS = integer("Terms of up to so many words, or characters, in a row", 1, 1, 5)
_RARE = integer("Leave out terms in fewer texts", 1, 1)
_COMMON = number("Leave out terms in more than this share of the texts", 1, 0, 1, above=True)
_WORDS = {"topic": INT, "rank": INT, "word": TEXT, "weight": FLOAT}
_COUNTS = {"word": TEXT, "count": INT, "documents": INT}
_READING = (
    "Texts are made lower case; words have two letters or digits at least, as scikit-learn reads "
    "them. A missing text counts as an empty one."
)


def _text(given: Given) -> list[str]:
    return chosen(given.table(), [given.get("column", "")], ("text",)) or []


def _weights(given: Given) -> Step:
    return replaced(_text(given), ("text",), None, keep=given.get("keep", False))


def _topics(given: Given) -> Step:
    prefix = given.get("prefix", "topic")
    made = {f"{prefix}_{place}": FLOAT for place in range(1, given.get("topics", 5) + 1)}
    return replaced(_text(given), ("text",), {**made, prefix: INT}, keep=True)


DECLARATIONS = (
    Declaration(
        "tfidf",
        CATEGORY,
        "TF-IDF",
        "Makes a column for each of the commonest terms of a text, with its weight.",
        "text.tfidf",
        fitted(_weights),
        FITTED_INPUTS,
        FITTED_OUTPUTS,
        {
            "column": _COLUMN,
            "terms": integer("The most terms, the commonest first", 100, 1, 10_000),
            "ngrams": _NGRAMS,
            "unit": choice("What terms are made of", "word", "character"),
            "stop_words": _STOP_WORDS,
            "min_documents": _RARE,
            "max_share": _COMMON,
            "sublinear": flag("Count 1 + log(count) instead of the count"),
            "norm": choice("What each row's weights are divided by", "l2", "l1", "none"),
            "keep": KEEP,
        },
        azureml=("Extract N-Gram Features from Text",),
        example=Example(
            {"table": "scipy_docs"}, {"column": "text", "terms": "50", "stop_words": "english"}
        ),
        notes="Equal to scikit-learn's TfidfVectorizer. The new columns are named COLUMN_TERM, in "
        f"the order of the terms, and hold Float64. {_READING}",
    ),
    Declaration(
        "topic_model",
        CATEGORY,
        "Topic model",
        "Finds topics by the words that stand together, and each text's share of them.",
        "text.topic_model",
        with_more(fitted(_topics), words=_WORDS, report=None),
        FITTED_INPUTS,
        {**FITTED_OUTPUTS, "words": TABLE_OUT, "report": REPORT_OUT},
        {
            "column": _COLUMN,
            "method": choice(
                "lda: latent Dirichlet allocation of counts; nmf: non-negative factors of TF-IDF",
                "lda",
                "nmf",
            ),
            "topics": integer("How many topics", 5, 1, 1000),
            "terms": integer("The most terms, the commonest first", 1000, 1, 100_000),
            "stop_words": _STOP_WORDS,
            "min_documents": _RARE,
            "max_share": _COMMON,
            "top_words": integer("How many words to show of a topic", 10, 1, 1000),
            "iterations": integer("How often it goes over the texts; nmf: 200 at least", 10, 1),
            "prefix": text("What the new columns' names begin with", "topic"),
            "seed": seed(),
        },
        azureml=("Latent Dirichlet Allocation",),
        example=Example(
            {"table": "scipy_docs"},
            {"column": "text", "topics": "6", "method": "nmf", "stop_words": "english"},
        ),
        notes="The shares of lda are 1 together, equal to scikit-learn's; nmf gives weights, which "
        "are the exact least squares for each text. The last column is the number of the heaviest "
        f"topic, missing where all weigh 0. {_READING}",
    ),
    Declaration(
        "word_counts",
        CATEGORY,
        "Word counts",
        "Counts how often each word is in the texts, and in how many of them.",
        "text.word_counts",
        checked({"column": ("text",)}, table=_COUNTS),
        TABLES,
        {"table": TABLE_OUT},
        {"column": _COLUMN, "ngrams": _NGRAMS, "stop_words": _STOP_WORDS},
        example=Example({"table": "scipy_docs"}, {"column": "text", "stop_words": "english"}),
        notes=f"The commonest words come first. Without words the table is empty. {_READING}",
    ),
)
