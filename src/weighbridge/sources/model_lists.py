"""What a hub lists of its models, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

PAGE = 100
"""Models that are asked for at once."""


class Order(StrEnum):
    """Which models come first."""

    CHANGED = "changed"
    POPULAR = "popular"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model in a list, pinned to the revision that it has now.

    Attributes:
        address: names it with its revision.
        changed: when it last was, as the hub writes times; empty where it does not say.
    """

    address: str
    name: str
    revision: str
    author: str = ""
    tags: tuple[str, ...] = ()
    library: str = ""
    downloads: int = 0
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Models and where the list goes on.

    Attributes:
        following: opaque; None at the end.
        total: of models in the whole list, where the hub says so.
    """

    models: tuple[ListedModel, ...]
    following: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the hub is asked to list; what it cannot choose by is chosen here afterwards."""

    order: Order
    author: str = ""
    tags: tuple[str, ...] = ()
    library: str = ""


Lister = Callable[[Asked, str | None], Page]
