"""Blocks in, events out."""
