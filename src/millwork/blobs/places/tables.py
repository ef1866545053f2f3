"""Tables of a DuckDB file or a PostgreSQL database: `table:` and PAI's `odps:`.

A table arrives as one Parquet file. By `odps:` there are, beside it, PAI's `meta.json` and the
credentials that it stands for (reference pai-contract.md, 1.1): code that asks for them finds
the database that stands in for MaxCompute.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Protocol

from millwork.base.errors import BadRequest
from millwork.blobs import content
from millwork.blobs.places.model import Check, Entry, Listing, StorageError
from millwork.blobs.places.sql import table_of

if TYPE_CHECKING:
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

META = "meta.json"
_KINDS = (".parquet", ".csv", ".jsonl")


class Database(Protocol):
    """One database with tables. Raises StorageError."""

    def describe(self) -> tuple[int, str]:
        """The rows of the table, and what changes when it does; empty if that is not known."""

    def save(self, path: str) -> int:
        """Writes all rows to a Parquet file, and returns how many."""

    def load(self, files: list[str]) -> int:
        """Makes the table of the rows in files, in one transaction, and returns how many."""

    def try_write(self) -> None:
        """Makes a table and takes it back."""


class Tables:
    """Implements `Place` for the tables of one connection."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def find(self, uri: Uri, limit: int = 0) -> Listing:  # noqa: ARG002
        """One entry: the file that the table becomes; its size is the number of rows."""
        rows, version = self._database(uri).describe()
        return Listing((Entry(f"{table_of(uri)}.parquet", rows, version),))

    def get(self, uri: Uri, target: str) -> Listing:
        """Writes the table below the folder `target`, and for `odps:` its `meta.json`."""
        os.makedirs(target, exist_ok=True)
        found = self.find(uri)
        spare = f"{target}/.{table_of(uri)}.millwork-part"
        rows = self._database(uri).save(spare)
        os.rename(spare, f"{target}/{table_of(uri)}.parquet")
        self._access.tell(f"{rows} rows")
        if uri.scheme == "odps":
            with open(f"{target}/{META}", "w", encoding="utf-8") as file:
                json.dump({"endpoint": endpoint_of(self._access), "path": uri.text}, file)
        return found

    def put(self, source: str, uri: Uri) -> Listing:
        """Replaces the table by the rows of a Parquet, CSV or JSONL file, or a folder of them."""
        files = [file for _, file in content.listing(source)] if os.path.isdir(source) else [source]
        files = [file for file in files if os.path.basename(file) != META]
        kinds = {os.path.splitext(file)[1].lower() for file in files}
        if len(kinds) != 1 or not kinds <= set(_KINDS):
            raise BadRequest(f"{uri.text}: a table is made of {', '.join(_KINDS)} files, all alike")
        rows = self._database(uri).load(files)
        self._access.tell(f"{rows} rows")
        return self.find(uri)

    def check(self, uri: Uri) -> list[Check]:
        """Whether the table can be read, and another one made."""
        checks = []
        for what, action in (
            ("read", lambda: self._database(uri).describe()),
            ("write", lambda: self._database(uri).try_write()),
        ):
            try:
                action()
                checks.append(
                    Check(what, True, f"tables can be {'read' if what == 'read' else 'written'}")
                )
            except StorageError as error:
                checks.append(Check(what, False, str(error), error.kind))
        return checks

    def _database(self, uri: Uri) -> Database:
        if self._access.get("url"):
            from millwork.blobs.places.postgres import PostgresTable

            return PostgresTable(self._access, uri, table_of(uri))
        from millwork.blobs.places.duckdb import DuckdbTable

        return DuckdbTable(self._access, uri, table_of(uri))


def endpoint_of(access: Access) -> str:
    """The URL at which code finds the database that stands in for MaxCompute."""
    return access.get("url") or f"duckdb://{access.get('path')}"


def credentials_of(access: Access) -> dict[str, str]:
    """What PAI keeps in odps.json, for the database that stands in for MaxCompute."""
    from urllib.parse import urlsplit

    user = access.get("user") or urlsplit(access.get("url")).username or ""
    return {"AccessKeyId": user, "AccessKeySecret": access.secret, "SecurityToken": ""}
