"""DataWorks' nodes of PAI: the JSON that schedules a graph of PAIFlow, read and written."""

from millwork.formats.dataworks.model import NodeFile, Settled
from millwork.formats.dataworks.parameters import is_expression, settle
from millwork.formats.dataworks.reader import read_node
from millwork.formats.dataworks.tree import is_dataworks
from millwork.formats.dataworks.writer import write_node

__all__ = [
    "NodeFile",
    "Settled",
    "is_dataworks",
    "is_expression",
    "read_node",
    "settle",
    "write_node",
]
