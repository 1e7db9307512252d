"""Scans as rows, stored reports and facts."""
