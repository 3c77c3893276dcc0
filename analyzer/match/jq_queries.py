"""jq queries of CRE rules, asked in a process of their own.

A query may never end, or want all the memory there is, and libjq cannot be interrupted. So it runs
where it can be ended (`jq_worker`): a record on which a query takes longer than `PATIENCE` counts as not
fulfilling it, and a query that does so again and again is given up.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

PATIENCE = 2.0
"""Seconds that a query may spend on one record."""

_MOST_FAILURES = 3
_MEMORY = 1 << 30
_BATCH = 2000
_WORKER = Path(__file__).with_name("jq_worker.py")
_JSON = r"""(?s)^\s*(?:\{.*\}|\[.*\]|".*"|-?\d[\d.eE+-]*|true|false|null)\s*$"""


class Queries:
    """Asks queries of records; safe to use from several threads."""

    def __init__(self, patience: float = PATIENCE) -> None:
        """`patience`: seconds for one record."""
        self._patience = patience
        self._lock = threading.Lock()
        self._worker: subprocess.Popen[bytes] | None = None
        self._failures: Counter[str] = Counter()
        self._unasked: Counter[str] = Counter()

    def true_of(self, query: str, records: pa.Array) -> npt.NDArray[np.bool_]:
        """Of which records the query yields something that is neither null nor false; of none where
        the record is no JSON or the query fails."""
        answers = np.zeros(len(records), dtype=bool)
        asked = pc.indices_nonzero(pc.match_substring_regex(records, _JSON)).to_pylist()
        with self._lock:
            while asked:
                if self._failures[query] >= _MOST_FAILURES:
                    self._unasked[query] += len(asked)
                    break
                batch = asked[:_BATCH]
                answered = self._ask(query, records.take(pa.array(batch)).to_pylist())
                answers[batch[: len(answered)]] = answered
                asked = asked[len(answered) :]
                if len(answered) < len(batch):
                    self._failures[query] += 1
                    self._unasked[query] += 1
                    asked = asked[1:]  # the one that the worker did not survive
        return answers

    def unasked(self) -> Counter[str]:
        """For each query, of how many records it could not be asked since this was called last: it took
        too long or too much memory."""
        with self._lock:
            unasked, self._unasked = self._unasked, Counter()
        return unasked

    def close(self) -> None:
        """End the process, if there is one."""
        with self._lock:
            self._end()

    def _ask(self, query: str, records: Sequence[str]) -> list[bool]:
        """The answers for the first records: for all of them, or up to the one that ended the worker."""
        pipe_in, pipe_out = self._pipes()
        answers = b""
        try:
            pipe_in.write(json.dumps([query, records]).encode() + b"\n")
            pipe_in.flush()
            answers = pipe_out.read(len(records))
        except BrokenPipeError:
            pass
        if len(answers) < len(records):
            self._end()
        return [answer == ord("1") for answer in answers]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """To and from the worker, which is started when it is first needed."""
        if self._worker is None:
            # -P: the modules beside the worker are none of its business.
            command = [sys.executable, "-P", str(_WORKER), str(self._patience), str(_MEMORY)]
            self._worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._finalizer = weakref.finalize(self, _end, self._worker)
        if self._worker.stdin is None or self._worker.stdout is None:
            raise RuntimeError("the worker has no pipes")
        return self._worker.stdin, self._worker.stdout

    def _end(self) -> None:
        if self._worker is not None:
            self._finalizer()
            self._worker = None


def _end(worker: subprocess.Popen[bytes]) -> None:
    worker.kill()
    for pipe in (worker.stdin, worker.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    worker.wait()
