"""An analysis -> text, JSON, Markdown, HTML, CSV, Parquet: one pure function for each."""
