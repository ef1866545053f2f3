"""PostgreSQL, for homes that share one record: opened, migrated, its errors told as ours."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import time
from typing import TYPE_CHECKING, Any, TypeVar

from millwork.base.errors import MillworkError, NoSpace, Unavailable, Unsure
from millwork.base.faultpoints import reach
from millwork.store.facts import Facts
from millwork.store.identity import identity_of
from millwork.store.queries import POSTGRES, load_queries, migrations, read

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.rows import dict_row
    from psycopg.types.string import StrDumperUnknown
except ImportError as _error:
    raise Unavailable(
        f"PostgreSQL needs psycopg ({_error}): pip install 'millwork[postgres]'"
    ) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_T = TypeVar("_T")
PATIENCE = 10.0  # seconds that a server which was there may take to come back
_PAUSE = 0.1
_LOCK = 0x6D696C6C  # of those who make and migrate: any number, but the same for all
_OPTIONS: Mapping[str, Any] = {
    "connect_timeout": 10,
    "application_name": "millwork",
    "client_encoding": "utf8",
    # A server that has vanished without a word is given up after half a minute.
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
_SESSION = """
SELECT set_config('millwork.home', %s, false), set_config('millwork.place', %s, false),
       set_config('lock_timeout', '30s', false),
       set_config('default_transaction_isolation', 'read committed', false),
       set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                  WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
       to_regclass('schema_version') IS NOT NULL AS is_made
"""
_WORDS = re.compile(r"'[^']*'|--[^\n]*|::|:(?P<name>[a-z_]\w*)|%")
_UNREADABLE = (
    "the address of the database cannot be read: expected postgresql://USER@HOST:PORT/NAME; "
    "special characters of a password are written as %XX"
)


class PostgresDatabase:
    """Implements `store.database.Database`: one connection to the database that `url` names.

    `home` is the folder whose runs, results and files' hashes are this process's. A connection
    that is lost is made anew for whatever has not written yet.
    """

    def __init__(self, url: str, queries: Mapping[str, str], home: str, patience: float) -> None:
        self._own = load_queries(f"{POSTGRES}/queries.sql")
        self._queries = {**queries, **self._own}
        self._parameters = _parsed(url)
        self._label = _label(self._parameters)
        self._home = identity_of(home) if home else ""
        self._place = f"{home} on {socket.gethostname()}"
        self._is_writing = self._is_open = False
        with self._translated():
            self._connection = self._connected(patience)
            self._is_open = True

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def learn(self, queries: Mapping[str, str]) -> None:
        """Adds statements by name to those that it knows."""
        self._queries |= {**queries, **self._own}

    def execute(self, sql: str) -> psycopg.Cursor[dict[str, Any]]:
        """One statement as it is."""
        return self._connection.execute(sql.encode())

    def query(self, name: str, values: Mapping[str, Any]) -> psycopg.Cursor[dict[str, Any]]:
        """A statement by its name."""
        statement = _statement(self._queries[name])
        if self._is_writing:
            return self._connection.execute(statement, values)
        with self._translated():
            return self._once_more(lambda: self._connection.execute(statement, values))

    def query_many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """A statement by its name, once for each of the rows."""
        given = list(rows)
        if given:
            self._connection.cursor().executemany(_statement(self._queries[name]), given)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is executed within is kept, or nothing of it."""
        with self._translated():
            self._once_more(lambda: self._connection.execute("BEGIN"))
            self._is_writing = True
            try:
                yield
                reach("store.writing")
                self._commit()
            except BaseException:
                with contextlib.suppress(psycopg.Error):  # without a connection there is no more
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._is_writing = False
            reach("store.committed")

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except psycopg.OperationalError as error:
            raise Unsure(f"{self._ours(error)}; look whether it was done") from None

    def check_reserve(self) -> None:
        """The server's disk is not ours to keep room on."""

    def release_reserve(self) -> None:
        """Nothing was set aside."""

    def facts(self, patience: float) -> Facts:
        """What it is, over a connection of its own."""
        within = {"connect_timeout": max(2, round(patience)), "tcp_user_timeout": 2000}
        options = {**_OPTIONS, **self._parameters, **within}
        try:
            with psycopg.connect("", autocommit=True, row_factory=dict_row, **options) as found:
                found.execute(f"SET statement_timeout = {round(patience * 1000)}".encode())
                size = found.execute("SELECT pg_database_size(current_database()) AS n").fetchone()
                schema = _version(found)
                version = found.info.server_version
        except psycopg.Error as error:
            text = self._masked(_line(error))
            raise Unavailable(f"the database {self._label} cannot be reached: {text}") from None
        number = f"{version // 10_000}.{version % 10_000}"
        newest = len(migrations(POSTGRES))
        return Facts("PostgreSQL", number, self._label, schema, newest, size["n"] if size else 0)

    # --- the connection -------------------------------------------------------------------

    def _once_more(self, do: Callable[[], _T]) -> _T:
        """Does what writes nothing; if the connection is lost, again over another one."""
        try:
            return do()
        except psycopg.OperationalError as error:
            if not self._is_lost(error):
                raise
        self._connection.close()
        self._connection = self._connected(PATIENCE)
        return do()

    def _is_lost(self, error: psycopg.Error) -> bool:
        # 57P01 to 57P03: the server is told to stop, has crashed, or is not up yet.
        return self._connection.closed or (error.sqlstate or "").startswith(("57P0", "08"))

    def _connected(self, patience: float) -> psycopg.Connection[dict[str, Any]]:
        deadline = time.monotonic() + patience
        while True:
            try:
                return self._begun(self._opened())
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE)  # a server that is starting gives no event

    def _opened(self) -> psycopg.Connection[dict[str, Any]]:
        options = {**_OPTIONS, **self._parameters}
        return psycopg.connect("", autocommit=True, row_factory=dict_row, **options)

    def _begun(
        self, connection: psycopg.Connection[dict[str, Any]]
    ) -> psycopg.Connection[dict[str, Any]]:
        """The connection with the session's settings, to a database that is as it should be."""
        encoding = connection.info.parameter_status("server_encoding")
        if encoding != "UTF8":
            raise Unavailable(f"the database {self._label} keeps text as {encoding}, not as UTF8")
        connection.adapters.register_dumper(str, _Text)
        row = connection.execute(_SESSION, (self._home, self._place)).fetchone()
        assert row is not None
        scripts = migrations(POSTGRES)
        if not row["is_made"] or _version(connection) != len(scripts):
            _migrate(connection, scripts)
        return connection

    # --- errors ---------------------------------------------------------------------------

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """PostgreSQL's errors as ours; the password is never told."""
        try:
            yield
        except psycopg.IntegrityError as error:
            rule = error.diag.message_primary or _line(error)
            raise MillworkError(f"refused by a rule of the database: {rule}") from None
        except psycopg.Error as error:
            raise self._ours(error) from None

    def _ours(self, error: psycopg.Error) -> MillworkError:
        text, where = self._masked(_line(error)), f"the database {self._label}"
        if isinstance(error, psycopg.errors.DiskFull):
            return NoSpace(f"no space left on the disk of {where}")
        if isinstance(error, psycopg.errors.LockNotAvailable | psycopg.errors.DeadlockDetected):
            return Unavailable(f"{where} is locked by another process; try again")
        if isinstance(error, psycopg.OperationalError) and not self._is_open:
            return Unavailable(f"{where} cannot be reached: {text}")
        if isinstance(error, psycopg.OperationalError) and self._is_lost(error):
            return Unavailable(f"the connection to {where} was lost: {text}")
        return Unavailable(f"{where} cannot be used: {text}")

    def _masked(self, text: str) -> str:
        password = self._parameters.get("password")
        return text.replace(str(password), "*****") if password else text


class _Text(StrDumperUnknown):
    """Text as PostgreSQL can keep it: without NUL, which is shown as its symbol."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{SYMBOL FOR NULL}"))


def _statement(text: str) -> bytes:
    """A statement with psycopg's placeholders in place of `:name`."""
    return _WORDS.sub(_placeholder, text).encode()


def _placeholder(found: re.Match[str]) -> str:
    if found["name"]:
        return f"%({found['name']})s"
    return found[0].replace("%", "%%")


def _parsed(url: str) -> dict[str, Any]:
    """What a URL says. Its errors could tell a part of the password, so none is passed on."""
    try:
        parameters = conninfo_to_dict(url)
    except psycopg.Error:
        raise Unavailable(_UNREADABLE) from None
    port = str(parameters.get("port", ""))
    names = f"{parameters.get('host')} {parameters.get('dbname')}"
    if port.strip("0123456789,") or "@" in names:  # what stands there is of the password
        raise Unavailable(_UNREADABLE)
    return parameters


def _label(parameters: Mapping[str, Any]) -> str:
    """What a database is called in messages."""
    host = parameters.get("host") or os.environ.get("PGHOST") or "localhost"
    port = parameters.get("port") or os.environ.get("PGPORT") or "5432"
    return f"{host}:{port}/{parameters.get('dbname') or parameters.get('user') or ''}"


def _line(error: psycopg.Error) -> str:
    """An error in one line; of one that concerns the connection, what is behind its address."""
    text = error.diag.message_primary or next(iter(str(error).splitlines()), "no reason given")
    return " ".join(text.rpartition(" failed: ")[2].removeprefix("FATAL:").split())


def _version(connection: psycopg.Connection[dict[str, Any]]) -> int:
    row = connection.execute("SELECT coalesce(max(number), 0) AS n FROM schema_version").fetchone()
    return int(row["n"]) if row else 0


def _migrate(connection: psycopg.Connection[dict[str, Any]], scripts: list[str]) -> None:
    """Brings the tables up to date; whoever comes at the same time waits."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_version (number INTEGER PRIMARY KEY,"
            " migrated TIMESTAMPTZ NOT NULL DEFAULT now())"
        )
        done = _version(connection)
        if done > len(scripts):
            raise Unavailable("this database was written by a newer version of Millwork")
        for number, script in enumerate(scripts[done:], start=done + 1):
            connection.execute(read(script).encode())
            reach("migrate.statement")
            connection.execute("INSERT INTO schema_version (number) VALUES (%s)", [number])
