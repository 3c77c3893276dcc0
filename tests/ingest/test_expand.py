"""Archives: every member is an input of its own, nothing is extracted, and nothing vanishes."""

from __future__ import annotations

import gzip
import os
import tarfile
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.discover import Input
from analyzer.ingest.limits import Limits
from analyzer.ingest.open import Stream, streams
from tests.ingest.packing import (
    API,
    ARCHIVES,
    COMPRESSORS,
    DB,
    LOGS,
    WRITTEN,
    tar,
    tar_of,
    zip_entry,
    zipped,
    zipped_entries,
)
from tests.ingest.reading import everything_in, read_archive

KINDS = pytest.mark.parametrize("kind", ARCHIVES)


@KINDS
def test_every_member_is_an_input(kind: str, tmp_path: Path) -> None:
    reading = read_archive(tmp_path, ARCHIVES[kind](LOGS))
    assert reading.content == {"a!logs/api.log": API, "a!logs/deep/er/db.log": DB}
    assert reading.skipped == {}
    assert set(reading.compression.values()) == {kind}


@KINDS
def test_a_member_knows_when_it_was_written(kind: str, tmp_path: Path) -> None:
    assert set(read_archive(tmp_path, ARCHIVES[kind](LOGS)).modified.values()) == {WRITTEN}


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
    reading = read_archive(tmp_path, ARCHIVES[archive]({"app.log.x": COMPRESSORS[kind](API), "db.log": DB}))
    assert reading.content == {"a!app.log.x": API, "a!db.log": DB}
    assert reading.compression["a!app.log.x"] == f"{kind}+{archive}"


@pytest.mark.parametrize("outer", ARCHIVES)
@pytest.mark.parametrize("inner", ARCHIVES)
def test_an_archive_in_an_archive(outer: str, inner: str, tmp_path: Path) -> None:
    reading = read_archive(tmp_path, ARCHIVES[outer]({"b": ARCHIVES[inner](LOGS), "db.log": DB}))
    assert reading.content == {"a!b!logs/api.log": API, "a!b!logs/deep/er/db.log": DB, "a!db.log": DB}
    assert reading.skipped == {}


def _nested(depth: int) -> bytes:
    data = gzip.compress(DB)
    for level in range(depth):
        data = (zipped if level % 2 else ARCHIVES["tar+gzip"])({f"{level}": data})
    return data


def test_three_levels_are_read_and_a_fourth_is_told(tmp_path: Path) -> None:
    """Bad input 11."""
    assert read_archive(tmp_path, _nested(3)).content == {"a!2!1!0": DB}
    reading = read_archive(tmp_path, _nested(4))
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
    reading = read_archive(tmp_path, ARCHIVES[kind](files))
    assert reading.content == {"a!api.log": API}
    assert [(skip.reason, skip.count, skip.sample, skip.trouble) for skip in reading.skipped["a"]] == [
        ("not a log, by its name", 2, "README.md", False),
        ("hidden, by its name", 2, ".git/config", False),
    ]


@KINDS
def test_an_archive_without_a_file(kind: str, tmp_path: Path) -> None:
    assert read_archive(tmp_path, ARCHIVES[kind]({"x/": b""} if kind == "zip" else {".x": b""})).skipped.keys() == {"a"}
    assert read_archive(tmp_path, zipped({})).reasons("a") == ["no file in this archive"]


@KINDS
@pytest.mark.parametrize("name", ["../../evil.log", "/etc/evil.log", "./plain.log", "C:\\logs\\x.log"])
def test_names_lead_nowhere(kind: str, name: str, tmp_path: Path) -> None:
    """Bad inputs 15 and 16: members are read, never extracted, so that names are only names."""
    (tmp_path / "in" / "it").mkdir(parents=True)
    reading = read_archive(tmp_path / "in" / "it", ARCHIVES[kind]({name: DB}))
    assert list(reading.content.values()) == [DB]
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "in", "it"]


@KINDS
@pytest.mark.parametrize("name", ["a.log", "a.txt", "a.gz", "a.tar.xz", "a.zip", "a"])
def test_the_ending_of_a_name_means_nothing(kind: str, name: str, tmp_path: Path) -> None:
    """Bad input 22."""
    reading = read_archive(tmp_path, ARCHIVES[kind]({"x.zip": DB}), name)
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


def test_a_newline_in_a_name_is_spelled_out(tmp_path: Path) -> None:
    """Bad input 52, in an archive."""
    assert read_archive(tmp_path, tar({"x\n\x1b[31m.log": DB})).content == {"a!x\\n\\x1b[31m.log": DB}


def test_archives_of_archives_share_one_budget(tmp_path: Path) -> None:
    """Bad input 8: the famous 42.zip, two levels of it."""
    leaf = zipped({"0.log": b"0" * (3 << 20)})
    reading = read_archive(tmp_path, zipped({f"{n}.zip": leaf for n in range(40)}))
    assert sum(map(len, reading.content.values())) < 70 << 20
    assert "taken for a bomb" in " ".join(reading.reasons("a"))


@pytest.mark.parametrize("limits", [Limits(content=50_000), Limits(seconds=0.0)])
def test_bounds_of_bytes_and_time(limits: Limits, tmp_path: Path) -> None:
    """Bad inputs 8 and 9: caps on what is unpacked and on how long that takes."""
    reading = read_archive(tmp_path, gzip.compress(API), limits=limits)
    assert reading.skipped["a"][0].trouble
    assert "not read further" in reading.reasons("a")[0]


@KINDS
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_archive_yields_what_came_before(kind: str, share: float, tmp_path: Path) -> None:
    """Bad inputs 1 and 4, in archives."""
    noise = os.urandom(40_000).hex().encode() + b"\n"
    data = ARCHIVES[kind]({"x.log": DB, "y.log": noise * 10, "z.log": API})
    reading = read_archive(tmp_path, data[: int(len(data) * share)])
    assert reading.skipped["a"][0].trouble
    if kind != "zip":
        assert all((noise * 10).startswith(content) for path, content in reading.content.items() if "y" in path)
        assert reading.content.get("a!x.log", DB) == DB
        assert kind not in {"tar", "tar+gzip"} or len(reading.content["a!y.log"]) > 100_000 * share


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_one_broken_member_costs_no_other(kind: str, tmp_path: Path) -> None:
    compressed = gzip.compress(API, mtime=0)
    reading = read_archive(tmp_path, ARCHIVES[kind]({"x.log": compressed[: len(compressed) // 2], "y.log": DB}))
    assert API.startswith(reading.content["a!x.log"])
    assert reading.reasons("a!x.log")[0].startswith("the gzip data is cut off after")
    assert reading.content["a!y.log"] == DB


PACKED = {kind: make({"x.log": API[:3000], "b.zip": zipped({"y.log": DB})}) for kind, make in ARCHIVES.items()}


@settings(max_examples=150)
@given(st.sampled_from(sorted(PACKED)), st.floats(0, 1), st.binary(min_size=1, max_size=12), st.floats(0.2, 1))
def test_no_damage_raises(kind: str, place: float, damage: bytes, share: float) -> None:
    data = bytearray(PACKED[kind])
    at = int(place * (len(data) - 1))
    data[at : at + len(damage)] = damage
    with tempfile.TemporaryDirectory() as folder:
        read_archive(Path(folder), bytes(data[: max(1, int(len(data) * share))]))
