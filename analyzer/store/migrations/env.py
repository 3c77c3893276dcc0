"""How Alembic reaches the store: on the connection that it was given, in the caller's transaction."""

from __future__ import annotations

from alembic import context

from analyzer.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
