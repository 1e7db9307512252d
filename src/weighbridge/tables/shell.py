"""What lines of a shell do that no honest one does, and which programs honest code starts."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from weighbridge.tables.reader import rows

_END = 3000
_HOST = re.compile(r"(?:https?|ftp)://(?:[^\s/@]{1,100}@)?([A-Za-z0-9.-]{1,200})", re.I)


@dataclass(frozen=True, slots=True)
class ShellPattern:
    """A pattern of one line, and what such a line does."""

    pattern: str
    trait: str
    source: str
    reason: str


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    found = rows("shell_patterns.tsv", *ShellPattern.__slots__)
    return tuple((re.compile(row[0]), row[1]) for row in found)


@cache
def _installers() -> frozenset[str]:
    return frozenset(row[0] for row in rows("installers.tsv", "host", "source", "reason"))


@cache
def ordinary_commands() -> frozenset[str]:
    """Return the programs that the code of honest models starts."""
    table = rows("ordinary_commands.tsv", "command", "source", "reason")
    return frozenset(row[0] for row in table)


@lru_cache(4096)
def shell_traits(line: str) -> frozenset[str]:
    """Return what a line of a shell does, of that which no honest line does.

    Fetching and running is honest where the address is that of a project's own installer.
    """
    if len(line) > 2 * _END:  # what stands between is data
        line = line[:_END] + line[-_END:]
    found = {trait for pattern, trait in _patterns() if pattern.search(line)}
    if "fetch-and-run" in found:
        hosts = {host.lower() for host in _HOST.findall(line)}
        if hosts and hosts <= _installers():
            found.discard("fetch-and-run")
    return frozenset(found)
