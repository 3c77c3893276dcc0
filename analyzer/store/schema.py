"""The tables of the store. Times are microseconds since 1970 (UTC), nights ISO dates, documents JSON.

No key is handed out by the database: each row is named by what it is about. So a run that was killed
and repeated leaves the same rows as one that was not.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, SmallInteger, Table, Text, false

REVISIONS = ("0001", "0002")
"""All revisions of these tables, oldest first; one file in `migrations/versions` for each."""

metadata = MetaData()

settings = Table(
    "settings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
"""What holds for the store as a whole: where its events lie, when its nights end."""

streams = Table(
    "streams",
    metadata,
    Column("id", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("inode", Text, nullable=False),
    Column("marks", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("last_time", BigInteger),
    Column("tail", Text, nullable=False),
    Column("last_night", Text),
    Column("checksum", Text, nullable=False),
)
"""How far each log has been read, and how to know it again under another name: `marks` are hashes
of its beginning, `tail` is one of the bytes just before `position` (bytes, decompressed)."""

files = Table(
    "files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("state", Text, nullable=False),
)
"""Files that were read to their end, and what the system said of each (device, inode, size, times)
before that; one of which it says the same now need not be opened."""

nights = Table(
    "nights",
    metadata,
    Column("night", Text, primary_key=True),
    Column("start_time", BigInteger, nullable=False),
    Column("end_time", BigInteger, nullable=False),
    Column("pending", Boolean, nullable=False, server_default=false()),
    Column("bytes", BigInteger, nullable=False, server_default="0"),
    Column("lines", BigInteger, nullable=False, server_default="0"),
    Column("records", BigInteger, nullable=False, server_default="0"),
    Column("errors", BigInteger, nullable=False, server_default="0"),
    Column("events", BigInteger, nullable=False, server_default="0"),
    Column("new", Integer, nullable=False, server_default="0"),
    Column("regressed", Integer, nullable=False, server_default="0"),
    Column("ongoing", Integer, nullable=False, server_default="0"),
    Column("resolved", Integer, nullable=False, server_default="0"),
    Column("unknown", Integer, nullable=False, server_default="0"),
    Column("unknown_new", Integer, nullable=False, server_default="0"),
    Column("until", BigInteger),
    Column("changes", Text, nullable=False, server_default="[]"),
)
"""One row per night that has data; `until` is its last record's time (of a night without, that of the
one before); `pending` until its incidents are explained with all of it."""

night_sources = Table(
    "night_sources",
    metadata,
    Column("night", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("records", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("dated", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("first_time", BigInteger),
    Column("last_time", BigInteger),
    Column("document", Text, nullable=False),
)
"""What each source gave to a night. Bytes, lines and remarks (in `document`) of a part that was read
at once count for the night in which it ends."""

volume = Table(
    "volume",
    metadata,
    Column("night", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("records", BigInteger, nullable=False),
)
"""Records per minute and level code; the minute of records without a time is the least integer."""

shapes = Table(
    "shapes",
    metadata,
    Column("night", Text, primary_key=True),
    Column("template", Text, primary_key=True),
    Column("records", BigInteger, nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("first_time", BigInteger),
    Column("last_time", BigInteger),
    Column("sources", Text, nullable=False),
    Column("example", Text, nullable=False),
)
"""Masked texts of error records that no signature knows."""

event_files = Table(
    "event_files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("night", Text, nullable=False, index=True),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("first_time", BigInteger),
    Column("last_time", BigInteger),
)
"""The Parquet files that belong to the store, by their path below its events folder."""

incidents = Table(
    "incidents",
    metadata,
    Column("night", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("start_time", BigInteger),
    Column("end_time", BigInteger),
    Column("event_count", BigInteger, nullable=False),
    Column("problem", Text, nullable=False),
    Column("document", Text, nullable=False),
    Index("ix_incidents_problem", "problem"),
)
"""An incident as one night saw it, in `document` as reasoning told it from that night alone. One of
status `resolved` was not seen: that night's silence resolved it; its document is the last there was."""

problems = Table(
    "problems",
    metadata,
    Column("night", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("document", Text, nullable=False),
)
"""What is known of a problem, over all nights, after each night that changed it."""

actions = Table(
    "actions",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("action", Text, nullable=False),
    Column("night", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("event_count", BigInteger, nullable=False),
)
"""What people did with a problem (note, resolve, mute), how far the logs were read then (`until`, in
which night), and how bad it was: its severity and its events in that night."""

runs = Table(
    "runs",
    metadata,
    Column("started", BigInteger, primary_key=True, autoincrement=False),
    Column("finished", BigInteger, nullable=False),
    Column("version", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("records", BigInteger, nullable=False),
    Column("nights", Text, nullable=False),
    Column("trouble", Text, nullable=False),
)
"""The log of finished runs: what each read, the nights it told of, and sources it could not read."""

notices = Table(
    "notices",
    metadata,
    Column("channel", Text, primary_key=True),
    Column("night", Text, primary_key=True),
    Column("incident", Text, primary_key=True),
    Column("status", Text, primary_key=True),
    Column("sent", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("trouble", Text, nullable=False),
)
"""What was told to whom: `sent` is null as long as it could not be delivered."""
