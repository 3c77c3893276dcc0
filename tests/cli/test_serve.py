"""`analyzer serve`."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from tests.cli.program import Command


def test_serve_answers_on_this_machine_only_and_ends_when_told(command: Command, log: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = command.start("serve", log, "--port", str(port), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert _health(f"http://127.0.0.1:{port}/_stcore/health") == "ok"
    finally:
        process.terminate()
        said, _ = process.communicate(timeout=60)
    assert b"127.0.0.1" in said
    assert b"Traceback" not in said


def _health(address: str) -> str:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                text: bytes = answer.read()
                return text.decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_serve_refuses_a_path_that_it_could_not_hand_on(command: Command) -> None:
    done = command("serve", f"a{os.pathsep}b")
    assert done.returncode == 2
    assert b"cannot take a path" in done.stderr
