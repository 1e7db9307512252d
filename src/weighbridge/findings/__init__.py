"""Findings: what rules say about facts, and the verdict that follows."""
