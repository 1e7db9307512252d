"""Containers: archives and compressed streams, opened by ranges into members and decoded bytes."""
