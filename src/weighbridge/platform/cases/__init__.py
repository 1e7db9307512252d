"""The review queue: cases, decisions, vouching."""
