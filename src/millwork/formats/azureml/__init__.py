"""AzureML's components, jobs and pipelines, in the old flavour (seed 002) and in v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.formats.azureml.component import read_azureml_component
from millwork.formats.azureml.kinds import is_azureml
from millwork.formats.azureml.pipeline import is_job, read_azureml_pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.base.faults import Fault
    from millwork.formats.azureml.findings import Files
    from millwork.spec.document import Mapping
    from millwork.spec.fields import Reading
    from millwork.spec.model import Definition

__all__ = ["is_azureml", "read_azureml"]


def read_azureml(
    root: Mapping, text: str, file: str, files: Files, repeated: Iterable[Fault] = ()
) -> tuple[Definition, Reading]:
    """The component, or the pipeline or job, in `root`; raises InvalidFile with every fault.

    `repeated` are the keys that the file has twice, as warnings.
    """
    if is_job(root):
        return read_azureml_pipeline(root, text, file, files, repeated)
    return read_azureml_component(root, text, file, files, repeated)
