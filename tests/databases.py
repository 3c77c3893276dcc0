"""A store to test with, in SQLite and in a real PostgreSQL server."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


def _binary(name: str) -> str:
    """A program of PostgreSQL; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}")) or [
        Path(path) for path in [shutil.which(name)] if path
    ]
    if not found:
        pytest.fail(f"no {name}; install PostgreSQL (Debian, Ubuntu: apt-get install postgresql)")
    return str(found[-1])


def _owner() -> str | None:
    """Who runs the server: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a server with a database per caller to make, without its name."""
    # A path of a socket may have at most some hundred bytes: pytest's own folders are too deep.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    owner = _owner()
    if owner is not None:
        shutil.chown(folder, owner)
    data = str(folder / "data")
    subprocess.run(
        [_binary("initdb"), "--pgdata", data, "--username", "tester", "--auth", "trust", "--no-sync",
         "--locale", "C", "--encoding", "UTF8"],
        check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    server = subprocess.Popen(
        [_binary("postgres"), "-D", data, "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}"],
        user=owner, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_until_ready(folder, server)
        yield f"postgresql://tester@/{{}}?host={folder}"
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(folder: Path, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while subprocess.run([_binary("pg_isready"), "-q", "-h", str(folder)], check=False).returncode != 0:
        assert server.poll() is None, "PostgreSQL did not start"
        assert time.monotonic() < deadline, "PostgreSQL is not ready after a minute"
        time.sleep(0.05)


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """An empty database of one's own on the server."""
    name = f"db_{uuid.uuid4().hex}"
    admin = create_engine(
        postgresql_server.format("postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield postgresql_server.format(name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that does not exist yet, once for each kind of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/store.db"
    return str(request.getfixturevalue("postgresql_url"))
