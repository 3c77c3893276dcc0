"""The events table as a Parquet file."""

from __future__ import annotations

import io

from analyzer.model import Analysis


def render(analysis: Analysis) -> bytes:
    """The bytes of the file; its schema is that of `Analysis.events`."""
    import pyarrow.parquet as pq

    buffer = io.BytesIO()
    pq.write_table(analysis.events, buffer, compression="zstd")
    return buffer.getvalue()
