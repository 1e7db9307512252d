"""Data of eSpeak NG, which voices of Piper, Kokoro and sherpa-onnx bring along.

``phontab`` (synthdata.c, LoadPhData): how many tables, and for each four bytes with the number of
its phonemes, a name of 32 bytes, and 16 bytes for each phoneme. Sounds and programs of phonemes
stand in three files beside it, which are numbers and tell nothing of themselves.
"""

from __future__ import annotations

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.data.extent import number
from weighbridge.sources.base import Source

NAME = "espeak-phonemes"
_LARGEST = 16 << 20
_TABLES = 256
_NAME, _PHONEME = 32, 16
_BESIDE = ("phondata", "phonindex", "intonations")


def claims(source: Source, head: bytes) -> bool:
    """Say whether it begins with a number of tables and the name of the first."""
    first = head[8:40].rstrip(b"\0")
    return (
        len(head) >= 40
        and 0 < number(head, 0) < _TABLES
        and not any(head[6:8])
        and first.isalpha()
        and source.size <= _LARGEST
    )


def parse(context: Context, source: Source, place: Place) -> bool:
    """Walk the tables; False when they do not end where the file does."""
    at = 4
    for _ in range(number(source.read_at(0, 4), 0)):
        head = source.read_at(at, 4 + _NAME)
        if len(head) < 4 + _NAME or not head[4:].rstrip(b"\0").isascii():
            return False
        at += len(head) + _PHONEME * head[0]
    if at != source.size:
        return False
    context.format(place, NAME, source.size)
    for beside in _BESIDE:
        context.add(ExternalData(place.member, 0, NAME, beside, beside, 1, 0, 0, ()))
    return True
