"""Events come out as they went in, from memory or from a file."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.match.sink import EventSink
from analyzer.model import EVENTS_SCHEMA


def _batch(number: int) -> pa.RecordBatch:
    columns = [
        pa.array([number, None], pa.timestamp("us", tz="UTC")),
        pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["a.log", "b.log"])),
        pa.array([number, number + 1], pa.int64()),
        pa.array([0, 80], pa.int64()),
        pa.DictionaryArray.from_arrays(pa.array([1, 0], pa.int32()), pa.array(["x.y", "x.z"])),
        pa.array(["high", "low"]),
        pa.array(["error", None]),
        pa.array(["api", "api"]),
        pa.array([[("id", str(number))], []], pa.map_(pa.string(), pa.string())),
        pa.array([f"text {number}", ""]),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=EVENTS_SCHEMA)


@pytest.mark.parametrize("limit", [0, 1000, 1 << 30])
def test_the_table_is_the_same_wherever_it_was_kept(limit: int) -> None:
    sink = EventSink(limit)
    batches = [_batch(number) for number in range(20)]
    for batch in batches:
        sink.add(batch)
    table = sink.table()
    assert table.schema == EVENTS_SCHEMA
    assert table.to_pylist() == pa.Table.from_batches(batches).to_pylist()


@pytest.mark.parametrize("limit", [0, 1 << 30])
def test_no_events_make_an_empty_table(limit: int) -> None:
    table = EventSink(limit).table()
    assert (table.num_rows, table.schema) == (0, EVENTS_SCHEMA)
