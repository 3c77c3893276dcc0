"""The lines around a record, read again."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from analyzer.ingest.context import contexts
from analyzer.ingest.raw import Raw

LINES = [b"line %06d of a log that is long\n" % number for number in range(300_000)]
WANTED = [3, 40_000, 40_001, 299_998]


def expected(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    texts = [line.decode().rstrip() for line in (*LINES[max(0, number - 3) : number], *LINES[number + 1 : number + 4])]
    before = number - max(0, number - 3)
    return tuple(texts[:before]), tuple(texts[before:])


@pytest.mark.parametrize("name", ["app.log", "app.log.gz"])
def test_the_lines_around_records_anywhere(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(b"".join(LINES), 1) if name.endswith("gz") else b"".join(LINES))
    read, sizes = Raw.read, []

    def counted(raw: Raw, *arguments: Any) -> bytes:
        data = read(raw, *arguments)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(Raw, "read", counted)
    found = contexts(str(file), [(len(LINES[0]) * number, 1) for number in WANTED])
    for number in WANTED:
        context = found[len(LINES[0]) * number]
        assert context.record == LINES[number].decode().rstrip()
        assert (context.before, context.after) == expected(number)
    if name == "app.log":  # what lies between is leapt over
        assert sum(sizes) < file.stat().st_size / 2
