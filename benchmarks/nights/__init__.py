"""Nights of logs whose incidents are known: who reasons about them can be marked."""
