"""Bad inputs 25 to 40: what bytes may do to a log, and what becomes of it. Each input is made here."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from analyzer import analyze
from analyzer.catalogue import Catalogue
from analyzer.ingest.blocks import Block
from analyzer.model import Analysis, Signature
from analyzer.report.text import render
from tests.ingest.reading import blocks_of, records_of

LOST = Signature(
    id="shop.order_lost",
    title="Order lost",
    category="data_loss",
    severity="high",
    match=(r"order (?P<id>\S+) was lost",),
)
SHOP = Catalogue((LOST,))
LINE = "2025-10-24 02:14:07,113 ERROR [api] order A1 was lost\n"


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    return tmp_path


def _analysis(folder: Path, data: bytes, encoding: str | None = None) -> Analysis:
    (folder / "app.log").write_bytes(data)
    return analyze([folder], catalogue=SHOP, encoding=encoding)


def _reasons(analysis: Analysis) -> list[str]:
    return [skip.reason for source in analysis.sources for skip in source.skipped]


def test_25_an_empty_file_in_a_folder_is_in_order(logs: Path) -> None:
    analysis = _analysis(logs, b"")
    assert _reasons(analysis) == ["the file is empty"]
    assert not analysis.sources[0].in_trouble


@pytest.mark.parametrize("content", [b"", gzip.compress(b"", mtime=0)])
def test_25_an_empty_file_named_by_itself_is_told_and_the_rest_is_read(logs: Path, content: bytes) -> None:
    """Whoever names a file expects something in it; a run that finds nothing there must not end in silence."""
    (logs / "empty.log").write_bytes(content)
    (logs / "app.log").write_text(LINE)
    analysis = analyze([logs / "empty.log", logs / "app.log"], catalogue=SHOP)
    assert analysis.events.num_rows == 1
    (empty,) = (source for source in analysis.sources if source.path.endswith("empty.log"))
    assert [(skip.reason, skip.trouble) for skip in empty.skipped] == [("the file is empty", True)]


def test_26_a_last_line_without_newline_is_processed(logs: Path) -> None:
    analysis = _analysis(logs, (LINE * 2).rstrip("\n").encode())
    assert analysis.events["line"].to_pylist() == [1, 2]


def test_27_a_line_of_100_mb_is_read_in_windows_and_flagged(logs: Path) -> None:
    begin = b"2025-10-24 02:14:07,113 ERROR [api] " + b"x" * 100_000_000 + b" order A1 was lost\n"
    analysis = _analysis(logs, begin + LINE.encode())
    assert "lines too long to be read whole" in _reasons(analysis)
    assert analysis.events["line"].to_pylist()[-1] == 2
    assert analysis.sources[0].lines >= 2


def test_28_a_hole_of_nuls_is_skipped_and_counted(logs: Path) -> None:
    analysis = _analysis(logs, LINE.encode() + bytes(70_000) + LINE.encode())
    (nuls,) = (skip for source in analysis.sources for skip in source.skipped if "NUL" in skip.reason)
    assert nuls.count == 70_000
    assert analysis.events["offset"].to_pylist() == [0, len(LINE) + 70_000]


def test_29_binary_is_skipped(logs: Path) -> None:
    analysis = _analysis(logs, random.Random(29).randbytes(200_000))
    assert _reasons(analysis) == ["not a text file"]
    assert analysis.totals.records == 0


def test_30_invalid_utf8_is_matched_as_bytes(logs: Path) -> None:
    analysis = _analysis(logs, LINE.encode().replace(b"A1", b"A\xff\xfe1") * 3)
    assert analysis.events.num_rows == 3
    assert "\ufffd" in analysis.events["text"][0].as_py()


def test_31_a_byte_order_mark_is_stripped(logs: Path) -> None:
    analysis = _analysis(logs, b"\xef\xbb\xbf" + LINE.encode())
    assert analysis.sources[0].timestamped_records == 1
    assert analysis.events["text"][0].as_py() == LINE.rstrip("\n")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_32_and_33_utf16_is_transcoded_with_and_without_its_mark(logs: Path, encoding: str) -> None:
    analysis = _analysis(logs, (LINE * 20).encode(encoding))
    assert analysis.sources[0].encoding == "utf-16"
    assert analysis.events.num_rows == 20
    # The mark of a file decides over the option, which is for all files.
    assert _analysis(logs, (LINE * 20).encode("utf-16"), encoding="latin-1").events.num_rows == 20


@pytest.mark.parametrize(("encoding", "name"), [("latin-1", "Größe"), ("shift_jis", "注文")])
def test_34_other_encodings_by_option(logs: Path, encoding: str, name: str) -> None:
    data = LINE.replace("A1", name).encode(encoding) * 3
    analysis = _analysis(logs, data, encoding=encoding)
    assert [dict(keys)["id"] for keys in analysis.events["keys"].to_pylist()] == [name] * 3
    assert analysis.events["offset"].to_pylist() == [0, len(data) // 3, 2 * len(data) // 3]
    assert analysis.sources[0].encoding == encoding


def test_35_carriage_returns_before_newlines_are_stripped(logs: Path) -> None:
    analysis = _analysis(logs, LINE.replace("\n", "\r\n").encode() * 2)
    assert analysis.events["text"].to_pylist() == [LINE.rstrip("\n")] * 2
    assert analysis.events["offset"].to_pylist() == [0, len(LINE) + 1]


def test_36_a_lone_carriage_return_ends_no_line() -> None:
    (record,) = records_of(LINE.rstrip("\n").encode() + b"\rprogress 100 %\n")
    assert record.text.endswith("lost\rprogress 100 %")


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\u2028", "\u2029", "\x85"])
def test_37_only_newlines_end_a_line(separator: str) -> None:
    assert len(records_of(LINE.replace(" was", separator + "2025-10-24 02:14:09 was").encode() * 5)) == 5


def test_38_terminal_escapes_are_stripped_and_never_echoed(logs: Path) -> None:
    coloured = "\x1b]0;title\x07\x1b[31m" + LINE.replace("order", "\x1b[1morder\x1b[0m").rstrip("\n") + "\x1b[0m\n"
    analysis = _analysis(logs, coloured.encode() * 2)
    assert analysis.events["text"].to_pylist() == [LINE.rstrip("\n")] * 2
    assert "\x1b" not in render(analysis)


def test_39_bidi_and_zero_width_characters_are_made_visible(logs: Path) -> None:
    analysis = _analysis(logs, LINE.replace("A1", "A\u202e\u200b1").encode() * 2)
    assert analysis.events.num_rows == 2
    shown = render(analysis)
    assert not {"\u202e", "\u200b"} & set(shown)
    assert "<U+202E>" in shown


@pytest.mark.parametrize("size", range(400, 500, 7))
def test_40_a_record_across_the_edge_of_a_block_is_whole(size: int) -> None:
    data = "".join(LINE.replace("A1", f"A{n:03d}") for n in range(40)).encode()
    blocks = blocks_of(data, size)
    assert len(blocks) > 3
    assert [line for block in blocks for line in _texts(block)] == data.decode().splitlines()


def _texts(block: Block) -> list[str]:
    return bytes(block.content()).decode().splitlines()
