"""Kaggle's part: the model service that its clients speak to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .server import Request, Response

if TYPE_CHECKING:
    from .server import LoopbackHub


class KaggleRoutes:
    def __init__(self, hub: LoopbackHub) -> None:
        self._hub = hub

    def answer(self, request: Request) -> Response | None:
        return None
