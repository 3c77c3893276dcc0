"""What is found out about all lines of a block at once, held against looking at each line for everything."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzer.ingest import lines as reader_of_lines
from tests.ingest.reading import records_of

PREFIXES = [
    "",
    "Oct 24 02:14:07 web-1 api[4711]: ",
    "2025-10-24T02:14:07.113Z ",
    "<11>1 2025-10-24T02:14:07.113Z h api 1 - - ",
]
TEXTS = [
    "request served in 12 ms",
    "heartbeat ok",
    "payment refused by gateway",
    "level=warn slow",
    "[ERROR] could not save",
    "no errors",
    "",
    "}",
    "    at com.example.Orders.save(Orders.java:42)",
    "java.lang.IllegalStateException: closed",
    "Caused by: java.io.IOException: gone",
    "Traceback (most recent call last):",
    '  File "app.py", line 3, in <module>',
    "ValueError: x",
    "panic: runtime error",
    "goroutine 1 [running]:",
    "main.main()",
    "\t/app/main.go:12 +0x1d",
    "DETAIL:  Key (id)=(1) already exists.",
    "#0 {main}",
    "npm error code ENOENT",
    "thread 'main' panicked at src/main.rs:2:5:",
    "GET /api/orders/7 200 in 3ms",
]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(prefix=st.sampled_from(PREFIXES), texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=14))
def test_lines_that_one_look_sorts_out_hold_nothing(
    prefix: str, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log = "".join(f"{prefix}{text}\n" for text in texts).encode()
    found = records_of(log)
    with monkeypatch.context() as patch:
        patch.setattr(
            reader_of_lines, "telling_lines", lambda _data, starts, _ends, _loose: np.ones(len(starts), dtype=bool)
        )
        assert found == records_of(log)
