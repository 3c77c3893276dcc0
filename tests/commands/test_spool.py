"""Standard input in a file of bounded size."""

from __future__ import annotations

import threading
from pathlib import Path

from analyzer.commands.spool import Spool

LINES = [f"2025-10-24 02:00:{number % 60:02d} line {number}\n".encode() for number in range(2000)]


class Pieces:
    """Comes in pieces that end anywhere."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = list(pieces)

    def read(self, _size: int = -1, /) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def in_pieces(content: bytes, size: int) -> Pieces:
    return Pieces([content[at : at + size] for at in range(0, len(content), size)])


def read(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_large_file_is_renamed_where_a_line_ends_and_removed_when_it_has_been_read(tmp_path: Path) -> None:
    spool = Spool(tmp_path, large=20_000)
    copying = threading.Thread(target=spool.copy, args=(in_pieces(b"".join(LINES), 777),))
    copying.start()
    read_so_far, old = b"", tmp_path / "stdin.log.1"
    while True:
        ended = spool.ended.is_set()
        if old.exists():
            assert 20_000 <= old.stat().st_size < 21_000
            read_so_far += old.read_bytes()
            spool.round_done(trouble=False)
            spool.round_done(trouble=False)
        elif ended:
            break
    copying.join()
    assert read_so_far.endswith(b"\n")
    assert read_so_far + (tmp_path / "stdin.log").read_bytes() == b"".join(LINES)


def test_a_file_that_could_not_be_read_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, large=100)
    spool.copy(Pieces([b"a" * 200 + b"\n", b"b\n"]))
    for _ in range(3):
        spool.round_done(trouble=True)
    assert read(tmp_path) == {"stdin.log.1": b"a" * 200 + b"\n", "stdin.log": b"b\n"}
    spool.round_done(trouble=False)
    assert "stdin.log.1" in read(tmp_path)  # the round may have begun before the file was renamed
    spool.round_done(trouble=False)
    assert read(tmp_path) == {"stdin.log": b"b\n"}


def test_no_file_begins_like_the_one_before(tmp_path: Path) -> None:
    spool = Spool(tmp_path, large=50)
    spool.copy(Pieces([b"the same line\n" * 10] * 5))
    assert read(tmp_path) == {"stdin.log": b"the same line\n" * 50}


def test_the_last_line_is_whole(tmp_path: Path) -> None:
    Spool(tmp_path).copy(Pieces([b"one\ntwo"]))
    assert read(tmp_path) == {"stdin.log": b"one\ntwo\n"}
