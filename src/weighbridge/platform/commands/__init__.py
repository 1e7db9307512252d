"""Commands of the platform, found by entry point: one file each."""
