"""The templates: pipelines on real data to run, to look at, and to change.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.templates import Templates, TemplateShown

from millwork.client.noun import Noun


class TemplatesVerbs(Noun):
    """The templates: pipelines on real data to run, to look at, and to change."""

    def list(self) -> Templates:
        """The templates: pipelines of built-in components on real data."""
        answer: Templates = self._door.ask("templates.list")
        return answer

    def show(self, name: str) -> TemplateShown:
        """A template: what it is for, its nodes, and its file."""
        answer: TemplateShown = self._door.ask("templates.show", name=name)
        return answer
