"""The configuration of nightly runs: what stands in `analyzer.toml`, and the file to begin with."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo

from analyzer.config import CatalogueSettings, ConfiguredPath, SettingsModel
from analyzer.notify import NotifySettings

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SQLITE = "sqlite:///"


def _source(value: str, info: ValidationInfo) -> str:
    folder = (info.context or {}).get("folder", Path())
    return value if _ADDRESS.match(value) else str(Path(folder, Path(value).expanduser()))


def _address(value: str, info: ValidationInfo) -> str:
    if not _ADDRESS.match(value):
        raise ValueError(
            "is no address of a store: write sqlite:///path/to/store.db or postgresql://user@host/database"
        )
    folder = (info.context or {}).get("folder", Path())
    path = value.removeprefix(_SQLITE)
    return value if path == value else _SQLITE + str(Path(folder, Path(path).expanduser()))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone: use an IANA name such as Europe/Berlin or UTC") from error
    return value


def _hour(value: str) -> str:
    try:
        found = time.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is no time of day: write it like 06:00") from error
    if found.second or found.microsecond or found.tzinfo:
        raise ValueError(f"{value!r} has to be a whole minute, without a zone: write it like 06:00")
    return f"{found:%H:%M}"


class StoreConfig(SettingsModel):
    """Where results are kept, and for how long."""

    url: Annotated[str, AfterValidator(_address)] | None = None
    events: ConfiguredPath | None = None
    keep_days: int | None = Field(default=None, ge=1)


class NightlyConfig(SettingsModel):
    """Everything in `analyzer.toml`."""

    sources: tuple[Annotated[str, AfterValidator(_source)], ...] = ()
    timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    night_ends: Annotated[str, AfterValidator(_hour)] = "06:00"
    redact: bool = True
    jobs: int | None = Field(default=None, ge=1)
    report_dir: ConfiguredPath | None = None
    shared_plotly: bool = True
    catalogue: CatalogueSettings = CatalogueSettings()
    store: StoreConfig = StoreConfig()
    notify: tuple[NotifySettings, ...] = ()


TEMPLATE = """\
# Nightly runs of analyzer. What stands behind a # is the default, or an example.
# Paths are relative to this file; ~ is the home folder. See docs/nightly.md.

# What to read: files, folders, globs, URLs. What was read before is not read again, whatever it is
# called by now, so include rotated files: nothing written just before a rotation is missed then.
sources = [
    "/var/log/myapp/*.log*",
]

# Time zone of timestamps that name none, and of night_ends.
# timezone = "UTC"

# When a night is over: each report covers the 24 hours up to this time. Let cron start a little later.
# night_ends = "06:00"

# Secrets (passwords, tokens, keys) are taken out of log text before it is kept.
# redact = true

# How many workers read at once; default: one per core.
# jobs = 2

# Where reports go. latest.html is the page of the last night, and holds all it needs: send that by mail.
report_dir = "reports"

# The other pages share one copy of the plotting library in their folder. If false, each holds its own (4.6 MB).
# shared_plotly = true

[store]
# Default: in the user's data folder. A team shares one in PostgreSQL.
# url = "sqlite:///store.db"
# url = "postgresql://analyzer@db.example.org/analyzer"

# Where matched events lie as Parquet files, by night. Default: beside the SQLite file.
# events = "events"

# Nights before that are dropped. Default: everything is kept.
# keep_days = 400

[catalogue]
# Signatures of your own, and built-in ones to switch off.
# paths = ["signatures"]
# disable = ["redis.loading", "kafka.*"]

# Whom to tell, any number of times. Addresses are those of apprise (https://github.com/caronc/apprise/wiki);
# ${NAME} stands for an environment variable.
# [[notify]]
# urls = ["slack://${SLACK_TOKEN}/#ops", "mailtos://${MAIL_USER}:${MAIL_PASSWORD}@example.org?to=ops@example.org"]
# Incidents at least so severe (critical, high, medium, low, info), of one of the statuses (new, regressed,
# ongoing, resolved):
# severity = "high"
# status = ["new", "regressed"]
# One message for all, or one for each:
# digest = true
# Then nothing is sent but what is at least as severe as wake_for; the first run after tells the rest.
# quiet_hours = "22:00-07:00"
# wake_for = "critical"
"""
