"""OpenVINO's intermediate representation (docs.openvino.ai, "OpenVINO IR format").

::

    net version="11"
      layers / layer id type version    version names the operator set
        data                            of a Const: offset and size in the .bin beside the file
      edges / edge from-layer to-layer
      rt_info / Runtime_version, MO_version value    which converter wrote it

Layers may hold bodies of the same form. Where the weights stand is not said: the runtime takes the
file of the same name that ends in ``.bin``.
"""

from __future__ import annotations

import re

from weighbridge.facts.graphs import ExternalData
from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally

NAME = "openvino"
MOST_LAYERS = 1_000_000
_WHOLE = re.compile(r"-?[0-9]{1,19}\Z")
# Before version 10 a layer had its numbers in elements of these names.
_WRITERS = frozenset({"Runtime_version", "MO_version"})
_BLOBS = ("weights", "biases", "custom")


class OpenVinoModel:
    """Takes the elements of one model."""

    def __init__(self) -> None:
        self._operators = OperatorTally(NAME)
        self._kinds: list[str] = []
        self._layers: set[str] = set()
        self._edges: set[str] = set()
        self._constants = 0
        self._first = ""
        self._lowest = 0
        self._furthest = 0
        self._odd: list[str] = []
        self._writers: dict[str, str] = {}
        self.version = ""
        self.layers = 0

    def start(self, name: str, attributes: dict[str, str], offset: int) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""
        if name == "layer":
            self._layer(attributes, offset)
        elif name == "net":
            self.version = attributes.get("version", "")[:20]
        elif name in _WRITERS:
            self._writers.setdefault(name, attributes.get("value", "")[:100])
        elif name == "edge":
            for key in ("from-layer", "to-layer"):
                if len(self._edges) < MOST_LAYERS:
                    self._edges.add(attributes.get(key, ""))
        elif name == "data" and self._kinds and self._kinds[-1] == "Const" or name in _BLOBS:
            self._constant(name, attributes)

    def end(self, name: str) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""
        if name == "layer" and self._kinds:
            self._kinds.pop()

    def _layer(self, attributes: dict[str, str], offset: int) -> None:
        kind = attributes.get("type", "")
        self._kinds.append(kind)
        self.layers += 1
        if len(self._layers) < MOST_LAYERS:
            self._layers.add(attributes.get("id", ""))
        self._operators.note(kind, offset, attributes.get("version", ""))

    def _constant(self, name: str, attributes: dict[str, str]) -> None:
        if not {"offset", "size"} & set(attributes):
            return
        begin, size = _number(attributes.get("offset")), _number(attributes.get("size"))
        if begin is None or size is None or size < 0:
            if len(self._odd) < 8:
                shown = f"{attributes.get('offset')!s:.40} and {attributes.get('size')!s:.40}"
                self._odd.append(f"offset and size are {shown}")
            return
        self._first = self._first or name
        self._constants += 1
        self._lowest = min(self._lowest, begin)
        self._furthest = max(self._furthest, begin + size)

    def state(self, context: Context, place: Place) -> None:
        """Add the facts."""
        self._operators.state(context, place)
        for key, text in self._writers.items():
            context.metadata(place, NAME, key, text)
        lost = sorted(self._edges - self._layers)
        if lost and len(self._layers) < MOST_LAYERS:
            text = f"edges lead to layers that there are not: {', '.join(lost[:5])[:200]}"
            context.anomaly(place, NAME, "openvino-edge", text)
        if self._constants or self._odd:
            name = context.file_name(place)
            location = f"{name.rpartition('.')[0] or name}.bin" if name else ""
            context.add(
                ExternalData(
                    place.member,
                    0,
                    NAME,
                    self._first,
                    location,
                    self._constants,
                    self._lowest,
                    self._furthest,
                    tuple(self._odd),
                )
            )


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and _WHOLE.match(text) else None
