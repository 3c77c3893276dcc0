"""Nights written, scanned, and handed on with what is known of them; many at once, on all cores."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.catalogue import Catalogue, load_catalogue
from analyzer.model import UNKNOWN
from analyzer.pipeline import scan_only
from analyzer.reason.unknown import named
from benchmarks.nights.generate import Split, Truth, nights

_AT_ONCE = 10
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Night:
    """The events of a night as rows, and what happened in it. `failures` are rows of failures."""

    table: pa.Table
    truths: list[Truth]
    places: list[tuple[str, int]]
    signatures: list[str]
    times: np.ndarray
    failures: list[int]

    def roots(self) -> list[frozenset[str]]:
        """The signatures of the lines with which each incident began."""
        at: dict[tuple[str, int], set[str]] = defaultdict(set)
        for place, name in zip(self.places, self.signatures, strict=True):
            at[place].add(name)
        return [frozenset(name for place in truth.root for name in at[place]) for truth in self.truths]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some nights, and where to write them while they are read."""

    seeds: Sequence[int]
    split: Split
    clean: bool
    folder: str | None


def of_each(
    task: Callable[[Night, Catalogue], Found],
    seeds: Sequence[int],
    split: Split,
    *,
    jobs: int,
    folder: str | None = None,
    clean: bool = False,
) -> Iterator[Found]:
    """What a task makes of each night, by as many processes as there are jobs. It stands in a module."""
    batches = [Batch(seeds[first : first + _AT_ONCE], split, clean, folder) for first in range(0, len(seeds), _AT_ONCE)]
    if jobs == 1:
        for batch in batches:
            yield from _of_batch(task, batch)
        return
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        for found in pool.map(_of_batch, [task] * len(batches), batches):
            yield from found


def _of_batch(task: Callable[[Night, Catalogue], Found], batch: Batch) -> list[Found]:
    """Nights are scanned many at once, which saves start-up, and handed on one by one."""
    catalogue = _catalogue()
    with tempfile.TemporaryDirectory(dir=batch.folder) as some:
        written = list(nights(Path(some), batch.seeds, batch.split, batch.clean))
        table = scan_only([some], catalogue=catalogue)
        sources = table["source"].cast(pa.string())
        return [
            task(_night(table.filter(pc.starts_with(sources, f"{place}/")), truths, catalogue), catalogue)
            for place, truths in written
        ]


@cache
def _catalogue() -> Catalogue:
    return load_catalogue()


def _night(table: pa.Table, truths: list[Truth], catalogue: Catalogue) -> Night:
    signatures = named(table, catalogue, {}).table["signature"].to_pylist()
    return Night(
        table=table,
        truths=truths,
        places=places_of(table),
        signatures=signatures,
        times=table["timestamp"].cast(pa.int64()).fill_null(0).to_numpy(),
        failures=[row for row, name in enumerate(signatures) if is_failure(name, catalogue)],
    )


def places_of(table: pa.Table) -> list[tuple[str, int]]:
    """Where each event stands: source and line."""
    return list(zip(table["source"].to_pylist(), table["line"].to_pylist(), strict=True))


def is_failure(name: str, catalogue: Catalogue) -> bool:
    """Whether an event of this name tells of a failure, known or not."""
    return name.startswith(f"{UNKNOWN}.") or catalogue[name].kind == "failure"
