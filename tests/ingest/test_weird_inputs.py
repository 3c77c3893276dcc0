"""Whatever a file holds, reading it ends, loses no line and raises nothing."""

from __future__ import annotations

import gzip

from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.ingest.layout import JSON_LINES, all_layouts
from tests.ingest.reading import blocks_of, records_of

PIECES: dict[str, bytes] = {
    "only newlines": b"\n" * 300,
    "a very long line": b"x" * 30_000,
    "deep JSON": b'{"a":' * 3000 + b"1" + b"}" * 3000 + b"\n",
    "torn JSON": b'{"time":"2025-10-24T02:14:07Z","level":"error","msg":"torn\n' * 9,
    "JSON with odd values": b'{"time":1e300,"level":[],"msg":null}\n{"time":-5,"level":true}\n[1,2]\n"x"\n{}\n' * 5,
    "lone carriage returns": b"one\rtwo\rthree\r" * 40,
    "other separators": "a\x0bb\x0cc\u2028d\u2029e\x85f\n".encode() * 20,
    "a hole": bytes(2000),
    "escapes without end": b"\x1b[\x1b]0;\x1b" * 200 + b"\n",
    "the end of time": b"9999-12-31 23:59:59 ERROR x\n0001-01-01 00:00:00+14:00 ERROR y\n" * 8,
    "dates that do not exist": b"2025-02-30 25:61:61 ERROR x\nFeb 30 10:00:00 host app: x\nJob 12 10:00:00 h s: x\n"
    * 8,
    "absurd zones": b'1.2.3.4 - - [24/Oct/2025:02:14:07 +9999] "GET /\xff HTTP/1.1" 500 -\n' * 8,
    "numbers that may be times": b"1761272047 a\n17612720471 b\n1761272047113 c\n99999999999999999999 d\n" * 8,
    "ordinary lines": b"2025-10-24 02:14:07,113 ERROR [api] could not save\n\tat x.y.Z(Z.java:1)\n" * 8,
    "bytes of another encoding": "Größe überschritten\n".encode("latin-1") * 8,
    "UTF-16 without a mark": "2025-10-24 02:14:07 ERROR x\n".encode("utf-16-le") * 8,
}
FILES = st.lists(
    st.one_of(st.sampled_from(sorted(PIECES)).map(PIECES.__getitem__), st.binary(max_size=400)), max_size=5
)


@settings(max_examples=80)
@given(FILES, st.sampled_from([1 << 12, 1 << 16, 1 << 23]))
def test_every_line_is_in_a_record(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    blocks = blocks_of(data, size)
    for block in blocks:
        table = block.read()
        assert len(table.starts) == bytes(block.content()).count(b"\n") + (block.data[block.length - 1] != 10)
        assert table.first_line.tolist() == sorted(set(table.first_line.tolist()))
        assert table.first_line[0] == 0
        assert len(table.times) == len(table.levels) == len(table.layouts) == len(table.first_line)


@settings(max_examples=30)
@given(FILES, st.floats(0.1, 1.2))
def test_compressed_and_torn(parts: list[bytes], share: float) -> None:
    compressed = gzip.compress(b"".join(parts), mtime=0)
    records_of(compressed[: int(len(compressed) * share)])


@settings(max_examples=80)
@given(st.one_of(st.sampled_from(sorted(PIECES)).map(PIECES.__getitem__), st.binary(max_size=300)))
def test_fields_of_any_record(record: bytes) -> None:
    for layout in (JSON_LINES, *all_layouts()):
        layout.fields(record)
