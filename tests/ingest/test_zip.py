"""Zip archives: read where they stand, whatever is broken in them is told."""

from __future__ import annotations

import io
import os
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from analyzer.ingest.discover import Input
from analyzer.ingest.limits import LIMITS, Limits
from analyzer.ingest.open import Stream, streams
from analyzer.model import Source
from tests.ingest.packing import (
    API,
    ARCHIVES,
    DB,
    LOGS,
    tar,
    zip_entry,
    zipped,
    zipped_entries,
)
from tests.ingest.reading import everything_in, read_archive


def test_links_in_a_zip_archive_are_not_followed(tmp_path: Path) -> None:
    """Bad input 17."""
    link = zip_entry("x.log")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    reading = read_archive(tmp_path, zipped_entries([(link, b"/etc/passwd"), (zip_entry("api.log"), API)]))
    assert reading.content == {"a!api.log": API}
    assert reading.reasons("a") == ["link in an archive: not followed"]


def test_an_encrypted_member(tmp_path: Path) -> None:
    """Bad input 19."""
    data = bytearray(zipped(LOGS))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    reading = read_archive(tmp_path, bytes(data))
    assert reading.content == {"a!logs/deep/er/db.log": DB}
    (skip,) = reading.skipped["a"]
    assert (skip.reason, skip.sample, skip.trouble) == ("encrypted: not read", "logs/api.log", True)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_zip_archive_without_its_central_directory(share: float, tmp_path: Path) -> None:
    """Bad input 21."""
    data = zipped(LOGS)
    reading = read_archive(tmp_path, data[: int(len(data) * share)])
    assert reading.content == {}
    assert reading.reasons("a") == ["a zip archive without its central directory (cut off?): not read"]
    assert reading.skipped["a"][0].trouble


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Bad input 24."""
    bad = os.fsdecode(b"caf\xe9.log")
    assert read_archive(tmp_path, tar({bad: DB}, format_=tarfile.GNU_FORMAT)).content == {"a!caf\\udce9.log": DB}
    data = zipped({"caf?.log": DB}).replace(b"caf?.log", b"caf\xe9.log")
    assert list(read_archive(tmp_path, data).content.values()) == [DB]
    utf_8 = bytearray(data)
    for magic, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        utf_8[utf_8.index(magic) + at] |= 8
    assert read_archive(tmp_path, bytes(utf_8)).content == {"a!caf\\udce9.log": DB}


def test_a_zip_bomb(tmp_path: Path) -> None:
    """Bad input 8."""
    reading = read_archive(tmp_path, zipped({"x.log": b"\n" * (80 << 20), "y.log": DB}))
    assert len(reading.content["a!x.log"]) < 80 << 20
    assert "taken for a bomb" in reading.reasons("a!x.log")[0]
    assert "taken for a bomb" in reading.reasons("a")[0]
    assert "a!y.log" not in reading.content


def test_overlapping_zip_entries(tmp_path: Path) -> None:
    """Bad input 10: many names for one piece of data."""
    data = zipped({"x.log": API})
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[at:end]
    directory = entry * 500
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, len(directory), at, 0)
    reading = read_archive(tmp_path, data[:at] + directory + tail)
    assert reading.content == {}
    assert reading.reasons("a") == ["entries of the zip archive overlap: taken for a bomb, not read"]


@pytest.fixture(scope="module")
def million(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip archive of a million members without content."""
    parts, directory = io.BytesIO(), io.BytesIO()
    for number in range(1_000_000):
        name = b"%06d.log" % number
        directory.write(
            struct.pack(
                "<4s4B4H3L5H2L", b"PK\x01\x02", 20, 3, 20, 0, 0, 0, 0, 0x5000, 0, 0, 0, 10, 0, 0, 0, 0, 0, parts.tell()
            )
            + name
        )
        parts.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0x5000, 0, 0, 0, 10, 0) + name)
    at, size = parts.tell(), directory.tell()
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, size, at, 0)
    path = tmp_path_factory.mktemp("million") / "a"
    path.write_bytes(parts.getvalue() + directory.getvalue() + end)
    return path


def test_a_million_members_of_a_zip_archive(million: Path) -> None:
    """Bad input 12: there is an end to it, and it is told."""
    assert LIMITS.members == 100_000
    count, told = 0, []
    for found in streams(Input(str(million)), limits=Limits(members=10_000)):
        count += isinstance(found, Stream)
        told += list(found.skipped) if isinstance(found, Source) else []
    assert count == 10_000
    assert [(skip.reason, skip.trouble) for skip in told] == [("more than 10,000 members: the rest is not read", True)]


def test_a_million_members_take_no_memory(million: Path) -> None:
    """Bad input 12: what the archive says of them is never held in memory as a whole."""
    tracemalloc.start()
    reading = everything_in(million, Limits(members=1000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(reading.content) == 1000
    assert peak < 32 << 20


def test_a_member_with_a_wrong_checksum(tmp_path: Path) -> None:
    """Bad input 2, in a zip archive."""
    data = zipped(LOGS, zipfile.ZIP_STORED).replace(b"request 7 served", b"request 8 served")
    reading = read_archive(tmp_path, data)
    assert len(reading.content["a!logs/api.log"]) == len(API)
    assert reading.content["a!logs/deep/er/db.log"] == DB
    assert "checksum" in reading.reasons("a!logs/api.log")[0]


def test_a_zip_archive_too_large_to_be_held_in_memory(tmp_path: Path) -> None:
    inner = zipped({"x.log": os.urandom(2 << 20)})
    reading = read_archive(tmp_path, ARCHIVES["tar+gzip"]({"b.zip": inner, "y.log": DB}), limits=Limits(spool=1 << 20))
    assert reading.content == {"a!y.log": DB}
    assert reading.reasons("a!b.zip") == ["a zip archive of more than 1 MB inside something else: unpack it first"]


def test_zip_with_64_bits_and_something_before_it(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, archive.open(zip_entry("x.log"), "w", force_zip64=True) as member:
        member.write(DB)
    assert read_archive(tmp_path, target.getvalue()).content == {"a!x.log": DB}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_methods_of_zip(method: int, tmp_path: Path) -> None:
    assert read_archive(tmp_path, zipped(LOGS, method)).content == {"a!logs/api.log": API, "a!logs/deep/er/db.log": DB}


def test_a_method_that_is_not_supported(tmp_path: Path) -> None:
    reading = read_archive(tmp_path, zipped(LOGS, zipfile.ZIP_LZMA))
    assert reading.reasons("a") == ["zip compression method 14: not supported"]
    assert reading.skipped["a"][0].trouble
