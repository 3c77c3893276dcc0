"""Which night a moment belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Calendar:
    """Nights end at `ends` of each day in `zone`, and bear the date of that day."""

    zone: ZoneInfo
    ends: time

    def window(self, night: date) -> tuple[int, int]:
        """The first microsecond of a night, and the first one after it."""
        return self._end(night - timedelta(days=1)), self._end(night)

    def night_of(self, micros: int) -> date:
        """The night of a moment."""
        moment = datetime.fromtimestamp(min(max(micros / 1e6, _EARLIEST.timestamp()), _LATEST.timestamp()), self.zone)
        night = moment.date()
        # Local time may stand still or jump where a night ends: the windows decide.
        while micros >= self._end(night) and moment < _LATEST:
            night += timedelta(days=1)
        while micros < self._end(night - timedelta(days=1)) and moment > _EARLIEST:
            night -= timedelta(days=1)
        return night

    def nights_of(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The night of each moment, as the ordinal of its date."""
        distinct_days, place = np.unique(times // 86_400_000_000, return_inverse=True)
        nights = np.empty(len(times), dtype=np.int64)
        for number in range(len(distinct_days)):
            mine = place == number
            first = self.night_of(int(times[mine].min()))
            # 24 hours of UTC touch at most three nights.
            borders = [self._end(first), self._end(first + timedelta(days=1))]
            nights[mine] = first.toordinal() + np.searchsorted(np.array(borders), times[mine], side="right")
        return nights

    def _end(self, night: date) -> int:
        return _end_of(night, self.ends, self.zone)


@lru_cache(maxsize=4096)
def _end_of(night: date, ends: time, zone: ZoneInfo) -> int:
    return round(datetime.combine(night, ends, zone).timestamp() * 1_000_000)
