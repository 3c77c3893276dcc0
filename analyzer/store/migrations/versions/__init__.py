"""One step each; `analyzer.store.schema.REVISIONS` lists them in order."""
