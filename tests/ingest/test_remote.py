"""Files elsewhere: real servers of S3, the web and SFTP, and what each says when it says no."""

from __future__ import annotations

import functools
import gzip
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fsspec
import pytest

import analyzer
from analyzer.ingest.discover import Input, discover
from analyzer.ingest.remote import without_secrets
from tests.ingest.packing import API, ARCHIVES, DB
from tests.ingest.reading import Reading, everything_in


class _Web(SimpleHTTPRequestHandler):
    """Serves a folder; what is called `secret` only to whom it knows, what is called `broken` never."""

    def do_GET(self) -> None:
        if "secret" in self.path:
            self.send_error(403)
        elif "broken" in self.path:
            self.send_error(500)
        elif "short" in self.path:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(API)
        else:
            super().do_GET()

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """The address of a web server for the folder `tmp_path`."""
    fsspec.get_filesystem_class("http").clear_instance_cache()
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Web, directory=str(tmp_path))) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    """The address (name and port) of a host where the folder `tmp_path` can be reached by SFTP."""
    command = [sys.executable, "-m", "tests.ingest.sftp_server", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield f"127.0.0.1:{int(server.stdout.readline())}"
        server.terminate()
    fsspec.get_filesystem_class("sftp").clear_instance_cache()


def found(*paths: str) -> list[str]:
    """The paths of what is to be read; nothing may be in trouble."""
    inputs, refused = discover(paths)
    assert [source for source in refused if source.in_trouble] == []
    return [entry.path for entry in inputs]


def reason(path: str) -> str:
    """Why a path cannot be read."""
    inputs, (source,) = discover([path])
    assert inputs == []
    assert source.in_trouble
    return source.skipped[0].reason


def read(path: str) -> Reading:
    """Everything behind one path."""
    ((entry,), _) = discover([path])
    return everything_in(entry)


def test_an_object(s3: Any) -> None:
    s3.put_object(Bucket="logs", Key="app/api.log", Body=API)
    reading = read("s3://logs/app/api.log")
    assert reading.content == {"api.log": API}
    assert datetime.now(UTC) - reading.modified["api.log"] < timedelta(minutes=2)


def test_a_prefix_is_read_with_all_that_is_below_it(s3: Any) -> None:
    for key in ("app/b.log", "app/deep/a.log.gz", "app/x.png", "app/.hidden/c.log", "other/d.log", "app/"):
        s3.put_object(Bucket="logs", Key=key, Body=b"x")
    below = ["s3://logs/app/b.log", "s3://logs/app/deep/a.log.gz"]
    assert found("s3://logs/app") == found("s3://logs/app/") == below
    assert found("s3://logs") == [*below, "s3://logs/other/d.log"]


def test_patterns(s3: Any) -> None:
    for key in ("app/a.log", "app/b.log", "app/deep/c.log.gz", "app/odd[1].log"):
        s3.put_object(Bucket="logs", Key=key, Body=b"x")
    assert found("s3://logs/app/?.log") == ["s3://logs/app/a.log", "s3://logs/app/b.log"]
    assert found("s3://logs/**/*.gz") == ["s3://logs/app/deep/c.log.gz"]
    assert found("s3://logs/app/d*") == ["s3://logs/app/deep/c.log.gz"]
    assert found("s3://logs/app/odd[1].log") == ["s3://logs/app/odd[1].log"]
    assert reason("s3://logs/app/*.nope") == "cannot be read: no file matches this pattern"


@pytest.mark.parametrize("kind", ["zip", "tar", "tar+gzip", "tar+zstd"])
def test_archives_in_a_bucket(s3: Any, kind: str) -> None:
    s3.put_object(Bucket="logs", Key="a", Body=ARCHIVES[kind]({"api.log": API, "db.log.gz": gzip.compress(DB)}))
    assert read("s3://logs/a").content == {"a!api.log": API, "a!db.log.gz": DB}


def test_what_comes_while_a_run_lasts_is_seen(s3: Any) -> None:
    s3.put_object(Bucket="logs", Key="app/a.log", Body=b"x")
    assert len(found("s3://logs/app")) == 1
    s3.put_object(Bucket="logs", Key="app/b.log", Body=b"x")
    assert len(found("s3://logs/app")) == 2


def test_the_whole_road_from_a_bucket(s3: Any) -> None:
    s3.put_object(Bucket="logs", Key="app.zip", Body=ARCHIVES["zip"]({"api.log": API, "db.log": DB}))
    analysis = analyzer.analyze(["s3://logs/"])
    assert {source.path: source.records for source in analysis.sources} == {
        "s3://logs/app.zip!api.log": 3000, "s3://logs/app.zip!db.log": 1,
    }  # fmt: skip


def test_what_a_bucket_does_not_hold(s3: Any) -> None:
    nothing = "cannot be read: no such file, folder or bucket"
    assert reason("s3://logs/nope.log") == reason("s3://no-such-bucket/x.log") == nothing
    assert reason("s3://logs/") == "no file in this folder"


def test_access_refused(s3: Any, s3_server: str) -> None:
    """A server that checks who asks, and does not know this one."""
    s3.put_object(Bucket="logs", Key="a.log", Body=API)

    def free_calls(count: int | None) -> None:
        data = b"inf" if count is None else str(count).encode()
        request = urllib.request.Request(f"{s3_server}/moto-api/reset-auth", data, {"Content-Type": "text/plain"})
        urllib.request.urlopen(request).close()

    free_calls(0)
    try:
        assert reason("s3://logs/a.log").startswith("cannot be read: access is refused; check the credentials")
        assert reason("s3://logs/*.log").startswith("cannot be read: access is refused; check the credentials")
    finally:
        free_calls(None)


def test_no_credentials(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    assert reason("s3://logs/a.log").startswith("cannot be read: no credentials for this place")


def test_a_place_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.get_filesystem_class("http").clear_instance_cache()
    assert reason("http://127.0.0.1:9/x.log").startswith("cannot be read: cannot be reached")


WITHOUT = """
import sys
from analyzer.ingest.discover import discover
sys.modules[sys.argv[1]] = None
print(discover([sys.argv[2]])[1][0].skipped[0].reason)
"""


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("s3://b/x.log", "s3fs", "s3"),
        ("gs://b/x.log", "gcsfs", "gcs"),
        ("az://b/x.log", "adlfs", "azure"),
        ("https://example.org/x.log", "aiohttp", "http"),
        ("sftp://host/x.log", "paramiko", "sftp"),
    ],
)
def test_a_missing_extra_is_named(url: str, package: str, extra: str) -> None:
    said = subprocess.run([sys.executable, "-c", WITHOUT, package, url], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == (
        f"cannot be read: reading {url.partition(':')[0]}:// needs an extra: "
        f"pip install 'log-incident-analyzer[{extra}]'"
    )


def test_kinds_of_addresses_that_nobody_knows() -> None:
    assert reason("gopher://host/x.log").startswith(
        "cannot be read: unknown kind of address gopher://; known are s3://"
    )


def test_a_file_of_the_web(web: str, tmp_path: Path) -> None:
    (tmp_path / "api.log").write_bytes(API)
    (tmp_path / "api.log.gz").write_bytes(gzip.compress(API))
    assert read(f"{web}/api.log").content == {"api.log": API}
    assert read(f"{web}/api.log.gz?token=abc").content == {"api.log.gz": API}


@pytest.mark.parametrize("kind", ["zip", "tar+gzip"])
def test_archives_of_the_web(web: str, tmp_path: Path, kind: str) -> None:
    (tmp_path / "a").write_bytes(ARCHIVES[kind]({"api.log": API, "db.log.gz": gzip.compress(DB)}))
    assert read(f"{web}/a").content == {"a!api.log": API, "a!db.log.gz": DB}


def test_a_folder_of_the_web(web: str, tmp_path: Path) -> None:
    for name in ("logs/a.log", "logs/deep/b.log.gz", "logs/x.png", "other.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"x")
    assert found(f"{web}/logs/") == [f"{web}/logs/a.log", f"{web}/logs/deep/b.log.gz"]


def test_what_the_web_refuses(web: str, tmp_path: Path) -> None:
    assert reason(f"{web}/nope.log") == "cannot be read: no such file, folder or bucket"
    assert reason(f"{web}/secret.log").startswith("cannot be read: access is refused")
    assert "500" in reason(f"{web}/broken.log")


def test_a_web_page_is_no_log(web: str, tmp_path: Path) -> None:
    (tmp_path / "login.html").write_text("<html>Who are you?</html>")
    (source,) = analyzer.analyze([f"{web}/login.html"]).sources
    assert source.skipped[0].reason == "cannot be opened: this is a web page, not a log"
    assert source.in_trouble


def test_a_connection_that_breaks_yields_what_came_before(web: str) -> None:
    reading = everything_in(Input(f"{web}/short.log"))
    assert API.startswith(reading.content["short.log"])  # the client may drop what it has not yet handed over
    assert "reading failed after" in reading.reasons("short.log")[0]


def test_files_of_a_host(host: str, tmp_path: Path) -> None:
    for name in ("app/a.log", "app/deep/b.log.gz", "app/x.png", "app/.hidden/c.log", "other.log"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_bytes(b"x")
    below = [f"sftp://me@{host}/app/a.log", f"sftp://me@{host}/app/deep/b.log.gz"]
    assert found(f"sftp://me:open@{host}/app") == below
    assert found(f"sftp://me:open@{host}/app/**/*.gz") == below[1:]
    assert reason(f"sftp://me:open@{host}/nope.log") == "cannot be read: no such file, folder or bucket"


def test_the_content_of_files_of_a_host(host: str, tmp_path: Path) -> None:
    (tmp_path / "api.log").write_bytes(API)
    (tmp_path / "old.zip").write_bytes(ARCHIVES["zip"]({"api.log.gz": gzip.compress(API)}))
    written = datetime.fromtimestamp((tmp_path / "api.log").stat().st_mtime, UTC)
    reading = read(f"sftp://me:open@{host}/api.log")
    assert reading.content == {"api.log": API}
    assert abs(reading.modified["api.log"] - written) < timedelta(seconds=2)
    assert read(f"sftp://me:open@{host}/old.zip").content == {"old.zip!api.log.gz": API}


def test_a_host_that_refuses(host: str) -> None:
    assert reason(f"sftp://me:wrong@{host}/api.log").startswith(
        "cannot be read: access is refused; check the credentials"
    )


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sftp://me:secret@host/var/log/x", "sftp://me@host/var/log/x"),
        ("https://host/x.log?X-Amz-Signature=abc", "https://host/x.log"),
        ("s3://bucket/a?.log", "s3://bucket/a?.log"),
    ],
)
def test_secrets_in_an_address_are_not_shown(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


def test_an_address_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "a b.log").write_bytes(API)
    assert found(f"file://{tmp_path}/a%20b.log") == [f"{tmp_path}/a b.log"]
