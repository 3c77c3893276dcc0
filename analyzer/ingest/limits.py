"""What one input may cost before it is taken for an attack, and what it has cost so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for everything that comes out of one file, its archives within archives included."""

    ratio: int = 500
    """Content may be so many times the size of what it was unpacked from ..."""
    free: int = 64 << 20
    """... as soon as it is more than so many bytes."""
    content: int = 1 << 40
    """Bytes of unpacked content."""
    seconds: float = 2 * 60 * 60
    """Processor time spent on unpacking."""
    members: int = 100_000
    """Members of one archive."""
    nesting: int = 3
    """Archives within archives, and compression within compression."""
    window: int = 128 << 20
    """Bytes of memory that undoing a compression may take."""
    spool: int = 256 << 20
    """Bytes of a zip archive that cannot be read where it stands, and is held in memory."""


LIMITS = Limits()


class BrokenError(Exception):
    """Reading cannot go on; what came before has been delivered.

    With `trouble` the user should act on it.
    """

    def __init__(self, reason: str, trouble: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.trouble = trouble


class CutOffError(BrokenError):
    """The bytes end before the content does: perhaps not all of them have come yet."""


class Budget:
    """What has been read of one file, what was made of it, and how long that took."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self.read = 0
        self.content = 0
        self.seconds = 0.0
        self.age: float | None = None
        """Seconds from when the file was last written to when it was opened, where that is known."""

    def charge(self, content: int, seconds: float = 0.0) -> None:
        """Note what has been unpacked. Raises `BrokenError` where that is too much."""
        self.content += content
        self.seconds += seconds
        self.check()

    def check(self) -> None:
        """Raise `BrokenError` where a limit has been passed."""
        limits = self.limits
        if self.content > max(limits.free, self.read * limits.ratio):
            raise BrokenError(f"more than {limits.ratio} times its compressed size: taken for a bomb, not read further")
        if self.content > limits.content:
            raise BrokenError(f"more than {limits.content:,} bytes of content: not read further")
        if self.seconds > limits.seconds:
            raise BrokenError(f"unpacking took more than {limits.seconds:g} seconds: not read further")
