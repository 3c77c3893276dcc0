"""A night: services that write logs, incidents drawn from the scenarios, and what each line belongs to."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import yaml

from benchmarks.nights.background import benign, ordinary
from benchmarks.nights.layouts import LAYOUTS, OF_APPLICATIONS

Split = Literal["development", "held_out"]
MOST_LINES = 50_000
_LAYOUT_OF = {
    "postgres": "postgres", "mysql": "mysql", "redis": "redis", "nginx": "nginx", "access": "access",
    "kafka": "log4j", "kubernetes": "kubernetes", "host": "syslog", "haproxy": "syslog", "coredns": "plain",
}  # fmt: skip
_NAMES: Mapping[str, Sequence[str]] = {
    "relation": ("orders", "sessions", "invoices", "messages", "bookings", "ledger", "profiles"),
    "column": ("total", "deleted_at", "metadata", "audio_url", "tax_rate", "locale"),
    "module": ("emotion", "persistence", "rates", "mailer", "ledger"),
    "property": ("id", "name", "length", "items"), "endpoint": ("orders", "search", "media", "cart", "sessions"),
    "topic": ("order-events", "payments", "telemetry"), "queue": ("emails", "thumbnails", "invoices"),
    "domain": ("pay.example.com", "api.partner.example", "idp.example.org"), "index": ("products", "articles"),
    "role": ("shop", "reporting", "sync"), "setting": ("STRIPE_KEY", "DATABASE_URL", "MAIL_FROM"),
    "model": ("order", "user"), "unit": ("shop-api", "media"), "backend": ("be_api", "be_web"),
    "container": ("api", "web"), "cluster": ("rs0",),
}  # fmt: skip
_WORD = re.compile(r"\{(\w+)\}")


@dataclass(slots=True)
class Line:
    """One line before it is written: `incident` is its number, -1 for none."""

    moment: datetime
    level: str
    message: str
    ids: dict[str, str] = field(default_factory=dict)
    incident: int = -1
    root: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """An incident as it was put into the logs: its lines (path, number), those of its root, its onset."""

    name: str
    lines: frozenset[tuple[str, int]]
    root: frozenset[tuple[str, int]]
    onset: datetime
    """The first line of it that got into the logs, by the true clock."""


@dataclass(slots=True)
class _Night:
    start: datetime
    end: datetime
    chance: random.Random
    files: dict[str, list[Line]] = field(default_factory=dict)
    layouts: dict[str, str] = field(default_factory=dict)

    def say(self, service: str, role: str, line: Line) -> None:
        if service not in self.layouts:
            self.layouts[service] = _LAYOUT_OF.get(role) or self.chance.choice(OF_APPLICATIONS)
        self.files.setdefault(service, []).append(line)


@cache
def scenarios(split: Split) -> list[dict[str, Any]]:
    """The cascades of one part of `scenarios.yaml`."""
    path = Path(__file__).with_name("scenarios.yaml")
    found: list[dict[str, Any]] = yaml.load(path.read_text(), yaml.CSafeLoader)[split]
    return found


def write_night(folder: Path, seed: int, split: Split, incidents: int | None = None) -> list[Truth]:
    """Write the logs of a night, 5 to 9 services in six hours, and say what happened in it; without
    a number, one to five incidents. The same seed gives the same night."""
    chance = random.Random(f"{split} {seed}")
    start = datetime(2025, 3, 1, 22, tzinfo=UTC) + timedelta(days=seed % 300)
    night = _Night(start, start + timedelta(hours=6), chance)
    count = chance.randint(1, 5) if incidents is None else incidents
    names = []
    drawn = _drawn(split, count, chance)
    for number, scenario in enumerate(drawn):
        _Happening(night, scenario, number, alone=drawn.count(scenario) > 1).tell()
        names.append(scenario["name"])
    _surround(night)
    return _written(night, names, folder)


def _drawn(split: Split, count: int, chance: random.Random) -> list[dict[str, Any]]:
    """Different scenarios, and in one night of five one of them twice, in other services."""
    drawn = chance.sample(scenarios(split), count)
    if count > 1 and chance.random() < 0.2:
        drawn[-1] = drawn[0]
    return drawn


class _Happening:
    """One incident on its way into a night."""

    def __init__(self, night: _Night, scenario: dict[str, Any], number: int, alone: bool) -> None:
        self.night, self.chance, self.number = night, night.chance, number
        self.scenario = scenario
        self.steps = scenario["steps"]
        self.length = timedelta(seconds=self.chance.uniform(*scenario["lasts"]))
        room = night.end - night.start - self.length - timedelta(minutes=10)
        self.onset = night.start + timedelta(minutes=5) + room * self.chance.random()
        self.pause = self._pause()
        self.shared = not alone and self.chance.random() < 0.4
        self.with_ids = self.chance.choice((0.0, 0.5, 1.0))
        self.names = {name: self.chance.choice(values) for name, values in _NAMES.items()}
        self.names |= {
            "host": self._address(), "upstream": self._address(), "version": f"1.{self.chance.randrange(90)}.0",
            "node": f"node-{self.chance.randrange(100)}", "pod": f"{self.names['container']}-7d9c5b-{self._hex(5)}",
            "constraint": f"{self.names['relation']}_user_id_fkey",
        }  # fmt: skip
        self.texts = [self.chance.choice(_as_list(step["text"])) for step in self.steps]

    def tell(self) -> None:
        """Put every line of it, and the change before it, into the night."""
        if "change" in self.scenario and self.chance.random() < 0.8:
            before = self.onset - timedelta(seconds=self.chance.uniform(5, 240))
            text = self._filled(self.chance.choice(self.scenario["change"]), {})
            self.night.say("deployer", "deployer", Line(before, "info", text))
        if "failing" in self.scenario:
            self._requests()
        for place, step in enumerate(self.steps):
            if "each" not in step:
                self._state(place, step)

    def _requests(self) -> None:
        moment, mean = self.onset, self.chance.uniform(*self.scenario["failing"])
        if self.chance.random() < 0.03:
            mean = self.length.total_seconds() / (MOST_LINES / 3)
        while moment <= self.onset + self.length:
            ids = {
                "id": str(UUID(int=self.chance.getrandbits(128), version=4)),
                "user": str(self.chance.randrange(1000, 99999)),
            }
            request = {"request_id": self._hex(16)} if self.chance.random() < self.with_ids else {}
            for place, step in enumerate(self.steps):
                if self.chance.random() < step.get("each", 0.0):
                    late = timedelta(seconds=self.chance.uniform(*step.get("after", (0, 0))))
                    self._say(place, moment + late, ids, request)
            moment += timedelta(seconds=self.chance.expovariate(1 / mean))

    def _state(self, place: int, step: dict[str, Any]) -> None:
        moment = self.onset + timedelta(seconds=self.chance.uniform(*step.get("after", (0, 0))))
        if "times" in step:
            for _ in range(self.chance.randint(*step["times"])):
                self._say(place, moment, {}, {})
                moment += timedelta(seconds=self.chance.expovariate(1 / 5))
            return
        mean = self.chance.uniform(*step["every"])
        while moment <= self.onset + self.length:
            self._say(place, moment, {}, {})
            moment += timedelta(seconds=self.chance.expovariate(1 / mean))

    def _pause(self) -> tuple[datetime, datetime]:
        """A stretch in which nothing of it shows: now and then a problem stops and comes back."""
        if self.chance.random() < 0.9:
            return self.onset, self.onset
        stop = self.onset + self.length * self.chance.uniform(0.3, 0.6)
        return stop, stop + min(self.length * 0.3, timedelta(minutes=self.chance.uniform(2, 25)))

    def _say(self, place: int, moment: datetime, ids: Mapping[str, str], request: Mapping[str, str]) -> None:
        if self.pause[0] < moment < self.pause[1]:
            return
        step = self.steps[place]
        text = self._filled(self.texts[place], ids)
        line = Line(moment, step["level"], text, dict(request), self.number, place == 0)
        self.night.say(self._service(step["at"]), step["at"], line)

    def _service(self, role: str) -> str:
        """Incidents meet in one database or have each their own."""
        return role if self.shared else f"{role}-{'abcdefgh'[self.number]}"

    def _filled(self, text: str, ids: Mapping[str, str]) -> str:
        known = {**self.names, "n": str(self.chance.randrange(1000, 99999)), "id": self._hex(8), **ids}
        return _WORD.sub(lambda match: known[match[1]], text)

    def _address(self) -> str:
        return f"10.{self.chance.randrange(200)}.{self.chance.randrange(200)}.{self.chance.randrange(2, 250)}"

    def _hex(self, digits: int) -> str:
        return f"{self.chance.getrandbits(4 * digits):0{digits}x}"


def _surround(night: _Night) -> None:
    """Add the services without incidents, and what all of them say on any night."""
    for role in night.chance.sample(("api", "postgres", "redis", "access", "kubernetes", "nginx", "worker", "auth"), 5):
        night.files.setdefault(role, [])
        night.layouts.setdefault(role, _LAYOUT_OF.get(role) or night.chance.choice(OF_APPLICATIONS))
    for service, lines in night.files.items():
        layout = night.layouts[service]
        said = [
            *ordinary(layout, night.start, night.end, night.chance.randrange(150, 500), night.chance),
            *benign(layout, night.start, night.end, night.chance),
        ]
        lines += [Line(moment, level, message) for moment, level, message in said]


def _written(night: _Night, names: Sequence[str], folder: Path) -> list[Truth]:
    """Write the files, with clocks apart and some lines lost; what is left of each incident."""
    chance = night.chance
    lines: list[set[tuple[str, int]]] = [set() for _ in names]
    roots: list[set[tuple[str, int]]] = [set() for _ in names]
    onsets = [night.end] * len(names)
    lost = chance.choice((0.0, 0.0, 0.02, 0.05))
    rare = Counter(line.incident for found in night.files.values() for line in found if line.root)
    for service, found in sorted(night.files.items()):
        path = folder / f"{service}.log"
        skew = timedelta(seconds=chance.uniform(-1, 1))
        kept = [line for line in sorted(found, key=_moment) if _kept(line, lost, rare, chance)]
        layout = LAYOUTS[night.layouts[service]]
        with path.open("w") as file:
            for number, line in enumerate(kept, start=1):
                file.write(layout(line.moment + skew, service, line.level, line.message, line.ids, chance) + "\n")
                if line.incident >= 0:
                    lines[line.incident].add((str(path), number))
                    onsets[line.incident] = min(onsets[line.incident], line.moment)
                    if line.root:
                        roots[line.incident].add((str(path), number))
    whole = zip(names, lines, roots, onsets, strict=True)
    return [Truth(name, frozenset(all_), frozenset(root), onset) for name, all_, root, onset in whole]


def _kept(line: Line, lost: float, rare: Mapping[int, int], chance: random.Random) -> bool:
    """Any line may be lost but the only one that tells of a root."""
    return (line.root and rare[line.incident] < 3) or chance.random() >= lost


def _moment(line: Line) -> datetime:
    return line.moment


def _as_list(text: str | list[str]) -> list[str]:
    return [text] if isinstance(text, str) else text


def nights(folder: Path, seeds: Sequence[int], split: Split, clean: bool = False) -> Iterator[tuple[Path, list[Truth]]]:
    """Write one night after the other, each in a folder of its own."""
    for seed in seeds:
        place = folder / f"{split}-{'clean' if clean else 'night'}-{seed}"
        place.mkdir()
        yield place, write_night(place, seed, split, 0 if clean else None)
