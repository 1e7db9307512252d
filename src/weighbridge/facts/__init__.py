"""Facts: what parsers read out of the bytes, as plain data without judgement.

Facts are frozen, versioned, and turn into JSON and back (:mod:`weighbridge.facts.codec`), so that a
new rule can be applied to everything ever scanned without reading one byte again.
"""

from __future__ import annotations

FACTS_VERSION = 4
"""Raised when the meaning of any fact changes; stored next to every set of facts."""
