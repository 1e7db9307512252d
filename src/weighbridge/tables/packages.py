"""Where packages are really installed from."""

from functools import cache

from weighbridge.tables.reader import rows


@cache
def package_hosts() -> frozenset[str]:
    """Return the hosts of indexes, mirrors and forges that packages are installed from."""
    return frozenset(row[0] for row in rows("package_hosts.tsv", "host", "source", "reason"))
