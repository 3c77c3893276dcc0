"""``python -m benchmarks.sample_logs [OUT_DIR]`` writes ``sample_logs/`` anew, byte for byte the same."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

from benchmarks.sample_logs.common import save

SCENARIOS = (
    "emotion_persistence",
    "silent_201",
    "missing_meeting",
    "schema_drift",
    "migration_crisis",
    "clean_api",
    "clean_web",
)
DEFAULT = Path(__file__).resolve().parents[2] / "sample_logs"


def main(arguments: list[str]) -> None:
    """Write every scenario into its folder and say how large it came out."""
    target = Path(arguments[0]) if arguments else DEFAULT
    for module in SCENARIOS:
        night, golden = importlib.import_module(f"benchmarks.sample_logs.{module}").tell()
        folder = target / night.scenario
        shutil.rmtree(folder, ignore_errors=True)
        save(night, folder)
        (folder / "expected.yaml").write_text(golden, encoding="utf-8")
        lines = sum(record.text.count("\n") + 1 for record in night.records)
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{night.scenario:<20} {lines:>6} lines {size / 1000:>8.1f} kB  {', '.join(night.streams())}")


if __name__ == "__main__":
    main(sys.argv[1:])
