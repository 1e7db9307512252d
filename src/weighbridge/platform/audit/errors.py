"""What the registry refuses, with a sentence that can be shown to the person who asked.

::

    RegistryError
    ├── NotFound      there is no such row, or this person may not see it
    ├── Refused       the rules of the registry forbid it
    └── Conflict      somebody else was quicker, or the row is in another state by now
"""

from __future__ import annotations

from weighbridge.errors import WeighbridgeError


class RegistryError(WeighbridgeError):
    """Base of what the registry refuses."""


class NotFound(RegistryError):
    """There is no such row, or the person may not see it."""


class Refused(RegistryError):
    """The rules of the registry forbid it."""


class Conflict(RegistryError):
    """Somebody else was quicker, or the row is in another state than the caller believed."""
