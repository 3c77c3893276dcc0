"""`analyzer` as a process of its own, with a catalogue of one signature and a log to match."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_logs"

SIGNATURE = r"""
id: shop.undefined_column
title: Column {column} does not exist
category: schema_mismatch
severity: high
tags: [postgresql, migration]
match: ['column "(?P<column>[^"]+)" of relation "(?P<relation>[^"]+)" does not exist']
exclude: ['does not exist, skipping']
cause: The query names a column that this database does not have.
impact: Every statement that names the column fails.
fix:
  - text: Add the column.
    command: ALTER TABLE {relation} ADD COLUMN {column} <type>;
references: ['https://www.postgresql.org/docs/current/errcodes-appendix.html']
samples:
  - text: 'ERROR:  column "trainerId" of relation "sessions" does not exist'
    captures: {column: trainerId, relation: sessions}
  - text: '{"msg":"column \"trainerId\" of relation \"sessions\" does not exist"}'
    captures: {column: trainerId, relation: sessions}
near_misses: ['NOTICE:  column "a" of relation "b" does not exist, skipping']
"""

FAILURE = '2025-10-24 02:{minute:02}:07.000 UTC [812] ERROR:  column "{column}" of relation "orders" does not exist\n'
TRAFFIC = "2025-10-24 02:{minute:02}:00.000 UTC [812] LOG:  checkpoint complete: wrote 12 buffers\n"


class Command:
    """`python -m analyzer` as a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def arguments(self, *arguments: str | Path) -> list[str]:
        return [sys.executable, "-m", "analyzer", *map(str, arguments)]

    def __call__(
        self, *arguments: str | Path, stdin: bytes = b"", stdout: int | None = subprocess.PIPE
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.arguments(*arguments),
            check=False,
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=120,
        )

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.arguments(*arguments), cwd=self.folder, env=self.environment, **options)
