"""How sure a choice of a root is: how often choices made on such grounds were right.

The weights are no opinion: `python -m benchmarks.calibrate` fits them to nights whose roots are known, and
writes them to `confidence.json`.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TypedDict

WEIGHTS_FILE = "confidence.json"


@dataclass(frozen=True, slots=True)
class Grounds:
    """What speaks for a root, each in 0..1."""

    lead: float
    """By how much more spoke for it than for the next candidate."""

    alone: float
    """There was no other candidate."""

    first: float
    """Nothing began before it."""

    declared: float
    """The catalogue says that it leads to another failure of the incident."""

    change: float
    """A change came just before it."""

    unknown: float
    """No signature knows it."""

    cause: float
    """How close to a cause such a failure usually is."""

    def vector(self) -> tuple[float, ...]:
        """The numbers in the order of `NAMES`."""
        return tuple(float(getattr(self, name)) for name in NAMES)


NAMES = tuple(field.name for field in fields(Grounds))


class Weights(TypedDict):
    """What was fitted: the share of right roots is the logistic function of `base` and the weighted sum of
    the grounds, kept within what was seen."""

    base: float
    weights: dict[str, float]
    least: float
    most: float
    incidents: int
    nights: str


@cache
def weights() -> Weights:
    """The weights in use."""
    found: Weights = json.loads(files(__package__).joinpath(WEIGHTS_FILE).read_text("utf-8"))
    return found


def confidence(grounds: Grounds) -> float:
    """How often a root chosen on such grounds is right, in 0..1."""
    fitted = weights()
    total = fitted["base"] + sum(
        fitted["weights"][name] * value for name, value in zip(NAMES, grounds.vector(), strict=True)
    )
    return round(min(max(1 / (1 + math.exp(-total)), fitted["least"]), fitted["most"]), 2)
