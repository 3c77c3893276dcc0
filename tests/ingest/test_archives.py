"""Archives: every member is an input of its own, nothing is extracted, and nothing vanishes."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.discover import Input
from analyzer.ingest.limits import LIMITS, Limits
from analyzer.ingest.open import Stream, streams
from analyzer.model import Source
from tests.ingest.packing import (
    ARCHIVES,
    COMPRESSORS,
    WRITTEN,
    Files,
    header,
    tar,
    tar_of,
    zip_entry,
    zipped,
    zipped_entries,
)
from tests.ingest.reading import Reading, everything_in

API = b"".join(b"2025-10-24 02:14:07 INFO request %d served\n" % number for number in range(3000))
DB = b"2025-10-24 02:14:09 ERROR deadlock detected\n"
LOGS: Files = {"logs/api.log": API, "logs/deep/er/db.log": DB}
KINDS = pytest.mark.parametrize("kind", ARCHIVES)


def read(tmp_path: Path, data: bytes, name: str = "a", limits: Limits | None = None) -> Reading:
    """Everything in an archive with the given content, which nobody has written to for an hour."""
    path = tmp_path / name
    path.write_bytes(data)
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))
    return everything_in(path, limits or Limits())


@KINDS
def test_every_member_is_an_input(kind: str, tmp_path: Path) -> None:
    reading = read(tmp_path, ARCHIVES[kind](LOGS))
    assert reading.content == {"a!logs/api.log": API, "a!logs/deep/er/db.log": DB}
    assert reading.skipped == {}
    assert set(reading.compression.values()) == {kind}


@KINDS
def test_a_member_knows_when_it_was_written(kind: str, tmp_path: Path) -> None:
    assert set(read(tmp_path, ARCHIVES[kind](LOGS)).modified.values()) == {WRITTEN}


@pytest.mark.parametrize(
    "data", [tar_of([tarfile.TarInfo("x.log")], {"x.log": b""}), zipped_entries([(zipfile.ZipInfo("x.log"), b"x")])]
)
def test_a_member_without_a_time_has_that_of_the_archive(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(data)
    os.utime(tmp_path / "a", (1e9, 1e9))
    assert everything_in(tmp_path / "a").modified == {"a!x.log": datetime.fromtimestamp(1e9, UTC)}


@pytest.mark.parametrize("kind", COMPRESSORS)
@pytest.mark.parametrize("archive", ["zip", "tar", "tar+gzip"])
def test_compressed_members(archive: str, kind: str, tmp_path: Path) -> None:
    reading = read(tmp_path, ARCHIVES[archive]({"app.log.x": COMPRESSORS[kind](API), "db.log": DB}))
    assert reading.content == {"a!app.log.x": API, "a!db.log": DB}
    assert reading.compression["a!app.log.x"] == f"{kind}+{archive}"


@pytest.mark.parametrize("outer", ARCHIVES)
@pytest.mark.parametrize("inner", ARCHIVES)
def test_an_archive_in_an_archive(outer: str, inner: str, tmp_path: Path) -> None:
    reading = read(tmp_path, ARCHIVES[outer]({"b": ARCHIVES[inner](LOGS), "db.log": DB}))
    assert reading.content == {"a!b!logs/api.log": API, "a!b!logs/deep/er/db.log": DB, "a!db.log": DB}
    assert reading.skipped == {}


def _nested(depth: int) -> bytes:
    data = gzip.compress(DB)
    for level in range(depth):
        data = (zipped if level % 2 else ARCHIVES["tar+gzip"])({f"{level}": data})
    return data


def test_three_levels_are_read_and_a_fourth_is_told(tmp_path: Path) -> None:
    """Bad input 11."""
    assert read(tmp_path, _nested(3)).content == {"a!2!1!0": DB}
    reading = read(tmp_path, _nested(4))
    assert reading.content == {}
    assert reading.reasons("a!3!2!1") == ["archives nested more than 3 deep: not read"]
    assert reading.skipped["a!3!2!1"][0].trouble


@KINDS
def test_a_pipe(kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    if (child := os.fork()) == 0:
        (tmp_path / "pipe").write_bytes(ARCHIVES[kind](LOGS))
        os._exit(0)
    assert everything_in(tmp_path / "pipe").content == {"pipe!logs/api.log": API, "pipe!logs/deep/er/db.log": DB}
    os.waitpid(child, 0)


@KINDS
def test_a_member_can_be_opened_alone(kind: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ARCHIVES[kind]({"b.zip": zipped({"x.log": API, "y.log": DB}), **LOGS}))
    for found in list(streams(Input(str(tmp_path / "a")))):
        assert isinstance(found, Stream)
        again = Stream(found.source)
        target = bytearray(len(API))
        content = bytes(target[: again.readinto(memoryview(target))])
        again.close()
        assert again.path == found.path
        assert content == (DB if found.path.endswith(("y.log", "db.log")) else API)


def test_an_archive_that_changed_since_has_no_such_member(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(zipped(LOGS))
    source = Input(str(tmp_path / "a")).member("logs/gone.log")
    with pytest.raises(FileNotFoundError):
        Stream(source)


@pytest.mark.parametrize("kind", ["zip", "tar", "tar+gzip"])
def test_what_may_not_be_a_log_is_counted(kind: str, tmp_path: Path) -> None:
    files = {"README.md": b"x", "app.py": b"x", ".git/config": b"x", "__MACOSX/._api.log": b"x", "api.log": API}
    reading = read(tmp_path, ARCHIVES[kind](files))
    assert reading.content == {"a!api.log": API}
    assert [(skip.reason, skip.count, skip.sample, skip.trouble) for skip in reading.skipped["a"]] == [
        ("not a log, by its name", 2, "README.md", False),
        ("hidden, by its name", 2, ".git/config", False),
    ]


@KINDS
def test_an_archive_without_a_file(kind: str, tmp_path: Path) -> None:
    assert read(tmp_path, ARCHIVES[kind]({"x/": b""} if kind == "zip" else {".x": b""})).skipped.keys() == {"a"}
    assert read(tmp_path, zipped({})).reasons("a") == ["no file in this archive"]


@KINDS
@pytest.mark.parametrize("name", ["../../evil.log", "/etc/evil.log", "./plain.log", "C:\\logs\\x.log"])
def test_names_lead_nowhere(kind: str, name: str, tmp_path: Path) -> None:
    """Bad inputs 15 and 16: members are read, never extracted, so that names are only names."""
    (tmp_path / "in" / "it").mkdir(parents=True)
    reading = read(tmp_path / "in" / "it", ARCHIVES[kind]({name: DB}))
    assert list(reading.content.values()) == [DB]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "in", "it"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_in_a_tar_archive_are_not_followed(kind: bytes, tmp_path: Path) -> None:
    """Bad input 17."""
    (tmp_path / "secret.log").write_bytes(DB)
    reading = read(tmp_path, tar({"api.log": API}, header("x.log", kind=kind, link=str(tmp_path / "secret.log"))))
    assert reading.content == {"a!api.log": API}
    assert [(skip.reason, skip.sample) for skip in reading.skipped["a"]] == [
        ("link in an archive: not followed", "x.log")
    ]


def test_links_in_a_zip_archive_are_not_followed(tmp_path: Path) -> None:
    """Bad input 17."""
    link = zip_entry("x.log")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    reading = read(tmp_path, zipped_entries([(link, b"/etc/passwd"), (zip_entry("api.log"), API)]))
    assert reading.content == {"a!api.log": API}
    assert reading.reasons("a") == ["link in an archive: not followed"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_in_an_archive(kind: bytes, tmp_path: Path) -> None:
    """Bad input 18."""
    reading = read(tmp_path, tar({"api.log": API}, header("x.log", kind=kind)))
    assert reading.content == {"a!api.log": API}
    assert reading.reasons("a") == ["not a regular file"]


def test_an_encrypted_member(tmp_path: Path) -> None:
    """Bad input 19."""
    data = bytearray(zipped(LOGS))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + at] |= 1
    reading = read(tmp_path, bytes(data))
    assert reading.content == {"a!logs/deep/er/db.log": DB}
    (skip,) = reading.skipped["a"]
    assert (skip.reason, skip.sample, skip.trouble) == ("encrypted: not read", "logs/api.log", True)


@pytest.mark.parametrize("share", [0.1, 0.6, 0.99])
def test_a_zip_archive_without_its_central_directory(share: float, tmp_path: Path) -> None:
    """Bad input 21."""
    data = zipped(LOGS)
    reading = read(tmp_path, data[: int(len(data) * share)])
    assert reading.content == {}
    assert reading.reasons("a") == ["a zip archive without its central directory (cut off?): not read"]
    assert reading.skipped["a"][0].trouble


@KINDS
@pytest.mark.parametrize("name", ["a.log", "a.txt", "a.gz", "a.tar.xz", "a.zip", "a"])
def test_the_ending_of_a_name_means_nothing(kind: str, name: str, tmp_path: Path) -> None:
    """Bad input 22."""
    reading = read(tmp_path, ARCHIVES[kind]({"x.zip": DB}), name)
    assert reading.content == {f"{name}!x.zip": DB}


@KINDS
def test_two_members_of_one_name(kind: str, tmp_path: Path) -> None:
    """Bad input 23."""
    if kind == "zip":
        with pytest.warns(UserWarning, match="Duplicate name"):
            data = zipped_entries([(zip_entry("x.log"), API), (zip_entry("x.log"), DB)])
    else:
        both = tar({"x.log": API})[: 512 + -(-len(API) // 512) * 512] + tar({"x.log": DB})
        data = COMPRESSORS[kind.removeprefix("tar+")](both) if "+" in kind else both
    (tmp_path / "a").write_bytes(data)
    assert everything_in(tmp_path / "a").content == {"a!x.log": API, "a!x.log#2": DB}
    second = next(found for found in streams(Input(str(tmp_path / "a"))) if found.path.endswith("#2"))
    assert isinstance(second, Stream)
    again = Stream(second.source)
    assert again.skip(10**9) == len(DB)
    again.close()


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """Bad input 24."""
    bad = os.fsdecode(b"caf\xe9.log")
    assert read(tmp_path, tar({bad: DB}, format_=tarfile.GNU_FORMAT)).content == {"a!caf\\udce9.log": DB}
    data = zipped({"caf?.log": DB}).replace(b"caf?.log", b"caf\xe9.log")
    assert list(read(tmp_path, data).content.values()) == [DB]
    utf_8 = bytearray(data)
    for magic, at in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):
        utf_8[utf_8.index(magic) + at] |= 8
    assert read(tmp_path, bytes(utf_8)).content == {"a!caf\\udce9.log": DB}


def test_a_newline_in_a_name_is_spelled_out(tmp_path: Path) -> None:
    """Bad input 52, in an archive."""
    assert read(tmp_path, tar({"x\n\x1b[31m.log": DB})).content == {"a!x\\n\\x1b[31m.log": DB}


def test_a_zip_bomb(tmp_path: Path) -> None:
    """Bad input 8."""
    reading = read(tmp_path, zipped({"x.log": b"\n" * (80 << 20), "y.log": DB}))
    assert len(reading.content["a!x.log"]) < 80 << 20
    assert "taken for a bomb" in reading.reasons("a!x.log")[0]
    assert "taken for a bomb" in reading.reasons("a")[0]
    assert "a!y.log" not in reading.content


@pytest.mark.parametrize("name", ["x.log", "x.png"])
def test_a_bomb_in_a_compressed_tar_archive(name: str, tmp_path: Path) -> None:
    """Bad input 9: also where the member that explodes would only be passed over."""
    reading = read(tmp_path, COMPRESSORS["zstd"](tar({name: b"\n" * (80 << 20)})))
    assert "taken for a bomb" in " ".join(reading.reasons("a"))


def test_archives_of_archives_share_one_budget(tmp_path: Path) -> None:
    """Bad input 8: the famous 42.zip, two levels of it."""
    leaf = zipped({"0.log": b"0" * (3 << 20)})
    reading = read(tmp_path, zipped({f"{n}.zip": leaf for n in range(40)}))
    assert sum(map(len, reading.content.values())) < 70 << 20
    assert "taken for a bomb" in " ".join(reading.reasons("a"))


def test_overlapping_zip_entries(tmp_path: Path) -> None:
    """Bad input 10: many names for one piece of data."""
    data = zipped({"x.log": API})
    at, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry = data[at:end]
    directory = entry * 500
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 500, 500, len(directory), at, 0)
    reading = read(tmp_path, data[:at] + directory + tail)
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


def test_too_many_members_of_a_tar_archive(tmp_path: Path) -> None:
    """Bad input 12."""
    reading = read(tmp_path, ARCHIVES["tar+gzip"]({f"{n}.log": DB for n in range(30)}), limits=Limits(members=20))
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
    reading = read(tmp_path, gzip.compress(tar_of([info, header("y.log", DB)], {info.name: stored, "y.log": DB})))
    assert reading.content == {"a!x.log": DB + API, "a!y.log": DB}
    (skip,) = reading.skipped["a"]
    assert (skip.reason, skip.count) == ("bytes of holes in sparse files left out", (1 << 40) - len(DB))


@pytest.mark.parametrize("limits", [Limits(content=50_000), Limits(seconds=0.0)])
def test_bounds_of_bytes_and_time(limits: Limits, tmp_path: Path) -> None:
    """Bad inputs 8 and 9: caps on what is unpacked and on how long that takes."""
    reading = read(tmp_path, gzip.compress(API), limits=limits)
    assert reading.skipped["a"][0].trouble
    assert "not read further" in reading.reasons("a")[0]


@KINDS
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_archive_yields_what_came_before(kind: str, share: float, tmp_path: Path) -> None:
    """Bad inputs 1 and 4, in archives."""
    noise = os.urandom(40_000).hex().encode() + b"\n"
    data = ARCHIVES[kind]({"x.log": DB, "y.log": noise * 10, "z.log": API})
    reading = read(tmp_path, data[: int(len(data) * share)])
    assert reading.skipped["a"][0].trouble
    if kind != "zip":
        assert all((noise * 10).startswith(content) for path, content in reading.content.items() if "y" in path)
        assert reading.content.get("a!x.log", DB) == DB
        assert kind not in {"tar", "tar+gzip"} or len(reading.content["a!y.log"]) > 100_000 * share


def test_a_member_with_a_wrong_checksum(tmp_path: Path) -> None:
    """Bad input 2, in a zip archive."""
    data = zipped(LOGS, zipfile.ZIP_STORED).replace(b"request 7 served", b"request 8 served")
    reading = read(tmp_path, data)
    assert len(reading.content["a!logs/api.log"]) == len(API)
    assert reading.content["a!logs/deep/er/db.log"] == DB
    assert "checksum" in reading.reasons("a!logs/api.log")[0]


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_one_broken_member_costs_no_other(kind: str, tmp_path: Path) -> None:
    compressed = gzip.compress(API, mtime=0)
    reading = read(tmp_path, ARCHIVES[kind]({"x.log": compressed[: len(compressed) // 2], "y.log": DB}))
    assert API.startswith(reading.content["a!x.log"])
    assert reading.reasons("a!x.log")[0].startswith("the gzip data is cut off after")
    assert reading.content["a!y.log"] == DB


def test_garbage_between_members_is_no_end_of_the_archive(tmp_path: Path) -> None:
    first = tar({"x.log": DB})[:1024]
    reading = read(tmp_path, first + b"garbage" * 200 + tar(LOGS))
    assert reading.content == {"a!x.log": DB}
    assert reading.skipped["a"][0].trouble
    assert "broken tar archive" in reading.reasons("a")[0]


def test_a_tar_archive_without_its_end_is_remarked_upon(tmp_path: Path) -> None:
    data = tar(LOGS).rstrip(b"\0")
    reading = read(tmp_path, data + bytes(-len(data) % 512))
    assert len(reading.content) == 2
    assert [(skip.reason, skip.trouble) for skip in reading.skipped["a"]] == [
        ("the tar archive has no end mark: it may have been cut off", False)
    ]


def test_something_behind_the_end_of_a_tar_archive_is_told(tmp_path: Path) -> None:
    """Bad input 3, in an archive."""
    reading = read(tmp_path, tar(LOGS) + b"garbage")
    assert len(reading.content) == 2
    assert reading.reasons("a") == ["something else stands after the end of the tar archive: not read"]


def test_a_header_that_claims_gigabytes(tmp_path: Path) -> None:
    info = header("x", kind=tarfile.XHDTYPE)
    info.size = 8 << 30
    data = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(30 << 20))
    tracemalloc.start()
    reading = read(tmp_path, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert reading.reasons("a")[0].endswith("headers of more than 4 MB")
    assert peak < 40 << 20


def test_a_member_of_negative_size_ends_the_archive(tmp_path: Path) -> None:
    block = bytearray(header("x.log").tobuf(tarfile.GNU_FORMAT))
    block[124:136] = b"\xff" * 10 + b"\xf0\x00"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    assert "broken tar archive" in " ".join(read(tmp_path, bytes(block) + bytes(1024)).reasons("a"))


def test_a_zip_archive_too_large_to_be_held_in_memory(tmp_path: Path) -> None:
    inner = zipped({"x.log": os.urandom(2 << 20)})
    reading = read(tmp_path, ARCHIVES["tar+gzip"]({"b.zip": inner, "y.log": DB}), limits=Limits(spool=1 << 20))
    assert reading.content == {"a!y.log": DB}
    assert reading.reasons("a!b.zip") == ["a zip archive of more than 1 MB inside something else: unpack it first"]


def test_zip_with_64_bits_and_something_before_it(tmp_path: Path) -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive, archive.open(zip_entry("x.log"), "w", force_zip64=True) as member:
        member.write(DB)
    assert read(tmp_path, target.getvalue()).content == {"a!x.log": DB}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_methods_of_zip(method: int, tmp_path: Path) -> None:
    assert read(tmp_path, zipped(LOGS, method)).content == {"a!logs/api.log": API, "a!logs/deep/er/db.log": DB}


def test_a_method_that_is_not_supported(tmp_path: Path) -> None:
    reading = read(tmp_path, zipped(LOGS, zipfile.ZIP_LZMA))
    assert reading.reasons("a") == ["zip compression method 14: not supported"]
    assert reading.skipped["a"][0].trouble


PACKED = {kind: make({"x.log": API[:3000], "b.zip": zipped({"y.log": DB})}) for kind, make in ARCHIVES.items()}


@settings(max_examples=150)
@given(st.sampled_from(sorted(PACKED)), st.floats(0, 1), st.binary(min_size=1, max_size=12), st.floats(0.2, 1))
def test_no_damage_raises(kind: str, place: float, damage: bytes, share: float) -> None:
    data = bytearray(PACKED[kind])
    at = int(place * (len(data) - 1))
    data[at : at + len(damage)] = damage
    with tempfile.TemporaryDirectory() as folder:
        read(Path(folder), bytes(data[: max(1, int(len(data) * share))]))
