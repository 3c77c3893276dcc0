"""Processes that work beside another: what they return, what becomes of work that kills them, how they end.

Only a process of one thread is forked, so each case is a script of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from analyzer.workers import Workers, can_fork

_BEGIN = """\
import os, signal, sys, time
from pathlib import Path
from analyzer.workers import Workers, WorkLostError
folder = Path(sys.argv[1])
def all_of(do, pieces, jobs=2):
    workers = Workers(do, jobs, apart=True)
    futures = [workers.submit(piece) for piece in pieces]
    results = []
    for future in futures:
        try:
            results.append(future.result())
        except Exception as error:
            results.append(error)
    workers.close()
    return results
"""


def _run(script: str, folder: Path) -> str:
    command = [sys.executable, "-W", "error", "-c", _BEGIN + script, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_work_is_done_in_other_processes_and_comes_back_in_order(tmp_path: Path) -> None:
    script = (
        "found = all_of(lambda n: (time.sleep(0.02), n * n, os.getpid()), range(20))\n"
        "print([square for _, square, _ in found] == [n * n for n in range(20)])\n"
        "pids = {pid for *_, pid in found}\n"
        "print(len(pids), os.getpid() in pids)"
    )
    assert _run(script, tmp_path).split() == ["True", "2", "False"]


def test_large_arrays_pass_whole_and_can_be_written_to(tmp_path: Path) -> None:
    script = (
        "import numpy as np\n"
        "def double(array):\n"
        "    array *= 2\n"
        "    return array\n"
        "found = all_of(double, [np.arange(3_000_000) + n for n in range(3)])\n"
        "print(all((array == 2 * (np.arange(3_000_000) + n)).all() for n, array in enumerate(found)))"
    )
    assert _run(script, tmp_path) == "True\n"


def test_what_is_raised_there_is_raised_here_with_its_traceback(tmp_path: Path) -> None:
    script = (
        "def fail(n):\n    raise ValueError(f'no {n}')\n"
        "(error,) = all_of(fail, [7])\n"
        "print(repr(error), any('in fail' in note for note in error.__notes__))"
    )
    assert _run(script, tmp_path) == "ValueError('no 7') True\n"


def test_work_that_cannot_be_handed_over_is_refused_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    script = (
        "found = all_of(lambda n: 1, [lambda: None, 1, lambda: None, lambda: None, lambda: None, 2, 3])\n"
        "print([type(each).__name__ for each in found])"
    )
    refused = _run(script, tmp_path)
    assert refused.count("int") == 3
    assert refused.count("Error") == 4


def test_work_of_a_process_that_is_killed_is_done_by_another(tmp_path: Path) -> None:
    script = (
        "def once(n):\n"
        "    if n == 3 and not (folder / 'died').exists():\n"
        "        (folder / 'died').touch()\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return n\n"
        "print(all_of(once, range(8)))"
    )
    assert _run(script, tmp_path) == "[0, 1, 2, 3, 4, 5, 6, 7]\n"


def test_work_that_kills_twice_is_lost_and_nothing_else(tmp_path: Path) -> None:
    script = (
        "def deadly(n):\n"
        "    if n == 3:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return n\n"
        "print([type(found).__name__ for found in all_of(deadly, range(8))])"
    )
    assert _run(script, tmp_path) == str(["int"] * 3 + ["WorkLostError"] + ["int"] * 4) + "\n"


def test_processes_end_with_the_one_that_is_killed_and_hold_none_of_its_locks(tmp_path: Path) -> None:
    script = (
        "import fcntl\n"
        "lock = open(folder / 'lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "def slow(n):\n"
        "    (folder / f'pid{n}').write_text(str(os.getpid()))\n"
        "    time.sleep(1)\n"
        "all_of(slow, range(50))"
    )
    run = subprocess.Popen([sys.executable, "-c", _BEGIN + script, str(tmp_path)])
    _wait_for(lambda: len(list(tmp_path.glob("pid*"))) >= 2)
    run.kill()
    run.wait()
    taken = subprocess.run(["flock", "--nonblock", str(tmp_path / "lock"), "true"], check=False)
    assert taken.returncode == 0
    pids = {int(text) for file in tmp_path.glob("pid*") if (text := file.read_text())}
    _wait_for(lambda: not any(_runs(pid) for pid in pids))


def test_a_process_with_other_threads_is_not_forked() -> None:
    stop = threading.Event()
    other = threading.Thread(target=stop.wait)
    other.start()
    try:
        assert not can_fork()
        workers: Workers[int, int] = Workers(lambda _: os.getpid(), 2, apart=True)
        assert workers.submit(1).result() == os.getpid()
        workers.close()
    finally:
        stop.set()
        other.join()


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_for(condition: Callable[[], bool]) -> None:
    for _ in range(200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come to pass within ten seconds")
