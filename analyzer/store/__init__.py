"""What the nights found, on disk: incidents, volume and checkpoints in a database, events as Parquet beside it.

The database is the truth: an event file counts only if the database names it.
"""

from analyzer.store.database import Database, default_url
from analyzer.store.store import Store, open_store

__all__ = ["Database", "Store", "default_url", "open_store"]
