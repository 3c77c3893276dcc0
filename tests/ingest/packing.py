"""What tests of archives share: names and contents -> archives of every kind, made here and now."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import lz4.frame
import zstandard

Files = dict[str, bytes]
API = b"".join(b"2025-10-24 02:14:07 INFO request %d served\n" % number for number in range(3000))
DB = b"2025-10-24 02:14:09 ERROR deadlock detected\n"
LOGS: Files = {"logs/api.log": API, "logs/deep/er/db.log": DB}
WRITTEN = datetime(2025, 10, 24, 2, 14, 6, tzinfo=UTC)


def tar(files: Files, *extra: tarfile.TarInfo, format_: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of regular files, then of entries without content."""
    return tar_of([*map(header, files, files.values()), *extra], files, format_)


def tar_of(entries: Iterable[tarfile.TarInfo], files: Files, format_: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar archive of given headers; regular files have the content of their name."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=format_, errors="surrogateescape") as archive:
        for entry in entries:
            archive.addfile(entry, io.BytesIO(files[entry.name]) if entry.isreg() else None)
    return target.getvalue()


def header(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """The header of one entry."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname, info.mtime = len(content), kind, link, int(WRITTEN.timestamp())
    return info


def zipped(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    return zipped_entries([(zip_entry(name), content) for name, content in files.items()], method)


def zip_entry(name: str) -> zipfile.ZipInfo:
    """The description of one member."""
    return zipfile.ZipInfo(name, WRITTEN.timetuple()[:6])


def zipped_entries(entries: Iterable[tuple[zipfile.ZipInfo, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of given entries."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for entry, content in entries:
            archive.writestr(entry, content, compress_type=method)
    return target.getvalue()


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
    "lz4": lz4.frame.compress,
}


def _compressed_tar(compress: Callable[[bytes], bytes]) -> Callable[[Files], bytes]:
    return lambda files: compress(tar(files))


ARCHIVES: dict[str, Callable[[Files], bytes]] = {
    "zip": zipped,
    "tar": tar,
    **{f"tar+{kind}": _compressed_tar(compress) for kind, compress in COMPRESSORS.items()},
}
