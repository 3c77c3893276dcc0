"""Events in, incidents out: what belongs together, what started it, what to do."""
