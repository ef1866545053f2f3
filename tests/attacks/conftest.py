"""One server for the tests of a module: they attack it, and it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks.door import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.attacks.door import Door


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The server of the module's tests, for its owner."""
    with opened(tmp_path_factory.mktemp("attacks") / "home") as found:
        yield found
