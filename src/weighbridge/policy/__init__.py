"""Policy: what passes. Thresholds now; never read from below a target."""
