"""Rules: pure functions from facts to findings, each with a stable id and its own metadata."""
