"""Drafts of PAI's Designer: the JSON that its canvas saves, read and written."""

from millwork.formats.designer.model import Draft
from millwork.formats.designer.reader import is_draft, read_draft
from millwork.formats.designer.writer import write_draft

__all__ = ["Draft", "is_draft", "read_draft", "write_draft"]
