"""Libraries that a model needs, and what is known of them: OSV records, matched by version."""
