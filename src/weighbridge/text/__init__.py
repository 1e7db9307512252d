"""Handling of text that came from untrusted bytes: masking of secrets, escaping for output."""
