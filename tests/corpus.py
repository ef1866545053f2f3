"""Azure ML's files as others wrote them, where they lie beside this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest

CORPUS = Path(__file__).parents[2] / "shared" / "corpus" / "azureml"
INDEX = CORPUS / "index.tsv"
needs_corpus = pytest.mark.skipif(
    not INDEX.exists(), reason="the corpus is not beside this checkout"
)
