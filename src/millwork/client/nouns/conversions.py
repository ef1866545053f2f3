"""The verb of conversions: a component or pipeline in another dialect.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.conversions import ConversionView

from millwork.client.noun import Noun


class ConversionsVerbs(Noun):
    """The verb of conversions: a component or pipeline in another dialect."""

    def create(
        self,
        *,
        text: str,
        to: Literal[
            "millwork",
            "json",
            "pai",
            "azureml-old",
            "azureml-v2",
            "pai-designer",
            "dataworks",
            "python",
            "component",
        ],
        name: str = "",
        schedule: str = "",
    ) -> ConversionView:
        """A text in another dialect, and each thing of it that this does not carry."""
        answer: ConversionView = self._door.ask(
            "conversions.create", text=text, to=to, name=name, schedule=schedule
        )
        return answer
