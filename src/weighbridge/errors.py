"""Every error that Weighbridge raises on purpose.

::

    WeighbridgeError
    ├── ParseError                what a parser may raise; the engine turns each into a fact
    │   ├── MalformedInput        the bytes break the format's own rules
    │   ├── LimitExceeded         the budget does not allow going on
    │   └── Unsupported           well formed as far as seen, but not something we can read
    ├── SourceError               the bytes could not be fetched (vanished file, short read)
    │   └── DownloadLimit         more of a remote file would be needed than may be fetched
    ├── TargetError               a target does not exist or cannot be opened; says what to try
    └── WorkerError               a worker process died, hung or answered nonsense
"""

from __future__ import annotations


class WeighbridgeError(Exception):
    """Base of all errors of this package; its text is fit to be shown to a user."""


class ParseError(WeighbridgeError):
    """A parser cannot go on.

    Args:
        code: a stable kebab-case word for the cause, kept in reports.
        text: one sentence for people.
        offset: where in the source the parser stood, in bytes, if that is known.
    """

    def __init__(self, code: str, text: str, offset: int | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.offset = offset


class MalformedInput(ParseError):
    """The bytes break the rules of the format they claim to be."""


class LimitExceeded(ParseError):
    """Going on would exceed the budget (see :mod:`weighbridge.budget`)."""


class Unsupported(ParseError):
    """A feature or format that Weighbridge cannot read, such as encryption."""


class SourceError(WeighbridgeError):
    """Bytes could not be read from where they are."""


class DownloadLimit(SourceError):
    """More of a remote file would be needed than may be fetched."""


class TargetError(WeighbridgeError):
    """A scan target is missing, unreadable or not understood."""


class WorkerError(WeighbridgeError):
    """A worker process died, ran out of time, or broke the protocol."""
