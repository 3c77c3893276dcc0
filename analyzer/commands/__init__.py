"""What each command does, once `analyzer.cli` has understood the command line."""
