"""Which models a monitor is after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from weighbridge.sources.model_lists import Asked, ListedModel, Order


@dataclass(frozen=True, slots=True)
class Wanted:
    """All of these have to hold; what is empty holds for every model.

    Attributes:
        downloads: at least so many, where the hub tells how many there were.
        since: changed then or later; with a time zone.
    """

    author: str = ""
    tags: tuple[str, ...] = ()
    library: str = ""
    downloads: int = 0
    since: datetime | None = None

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Wanted:
        """Return what `stored` wrote."""
        since = stored.get("since")
        return cls(
            stored["author"],
            tuple(stored["tags"]),
            stored["library"],
            stored["downloads"],
            datetime.fromisoformat(since) if since else None,
        )

    def stored(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            **asdict(self),
            "tags": list(self.tags),
            "since": self.since.isoformat() if self.since else None,
        }

    def asked(self, order: Order) -> Asked:
        """Return what a hub is asked for."""
        return Asked(order, self.author, self.tags, self.library)

    def chooses(self, model: ListedModel) -> bool:
        """Tell whether a model is wanted; a hub's own choice is checked again."""
        return (
            (not self.author or model.author.lower() == self.author.lower())
            and set(self.tags) <= set(model.tags)
            and self._of_library(model)
            and model.downloads >= self.downloads
            and self._late_enough(model)
        )

    def _of_library(self, model: ListedModel) -> bool:
        names = (model.library.lower(), *(tag.lower() for tag in model.tags))
        return not self.library or self.library.lower() in names

    def _late_enough(self, model: ListedModel) -> bool:
        if self.since is None or not model.changed:
            return True
        try:
            changed = datetime.fromisoformat(model.changed)
        except ValueError:
            return True
        return changed.tzinfo is None or changed >= self.since
