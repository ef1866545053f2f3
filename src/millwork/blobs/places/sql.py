"""The names of tables, as URIs and SQL have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from millwork.base.uris import Uri

_LONGEST = 63


def table_of(uri: Uri) -> str:
    """TABLE or SCHEMA.TABLE; raises BadRequest for what SQL would have to quote."""
    parts = uri.path.split(".")
    if not 1 <= len(parts) <= 2 or not all(map(_is_name, parts)):
        raise BadRequest(f"{uri.text}: expected TABLE or SCHEMA.TABLE, of letters, digits and '_'")
    return uri.path


def quoted(table: str) -> str:
    """A table's name as SQL has it."""
    return ".".join(f'"{part}"' for part in table.split("."))


def _is_name(part: str) -> bool:
    return part.isidentifier() and part.isascii() and len(part) <= _LONGEST
