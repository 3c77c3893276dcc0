"""Asks jq queries of records, in a process that the alarm or a lack of memory may end.

Run as a script: `jq_worker.py SECONDS BYTES`. For each line `["query", ["record", ...]]` on standard
input, it writes one `1` or `0` for each record, at once.
"""

from __future__ import annotations

import json
import signal
import sys

import jq


def main(patience: float, memory: int) -> None:
    """Answer until standard input ends."""
    _limit_memory(memory)
    for line in sys.stdin.buffer:
        query, records = json.loads(line)
        program = jq.compile(query)
        for record in records:
            # Without a handler, the alarm ends the process, wherever it is.
            signal.setitimer(signal.ITIMER_REAL, patience)
            answer = b"1" if _true_of(program, record) else b"0"
            signal.setitimer(signal.ITIMER_REAL, 0)
            sys.stdout.buffer.write(answer)
            sys.stdout.buffer.flush()


def _true_of(program: jq._Program, record: str) -> bool:
    """Whether any output is neither null nor false; not where the record is no JSON or the query fails."""
    try:
        json.loads(record)  # one value and nothing behind it; jq itself would take several
        outputs = program.input_text(record).all()
    except (ValueError, RecursionError):
        return False
    return any(output is not None and output is not False for output in outputs)


def _limit_memory(limit: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
