"""Policy: what passes. What fails, what is allowed, what was accepted; never below a target."""
