"""The explicit list of formats that are parsed, in the order in which they may claim bytes.

Every format whose `claims` says yes is tried, because each stands for a loader that would accept
the bytes; the first whose `parse` confirms names the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.formats import numpy_array, safetensors
from weighbridge.formats.context import Context, Place
from weighbridge.formats.pickle import raw
from weighbridge.formats.pytorch import legacy
from weighbridge.sources.base import Source


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """One parsed format.

    Attributes:
        name: as reports show it.
        claims: cheap look at the first bytes.
        parse: adds facts; returns False when the bytes are something else after all.
    """

    name: str
    claims: Callable[[Source, bytes], bool]
    parse: Callable[[Context, Source, Place], bool]


FORMATS: tuple[FormatEntry, ...] = (
    FormatEntry(numpy_array.NAME, numpy_array.claims, numpy_array.parse),
    FormatEntry(legacy.NAME, legacy.claims, legacy.parse),
    FormatEntry(safetensors.NAME, safetensors.claims, safetensors.parse),
    FormatEntry(raw.NAME, raw.claims, raw.parse),
)
