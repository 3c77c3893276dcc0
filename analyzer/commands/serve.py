"""`analyzer serve`: the dashboard, as a Streamlit server of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from analyzer.errors import InputError

PATHS_VARIABLE = "ANALYZER_PATHS"

_PACKAGE = Path(__file__).resolve().parent.parent


def serve(paths: Sequence[str], host: str, port: int) -> int:
    """Start the dashboard on the given logs; on POSIX it takes the place of this process."""
    odd = [path for path in paths if os.pathsep in path]
    if odd:
        raise InputError(f"{odd[0]}: the dashboard cannot take a path with {os.pathsep!r} in its name")
    command = [
        sys.executable, "-m", "streamlit", "run", str(_entry()),
        "--server.address", host,
        "--server.port", str(port),
        "--server.headless", "true",
        "--server.fileWatcherType", "none",
        "--browser.gatherUsageStats", "false",
        "--client.toolbarMode", "minimal",
    ]  # fmt: skip
    environment = dict(os.environ)
    if paths:
        environment[PATHS_VARIABLE] = os.pathsep.join(paths)
    if os.name == "posix":
        # The same process: whoever stops `analyzer serve` stops the server, and not only its parent.
        os.execve(sys.executable, command, environment)  # noqa: S606
    return subprocess.call(command, env=environment)


def _entry() -> Path:
    """Streamlit's script: inside the wheel, or beside the package in a checkout."""
    for candidate in (_PACKAGE / "serve" / "app.py", _PACKAGE.parent / "app.py"):
        if candidate.is_file():
            return candidate
    raise InputError("the dashboard is not part of this installation")
