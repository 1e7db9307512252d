"""Watching hubs: what is new or changed there becomes work, once."""
