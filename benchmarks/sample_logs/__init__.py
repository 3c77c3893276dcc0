"""Deterministic generator of ``sample_logs/``: five known incidents and two clean nights."""
