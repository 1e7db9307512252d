"""Text of a configuration that its reader runs as Python: models and data sets of YOLO.

`parse_model` of YOLOv5 (models/yolo.py) evaluates the module and the arguments of each layer, and
ultralytics (nn/tasks.py) still evaluates `activation`. Its data sets (data/utils.py,
`check_det_dataset`) have a `download`: an address, a line for bash, or a script that is executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# `nn.LeakyReLU(0.1)`: what has no call in it or is an activation with numbers runs nothing.
_PLAIN = re.compile(r"[^(]*|(?:torch\.)?(?:nn\.)?\w+\([\w\s.,=-]*\)")
_DESCRIBES_DATA = frozenset({"train", "val", "test"})
_ADDRESS = re.compile(r"https?://\S+\Z")


def expressions(owner: dict[object, object]) -> Iterator[tuple[str, str]]:
    """Yield key and text of what the description of a model has evaluated, if it calls anything."""
    layers = [(key, owner[key]) for key in ("backbone", "head") if isinstance(owner.get(key), list)]
    texts = [("activation", owner.get("activation"))] if layers else []
    texts += [(key, text) for key, rows in layers for text in _of_rows(rows)]
    for key, text in texts:
        if isinstance(text, str) and not _PLAIN.fullmatch(text.strip()):
            yield key, text


def _of_rows(rows: object) -> Iterator[object]:
    """Yield module and arguments of `[from, number, module, arguments]`."""
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, list) and len(row) > 2:
            yield row[2]
            arguments = row[3] if len(row) > 3 else None
            yield from arguments if isinstance(arguments, list) else ()


def download(owner: dict[object, object]) -> tuple[str, str] | None:
    """Return how a data set is fetched, as `command` or `script` with its text, if by either."""
    text = owner.get("download")
    if not isinstance(text, str) or "names" not in owner or _DESCRIBES_DATA.isdisjoint(owner):
        return None
    if _ADDRESS.match(text.strip()):
        return None
    return ("command" if text.startswith("bash ") else "script"), text
