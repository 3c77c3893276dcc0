"""Work beside the process that hands it out: in threads, or where there is much of it in processes.

Only one thread of a process runs Python at a time, and whatever is found in a log has to be confirmed in
Python. Processes that are forked before the work begins share what is loaded by then, begin at once, and one
that dies (of the memory that a machine lacks, say) takes only its piece of work with it.
"""

from __future__ import annotations

import gc
import mmap
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

_ATTEMPTS = 2
"""How many processes may die of the same piece of work."""
_SPARES = 2
"""Processes that take the place of others: once work has begun, no more can be forked."""

_SHARED = 16 << 20
"""Bytes of memory by which work reaches a process: larger work goes through its pipe, which takes longer."""

_ALIGNMENT = 64
"""Bytes at a multiple of which Arrow likes its buffers to begin."""

Work = TypeVar("Work")
Result = TypeVar("Result")


class WorkLostError(Exception):
    """The processes that tried a piece of work died of it."""


class Workers(Generic[Work, Result]):
    """Does pieces of work, several at once."""

    def __init__(self, do: Callable[[Work], Result], jobs: int, apart: bool) -> None:
        """`do` does one piece of work, in any thread; `apart` asks for processes, which there are only
        where they are safe: see `can_fork`. What `do` changes in a process is lost; it has to return it."""
        self._do = do
        self._idle = _forked(do, jobs + _SPARES) if apart and jobs > 1 and can_fork() else []
        self._alive = len(self._idle)
        self._change = threading.Condition()
        self._threads = ThreadPoolExecutor(jobs)

    def submit(self, work: Work) -> Future[Result]:
        """Begin a piece of work as soon as a worker is free. The future raises what `do` raises, and
        `WorkLostError` where no process survives the work."""
        return self._threads.submit(self._run, work)

    def close(self) -> None:
        """Let go of all work that has not begun, and of the processes."""
        self._threads.shutdown(cancel_futures=True)
        for process in self._idle:
            process.end()
        self._idle.clear()

    def _run(self, work: Work) -> Result:
        """One piece of work, in a process as long as there are any."""
        deaths = 0
        while deaths < _ATTEMPTS and (process := self._take()) is not None:
            try:
                succeeded, result = process.ask(work)
            except BaseException as error:
                # Whatever went wrong, nobody may wait for this process any longer.
                process.end()
                self._give_back(None)
                if not isinstance(error, (EOFError, OSError)):
                    raise
                deaths += 1
                continue
            self._give_back(process)
            if not succeeded:
                raise result
            return result  # type: ignore[no-any-return]  # what came through a pipe
        if deaths:
            raise WorkLostError(f"it ended {deaths} processes")
        return self._do(work)

    def _take(self) -> _Process | None:
        """A process that has nothing to do, None where none is left."""
        with self._change:
            self._change.wait_for(lambda: self._idle or not self._alive)
            return self._idle.pop() if self._idle else None

    def _give_back(self, process: _Process | None) -> None:
        """Let others have a process, or know that one has died."""
        with self._change:
            if process is None:
                self._alive -= 1
            else:
                self._idle.append(process)
            self._change.notify_all()


def can_fork() -> bool:
    """Whether this process can be forked: other threads might hold locks that nobody in the new process would
    ever open, and the libraries of macOS do not endure it."""
    return sys.platform == "linux" and threading.active_count() == 1


class _Process:
    """A process that does one piece of work after the other, and ends with this one."""

    def __init__(self, do: Callable[[Any], Any]) -> None:
        context = multiprocessing.get_context("fork")
        self._connection, theirs = context.Pipe()
        self._shared = mmap.mmap(-1, _SHARED)
        self._process = context.Process(target=_serve, args=(theirs, self._shared, do), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, work: object) -> tuple[bool, Any]:
        """Whether it was done, and the result or what was raised. Raises `EOFError` or `OSError` where the process
        dies."""
        _send(self._connection, work, self._shared)
        answer: tuple[bool, Any] = _receive(self._connection)
        return answer

    def end(self) -> None:
        """End it, in the middle of its work if need be."""
        self._connection.close()
        self._process.kill()
        self._process.join()


def _forked(do: Callable[[Any], Any], jobs: int) -> list[_Process]:
    gc.freeze()  # what the processes share stays shared: collecting garbage would write to all of it
    try:
        return [_Process(do) for _ in range(jobs)]
    finally:
        gc.unfreeze()


def _serve(connection: Connection, shared: mmap.mmap, do: Callable[[Any], Any]) -> None:
    """What a forked process does until its pipe is closed. Work may lie in `shared`, so nothing of it is kept once
    it is answered."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the process that hands out the work
    _let_go_of_files(connection.fileno())
    while True:
        try:
            work = _receive(connection, shared)
        except (EOFError, OSError):
            os._exit(0)
        try:
            answer = True, do(work)
        except Exception as error:  # noqa: BLE001 (it is raised again where the work was handed out)
            error.add_note(traceback.format_exc())
            answer = False, error
        try:
            _send(connection, answer)
        except OSError:
            os._exit(0)


def _let_go_of_files(kept: int) -> None:
    """Close what was open when this process was forked: locks, databases and the pipes of its siblings,
    which would otherwise stay open for as long as it lives."""
    os.closerange(3, kept)
    os.closerange(kept + 1, os.sysconf("SC_OPEN_MAX"))


def _send(connection: Connection, value: object, shared: mmap.mmap | None = None) -> None:
    """Send a value; its large buffers go by shared memory as far as there is any, and uncopied where there is none."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    raw = [buffer.raw() for buffer in buffers]
    sizes = [each.nbytes for each in raw]
    begins = _aligned(sizes)
    by_memory = shared is not None and begins[-1] <= len(shared)
    connection.send_bytes(pickle.dumps((by_memory, sizes)))
    if shared is not None and by_memory:
        for begin, each in zip(begins, raw, strict=False):
            shared.seek(begin)
            shared.write(each)
    connection.send_bytes(head)
    for each in () if by_memory else raw:
        connection.send_bytes(each)


def _aligned(sizes: Sequence[int]) -> list[int]:
    """Where buffers of these sizes begin that lie one behind the other, and where the last of them ends."""
    return list(accumulate((size + -size % _ALIGNMENT for size in sizes), initial=0))


def _receive(connection: Connection, shared: mmap.mmap | None = None) -> Any:
    """What `_send` sent at the other end. Raises `EOFError` where that is closed."""
    by_memory, sizes = pickle.loads(connection.recv_bytes())  # noqa: S301 (from a process of our own)
    head = connection.recv_bytes()
    if by_memory and shared is not None:
        whole = memoryview(shared)
        parts = [whole[begin : begin + size] for begin, size in zip(_aligned(sizes), sizes, strict=False)]
        return pickle.loads(head, buffers=parts)  # noqa: S301
    buffers = [bytearray(size) for size in sizes]
    for buffer in buffers:
        connection.recv_bytes_into(buffer)
    return pickle.loads(head, buffers=buffers)  # noqa: S301 (from a process of our own)
