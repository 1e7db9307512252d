"""Counts the files that a model takes its numbers from, and states each once."""

from __future__ import annotations

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt

MOST_FILES = 1_000
_PATH = 300


class FileTally:
    """Files with the place that names them first, how often, and how far into them it reaches.

    Args:
        format_name: of the model.
        folder: what every path of an honest model begins with, empty where none is written.
    """

    def __init__(self, format_name: str, folder: str = "") -> None:
        self._format = format_name
        self._folder = folder
        self._found: dict[tuple[str, str], list[int]] = {}
        self._more = False

    def note(self, kind: str, path: str, offset: int, end: int = 0, inside: bool = False) -> None:
        """Count one mention.

        Args:
            kind: of what stands there, `blob` or `tensor`.
            path: as the model writes it.
            offset: where it does so.
            end: bytes into the file that are read.
            inside: the path has to begin with the folder.
        """
        if (kind, path) not in self._found and len(self._found) >= MOST_FILES:
            self._more = True
            return
        entry = self._found.setdefault((kind, path), [offset, 0, 0, inside])
        entry[1] += 1
        entry[2] = max(entry[2], end)

    def state(self, context: Context, place: Place) -> None:
        """Add a fact for each, and say when there are more than are kept."""
        for (kind, path), (offset, count, end, inside) in self._found.items():
            odd = inside and not path.startswith(self._folder)
            context.add(
                ExternalData(
                    place.member,
                    offset,
                    self._format,
                    kind,
                    excerpt(path.removeprefix(self._folder), _PATH),
                    count,
                    0,
                    end,
                    (f"the path does not begin with {self._folder}",) if odd else (),
                )
            )
        if self._more:
            text = f"it takes its numbers from more than {MOST_FILES} files"
            context.gap(place, self._format, "limit-files", text)
