"""The databases that the stores are tested with."""

from tests.store.conftest import new_place, place, postgres

__all__ = ["new_place", "place", "postgres"]
