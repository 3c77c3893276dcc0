"""Nightly runs over logs that lie elsewhere: a real S3 server and a real web server."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.nightly.nights import House, lines

FIRST = lines("2025-11-17T22:00", 40, "ERROR connection to db1 refused")
MORE = lines("2025-11-18T22:00", 20, "ERROR connection to db1 refused")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A web server and the folder that it serves."""
    folder = tmp_path / "web"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder
    server.shutdown()
    server.server_close()


def house_of(tmp_path: Path, *sources: str) -> House:
    return House(tmp_path, f"sqlite:///{tmp_path}/store.db", sources=sources)


def test_objects_that_grew_and_were_renamed_are_read_once(s3: Any, tmp_path: Path) -> None:
    house = house_of(tmp_path, "s3://logs/app/*.log*")
    s3.put_object(Bucket="logs", Key="app/a.log", Body=FIRST.encode())
    assert house.run().records == 40
    assert house.run().records == 0
    s3.put_object(Bucket="logs", Key="app/a.log.1", Body=(FIRST + MORE).encode())
    s3.put_object(Bucket="logs", Key="app/a.log", Body=lines("2025-11-18T23:00", 5).encode())
    outcome = house.run()
    assert (outcome.records, outcome.trouble) == (25, {})
    assert [(i.status, i.event_count) for i in house.incidents("2025-11-19")] == [("ongoing", 20)]


def test_a_page_that_grew_is_read_on_and_one_that_is_gone_is_told(web: tuple[str, Path], tmp_path: Path) -> None:
    address, folder = web
    house = house_of(tmp_path, f"{address}/app.log")
    (folder / "app.log").write_text(FIRST)
    assert house.run().records == 40
    (folder / "app.log").write_text(FIRST + MORE)
    assert house.run().records == 20
    (folder / "app.log").unlink()
    outcome = house.run()
    assert outcome.records == 0
    assert list(outcome.trouble) == [f"{address}/app.log"]
    assert list(house.store.night(outcome.night).completeness.missing) == [f"{address}/app.log"]
