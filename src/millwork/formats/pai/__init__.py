"""PAI's AlgorithmSpec JSON, read as a component and written back; and its command lines."""

from millwork.formats.pai.reader import is_pai, read_pai
from millwork.formats.pai.writer import write_pai

__all__ = ["is_pai", "read_pai", "write_pai"]
