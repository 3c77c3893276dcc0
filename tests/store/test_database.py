from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text

from analyzer.errors import InputError, StoreBusyError, StoreError
from analyzer.store.database import Database, default_url
from analyzer.store.schema import REVISIONS, metadata, settings


def test_the_migrations_lead_to_the_tables_that_the_program_uses(store_url: str) -> None:
    database = Database(store_url, create=True)
    with database.read() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == REVISIONS[-1]


def test_all_revisions_are_listed_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", "analyzer.store:migrations")
    steps = list(ScriptDirectory.from_config(config).walk_revisions())
    assert tuple(step.revision for step in reversed(steps)) == REVISIONS


def test_sqlite_survives_a_power_cut_and_lets_readers_in(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/store.db", create=True)
    with database.read() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_a_transaction_that_fails_leaves_nothing(store_url: str) -> None:
    database = Database(store_url, create=True)

    def fail_halfway() -> None:
        with database.begin() as connection:
            connection.execute(insert(settings).values(name="a", value="b"))
            connection.execute(insert(settings).values(name="a", value="b"))

    with pytest.raises(StoreError):
        fail_halfway()
    with database.read() as connection:
        assert connection.execute(select(settings)).all() == []


def test_a_store_of_a_newer_version_is_refused_and_left_alone(store_url: str) -> None:
    database = Database(store_url, create=True)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for create in (True, False):
        with pytest.raises(StoreError, match=r"written by a newer version.*9999.*upgrade the program"):
            Database(store_url, create=create)
    with database.read() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


def test_only_who_may_create_a_store_does(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such store"):
        Database(f"sqlite:///{tmp_path}/none.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("store.db", "no address of a store"),
        ("mysql://root@localhost/logs", "a store is sqlite:"),
        ("sqlite://", "names no file"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(url: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        Database(url)


def test_a_damaged_file_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"this is no database" * 100)
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(StoreError, match=r"store\.db: is damaged .* restore it from a backup"):
        Database(f"sqlite:///{tmp_path}/store.db", create=True)
    assert (tmp_path / "store.db").read_bytes() == before


def test_two_runs_at_once_are_refused(store_url: str) -> None:
    database, other = Database(store_url, create=True), Database(store_url)
    with database.lock():
        with pytest.raises(StoreBusyError, match="another run"), other.lock():
            pass
        with other.begin() as connection:  # people may still act on incidents
            connection.execute(insert(settings).values(name="a", value="b"))
    with other.lock():
        pass


def test_the_lock_goes_with_a_process_that_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    database = Database(url, create=True)
    code = (
        "import sys, time\nfrom analyzer.store.database import Database\n"
        f"with Database({url!r}).lock():\n    print('held', flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(StoreBusyError), database.lock():
            pass
        holder.kill()
    with database.lock():
        pass


def test_the_default_is_in_the_folder_for_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    assert default_url() == "sqlite:////somewhere/log-incident-analyzer/store.db"


def test_a_password_is_never_shown(postgresql_url: str) -> None:
    database = Database(postgresql_url.replace("@", ":hush@"), create=True)
    assert "hush" not in database.name


def test_opening_the_file_with_another_program_does_no_harm(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    Database(url, create=True)
    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("SELECT count(*) FROM nights").fetchone() == (0,)
    connection.close()
