"""Compressed and encoded files: everything readable is delivered, every fault is told."""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import lz4.frame
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.discover import Input, discover
from analyzer.ingest.limits import Budget
from analyzer.ingest.open import FINGERPRINTED, Fingerprint, Stream
from analyzer.ingest.raw import Raw
from tests.ingest.reading import content_of, stream_of

TEXT = b"".join(b"2025-10-24 02:14:07 INFO request %d served\n" % number for number in range(50_000))
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lz4": lz4.frame.compress,
}
KINDS = pytest.mark.parametrize("kind", COMPRESSORS)


@KINDS
def test_a_compressed_file(kind: str) -> None:
    content, stream = content_of(COMPRESSORS[kind](TEXT))
    assert content == TEXT
    assert (stream.compression, stream.fault) == (kind, None)
    assert stream.delivered == len(TEXT)


@KINDS
def test_several_members_one_after_the_other(kind: str) -> None:
    """Bad inputs 5 and 7."""
    parts = [TEXT[:1000], b"", TEXT[1000:70_000], TEXT[70_000:]]
    content, stream = content_of(b"".join(map(COMPRESSORS[kind], parts)))
    assert content == TEXT
    assert stream.fault is None


@KINDS
@pytest.mark.parametrize("padding", [1, 512, 3_000_000])
def test_zero_padding_after_the_end_and_between_members(kind: str, padding: int) -> None:
    """Bad input 6."""
    compressed = COMPRESSORS[kind](TEXT)
    content, stream = content_of(compressed + bytes(padding) + compressed + bytes(padding))
    assert content == TEXT * 2
    assert stream.fault is None


@KINDS
@pytest.mark.parametrize("share", [0.3, 0.9, 0.9999])
def test_a_truncated_file_yields_what_came_before(kind: str, share: float) -> None:
    """Bad inputs 1 and 4."""
    compressed = COMPRESSORS[kind](TEXT)
    content, stream = content_of(compressed[: int(len(compressed) * share)])
    assert TEXT.startswith(content)
    assert len(content) >= (len(TEXT) * share * 0.5 if kind == "gzip" else 0)
    assert stream.fault is not None
    assert stream.fault.trouble
    assert "is cut off after" in stream.fault.reason


@KINDS
def test_a_file_cut_within_its_first_bytes(kind: str) -> None:
    content, stream = content_of(COMPRESSORS[kind](TEXT)[:6])
    assert content == b""
    assert stream.fault is not None
    assert "cut off" in stream.fault.reason


@pytest.mark.parametrize(("age", "arriving"), [(0, True), (3600, False), (-3600, False)])
def test_what_is_cut_off_and_was_written_just_now_may_be_on_its_way(age: int, arriving: bool, tmp_path: Path) -> None:
    """Bad input 55."""
    path = tmp_path / "api.log.gz"
    path.write_bytes(gzip.compress(TEXT)[:-20])
    os.utime(path, (time.time() - age,) * 2)
    with closing(Stream(Input(str(path)))) as stream:
        while stream.skip(len(TEXT)):
            pass
    assert stream.fault is not None
    assert stream.fault.trouble
    assert stream.fault.reason.endswith(": perhaps still being uploaded") == arriving


@KINDS
def test_trailing_garbage_is_no_reason_to_drop_the_content(kind: str) -> None:
    """Bad input 3."""
    content, stream = content_of(COMPRESSORS[kind](TEXT) + b"garbage behind it")
    assert content == TEXT
    assert stream.fault is not None
    assert not stream.fault.trouble
    assert "something else stands after" in stream.fault.reason


def test_a_wrong_checksum_keeps_the_content_and_is_told() -> None:
    """Bad input 2."""
    compressed = bytearray(COMPRESSORS["gzip"](TEXT))
    compressed[-8] ^= 0xFF
    content, stream = content_of(bytes(compressed))
    assert TEXT.startswith(content)
    assert stream.fault is not None
    assert stream.fault.trouble


@KINDS
def test_broken_data_in_the_middle(kind: str) -> None:
    compressed = bytearray(COMPRESSORS[kind](TEXT))
    middle = len(compressed) // 2
    compressed[middle : middle + 200] = bytes(200)
    content, stream = content_of(bytes(compressed))
    assert len(content) < len(TEXT)
    assert stream.fault is not None
    assert stream.fault.trouble


@settings(max_examples=60)
@given(st.sampled_from(sorted(COMPRESSORS)), st.integers(0, 400), st.binary(min_size=1, max_size=8))
def test_no_damage_raises(kind: str, at: int, damage: bytes) -> None:
    compressed = bytearray(COMPRESSORS[kind](TEXT[:20_000]))
    at = min(at, len(compressed) - 1)
    compressed[at : at + len(damage)] = damage
    content_of(bytes(compressed))


def _gzip_bomb(size: int) -> bytes:
    compressor = zlib.compressobj(9, wbits=31)
    piece = bytes(1 << 20)
    return b"".join(compressor.compress(piece) for _ in range(size >> 20)) + compressor.flush()


def test_a_gzip_bomb_is_left_early() -> None:
    """Bad input 9."""
    _, stream = content_of(_gzip_bomb(80 << 20))
    assert stream.fault is not None
    assert "taken for a bomb" in stream.fault.reason
    assert stream.delivered < 80 << 20


@pytest.mark.parametrize("kind", ["zstd", "bzip2", "xz"])
def test_a_bomb_is_left_early(kind: str) -> None:
    _, stream = content_of(COMPRESSORS[kind](b"\n" * (80 << 20)))
    assert stream.fault is not None
    assert "taken for a bomb" in stream.fault.reason
    assert stream.delivered < 80 << 20


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"7z\xbc\xaf\x27\x1c" + bytes(60), "7z archive"),
        (b"Rar!\x1a\x07\x01\x00", "rar archive"),
        (b"\x1f\x9d\x90" + bytes(60), "compress (.Z) file"),
        (b"PK\x07\x08PK\x03\x04" + bytes(60), "zip archive in several parts"),
        (gzip.compress(b"7z\xbc\xaf\x27\x1c" + bytes(60), mtime=0), "7z archive"),
    ],
)
def test_kinds_that_are_not_read_are_named(head: bytes, name: str) -> None:
    """Bad input 20."""
    content, stream = content_of(head)
    assert content == b""
    assert stream.fault is not None
    assert stream.fault.reason == f"{name}: not supported"


@KINDS
def test_compressed_twice(kind: str) -> None:
    content, stream = content_of(COMPRESSORS[kind](gzip.compress(TEXT)))
    assert content == TEXT
    assert stream.compression == f"gzip+{kind}"


def test_compressed_again_and_again() -> None:
    data = TEXT
    for _ in range(4):
        data = gzip.compress(data)
    content, stream = content_of(data)
    assert content == b""
    assert stream.fault is not None
    assert "compressed more than 3 times" in stream.fault.reason


@pytest.mark.parametrize(
    "data",
    [
        b"\x28\xb5\x2f\xfd\x00\xa0\x01\x00\x00",  # a frame that asks for 1 GB and holds one empty block
        lzma.compress(TEXT, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
    ],
    ids=["zstd", "xz"],
)
def test_a_window_that_would_fill_the_memory(data: bytes) -> None:
    """Bad input 14."""
    content, stream = content_of(data)
    assert content == b""
    assert stream.fault is not None
    assert stream.fault.reason.endswith("needs more than 128 MB of memory to unpack: not read")


def test_a_byte_order_mark_is_no_text() -> None:
    assert content_of(b"\xef\xbb\xbf" + TEXT)[0] == TEXT
    assert content_of(b"\xef\xbb\xbf")[0] == b""


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_with_and_without_a_byte_order_mark(encoding: str) -> None:
    text = "2025-10-24 02:14:07 INFO Grüße, 🚀 started\r\n" * 30_000
    content, stream = content_of(text.encode(encoding))
    assert content == text.encode()
    assert stream.encoding == "utf-16"


def test_half_a_character_at_the_end_of_utf_16() -> None:
    assert content_of("abc\n".encode("utf-16") + b"\x41")[0] == "abc\n\ufffd".encode()


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\n", b"\xff\xfe\xfa" * 50, b"\x80latin \xe9\n", b"\x1f", b"BZ", b"\0" * 90]
)
def test_other_bytes_pass_as_they_are(data: bytes) -> None:
    content, stream = content_of(data)
    assert content == data or stream.encoding == "utf-16"


def test_a_file_that_grows_is_read_up_to_the_size_it_had(tmp_path: Path) -> None:
    """Bad input 47."""
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    stream = Stream(Input(str(path)))
    with path.open("ab") as file:
        file.write(b"later\n")
    target = bytearray(len(TEXT) + 100)
    assert stream.readinto(memoryview(target)) == len(TEXT)
    assert stream.fault is None
    stream.close()


def test_a_file_that_shrinks_is_partial(tmp_path: Path) -> None:
    """Bad input 48."""
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    stream = Stream(Input(str(path)))
    os.truncate(path, len(TEXT) - 5)
    stream.readinto(memoryview(bytearray(len(TEXT))))
    stream.close()
    assert stream.fault is not None
    assert "became shorter" in stream.fault.reason


def test_a_deleted_file_is_read_to_its_end(tmp_path: Path) -> None:
    """Bad input 49."""
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    stream = Stream(Input(str(path)))
    path.unlink()
    assert stream.readinto(memoryview(bytearray(len(TEXT)))) == len(TEXT)
    stream.close()


def test_a_time_of_writing_in_the_future_is_not_believed(tmp_path: Path) -> None:
    """Bad input 53."""
    path = tmp_path / "app.log"
    path.write_bytes(TEXT)
    os.utime(path, (4e9, 4e9))
    stream = Stream(Input(str(path)))
    stream.close()
    assert stream.modified <= datetime.now(UTC)


def test_a_file_that_cannot_be_opened_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Stream(Input(str(tmp_path / "missing.log")))


@pytest.mark.parametrize("kind", ["plain", "gzip", "utf-16"])
@pytest.mark.parametrize("count", [0, 1, 999, 1_500_000, 10_000_000])
def test_going_on_where_reading_stopped(kind: str, count: int) -> None:
    data = {"plain": TEXT, "gzip": gzip.compress(TEXT), "utf-16": TEXT.decode().encode("utf-16")}[kind]
    with stream_of(data) as stream:
        assert stream.skip(count) == min(count, len(TEXT))
        target = bytearray(len(TEXT))
        assert target[: stream.readinto(memoryview(target))] == TEXT[count:]
        assert stream.delivered == len(TEXT)
        assert stream.fault is None


def test_a_byte_order_mark_does_not_count_when_bytes_are_skipped() -> None:
    with stream_of(b"\xef\xbb\xbf" + TEXT) as stream:
        assert stream.skip(1_500_000) == 1_500_000
        target = bytearray(100)
        stream.readinto(memoryview(target))
        assert target == TEXT[1_500_000:1_500_100]


def _fingerprint(data: bytes, length: int = FINGERPRINTED) -> Fingerprint:
    with stream_of(data) as stream:
        found = stream.fingerprint(length)
        target = bytearray(len(TEXT))
        assert stream.readinto(memoryview(target)) == min(len(TEXT), stream.delivered)
    return found


def test_a_fingerprint_is_that_of_the_content_whatever_it_is_packed_in() -> None:
    prints = {_fingerprint(data) for data in (TEXT, gzip.compress(TEXT), TEXT.decode().encode("utf-16"), TEXT[:-100])}
    assert [found.length for found in prints] == [FINGERPRINTED]


def test_a_log_is_recognised_after_it_has_grown() -> None:
    early = _fingerprint(TEXT[:1000])
    assert early.length == 1000
    assert _fingerprint(TEXT, early.length) == early
    assert _fingerprint(TEXT) != early


def test_new_content_of_the_same_size_has_another_fingerprint() -> None:
    """Bad input 56: size and time of writing are no evidence."""
    assert _fingerprint(TEXT[:1000]) != _fingerprint(TEXT[:1000].replace(b"INFO", b"WARN", 1))


def test_the_fingerprint_of_nothing() -> None:
    assert _fingerprint(b"").length == 0


def test_a_file_that_was_swapped_for_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Bad input 50: what was found in a folder may be something else by the time it is opened."""
    (tmp_path / "app.log").write_bytes(TEXT)
    (entry,) = discover([tmp_path])[0]
    (tmp_path / "app.log").unlink()
    os.mkfifo(tmp_path / "app.log")
    with pytest.raises(OSError, match="no longer a regular file"):
        Stream(entry)


def test_a_read_error_that_stays_ends_the_file() -> None:
    """Bad input 51: nothing is mapped at the beginning of this process's memory, so reading that is EIO."""
    stream = Stream(Input("/proc/self/mem"))
    assert stream.readinto(memoryview(bytearray(10))) == 0
    stream.close()
    assert stream.fault is not None
    assert stream.fault.trouble
    assert stream.fault.reason == "reading failed after 0 bytes: Input/output error"


class _Shaky(io.FileIO):
    """A file on a disk whose first read at each place fails, with one error or the other."""

    def __init__(self, path: Path, error: int) -> None:
        super().__init__(path)
        self.failed: set[int] = set()
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        if self.tell() not in self.failed:
            self.failed.add(self.tell())
            raise OSError(self.error, os.strerror(self.error))
        return super().read(-1 if size is None else size) or b""


@pytest.mark.parametrize("error", [errno.EIO, errno.ESTALE])
def test_a_read_error_that_passes_costs_nothing(error: int, tmp_path: Path) -> None:
    """Bad input 51."""
    (tmp_path / "app.log").write_bytes(TEXT)
    again: list[IO[bytes]] = []

    def reopen() -> IO[bytes]:
        again.append(open(tmp_path / "app.log", "rb", buffering=0))  # noqa: SIM115
        return again[-1]

    raw = Raw(_Shaky(tmp_path / "app.log", error), Budget(), size=len(TEXT), reopen=reopen)
    assert b"".join(raw.chunks()) == TEXT
    assert len(again) == (1 if error == errno.ESTALE else 0)
    raw.close()
