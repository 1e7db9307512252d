"""Libraries of a model version, from the facts that are kept about its files.

Facts are kept and libraries are not: what is known of a library today is looked up today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.facts import FACTS_VERSION
from weighbridge.findings.libraries import Knowledge, Library
from weighbridge.libraries.applying import knowledge, matched
from weighbridge.libraries.collecting import Mentions, card_of, collected, mentions
from weighbridge.platform.catalog.models import ModelFile, ModelVersion
from weighbridge.platform.imported import imported
from weighbridge.platform.scans.judging import unpacked
from weighbridge.platform.scans.models import ArtifactFacts
from weighbridge.platform.scans.reading import read_as

_CHUNK = 200


@dataclass(frozen=True, slots=True)
class Needed:
    """What a version needs, and what is known of it.

    Attributes:
        card: what its model card declares.
    """

    libraries: tuple[Library, ...]
    card: tuple[tuple[str, str], ...]
    knowledge: Knowledge | None


def needed(version: ModelVersion) -> Needed:
    """Return the libraries of a version with their vulnerabilities.

    Raises:
        StoreError: the imported records cannot be read.
    """
    files = list(version.files.select_related("artifact").order_by("path"))
    said = list(_mentions(files))
    libraries = collected(said)
    store = imported()
    if store is None:
        return Needed(libraries, card_of(said), None)
    formats = [(file.path, file.artifact.format or None) for file in files]
    return Needed(matched(libraries, store, formats), card_of(said), knowledge(store))


def _mentions(files: list[ModelFile]) -> Iterator[tuple[str, Mentions]]:
    for start in range(0, len(files), _CHUNK):
        part = files[start : start + _CHUNK]
        rows = ArtifactFacts.objects.filter(
            artifact__in={file.artifact_id for file in part}, facts_version=FACTS_VERSION
        ).order_by("pk")
        blobs = {
            (artifact, name): blob
            for artifact, name, blob in rows.values_list("artifact_id", "name", "blob")
        }
        for file in part:
            blob = blobs.get((file.artifact_id, read_as(file.path)))
            if blob is not None:
                yield file.path, mentions(unpacked(blob), file.path)
