"""What of a target was read before in the same way, so that it is not read or fetched again."""

from __future__ import annotations

from collections.abc import Sequence

from weighbridge.defender.remote import Remote
from weighbridge.platform.catalog import services as catalog
from weighbridge.platform.catalog.models import Artifact
from weighbridge.platform.scans.assessment import Reading
from weighbridge.platform.scans.hub_targets import RemoteFile
from weighbridge.platform.scans.judging import settled
from weighbridge.platform.scans.models import ArtifactFacts
from weighbridge.platform.scans.reading import Examined, Subject, read_as
from weighbridge.platform.scans.targets import Target

_CHUNK = 500


def place_of(target: Target, file: Subject) -> catalog.Place:
    """Return where a file of a target stands."""
    endpoint = target.endpoint or target.provider
    return catalog.Place(endpoint, target.name, target.revision, file.path, file.size, file.etag)


class Kept:
    """Files here are told by their own hash; files at a hub by what that hub declares."""

    def __init__(self, target: Target, reading: Reading) -> None:
        self._target = target
        self._settled = ArtifactFacts.objects.filter(reading.enough, settled=True)
        self._fetched: set[tuple[str, str]] = set()
        if target.ahead is not None:
            files = [
                RemoteFile(entry.path, entry.file, target.ahead)
                for entry in target.entries
                if isinstance(entry, Remote)
            ]
            self._look_up([self.key(file) for file in files])

    def has(self, file: Subject) -> bool:
        """Tell whether this content was read under this name, whatever the rules were."""
        if self._target.ahead is not None:
            return (self.key(file), read_as(file.path)) in self._fetched
        if file.sha256 is None:
            return False
        return self._settled.filter(artifact__key=file.sha256, name=read_as(file.path)).exists()

    def lasts(self, file: Subject, answer: Examined) -> bool:
        """Tell whether what was read of a file now need not be read by a later attempt."""
        told = answer.steady if self._target.ahead is not None else file.sha256 is not None
        return told and settled(answer.facts)

    def artifact(self, file: Subject) -> Artifact:
        """Return the artifact of a file that was read before."""
        if self._target.ahead is None:
            assert file.sha256 is not None
            return Artifact.objects.get(key=file.sha256)
        return Artifact.objects.get(content_keys__key=self.key(file))

    def look_again(self, files: Sequence[Subject]) -> None:
        """See what other scans have read of these since."""
        self._look_up([self.key(file) for file in files])

    def key(self, file: Subject) -> str:
        """Return what stands for the content of a file at a hub."""
        return catalog.content_key(place_of(self._target, file), file.declared)

    def _look_up(self, keys: list[str]) -> None:
        for start in range(0, len(keys), _CHUNK):
            some = self._settled.filter(
                artifact__content_keys__key__in=keys[start : start + _CHUNK]
            )
            self._fetched |= set(some.values_list("artifact__content_keys__key", "name"))
