"""OSV, feeds and webhooks."""
