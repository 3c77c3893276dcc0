"""Killed at any step, a run leaves nothing that the next one does not make whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_a_run_that_was_killed_and_repeated_leaves_what_an_undisturbed_one_leaves() -> None:
    """Bad input 92; `benchmarks/kill.py` alone does the same at 200 random moments."""
    chosen = "--steps --kills 6 --files 4 --lines 900".split()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.kill", *chosen], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = re.fullmatch(r"\d+ stores, (\d+) kills \(.*\): 0 differ\n", done.stdout)
    assert found is not None, done.stdout
    assert int(found[1]) >= 6
