"""A file or directory on this machine as a target."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from weighbridge.defender.examination import Examiner, FileResult, Stopped
from weighbridge.defender.files import Entry, Found, Passed, Refused, walk
from weighbridge.defender.selection import Selection
from weighbridge.findings.model import ModelInfo

_SHA256 = re.compile(r"[0-9a-f]{64}")


class LocalTarget:
    """What is at `path`; `model` says which one it is where a hub's client keeps it.

    Attributes:
        name: as shown; the path unless something better is known.
    """

    def __init__(
        self,
        path: str,
        selection: Selection,
        name: str | None = None,
        model: ModelInfo | None = None,
        partial: bool = False,
    ) -> None:
        self.name = name or path
        self.folder = os.path.basename(model.id if model else path)
        self.lone = not os.path.isdir(path)
        self.provider = model.provider if model else "local"
        self.revision = model.revision if model else None
        self.model = model
        self._path = path
        self._selection = selection
        self._partial = partial

    def entries(self) -> Iterator[Entry]:
        """See :func:`weighbridge.defender.files.walk`."""
        if self._partial:
            yield Passed(".", "partial-download", "the download was never finished")
        for entry in walk(self._path):
            yield self._selection.left_out(entry.path) or entry

    def result(self, entry: Found | Refused, examiner: Examiner, stopped: Stopped) -> FileResult:
        """See :meth:`Examiner.result`."""
        return examiner.result(entry, stopped, self._declared(entry))

    def _declared(self, entry: Found | Refused) -> str | None:
        """Return the hash that huggingface_hub names a large file after when it keeps it."""
        if self.provider != "huggingface" or isinstance(entry, Refused):
            return None
        name = os.path.basename(os.path.realpath(entry.place))
        return name if _SHA256.fullmatch(name) else None

    def with_changes(self, results: Sequence[FileResult]) -> list[FileResult]:
        """Return the results as they are: a folder has no revisions."""
        return list(results)

    def close(self) -> None:
        """Nothing is kept."""
