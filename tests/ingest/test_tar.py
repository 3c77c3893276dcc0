"""Tar archives: read as they stream past, whatever is broken in them is told."""

from __future__ import annotations

import gzip
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from analyzer.ingest.discover import Input
from analyzer.ingest.limits import Limits
from analyzer.ingest.open import streams
from tests.ingest.packing import (
    API,
    ARCHIVES,
    COMPRESSORS,
    DB,
    LOGS,
    header,
    tar,
    tar_of,
)
from tests.ingest.reading import read_archive


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_archive_are_not_followed(kind: bytes, tmp_path: Path) -> None:
    """Bad input 17."""
    (tmp_path / "secret.log").write_bytes(DB)
    reading = read_archive(
        tmp_path, tar({"api.log": API}, header("x.log", kind=kind, link=str(tmp_path / "secret.log")))
    )
    assert reading.content == {"a!api.log": API}
    assert [(skip.reason, skip.sample) for skip in reading.skipped["a"]] == [
        ("link in an archive: not followed", "x.log")
    ]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_in_an_archive(kind: bytes, tmp_path: Path) -> None:
    """Bad input 18."""
    reading = read_archive(tmp_path, tar({"api.log": API}, header("x.log", kind=kind)))
    assert reading.content == {"a!api.log": API}
    assert reading.reasons("a") == ["not a regular file"]


@pytest.mark.parametrize("name", ["x.log", "x.png"])
def test_a_bomb_in_a_compressed_tar_archive(name: str, tmp_path: Path) -> None:
    """Bad input 9: also where the member that explodes would only be passed over."""
    reading = read_archive(tmp_path, COMPRESSORS["zstd"](tar({name: b"\n" * (80 << 20)})))
    assert "taken for a bomb" in " ".join(reading.reasons("a"))


def test_too_many_members_of_a_tar_archive(tmp_path: Path) -> None:
    """Bad input 12."""
    reading = read_archive(
        tmp_path, ARCHIVES["tar+gzip"]({f"{n}.log": DB for n in range(30)}), limits=Limits(members=20)
    )
    assert len(reading.content) == 20
    assert reading.reasons("a") == ["more than 20 members: the rest is not read"]


def test_a_tar_archive_of_many_members_takes_no_memory(tmp_path: Path) -> None:
    """Bad input 12."""
    one = tar({"x.log": b""})[:512]
    with gzip.open(tmp_path / "a", "wb", compresslevel=1) as file:
        for _ in range(3):
            file.write(one * 1000)
    tracemalloc.start()
    count = sum(1 for _ in streams(Input(str(tmp_path / "a"))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3_000 + 1  # and the remark that the end is missing
    assert peak < 24 << 20


def test_a_sparse_member_is_read_without_its_holes(tmp_path: Path) -> None:
    """Bad input 13: a terabyte of nothing between two records."""
    sizes = [(0, len(DB)), (1 << 40, len(API))]
    size_map = b"".join(b"%d\n" % number for number in (2, *sizes[0], *sizes[1])).ljust(512, b"\0")
    stored = size_map + DB + API
    info = header("./GNUSparseFile.1/x.log", stored)
    info.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "x.log",
        "GNU.sparse.realsize": str((1 << 40) + len(API)),
    }  # fmt: skip
    reading = read_archive(
        tmp_path, gzip.compress(tar_of([info, header("y.log", DB)], {info.name: stored, "y.log": DB}))
    )
    assert reading.content == {"a!x.log": DB + API, "a!y.log": DB}
    (skip,) = reading.skipped["a"]
    assert (skip.reason, skip.count) == ("bytes of holes in sparse files left out", (1 << 40) - len(DB))


def test_garbage_between_members_is_no_end_of_the_archive(tmp_path: Path) -> None:
    first = tar({"x.log": DB})[:1024]
    reading = read_archive(tmp_path, first + b"garbage" * 200 + tar(LOGS))
    assert reading.content == {"a!x.log": DB}
    assert reading.skipped["a"][0].trouble
    assert "broken tar archive" in reading.reasons("a")[0]


def test_a_tar_archive_without_its_end_is_remarked_upon(tmp_path: Path) -> None:
    data = tar(LOGS).rstrip(b"\0")
    reading = read_archive(tmp_path, data + bytes(-len(data) % 512))
    assert len(reading.content) == 2
    assert [(skip.reason, skip.trouble) for skip in reading.skipped["a"]] == [
        ("the tar archive has no end mark: it may have been cut off", False)
    ]


def test_something_behind_the_end_of_a_tar_archive_is_told(tmp_path: Path) -> None:
    """Bad input 3, in an archive."""
    reading = read_archive(tmp_path, tar(LOGS) + b"garbage")
    assert len(reading.content) == 2
    assert reading.reasons("a") == ["something else stands after the end of the tar archive: not read"]


def test_a_header_that_claims_gigabytes(tmp_path: Path) -> None:
    info = header("x", kind=tarfile.XHDTYPE)
    info.size = 8 << 30
    data = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(30 << 20))
    tracemalloc.start()
    reading = read_archive(tmp_path, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.reasons("a")[0].endswith("headers of more than 4 MB")
    assert peak < 40 << 20


def test_a_member_of_negative_size_ends_the_archive(tmp_path: Path) -> None:
    block = bytearray(header("x.log").tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xf0\x00"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "broken tar archive" in " ".join(read_archive(tmp_path, bytes(block) + bytes(1024)).reasons("a"))
