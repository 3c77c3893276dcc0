"""What a record states about itself, beside its words: level, logger, service, status, SQLSTATE.

A signature may ask for these (`analyzer.model.Where`) instead of guessing them from the text. A
field that the record does not state is unknown, and what is unknown vetoes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property

from analyzer.ingest.layout import Fields, Layout
from analyzer.match.canonical import canonical
from analyzer.match.http import exchange_in
from analyzer.match.quoted import without_quoted
from analyzer.match.sqlstate import sqlstate_in
from analyzer.model import LEVELS, Signature, Where

_NOTHING: Mapping[str, str] = {}
_LOGGER_KEYS = ("logger", "logger_name", "log.logger", "loggerName", "SourceContext", "name")


class Stated:
    """The fields of one record, each found when it is first asked for."""

    def __init__(self, record: bytes, text: bytes, layout: Layout | None, origin: Mapping[str, str] = _NOTHING) -> None:
        """`record` are the raw bytes that have the layout, `text` is the canonical text; without a layout
        only what the text itself states is known. `origin` is what an envelope says."""
        self.text = text
        self._origin = origin
        self._record = record
        self._layout = layout

    @cached_property
    def _fields(self) -> Fields:
        return self._layout.fields(self._record) if self._layout is not None else Fields()

    @cached_property
    def reported(self) -> bytes:
        """The text without what it only quotes."""
        return without_quoted(self.text)

    def seen_by(self, signature: Signature) -> bytes:
        """The text in which the words of a signature count: a failure that is quoted is none, but a line that
        tells of success is what an observation looks for."""
        return self.reported if signature.kind == "failure" else self.text

    @property
    def level(self) -> str | None:
        """The level, by one of the names in `LEVELS`."""
        return LEVELS[self._fields.level - 1] if self._fields.level else None

    @property
    def service(self) -> str | None:
        """The service that wrote the record."""
        return self._fields.service or self._origin.get("service")

    @property
    def logger(self) -> str | None:
        """The logger within the service."""
        return next((value for key in _LOGGER_KEYS if (value := self._fields.values.get(key))), None)

    @cached_property
    def status(self) -> str | None:
        """The status of the HTTP exchange that the record reports."""
        exchange = exchange_in(self.text)
        return exchange.status if exchange is not None else self._fields.values.get("status")

    @cached_property
    def sqlstate(self) -> str | None:
        """The SQLSTATE, by which the words of a database hardly matter."""
        return sqlstate_in(self.text)


def stated_by(record: bytes, layout: Layout | None = None) -> Stated:
    """The fields of a raw record."""
    return Stated(record, canonical(record), layout)


def decided(where: Where, stated: Stated) -> bool:
    """Whether the SQLSTATE alone says that a record is meant."""
    return bool(where.sqlstate) and stated.sqlstate is not None and _fits(where.sqlstate, stated.sqlstate)


def vetoed(where: Where, stated: Stated) -> str | None:
    """The name of a field that the record states otherwise than a signature asks for, or None."""
    for name in ("level", "logger", "service", "status", "sqlstate"):
        wanted = getattr(where, name)
        if name == "status":
            wanted = [status.replace("x", "?") for status in wanted]
        if wanted and (value := getattr(stated, name)) is not None and not _fits(wanted, value):
            return name
    return None


def _fits(wanted: Sequence[str], value: str) -> bool:
    return any(fnmatchcase(value, pattern) for pattern in wanted)
