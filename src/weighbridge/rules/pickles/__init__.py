"""Rules about what a pickle stream imports, calls and carries."""
