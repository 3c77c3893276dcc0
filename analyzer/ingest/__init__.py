"""Paths in, blocks of whole records out."""
