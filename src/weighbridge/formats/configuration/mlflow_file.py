"""MLflow's ``MLmodel``: which versions wrote it, and which files its flavours load.

Each flavour joins the paths that it wrote to the folder of the model (mlflow/pyfunc/__init__.py,
`load_model`; mlflow/sklearn, `_load_model_from_local_file`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.containers.paths import judge_name
from weighbridge.formats.context import Context, Place

_VERSION = re.compile(r"[a-z_]{1,40}_version\Z")
_PATHS = frozenset({"data", "model_data", "model_path", "pickled_model", "python_model"})


def note_mlmodel(context: Context, value: object, place: Place) -> None:
    """Keep the versions that MLflow writes, its own and the flavours', and state odd paths."""
    if not isinstance(value, dict):
        return
    for key, text in _entries(value):
        if _VERSION.match(key):
            context.metadata(place, "mlflow-model", key, text[:100])
        fault = judge_name(text) if key in _PATHS else None
        if fault is not None and fault.code == "archive-name-escape":
            shown = f"the model loads the file {text[:120]!r}: {fault.text}"
            context.anomaly(place, "yaml", "index-path-escape", shown)


def _entries(value: dict[object, object]) -> Iterator[tuple[str, str]]:
    """Yield the texts of the model and of its flavours."""
    flavours = value.get("flavors")
    tables = [value, *(flavours.values() if isinstance(flavours, dict) else ())]
    for table in tables:
        for key, text in table.items() if isinstance(table, dict) else ():
            if isinstance(key, str) and isinstance(text, str):
                yield key, text
