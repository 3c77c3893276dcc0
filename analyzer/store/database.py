"""The database behind the store: SQLite in a file, or PostgreSQL; opened, brought up to date, locked."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from analyzer.errors import InputError, StoreBusyError, StoreError
from analyzer.store.schema import REVISIONS, settings

_PROGRAM = "log-incident-analyzer"
_PATIENCE = 30_000
"""Milliseconds to wait for another writer; a transaction of ours takes a fraction of that."""

_LOCK_KEY = 0x616E616C797A6572
_MADE_FOR = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def default_url() -> str:
    """The store in the user's data folder: by the XDG convention, on Windows in %LOCALAPPDATA%."""
    if sys.platform == "win32" and "XDG_DATA_HOME" not in os.environ:
        folder = Path(os.environ.get("LOCALAPPDATA") or Path.home(), _PROGRAM)
    else:
        folder = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share", _PROGRAM)
    return f"sqlite:///{folder / 'store.db'}"


class Database:
    """An open store's database. All trouble with it comes as `StoreError` that names it."""

    def __init__(self, url: str, *, create: bool = False) -> None:
        """Open the database at an SQLAlchemy URL and bring its tables up to date.

        Without `create`, a store that does not exist is an `InputError`.
        """
        self.url = _parsed(url)
        self.name = self.url.render_as_string(hide_password=True)
        self._engine = _engine(self.url)
        with self.told():
            self._prepare(create)

    @property
    def folder(self) -> Path:
        """Where files that belong to the store lie unless it says otherwise: beside an SQLite file,
        else in the user's data folder."""
        if self.file is not None:
            return self.file.with_name(self.file.stem + "-events")
        return Path(make_url(default_url()).database or "").parent / f"{self.url.database}-events"

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database or "").absolute() if self.url.get_backend_name() == "sqlite" else None

    @contextlib.contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction: all of what is done in it, or nothing."""
        with self.told(), self._engine.connect() as connection:
            # SQLite asks for the right to write at the beginning: to ask later may fail, and not be repeated.
            writing = connection.execution_options(analyzer_writes=True)
            with writing.begin():
                yield writing

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one state of the database and does not write."""
        with self.told(), self._engine.connect() as connection:
            yield connection

    def insert(self, table: Any) -> Any:
        """An INSERT that can say what to do on conflict, in the words of this database."""
        return _MADE_FOR[self.url.get_backend_name()](table)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep every other run away; the lock goes with the process, however that ends.

        Raises `StoreBusyError` at once where another run holds it.
        """
        if self.file is not None:
            with self.told(), _file_lock(self.file.with_name(self.file.name + ".lock"), self.name):
                yield
        else:
            with self.told(), self._engine.connect() as connection:
                if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK_KEY}):
                    raise _busy(self.name)
                connection.commit()
                yield

    def _prepare(self, create: bool) -> None:
        if self.file is not None and not self.file.exists():
            if not create:
                raise InputError(f"{self.name}: no such store; analyzer nightly makes one, --store names another")
            self.file.parent.mkdir(parents=True, exist_ok=True)
        with self._engine.connect() as connection:
            found = _revision(connection)
        if found == REVISIONS[-1]:
            return
        if found is None and not create:
            raise InputError(f"{self.name}: holds no store; analyzer nightly makes one, --store names another")
        if found is not None and found not in REVISIONS:
            raise StoreError(
                f"{self.name}: written by a newer version of this program (its tables are of revision {found}, "
                f"this program knows up to {REVISIONS[-1]}); upgrade the program, or name another store with --store"
            )
        with self._engine.begin() as connection:
            _upgrade(connection)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn trouble with the database or its files into a `StoreError` that says what to do."""
        try:
            yield
        except DBAPIError as error:
            raise StoreError(f"{self.name}: {_in_words(error)}") from error
        except OSError as error:
            place = f"{error.filename}: " if error.filename else ""
            raise StoreError(f"{self.name}: {place}{error.strerror or error}") from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InputError(f"{url!r} is no address of a store; write sqlite:///path/to/store.db") from error
    if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in _MADE_FOR:
        raise InputError(f"{url!r}: a store is sqlite:///path/to/store.db or postgresql://user@host/database")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise InputError(f"{url!r} names no file; write sqlite:///path/to/store.db")
    return parsed


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "postgresql":
            return create_engine(url, poolclass=NullPool, connect_args={"client_encoding": "utf8"})
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _PATIENCE / 1000})
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise InputError(
            f"{url.render_as_string()}: needs a driver: pip install 'log-incident-analyzer[postgresql]'"
        ) from error
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # What was committed outlives a power cut, and readers do not wait for the writer.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.isolation_level = None  # we say ourselves where a transaction begins (`_begin_sqlite`)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("analyzer_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    """The revision of the tables, None in a database without any of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "analyzer.store:migrations")
    command.upgrade(config, "head")


@contextlib.contextmanager
def _file_lock(path: Path, name: str) -> Iterator[None]:
    """An exclusive lock on a file of its own, by the same means on every system: SQLite's."""
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise _busy(name) from error
            raise StoreError(f"{path}: {error}") from error
        yield
    finally:
        connection.close()


def _busy(name: str) -> StoreBusyError:
    return StoreBusyError(f"{name}: another run is writing to this store; nothing was done")


def _in_words(error: DBAPIError) -> str:
    """What went wrong and what to do, in one line."""
    said = str(error.orig).strip().splitlines()[0] if error.orig is not None else str(error)
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    match code:
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"is damaged ({said}); restore it from a backup, or move it away to begin anew"
        case sqlite3.SQLITE_FULL:
            return f"no space left ({said}); nothing of this step was kept, the store is intact"
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return f"cannot be written here ({said}); check the folder's permissions, or name another with --store"
        case sqlite3.SQLITE_IOERR:
            return f"reading or writing failed ({said}); is the disk full? The store is intact"
        case sqlite3.SQLITE_BUSY:
            return f"is in use by another program ({said}); try again"
    return said


def read_settings(connection: Connection) -> dict[str, str]:
    """What holds for the store as a whole."""
    rows = connection.execute(select(settings.c.name, settings.c.value))
    return {row.name: row.value for row in rows}
