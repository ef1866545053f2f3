"""The built-in components: what there is, and how each is used.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.catalogue import Builtins, BuiltinShown

from millwork.client.noun import Noun


class CatalogueVerbs(Noun):
    """The built-in components: what there is, and how each is used."""

    def list(self, *, category: str = "", search: str = "") -> Builtins:
        """The built-in components, of one category, or in which all words of `search` occur."""
        answer: Builtins = self._door.ask("catalogue.list", category=category, search=search)
        return answer

    def show(self, name: str) -> BuiltinShown:
        """A built-in component: its ports and parameters, other names of it, and an example."""
        answer: BuiltinShown = self._door.ask("catalogue.show", name=name)
        return answer
