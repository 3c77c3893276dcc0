"""Lines that quote a failure are not seen, whatever stands around them."""

from __future__ import annotations

import pytest

from analyzer.match.quoted import without_quoted


@pytest.mark.parametrize(
    "line",
    [
        "tests/test_net.py::test_it[TypeError: x is not a function] PASSED [ 26%]",
        "  ✓ answers 500 when connect ECONNREFUSED 127.0.0.1:5432 (5 ms)",
        "    --- PASS: TestDial/connection_refused (0.00s)",
        "2025-07-02T01:46:50.6520Z PASS src/errors.test.ts",
        "test net::tests::panicked_at_the_door ... ok",
        "2025-07-02 01:46:50 [INFO] ✔ rejects a deadlock detected",
        "test_refused (tests.test_net.Refused) ... ok",
        "fix(auth): TokenExpiredError: jwt expired is answered with 401",
        "8f3a2b1c fix: TypeError: Cannot read properties of undefined",
        '    logger.error("could not connect to server: %s", error)',
        "  12 | console.error('ENOSPC: no space left on device')",
        "2025-10-24 02:14:07 UTC [7] LOG:  statement: insert into log values ('deadlock detected')",
        "INFO health check failed 3 times, now healthy",
        "fetch failed: connection reset by peer (attempt 1), retry succeeded",
        "INFO connection refused by the broker 4 times, it is reachable again",
        "2025-10-24 02:14:07 UTC [7] LOG:  execute S_1: update t\n\tset message = 'out of memory'",
    ],
)
def test_what_only_quotes_a_failure_is_not_seen(line: str) -> None:
    assert without_quoted(f"before\n{line}".encode()) == b"before\n"


@pytest.mark.parametrize(
    "line",
    [
        "  ✕ answers 500 when connect ECONNREFUSED 127.0.0.1:5432 (5 ms)",
        "12 PASSED, 1 FAILED: TypeError: x is not a function",
        "PASSWORD authentication failed",
        "validation PASSED but the insert says: duplicate key value violates unique constraint",
        "connecting to db... ok, but relation users does not exist",
        '{"level":"error","msg":"✅ saved","error":"duplicate key value violates unique constraint"}',
        "fixing the connection failed: timeout",
        "2025-10-24 02:14:07 UTC [7] ERROR:  deadlock detected",
        "2025-10-24 02:14:07 UTC [7] LOG:  duration: 5100.1 ms  statement: select 1",
        "logger.go:12: could not connect",
        "panic recovered: runtime error: index out of range",
        "connection refused, trying again",
        "the primary is now unreachable",
        "Error: connect ECONNREFUSED 10.0.0.5:5432",
    ],
)
def test_what_reports_a_failure_is_left_alone(line: str) -> None:
    assert without_quoted(line.encode()) == line.encode()


def test_a_failing_test_is_seen_below_those_that_passed() -> None:
    record = "  ✓ refuses an empty name\n  ✕ stores the order\n    TypeError: x is not a function"
    assert without_quoted(record.encode()).decode() == "\n  ✕ stores the order\n    TypeError: x is not a function"
