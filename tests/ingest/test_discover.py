"""Which files are read: everything given, each once, and a reason for whatever is not."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from analyzer.ingest.discover import STANDARD_INPUT, Input, discover, input_at
from analyzer.ingest.open import Stream


def _names(folder: Path, inputs: list[Input]) -> list[str]:
    return [os.path.relpath(entry.path, folder) for entry in inputs]


def _reasons(paths: list[str | Path]) -> dict[str, str]:
    _, refused = discover(paths)
    return {os.path.basename(source.path): source.skipped[0].reason for source in refused}


def _in_trouble(paths: list[str | Path]) -> list[str]:
    return [os.path.basename(source.path) for source in discover(paths)[1] if source.in_trouble]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.log", "a.log", "deep/er/c.log.gz", ".hidden", ".git/config", "README.md", "app.py", "syslog"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_a_folder_is_read_with_all_that_is_below_it(folder: Path) -> None:
    """Bad input 41."""
    inputs, _ = discover([folder])
    assert _names(folder, inputs) == ["a.log", "b.log", "syslog", "deep/er/c.log.gz"]
    assert not any(entry.named for entry in inputs)
    assert _reasons([folder]) == {"README.md": "not a log, by its name", "app.py": "not a log, by its name"}
    assert _in_trouble([folder]) == []


def test_a_file_named_by_itself_is_read_whatever_it_is_called(folder: Path) -> None:
    inputs, refused = discover([folder / "README.md", folder / ".hidden"])
    assert _names(folder, inputs) == ["README.md", ".hidden"]
    assert refused == []


def test_standard_input() -> None:
    assert discover(["-"]) == ([Input(STANDARD_INPUT)], [])


def test_globs(folder: Path) -> None:
    inputs, _ = discover([f"{folder}/*.log", f"{folder}/**/*.gz"])
    assert _names(folder, inputs) == ["a.log", "b.log", "deep/er/c.log.gz"]


def test_a_glob_that_matches_folders(folder: Path) -> None:
    assert _names(folder, discover([f"{folder}/d*"])[0]) == ["deep/er/c.log.gz"]


def test_a_file_whose_name_looks_like_a_glob(tmp_path: Path) -> None:
    (tmp_path / "app[1].log").write_text("x")
    assert _names(tmp_path, discover([tmp_path / "app[1].log"])[0]) == ["app[1].log"]


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    assert _reasons([tmp_path / "nope.log"]) == {"nope.log": "no such file or folder"}
    assert _reasons([f"{tmp_path}/*.nope"]) == {"*.nope": "no file matches this pattern"}
    assert _in_trouble([tmp_path / "nope.log", f"{tmp_path}/*.nope"]) == ["nope.log", "*.nope"]


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert _reasons([tmp_path / "empty"]) == {"empty": "no file in this folder"}
    assert _in_trouble([tmp_path / "empty"]) == ["empty"]


def test_paths_that_no_system_takes() -> None:
    _, refused = discover(["a\0b", "\udcff\ud800"])
    assert [source.in_trouble for source in refused] == [True, True]
    assert all(source.path.encode() for source in refused)


def test_the_same_file_is_read_once(folder: Path) -> None:
    """Bad input 46."""
    os.link(folder / "a.log", folder / "z.log")
    (folder / "y.log").symlink_to("a.log")
    inputs, _ = discover([folder / "b.log", folder, folder])
    assert sorted(_names(folder, inputs)) == ["a.log", "b.log", "deep/er/c.log.gz", "syslog"]
    assert _reasons([folder])["z.log"] == "the same file as one already read"
    assert _reasons([folder])["y.log"] == "the same file as one already read"


def test_links(tmp_path: Path) -> None:
    """Bad inputs 44 and 45."""
    (tmp_path / "real.log").write_text("x")
    (tmp_path / "dangling.log").symlink_to("nowhere")
    (tmp_path / "one.log").symlink_to("two.log")
    (tmp_path / "two.log").symlink_to("one.log")
    (tmp_path / "up").symlink_to(".")
    assert _names(tmp_path, discover([tmp_path])[0]) == ["real.log"]
    reasons = _reasons([tmp_path])
    assert reasons["dangling.log"] == "link to a missing file"
    assert reasons["one.log"].startswith("cannot be read: ")
    assert reasons["up"] == "link to a folder: not followed"
    assert _in_trouble([tmp_path]) == ["dangling.log", "one.log", "two.log"]


def test_a_link_to_a_folder_is_followed_where_it_is_named(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder / "deep")
    assert [entry.path for entry in discover([link])[0]] == [f"{link}/er/c.log.gz"]


def test_fifos_and_sockets_in_a_folder_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad input 42."""
    os.mkfifo(tmp_path / "pipe.log")
    monkeypatch.chdir(tmp_path)  # the path of a socket has to be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("listen.log")
        assert discover([tmp_path])[0] == []
        assert _reasons([tmp_path]) == {"pipe.log": "not a regular file", "listen.log": "not a regular file"}
        assert _in_trouble([tmp_path]) == []


def test_a_fifo_named_by_itself_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _names(tmp_path, discover([tmp_path / "pipe"])[0]) == ["pipe"]
    assert _in_trouble(["/dev/null"]) == ["null"]


@contextmanager
def an_ordinary_user() -> Iterator[None]:
    """Root may read everything: for a moment, be nobody."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_an_unreadable_folder_is_told(folder: Path) -> None:
    """Bad input 43."""
    for parent in [folder, *folder.parents]:
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    (folder / "deep").chmod(0)
    with an_ordinary_user():
        reasons = _reasons([folder])
    (folder / "deep").chmod(0o755)
    assert reasons["deep"] == "cannot be read: Permission denied"


def test_a_name_that_is_no_text_can_be_shown_and_opened(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.log")).write_text("x")
    (entry,) = discover([tmp_path])[0]
    assert entry.path.encode().endswith(rb"caf\udce9.log")
    assert entry.file is not None
    assert Path(entry.file).read_text() == "x"


def test_a_newline_in_a_name_is_spelled_out(tmp_path: Path) -> None:
    """Bad input 52."""
    (tmp_path / "app\n\x1b[31m.log").write_text("x")
    (entry,) = discover([tmp_path])[0]
    assert entry.path == f"{tmp_path}/app\\n\\x1b[31m.log"
    assert entry.file is not None
    assert Path(entry.file).read_text() == "x"


def test_files_that_are_still_being_uploaded_are_left_alone(tmp_path: Path) -> None:
    """Bad input 55: programs that copy give them a name of their own until they are whole."""
    for name in (
        "app.log.part",
        "app.log.gz.filepart",
        "app.log.crdownload",
        "app.log.tmp",
        ".app.log.Xa31",
        "app.log",
    ):
        (tmp_path / name).write_text("x")
    assert _names(tmp_path, discover([tmp_path])[0]) == ["app.log"]
    assert set(_reasons([tmp_path]).values()) == {"still being written or uploaded, by its name"}


def test_an_unreadable_file_is_told_when_it_is_opened(tmp_path: Path) -> None:
    """Bad input 43."""
    (tmp_path / "app.log").write_text("x")
    (tmp_path / "app.log").chmod(0)
    for parent in tmp_path.parents:
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    tmp_path.chmod(0o755)
    (entry,) = discover([tmp_path])[0]
    with an_ordinary_user(), pytest.raises(PermissionError):
        Stream(entry)


def test_a_shown_path_leads_back_to_its_input(tmp_path: Path) -> None:
    (tmp_path / "a!b.zip").write_text("x")
    assert input_at(f"{tmp_path}/a!b.zip") == Input(f"{tmp_path}/a!b.zip")
    member = Input(f"{tmp_path}/a!b.zip", named=False).member("x.log")
    assert input_at(member.path) == member
    assert input_at("s3://b/a.zip!x.log").container().path == "s3://b/a.zip"
    assert input_at(f"{tmp_path}/gone!x.log") == Input(f"{tmp_path}/gone!x.log")
